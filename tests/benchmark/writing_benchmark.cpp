// Writes files as checkpoints are written, and the same bytes with no more than write and fsync, in turns:
//   mpirun -n RANKS writing_benchmark DIRECTORY MEBIBYTES ROUNDS
// A line for each way: the median seconds, MB/s, and the ratio to raw writing. "copy" is how long training waits for the snapshot of a file
// that is written in the background.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "checkpoint/durable_file.hpp"
#include "mpi/communicator.hpp"
#include "mpi/environment.hpp"

namespace gemel::benchmarks {
namespace {

constexpr std::size_t width = 64;
constexpr std::size_t piece = std::size_t{16} << 20;  // bytes

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

class Writing {
 public:
  Writing(std::filesystem::path directory, std::size_t mebibytes, mpi::Communicator& communicator)
      : directory_(std::move(directory)),
        communicator_(communicator),
        rows_((mebibytes << 20) / (width * sizeof(float))),
        first_(rows_ * static_cast<std::size_t>(communicator.rank()) /
               static_cast<std::size_t>(communicator.size())),
        end_(rows_ * static_cast<std::size_t>(communicator.rank() + 1) /
             static_cast<std::size_t>(communicator.size())),
        values_((end_ - first_) * width) {
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = static_cast<float>(i % 1001);
  }

  void run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      raw_.push_back(seconds_of([&] { write_raw(); }));
      at_once_.push_back(seconds_of([&] {
        checkpoint::CheckpointWriter writer(path_, communicator_);
        write_rows(writer);
        writer.commit();
      }));
      read_.push_back(seconds_of([&] { checkpoint::CheckpointReader(path_, communicator_).verify(); }));
      remove();
      std::unique_ptr<checkpoint::BackgroundWrite> background;
      copy_.push_back(seconds_of([&] {
        checkpoint::CheckpointWriter writer(path_, communicator_, memory_);
        write_rows(writer);
        background = writer.start();
      }));
      background_.push_back(copy_.back() + seconds_of([&] { background->finish(); }));
      remove();
    }
    if (!communicator_.is_root()) return;
    fmt::print("{:<24}{:>10}{:>10}{:>10}\n", "", "seconds", "MB/s", "of raw");
    tell("write and fsync", raw_);
    tell("checkpoint", at_once_);
    tell("in the background", background_);
    tell("of that, copy", copy_);
    tell("read and verify", read_);
  }

 private:
  double seconds_of(const auto& action) {
    communicator_.barrier();
    const auto start = std::chrono::steady_clock::now();
    action();
    communicator_.barrier();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void write_rows(checkpoint::CheckpointWriter& writer) {
    writer.write_rows("/query/tables/user_id_lookup/weights", rows_, first_,
                      tensor::ConstMatrixView(values_.data(), end_ - first_, width));
  }

  void write_raw() {
    const std::filesystem::path path = directory_ / "raw";
    if (communicator_.is_root()) checkpoint::OpenFile::create(path);
    communicator_.barrier();
    auto file = checkpoint::OpenFile::open_to_write(path);
    const auto bytes = std::as_bytes(std::span(values_));
    for (std::size_t done = 0; done < bytes.size(); done += piece)
      file.write_at(first_ * width * sizeof(float) + done,
                    bytes.subspan(done, std::min(piece, bytes.size() - done)));
    file.sync();
    file.close();
    communicator_.barrier();
    if (communicator_.is_root()) std::filesystem::remove(path);
  }

  void remove() {
    communicator_.barrier();
    if (communicator_.is_root()) std::filesystem::remove(path_);
    communicator_.barrier();
  }

  void tell(const char* what, const std::vector<double>& seconds) const {
    const double time = median(seconds);
    const double megabytes = static_cast<double>(rows_ * width * sizeof(float)) / 1e6;
    fmt::print("{:<24}{:>10.3f}{:>10.0f}{:>9.0f} %\n", what, time, megabytes / time,
               100 * median(raw_) / time);
  }

  std::filesystem::path directory_;
  std::filesystem::path path_ = directory_ / "run-001-step-00000001.h5";
  mpi::Communicator& communicator_;
  std::size_t rows_;
  std::size_t first_;
  std::size_t end_;
  std::vector<float> values_;
  checkpoint::SnapshotMemory memory_;
  std::vector<double> raw_;
  std::vector<double> at_once_;
  std::vector<double> copy_;
  std::vector<double> background_;
  std::vector<double> read_;
};

}  // namespace
}  // namespace gemel::benchmarks

int main(int argc, char** argv) {
  const gemel::mpi::Environment environment(argc, argv);
  auto world = gemel::mpi::Communicator::world();
  try {
    if (argc != 4) throw std::invalid_argument("writing_benchmark DIRECTORY MEBIBYTES ROUNDS");
    gemel::benchmarks::Writing(argv[1], std::stoul(argv[2]), world).run(std::stoi(argv[3]));
    return 0;
  } catch (const std::exception& error) {
    if (world.is_root()) fmt::print(stderr, "{}\n", error.what());
    gemel::mpi::Environment::abort(1);
  }
}
