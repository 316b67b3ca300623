#pragma once

#include <span>

#include "mpi/communicator.hpp"

namespace gemel::exchange {

/// The sum of numbers >= 0 that does not depend on their order, nor on which rank has which of them: each is rounded to a multiple of
/// one power of two, chosen by the largest of them and their number such that the multiples fit 62 bits together, and the
/// multiples are summed as whole numbers. With N numbers the result is within N^2 * 2^-62 of the largest one.
///
/// Infinite, on every rank, when a number is not finite or below 0.
double exact_sum(std::span<const double> values);

/// The same over the numbers of all ranks; what several ranks hold alike, one of them must give. Moves 24 bytes. Collective.
double exact_sum(std::span<const double> values, mpi::Communicator& communicator);

}  // namespace gemel::exchange
