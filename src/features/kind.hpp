#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature_rows.hpp"
#include "ingest/columns.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/communicator.hpp"

namespace gemel::features {

class KindVisitor;

/// What a kind is made of.
enum class ColumnType { text, number, any };

/// This rank's rows of the column that a feature is made of, as its kind needs it: a kind of text has texts, also of a column of numbers; one of
/// numbers has whole or decimal ones; one of any has texts or whole numbers. The other pointers are null.
struct RawColumn {
  const ingest::TextColumn* texts = nullptr;
  const std::vector<std::int64_t>* numbers = nullptr;
  const std::vector<double>* decimals = nullptr;
  mpi::Communicator& communicator;
  std::string_view described;                                 ///< the feature, as messages begin with it
  std::shared_ptr<const ingest::TextColumn> made_texts = {};  ///< of numbers

  /// Rows of a column of numbers, and the number of one.
  std::size_t rows_of_numbers() const { return numbers != nullptr ? numbers->size() : decimals->size(); }
  double number(std::size_t row) const {
    return numbers != nullptr ? static_cast<double>((*numbers)[row]) : (*decimals)[row];
  }
};

/// What a kind is fitted to and with.
struct Fitting {
  RawColumn column;
  /// What the kind and the vocabulary hold was learned in an earlier run, and stays.
  bool continues = false;
  /// That vocabulary takes in nothing new.
  bool freezes = false;
  /// Which of this rank's rows new values of a vocabulary may come from; null: all. The others' are unknown, unless the vocabulary
  /// has them already.
  const std::vector<bool>* is_known = nullptr;
  /// The feature's own: as FittedFeature has them.
  ingest::VocabularyBlock& vocabulary;
  std::int64_t& added;
};

class VocabularyIndex;

/// Where the values of one feature go, each row's once.
class ValueColumn {
 public:
  ValueColumn(FeatureRows& rows, std::size_t feature) : rows_(rows), feature_(feature) {}

  void put_row(std::size_t row, std::uint32_t table_row) { word(row) = table_row; }
  void put_number(std::size_t row, float number) { word(row) = std::bit_cast<std::uint32_t>(number); }
  void put_list(std::size_t row, std::span<const std::uint32_t> table_rows) {
    const std::uint32_t place = rows_.add_list(table_rows);
    word(row) = place;
  }
  /// Words of the pool of lists when so many more come into it.
  std::int64_t pool_words_with(std::size_t more) const {
    return static_cast<std::int64_t>(rows_.pool.size() + more);
  }

 private:
  std::uint32_t& word(std::size_t row) { return rows_.words[row * rows_.features + feature_]; }

  FeatureRows& rows_;
  std::size_t feature_;
};

/// What a feature makes of its column, with what it has learned of it: the KIND of a declaration. A kind is one class in a file of its
/// own under kinds/, and a line in kinds.cpp; nothing else knows it but by these properties.
class Kind {
 public:
  virtual ~Kind() = default;
  virtual std::unique_ptr<Kind> clone() const = 0;

  virtual std::string_view name() const = 0;
  /// What stands in brackets in the declaration; empty for a kind without.
  virtual std::string argument() const { return {}; }

  virtual ColumnType column_type() const = 0;
  /// Whether its values are rows of a table, not numbers.
  virtual bool has_table() const { return true; }
  /// Whether a row of data has any number of table rows, of which the mean is taken.
  virtual bool has_lists() const { return false; }
  /// Whether it is added to the score, one number from a table of one column, instead of to the tower's input.
  virtual bool is_bias() const { return false; }
  /// Whether it tells which user this is: training may replace it by the vocabulary's unknown row.
  virtual bool is_id() const { return false; }
  /// Why it may not stand on the query tower; empty where it may.
  virtual std::string_view why_not_of_queries() const { return {}; }

  /// Rows of its table.
  virtual std::int64_t table_rows(std::int64_t vocabulary_rows) const { return vocabulary_rows; }
  /// The first of these that are of no value: for unknown ones, and for padding.
  virtual std::int64_t special_rows() const { return 0; }

  /// Learns from the column what it does not know yet, and gives every row its value. What it learns does not depend on how the rows
  /// are spread over the ranks. Throws AgreedError. Collective.
  virtual void fit(const Fitting& fitting, ValueColumn& values) = 0;

  /// What finds rows in the vocabulary of a fitted feature, of which this rank has its block; null for kinds without one. Throws
  /// AgreedError (checkpoint) for a vocabulary that cannot be. Collective.
  virtual std::unique_ptr<const VocabularyIndex> index(const ingest::VocabularyBlock& vocabulary,
                                                       std::string_view described,
                                                       mpi::Communicator& communicator) const;

  /// Gives every row its value by what has been learned, with the index of the vocabulary. Throws AgreedError (data) where lists are too
  /// long. Collective; on one rank alone several threads may encode at once.
  virtual void encode(const RawColumn& column, const VocabularyIndex* index, ValueColumn& values) const = 0;

  /// Tells how it makes a value, for those who write that down for other programs.
  virtual void accept(KindVisitor& visitor) const = 0;

  /// The greatest number that it has learned from, where it knows.
  virtual std::optional<std::int64_t> greatest() const { return std::nullopt; }

  /// What it has learned beside a vocabulary, to and from its entry in a checkpoint's list of features.
  virtual void write(nlohmann::ordered_json& entry) const;
  virtual void read(const nlohmann::json& entry);

 protected:
  Kind() = default;
  /// Throws UsageError where an entry has what cannot have been learned: `what`.
  void require_learned(bool is_possible, std::string_view what) const;
  Kind(const Kind&) = default;
  Kind& operator=(const Kind&) = default;
};

/// What stands in the brackets of a declaration, such as the N of hash(N). Its complaints are UsageErrors that quote the declaration.
class KindArgument {
 public:
  KindArgument(std::string_view declaration, std::string_view text)
      : declaration_(declaration), text_(text) {}

  std::string_view text() const { return text_; }
  /// A whole number in these bounds, which may be written as 1e6; `what` names it.
  std::int64_t whole_number(std::string_view what, std::int64_t least, std::int64_t most) const;
  [[noreturn]] void refuse(std::string_view reason) const;

 private:
  std::string_view declaration_;
  std::string_view text_;
};

/// How a kind is declared.
struct KindSyntax {
  std::string_view usage;  ///< "hash(N)"
  std::string_view help;   ///< what it makes of what, in a few words
  std::unique_ptr<Kind> (*make)(const KindArgument& argument);

  std::string_view name() const { return usage.substr(0, usage.find('(')); }
  bool has_argument() const { return name() != usage; }
};

/// KindSyntax::make of a kind that is made from its argument.
template <class T>
std::unique_ptr<Kind> make_kind(const KindArgument& argument) {
  return std::make_unique<T>(argument);
}

}  // namespace gemel::features
