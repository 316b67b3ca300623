#include <fmt/format.h>

#include "features/kind.hpp"
#include "features/kind_visitor.hpp"
#include "ingest/distinct_strings.hpp"

namespace gemel::features {
namespace {

/// A text's hash modulo N, or that of a number's digits. Keeps no vocabulary.
class Hash : public Kind {
 public:
  explicit Hash(const KindArgument& argument)
      : rows_(argument.whole_number("N", 1, ingest::most_table_rows)) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Hash>(*this); }
  std::string_view name() const override { return "hash"; }
  std::string argument() const override { return fmt::to_string(rows_); }
  ColumnType column_type() const override { return ColumnType::any; }
  std::int64_t table_rows(std::int64_t) const override { return rows_; }

  void fit(const Fitting& fitting, ValueColumn& values) override { encode(fitting.column, nullptr, values); }

  void encode(const RawColumn& column, const VocabularyIndex*, ValueColumn& values) const override {
    if (column.texts != nullptr) {
      for (std::size_t row = 0; row < column.texts->size(); ++row)
        values.put_row(row, row_of((*column.texts)[row]));
      return;
    }
    for (std::size_t row = 0; row < column.numbers->size(); ++row) {
      const fmt::format_int digits((*column.numbers)[row]);
      values.put_row(row, row_of({digits.data(), digits.size()}));
    }
  }

  void accept(KindVisitor& visitor) const override {
    visitor.rows_by_rule(
        fmt::format("XXH3-64 of the text, or of the digits of the number, modulo {}", rows_));
  }

 private:
  std::uint32_t row_of(std::string_view text) const {
    return static_cast<std::uint32_t>(ingest::hash_of(text) % static_cast<std::uint64_t>(rows_));
  }

  std::int64_t rows_;
};

}  // namespace

KindSyntax hash_syntax() {
  return {"hash(N)", "one of N rows by the hash of a text or number", make_kind<Hash>};
}

}  // namespace gemel::features
