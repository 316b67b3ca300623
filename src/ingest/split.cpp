#include "gemel/ingest/split.hpp"

#include <fmt/format.h>

#include <cmath>

#include "gemel/base/error.hpp"

namespace gemel::ingest {

Split::Split(std::int64_t total, double test_fraction, std::uint64_t split_seed)
    : order_(base::random_key(split_seed, "split"), static_cast<std::uint64_t>(total)), train_size_(total) {
  if (!(test_fraction >= 0 && test_fraction < 1)) {  // NaN, too
    throw base::UsageError(
        fmt::format("--test-fraction {}: must be at least 0 and less than 1.", test_fraction));
  }
  train_size_ -= std::llround(static_cast<double>(total) * test_fraction);
  if (train_size_ <= 0) {
    throw base::DataError(
        fmt::format("no training example is left of {} interactions. Take more data, or a smaller "
                    "--test-fraction than {}.",
                    total, test_fraction));
  }
}

}  // namespace gemel::ingest
