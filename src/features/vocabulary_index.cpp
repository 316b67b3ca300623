#include "features/vocabulary_index.hpp"

#include <utility>

namespace gemel::features {
namespace {

class DirectoryIndex : public VocabularyIndex {
 public:
  explicit DirectoryIndex(ingest::VocabularyDirectory directory) : directory_(std::move(directory)) {}

  std::vector<std::uint32_t> rows_of(const ingest::DistinctStrings& asked,
                                     mpi::Communicator& communicator) const override {
    return directory_.rows_of(asked, communicator);
  }

 private:
  ingest::VocabularyDirectory directory_;
};

class WholeIndex : public VocabularyIndex {
 public:
  WholeIndex(ingest::StringColumn whole, std::size_t special, std::uint32_t unknown_row)
      : strings_(std::move(whole)),
        row_of_(ingest::make_row_map(strings_, special)),
        unknown_row_(unknown_row) {}

  std::vector<std::uint32_t> rows_of(const ingest::DistinctStrings& asked,
                                     mpi::Communicator&) const override {
    std::vector<std::uint32_t> rows(asked.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto found = row_of_.find(asked.strings[i]);
      rows[i] = found == row_of_.end() ? unknown_row_ : found->second;
    }
    return rows;
  }

 private:
  ingest::StringColumn strings_;
  ingest::RowMap row_of_;  // of views of `strings_`
  std::uint32_t unknown_row_;
};

}  // namespace

std::unique_ptr<const VocabularyIndex> make_index(ingest::VocabularyDirectory directory) {
  return std::make_unique<DirectoryIndex>(std::move(directory));
}

std::unique_ptr<const VocabularyIndex> make_index(ingest::StringColumn whole, std::size_t special,
                                                  std::uint32_t unknown_row) {
  return std::make_unique<WholeIndex>(std::move(whole), special, unknown_row);
}

}  // namespace gemel::features
