#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "features/kind.hpp"
#include "features/kind_visitor.hpp"
#include "features/linspace.hpp"

namespace gemel::features {
namespace {

/// How many of N boundaries, evenly from the column's minimum to its maximum, are not above a number.
class Bucketize : public Kind {
 public:
  explicit Bucketize(const KindArgument& argument)
      : boundaries_(argument.whole_number("N", 2, ingest::most_table_rows - 1)) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Bucketize>(*this); }
  std::string_view name() const override { return "bucketize"; }
  std::string argument() const override { return fmt::to_string(boundaries_); }
  ColumnType column_type() const override { return ColumnType::number; }
  std::int64_t table_rows(std::int64_t) const override { return boundaries_ + 1; }

  void fit(const Fitting& fitting, ValueColumn& values) override {
    if (!fitting.continues) learn(fitting.column);
    encode(fitting.column, nullptr, values);
  }

  void encode(const RawColumn& column, const VocabularyIndex*, ValueColumn& values) const override {
    const Linspace points(minimum_, maximum_, boundaries_);
    for (std::size_t row = 0; row < column.rows_of_numbers(); ++row) {
      const std::int64_t bucket = points.count_not_above(column.number(row));
      values.put_row(row, static_cast<std::uint32_t>(bucket));
    }
  }

  void accept(KindVisitor& visitor) const override {
    visitor.bucket(Linspace(minimum_, maximum_, boundaries_));
  }

  std::optional<std::int64_t> greatest() const override { return static_cast<std::int64_t>(maximum_); }

  void write(nlohmann::ordered_json& entry) const override {
    entry["minimum"] = minimum_;
    entry["maximum"] = maximum_;
    entry["boundaries"] = boundaries_;
  }
  void read(const nlohmann::json& entry) override {
    minimum_ = entry.at("minimum").get<double>();
    maximum_ = entry.at("maximum").get<double>();
    require_learned(minimum_ <= maximum_, "a maximum below its minimum");
  }

 private:
  void learn(const RawColumn& column) {
    double minimum = std::numeric_limits<double>::infinity();
    double maximum = -minimum;
    for (std::size_t row = 0; row < column.rows_of_numbers(); ++row) {
      minimum = std::min(minimum, column.number(row));
      maximum = std::max(maximum, column.number(row));
    }
    minimum_ = column.communicator.min(minimum);
    maximum_ = column.communicator.max(maximum);
  }

  std::int64_t boundaries_;
  double minimum_ = 0;
  double maximum_ = 0;
};

}  // namespace

KindSyntax bucketize_syntax() {
  return {"bucketize(N)", "a row for each of N + 1 ranges of a number", make_kind<Bucketize>};
}

}  // namespace gemel::features
