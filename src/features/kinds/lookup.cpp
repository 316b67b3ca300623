#include "features/vocabulary_kind.hpp"

namespace gemel::features {
namespace {

/// A text's row of the vocabulary of all texts.
class Lookup : public VocabularyKind {
 public:
  explicit Lookup(const KindArgument&) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Lookup>(*this); }
  std::string_view name() const override { return "lookup"; }
  bool is_id() const override { return true; }
};

}  // namespace

KindSyntax lookup_syntax() {
  return {"lookup", "a row for each distinct text", make_kind<Lookup>};
}

}  // namespace gemel::features
