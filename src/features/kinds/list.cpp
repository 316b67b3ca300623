#include "features/text.hpp"
#include "features/vocabulary_fitting.hpp"

namespace gemel::features {
namespace {

/// The parts of a text between separators: rows of the vocabulary of all parts.
class List : public Kind {
 public:
  explicit List(const KindArgument& argument) : separator_(argument.text()) {
    if (separator_.empty()) argument.refuse("SEP must be at least one character");
  }
  std::unique_ptr<Kind> clone() const override { return std::make_unique<List>(*this); }
  std::string_view name() const override { return "list"; }
  std::string argument() const override { return separator_; }
  ColumnType column_type() const override { return ColumnType::text; }
  bool has_lists() const override { return true; }
  std::int64_t special_rows() const override { return ingest::VocabularyDirectory::special_rows; }

  void fit(const Fitting& fitting, ValueColumn& values) override {
    const auto cut = [&](std::string_view text, ingest::StringColumn& parts) {
      for (const std::string_view part : split_list(text, separator_)) parts.push_back(part);
    };
    const auto find_rows = [&](const ingest::DistinctStrings& known,
                               const ingest::DistinctStrings& distinct) {
      return rows_in_directory(known, distinct, fitting);
    };
    look_up_parts(cut, find_rows, fitting, values);
  }

 private:
  std::string separator_;
};

}  // namespace

KindSyntax list_syntax() {
  return {"list(SEP)", "the mean of rows, one for each part of a text between separators", make_kind<List>};
}

}  // namespace gemel::features
