#include "features/vocabulary_fitting.hpp"

namespace gemel::features {
namespace {

/// A text's row of the vocabulary of all texts.
class Lookup : public Kind {
 public:
  explicit Lookup(const KindArgument&) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Lookup>(*this); }
  std::string_view name() const override { return "lookup"; }
  ColumnType column_type() const override { return ColumnType::text; }
  bool is_id() const override { return true; }
  std::int64_t special_rows() const override { return ingest::VocabularyDirectory::special_rows; }
  void fit(const Fitting& fitting, ValueColumn& values) override { look_up_texts(fitting, values); }
};

}  // namespace

KindSyntax lookup_syntax() {
  return {"lookup", "a row for each distinct text", make_kind<Lookup>};
}

}  // namespace gemel::features
