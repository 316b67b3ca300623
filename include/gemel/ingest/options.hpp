#pragma once

#include <cstdint>
#include <string>

namespace gemel::ingest {

/// Sizes of the built-in data set. The defaults train in seconds.
struct SyntheticOptions {
  std::int64_t users = 1000;
  std::int64_t items = 1500;
  std::int64_t interactions = 60000;
  std::uint64_t seed = 20260101;
};

/// Where the data comes from. The defaults are the TFRS tutorial's.
struct DataOptions {
  /// Directory of a data set; empty means the built-in synthetic one.
  std::string directory;
  /// The sizes of the synthetic one.
  SyntheticOptions synthetic = {};
  /// Share of the interactions, drawn at random, that is kept for evaluation.
  double test_fraction = 0.2;
  /// Seed of the draw of test examples, apart from `seed`, so that runs with several seeds share one split.
  std::uint64_t split_seed = 42;
};

}  // namespace gemel::ingest
