#pragma once

#include <cstdint>
#include <string_view>

#include "features/linspace.hpp"

namespace gemel::features {

/// Is told by a kind how it makes the value of a row, as far as another program can do that without code of ours. A kind calls one of
/// these.
class KindVisitor {
 public:
  virtual ~KindVisitor() = default;

  /// The row of the text in the vocabulary; for one that it lacks, this row.
  virtual void vocabulary_row(std::uint32_t unknown) = 0;
  /// How many of the boundaries are not above the number.
  virtual void bucket(const Linspace& boundaries) = 0;
  /// (number - mean) / deviation, in double precision.
  virtual void z_score(double mean, double deviation) = 0;
  /// Table rows by a rule that takes code. `rule` says in words how to come from the column to them.
  virtual void rows_by_rule(std::string_view rule) = 0;
};

}  // namespace gemel::features
