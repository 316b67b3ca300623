#include <nlohmann/json.hpp>

#include "features/kind.hpp"
#include "features/kind_visitor.hpp"
#include "ingest/moments.hpp"

namespace gemel::features {
namespace {

/// A number's z-score: (x - mean) / deviation, with the population's deviation (1 where it is 0).
class Normalize : public Kind {
 public:
  explicit Normalize(const KindArgument&) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Normalize>(*this); }
  std::string_view name() const override { return "normalize"; }
  ColumnType column_type() const override { return ColumnType::number; }
  bool has_table() const override { return false; }

  void fit(const Fitting& fitting, ValueColumn& values) override {
    if (!fitting.continues) {
      const RawColumn& column = fitting.column;
      const ingest::Moments moments = column.numbers != nullptr
                                          ? ingest::moments(*column.numbers, column.communicator)
                                          : ingest::moments(*column.decimals, column.communicator);
      mean_ = moments.mean;
      if (moments.deviation > 0) deviation_ = moments.deviation;
    }
    encode(fitting.column, nullptr, values);
  }

  void encode(const RawColumn& column, const VocabularyIndex*, ValueColumn& values) const override {
    for (std::size_t row = 0; row < column.rows_of_numbers(); ++row) {
      const double score = (column.number(row) - mean_) / deviation_;
      values.put_number(row, static_cast<float>(score));
    }
  }

  void accept(KindVisitor& visitor) const override { visitor.z_score(mean_, deviation_); }

  void write(nlohmann::ordered_json& entry) const override {
    entry["mean"] = mean_;
    entry["deviation"] = deviation_;
  }
  void read(const nlohmann::json& entry) override {
    mean_ = entry.at("mean").get<double>();
    deviation_ = entry.at("deviation").get<double>();
    require_learned(deviation_ > 0, "a deviation that is not above 0");
  }

 private:
  double mean_ = 0;
  double deviation_ = 1;
};

}  // namespace

KindSyntax normalize_syntax() {
  return {"normalize", "a number itself, as its z-score", make_kind<Normalize>};
}

}  // namespace gemel::features
