#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "checkpoint/checkpoint_reader.hpp"
#include "gemel/options.hpp"
#include "ingest/data_identity.hpp"
#include "mpi/communicator.hpp"

namespace gemel::run {

/// The checkpoint that a run goes on from. What it says of its run is read once, when the options of the new run are settled; the file
/// stays open for what comes later, features and parameters.
class EarlierCheckpoint {
 public:
  /// The one that options.resume asks for: of `auto` the newest sound one of options.directory, which is read whole. Null when nothing
  /// is asked for, or there is none. The communicator must outlive the object, or its last reader(). Throws AgreedError (checkpoint)
  /// as open_newest_sound and CheckpointReader. Collective.
  static std::unique_ptr<EarlierCheckpoint> open(const CheckpointOptions& options,
                                                 mpi::Communicator& communicator);

  const std::filesystem::path& path() const { return path_; }
  /// The settings with which it was trained (JSON: RunIdentity::config).
  const std::string& config() const { return config_; }
  /// RunIdentity::options; of a checkpoint of an older version "{}".
  const std::string& options() const { return options_; }
  /// The data on which it was trained.
  const ingest::DataIdentity& data() const { return data_; }

  /// The file, open on the ranks of `communicator`: opened again where it was closed. Collective.
  checkpoint::CheckpointReader& reader(mpi::Communicator& communicator);
  /// Call before other ranks than those that opened the file go on with it.
  void close();

 private:
  explicit EarlierCheckpoint(std::unique_ptr<checkpoint::CheckpointReader> reader);

  std::unique_ptr<checkpoint::CheckpointReader> reader_;  // null when closed
  std::filesystem::path path_;
  std::string config_;
  std::string options_;
  ingest::DataIdentity data_;
};

}  // namespace gemel::run
