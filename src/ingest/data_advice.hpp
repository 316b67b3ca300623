#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/data_summary.hpp"

namespace gemel::ingest {

/// Something in a data set that is hardly meant so.
struct Mistake {
  std::string what;    ///< "timestamps are milliseconds rather than seconds: the last one is 1700000000000"
  std::string remedy;  ///< "Divide them by 1000"
};

/// What looks like a mistake, the worst first.
std::vector<Mistake> find_mistakes(const DataSummary& data);
/// Those of the times of so many interactions.
std::vector<Mistake> find_mistakes_of_times(const TimeSummary& times, std::int64_t interactions);

/// How a training on the data might begin.
struct Advice {
  int ranks = 1;
  std::vector<std::string> options;  ///< beside those that name the data: "--split", "leave-last-out"
};

/// What can be trained as it stands, with those filters that are not given. `has_filter`: duplicates or a k-core are.
Advice advise(const DataSummary& data, bool has_filter);

}  // namespace gemel::ingest
