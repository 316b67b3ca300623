#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "features/kind.hpp"
#include "features/vocabulary_index.hpp"
#include "ingest/distinct_strings.hpp"

namespace gemel::features {

/// The parts of all texts of a column, end to end.
struct Parts {
  ingest::StringColumn strings;
  std::vector<std::size_t> ends;  ///< of each text's

  void end_text() { ends.push_back(strings.size()); }
};

/// What kinds have in common whose values are rows of a vocabulary: of the texts themselves, or, where a kind has lists, of their parts.
class VocabularyKind : public Kind {
 public:
  ColumnType column_type() const override { return ColumnType::text; }
  std::int64_t special_rows() const override { return ingest::VocabularyDirectory::special_rows; }

  void fit(const Fitting& fitting, ValueColumn& values) override;
  std::unique_ptr<const VocabularyIndex> index(const ingest::VocabularyBlock& vocabulary,
                                               std::string_view described,
                                               mpi::Communicator& communicator) const override;
  void encode(const RawColumn& column, const VocabularyIndex* index, ValueColumn& values) const override;
  /// Of a kind without lists.
  void accept(KindVisitor& visitor) const override;

 protected:
  /// Appends the parts of every text. For kinds with lists.
  virtual void cut(const ingest::TextColumn& texts, Parts& parts) const;

  /// The vocabulary of all ranks' `known` strings, which becomes the feature's. A continued one takes in those that it lacks, unless it
  /// is frozen. Collective.
  virtual std::unique_ptr<const VocabularyIndex> learn(const ingest::DistinctStrings& known,
                                                       const Fitting& fitting) const;

 private:
  struct Cut;

  Cut cut_up(const RawColumn& column, const ValueColumn& values) const;
  void put(const Cut& cut, const VocabularyIndex& index, mpi::Communicator& communicator,
           ValueColumn& values) const;
};

}  // namespace gemel::features
