#include "features/text.hpp"

#include <fmt/format.h>

#include "features/vocabulary_fitting.hpp"
#include "ingest/string_exchange.hpp"

namespace gemel::features {
namespace {

/// The tokens of a text: rows of the vocabulary of the most frequent ones, of at most N rows: "" (padding), "[UNK]", then the tokens
/// by descending count, ties by descending bytes, as Keras orders them.
class Text : public Kind {
 public:
  explicit Text(const KindArgument& argument)
      : most_rows_(argument.whole_number("N", special_token_rows + 1, ingest::most_table_rows)) {}
  std::unique_ptr<Kind> clone() const override { return std::make_unique<Text>(*this); }
  std::string_view name() const override { return "text"; }
  std::string argument() const override { return fmt::to_string(most_rows_); }
  ColumnType column_type() const override { return ColumnType::text; }
  bool has_lists() const override { return true; }
  std::int64_t special_rows() const override { return special_token_rows; }

  void fit(const Fitting& fitting, ValueColumn& values) override {
    Tokenizer tokenize;
    const auto cut = [&](std::string_view text, ingest::StringColumn& parts) {
      for (const std::string_view token : tokenize(text)) parts.push_back(token);
    };
    const auto find_rows = [&](const ingest::DistinctStrings& known,
                               const ingest::DistinctStrings& distinct) {
      return rows_of_tokens(known, distinct, fitting);
    };
    look_up_parts(cut, find_rows, fitting, values);
  }

 private:
  /// As rows_in_directory, in a vocabulary of text.
  std::vector<std::uint32_t> rows_of_tokens(const ingest::DistinctStrings& known,
                                            const ingest::DistinctStrings& distinct,
                                            const Fitting& fitting) const {
    ingest::StringColumn whole;
    if (fitting.continues) {
      whole = ingest::all_gather_strings(fitting.vocabulary.strings, fitting.communicator);
      if (whole.size() < special_token_rows ||
          static_cast<std::int64_t>(whole.size()) != fitting.vocabulary.rows) {
        ingest::refuse_stored_vocabulary(fitting.described);
      }
    }
    const std::size_t before = fitting.continues ? whole.size() : special_token_rows;
    if (!fitting.continues || !fitting.freezes)
      whole = build_text_vocabulary(known, most_rows_, whole, fitting.communicator);
    fitting.vocabulary = ingest::own_block(whole, fitting.communicator);
    fitting.added = static_cast<std::int64_t>(whole.size() - before);
    const ingest::RowMap row_of = ingest::make_row_map(whole, special_token_rows);
    std::vector<std::uint32_t> rows(distinct.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto found = row_of.find(distinct.strings[i]);
      rows[i] = found == row_of.end() ? unknown_token_row : found->second;
    }
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
