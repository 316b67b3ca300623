#include <fmt/format.h>

#include "features/kind_visitor.hpp"
#include "features/text.hpp"
#include "features/vocabulary_kind.hpp"

namespace gemel::features {
namespace {

/// The parts of a text between separators: rows of the vocabulary of all parts.
class List : public VocabularyKind {
 public:
  explicit List(const KindArgument& argument) : separator_(argument.text()) {
    if (separator_.empty()) argument.refuse("SEP must be at least one character");
  }
  std::unique_ptr<Kind> clone() const override { return std::make_unique<List>(*this); }
  std::string_view name() const override { return "list"; }
  std::string argument() const override { return separator_; }
  bool has_lists() const override { return true; }
  void accept(KindVisitor& visitor) const override {
    visitor.rows_by_rule(fmt::format(
        "the vocabulary's rows of the parts between '{}', without white space around them; empty ones do not "
        "count, unknown ones are row {}",
        separator_, ingest::VocabularyDirectory::unknown_row));
  }

 protected:
  void cut(const ingest::TextColumn& texts, Parts& parts) const override {
    for (std::size_t row = 0; row < texts.size(); ++row) {
      for (const std::string_view part : split_list(texts[row], separator_)) parts.strings.push_back(part);
      parts.end_text();
    }
  }

 private:
  std::string separator_;
};

}  // namespace

KindSyntax list_syntax() {
  return {"list(SEP)", "the mean of rows, one for each part of a text between separators", make_kind<List>};
}

}  // namespace gemel::features
