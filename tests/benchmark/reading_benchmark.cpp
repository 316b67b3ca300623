// Reads interactions as a training does, and tells how long it took and how much memory it needed:
//   mpirun -n RANKS reading_benchmark [--read] FILE...
// The first line is of the encoded columns, the second one of the examples that are made of them, which --read leaves out. Bytes of memory are those of all ranks,
// an interaction, beyond what the program has before it reads. Processor time is the mean of the ranks, waiting for others included.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "base/memory.hpp"
#include "gemel/options.hpp"
#include "ingest/training_data.hpp"
#include "mpi/agreement.hpp"
#include "mpi/environment.hpp"

namespace gemel::benchmarks {
namespace {

/// Seconds and memory of what is done with some files.
class Meter {
 public:
  Meter(std::uint64_t file_bytes, mpi::Communicator& communicator)
      : communicator_(communicator),
        megabytes_(static_cast<double>(file_bytes) / 1e6),
        memory_before_(communicator.sum(base::resident_memory())) {}

  void start() {
    communicator_.barrier();
    start_ = Clock::now();
    processor_start_ = processor_seconds();
  }

  /// What was done since start(), to `interactions`.
  void tell(const char* what, std::int64_t interactions) {
    communicator_.barrier();
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double processor = processor_seconds() - processor_start_;
    malloc_trim(0);  // what is free is not held
    const double held = bytes_of_one(base::resident_memory(), interactions);
    const double peak = bytes_of_one(base::peak_memory(), interactions);
    if (!communicator_.is_root()) return;
    const double of_rank = megabytes_ / communicator_.size();
    fmt::print(
        "{:<9} {} interactions, {:7.3f} s, {:6.1f} MB/s a rank, {:6.1f} MB a processor second, bytes of one: "
        "held {:5.1f}, at "
        "most {:5.1f}\n",
        what, interactions, seconds, of_rank / seconds, of_rank / processor, held, peak);
  }

 private:
  using Clock = std::chrono::steady_clock;

  double processor_seconds() {
    const auto nanoseconds =
        static_cast<std::int64_t>(static_cast<double>(std::clock()) / CLOCKS_PER_SEC * 1e9);
    return static_cast<double>(communicator_.sum(nanoseconds)) / 1e9 / communicator_.size();
  }

  double bytes_of_one(std::int64_t memory, std::int64_t interactions) {
    const std::int64_t more = communicator_.sum(memory) - memory_before_;
    return static_cast<double>(more) / static_cast<double>(interactions);
  }

  mpi::Communicator& communicator_;
  double megabytes_;
  std::int64_t memory_before_;
  Clock::time_point start_;
  double processor_start_ = 0;
};

void measure(TrainingOptions options, bool only_reads, mpi::Communicator& communicator) {
  std::uint64_t bytes = 0;
  for (const std::string& file : options.data.files.ratings) bytes += std::filesystem::file_size(file);
  Meter meter(bytes, communicator);
  meter.start();
  ingest::Dataset dataset = ingest::read_data(options, communicator);
  const std::int64_t interactions = dataset.total;
  meter.tell("read", interactions);
  if (communicator.is_root()) fmt::print("content hash {:016x}\n", dataset.content_hash);
  if (only_reads) return;
  meter.start();
  const ingest::TrainingData data = ingest::prepare_data(options, std::move(dataset), communicator);
  meter.tell("prepared", interactions);
}

}  // namespace
}  // namespace gemel::benchmarks

int main(int argc, char** argv) {
  using namespace gemel;
  mpi::Environment environment(argc, argv);
  auto world = mpi::Communicator::world();
  base::set_up_log("error", world.is_root());
  TrainingOptions options;
  const bool only_reads = argc > 1 && std::string_view(argv[1]) == "--read";
  options.data.files.ratings.assign(argv + (only_reads ? 2 : 1), argv + argc);
  options.model.adapt_query_features = options.model.adapt_candidate_features = true;
  if (options.data.files.ratings.empty()) {
    if (world.is_root()) fmt::print(stderr, "usage: reading_benchmark [--read] FILE...\n");
    return 2;
  }
  try {
    benchmarks::measure(std::move(options), only_reads, world);
  } catch (const std::exception& error) {
    fmt::print(stderr, "reading_benchmark: {}\n", error.what());
    mpi::Environment::abort(1);
  }
}
