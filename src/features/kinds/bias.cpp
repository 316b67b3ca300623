#include "features/vocabulary_kind.hpp"

namespace gemel::features {
namespace {

/// A text's row of the vocabulary of all texts, in a table of one column that is added to the score.
class Bias : public VocabularyKind {
 public:
  explicit Bias(const KindArgument&) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Bias>(*this); }
  std::string_view name() const override { return "bias"; }
  bool is_bias() const override { return true; }
  std::string_view why_not_of_queries() const override {
    return "bias is a kind of candidate features. A query's would add the same to all scores of the query, "
           "and so change nothing. Leave it out.";
  }
};

}  // namespace

KindSyntax bias_syntax() {
  return {"bias", "a number for each distinct text, added to the score; for candidates only",
          make_kind<Bias>};
}

}  // namespace gemel::features
