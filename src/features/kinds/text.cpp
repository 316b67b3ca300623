#include "features/text.hpp"

#include <fmt/format.h>

#include <utility>

#include "features/kind_visitor.hpp"
#include "features/vocabulary_kind.hpp"
#include "ingest/string_exchange.hpp"

namespace gemel::features {
namespace {

/// The tokens of a text: rows of the vocabulary of the most frequent ones, of at most N rows: "" (padding), "[UNK]", then the tokens
/// by descending count, ties by descending bytes, as Keras orders them.
class Text : public VocabularyKind {
 public:
  explicit Text(const KindArgument& argument)
      : most_rows_(argument.whole_number("N", special_token_rows + 1, ingest::most_table_rows)) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Text>(*this); }
  std::string_view name() const override { return "text"; }
  std::string argument() const override { return fmt::to_string(most_rows_); }
  bool has_lists() const override { return true; }
  std::int64_t special_rows() const override { return special_token_rows; }
  std::unique_ptr<const VocabularyIndex> index(const ingest::VocabularyBlock& vocabulary,
                                               std::string_view described,
                                               mpi::Communicator& communicator) const override {
    return make_index(whole(vocabulary, described, communicator), special_token_rows, unknown_token_row);
  }
  void accept(KindVisitor& visitor) const override {
    visitor.rows_by_rule(fmt::format(
        "the vocabulary's rows of the words, which are in lower case (ASCII), without punctuation, split at "
        "white space; unknown ones are row {}",
        unknown_token_row));
  }

 protected:
  void cut(const ingest::TextColumn& texts, Parts& parts) const override {
    Tokenizer tokenize;
    for (std::size_t row = 0; row < texts.size(); ++row) {
      for (const std::string_view token : tokenize(texts[row])) parts.strings.push_back(token);
      parts.end_text();
    }
  }

  std::unique_ptr<const VocabularyIndex> learn(const ingest::DistinctStrings& known,
                                               const Fitting& fitting) const override {
    mpi::Communicator& communicator = fitting.column.communicator;
    ingest::StringColumn tokens;
    if (fitting.continues) tokens = whole(fitting.vocabulary, fitting.column.described, communicator);
    const std::size_t before = fitting.continues ? tokens.size() : special_token_rows;
    if (!fitting.continues || !fitting.freezes)
      tokens = build_text_vocabulary(known, most_rows_, tokens, communicator);
    fitting.vocabulary = ingest::own_block(tokens, communicator);
    fitting.added = static_cast<std::int64_t>(tokens.size() - before);
    return make_index(std::move(tokens), special_token_rows, unknown_token_row);
  }

 private:
  /// All rows of a vocabulary. Collective.
  static ingest::StringColumn whole(const ingest::VocabularyBlock& vocabulary, std::string_view described,
                                    mpi::Communicator& communicator) {
    ingest::StringColumn rows = ingest::all_gather_strings(vocabulary.strings, communicator);
    if (rows.size() < special_token_rows || static_cast<std::int64_t>(rows.size()) != vocabulary.rows)
      ingest::refuse_stored_vocabulary(described);
    return rows;
  }

  std::int64_t most_rows_;
};

}  // namespace

KindSyntax text_syntax() {
  return {"text(N)", "the mean of rows, one for each of a text's words, the N most frequent",
          make_kind<Text>};
}

}  // namespace gemel::features
