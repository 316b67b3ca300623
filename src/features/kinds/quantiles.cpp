#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <nlohmann/json.hpp>

#include "features/kind.hpp"
#include "features/kind_visitor.hpp"
#include "ingest/order_statistic.hpp"

namespace gemel::features {
namespace {

/// A whole number in the same order as numbers are.
std::int64_t key_of(double number) {
  const auto bits = std::bit_cast<std::int64_t>(number + 0.0);  // -0 is 0
  return bits < 0 ? bits ^ std::numeric_limits<std::int64_t>::max() : bits;
}

double number_of(std::int64_t key) {
  return std::bit_cast<double>(key < 0 ? key ^ std::numeric_limits<std::int64_t>::max() : key);
}

/// Which of N ranges, with about as many numbers each, a number is in: how many of the N - 1 boundaries are not above it.
class Quantiles : public Kind {
 public:
  explicit Quantiles(const KindArgument& argument) : ranges_(argument.whole_number("N", 2, 10'000)) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Quantiles>(*this); }
  std::string_view name() const override { return "quantiles"; }
  std::string argument() const override { return fmt::to_string(ranges_); }
  ColumnType column_type() const override { return ColumnType::number; }
  std::int64_t table_rows(std::int64_t) const override { return ranges_; }

  void fit(const Fitting& fitting, ValueColumn& values) override {
    if (!fitting.continues) learn(fitting.column);
    encode(fitting.column, nullptr, values);
  }

  void encode(const RawColumn& column, const VocabularyIndex*, ValueColumn& values) const override {
    for (std::size_t row = 0; row < column.rows_of_numbers(); ++row) {
      const auto above = std::ranges::upper_bound(boundaries_, column.number(row));
      values.put_row(row, static_cast<std::uint32_t>(above - boundaries_.begin()));
    }
  }

  void accept(KindVisitor& visitor) const override {
    visitor.rows_by_rule(fmt::format(
        "how many of the {} boundaries in the feature list of the checkpoint are not above the number",
        boundaries_.size()));
  }

  void write(nlohmann::ordered_json& entry) const override { entry["boundaries"] = boundaries_; }
  void read(const nlohmann::json& entry) override {
    boundaries_ = entry.at("boundaries").get<std::vector<double>>();
    require_learned(
        std::ranges::is_sorted(boundaries_) && boundaries_.size() < static_cast<std::size_t>(ranges_),
        "boundaries that do not ascend, or too many");
  }

 private:
  /// Boundary j is the least number that at least a share j / N of all numbers comes before, in their order.
  void learn(const RawColumn& column) {
    std::vector<std::int64_t> keys;
    keys.reserve(column.rows_of_numbers());
    for (std::size_t row = 0; row < column.rows_of_numbers(); ++row)
      keys.push_back(key_of(column.number(row)));
    std::ranges::sort(keys);
    const std::int64_t total = column.communicator.sum(static_cast<std::int64_t>(keys.size()));
    boundaries_.clear();
    for (std::int64_t j = 1; j < ranges_; ++j) {
      const std::int64_t before = total / ranges_ * j + total % ranges_ * j / ranges_;
      boundaries_.push_back(number_of(ingest::kth_smallest(keys, before + 1, column.communicator)));
    }
  }

  std::int64_t ranges_;
  std::vector<double> boundaries_;  // ascending
};

}  // namespace

KindSyntax quantiles_syntax() {
  return {"quantiles(N)", "a row for each of N ranges of a number, with as many numbers each",
          make_kind<Quantiles>};
}

}  // namespace gemel::features
