#pragma once

#include <cstdint>
#include <span>

#include "mpi/communicator.hpp"

namespace gemel::ingest {

struct Moments {
  double mean = 0;
  double deviation = 0;  ///< of the population: the square root of the mean squared distance from the mean
};

/// Mean and deviation of numbers that are spread over the ranks; {0, 0} when there are none. Summed exactly,
/// in integers, and rounded at the end, so they do not depend on how the numbers are spread. Collective.
Moments moments(std::span<const std::int64_t> values, mpi::Communicator& communicator);
/// The same of finite numbers with decimals.
Moments moments(std::span<const double> values, mpi::Communicator& communicator);

}  // namespace gemel::ingest
