#include "run/earlier_checkpoint.hpp"

#include <utility>

#include "checkpoint/newest_checkpoint.hpp"
#include "ingest/data_identity_file.hpp"
#include "run/sound_checkpoint.hpp"

namespace gemel::run {
namespace {

/// Null when there is none.
std::unique_ptr<checkpoint::CheckpointReader> open_reader(const CheckpointOptions& options,
                                                          mpi::Communicator& communicator) {
  if (options.resume.empty()) return nullptr;
  if (options.resume == "auto") {
    return checkpoint::open_newest_sound(options.directory, communicator, require_sound,
                                         checkpoint::Purpose::resume);
  }
  auto reader = std::make_unique<checkpoint::CheckpointReader>(options.resume, communicator);
  require_sound(*reader);
  return reader;
}

}  // namespace

std::unique_ptr<EarlierCheckpoint> EarlierCheckpoint::open(const CheckpointOptions& options,
                                                           mpi::Communicator& communicator) {
  auto reader = open_reader(options, communicator);
  if (!reader) return nullptr;
  return std::unique_ptr<EarlierCheckpoint>(new EarlierCheckpoint(std::move(reader)));
}

EarlierCheckpoint::EarlierCheckpoint(std::unique_ptr<checkpoint::CheckpointReader> reader)
    : reader_(std::move(reader)),
      path_(reader_->path()),
      config_(reader_->attribute<std::string>("/", "config")),
      options_(reader_->has_attribute("/run", "options") ? reader_->attribute<std::string>("/run", "options")
                                                         : "{}"),
      data_(ingest::read_data_identity(*reader_)) {}

checkpoint::CheckpointReader& EarlierCheckpoint::reader(mpi::Communicator& communicator) {
  if (!reader_) reader_ = std::make_unique<checkpoint::CheckpointReader>(path_, communicator);
  return *reader_;
}

void EarlierCheckpoint::close() {
  reader_.reset();
}

}  // namespace gemel::run
