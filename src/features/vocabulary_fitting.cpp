#include "features/vocabulary_fitting.hpp"

#include <fmt/format.h>

#include "mpi/agreement.hpp"

namespace gemel::features {
namespace {

/// Those of `distinct` that occur at a known place.
ingest::DistinctStrings known_ones(const ingest::DistinctStrings& distinct,
                                   const std::vector<bool>& is_known) {
  std::vector<std::int64_t> counts(distinct.size(), 0);
  for (std::size_t place = 0; place < distinct.places.size(); ++place)
    counts[distinct.places[place]] += is_known[place] ? 1 : 0;
  ingest::DistinctStrings known;
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    if (counts[i] == 0) continue;
    known.strings.push_back(distinct.strings[i]);
    known.hashes.push_back(distinct.hashes[i]);
    known.counts.push_back(counts[i]);
  }
  return known;
}

/// The parts of all texts, end to end.
struct Parts {
  ingest::StringColumn strings;
  std::vector<std::size_t> ends;  // of each text's
  std::vector<bool> are_known;    // of each part; empty: all
};

Parts cut_up(const CutText& cut, const Fitting& fitting) {
  Parts parts;
  for (std::size_t row = 0; row < fitting.texts->size(); ++row) {
    cut((*fitting.texts)[row], parts.strings);
    parts.ends.push_back(parts.strings.size());
    if (fitting.is_known != nullptr) parts.are_known.resize(parts.strings.size(), (*fitting.is_known)[row]);
  }
  return parts;
}

void require_pool(std::int64_t words, const Fitting& fitting) {
  if (fitting.communicator.max(words) <= FeatureRows::most_pool_words) return;
  throw mpi::AgreedError(base::ExitCode::data,
                         fmt::format("{}: one rank's share of the data has more than {} parts of texts and "
                                     "lists. Start more ranks.",
                                     fitting.described, FeatureRows::most_pool_words));
}

}  // namespace

std::vector<std::uint32_t> rows_in_directory(const ingest::DistinctStrings& known,
                                             const ingest::DistinctStrings& distinct,
                                             const Fitting& fitting) {
  mpi::Communicator& communicator = fitting.communicator;
  const ingest::VocabularyDirectory directory =
      fitting.continues ? ingest::VocabularyDirectory(known, fitting.vocabulary, fitting.freezes,
                                                      communicator, fitting.described)
                        : ingest::VocabularyDirectory(known, communicator, fitting.described);
  fitting.vocabulary = directory.block(communicator);
  fitting.added = directory.added();
  return directory.rows_of(distinct, communicator);
}

void look_up_texts(const Fitting& fitting, ValueColumn& values) {
  const ingest::DistinctStrings distinct = ingest::distinct_strings(*fitting.texts);
  const std::vector<std::uint32_t> rows =
      fitting.is_known == nullptr
          ? rows_in_directory(distinct, distinct, fitting)
          : rows_in_directory(known_ones(distinct, *fitting.is_known), distinct, fitting);
  for (std::size_t row = 0; row < distinct.places.size(); ++row)
    values.put_row(row, rows[distinct.places[row]]);
}

void look_up_parts(const CutText& cut, const FindRows& find_rows, const Fitting& fitting,
                   ValueColumn& values) {
  const Parts parts = cut_up(cut, fitting);
  require_pool(values.pool_words_with(parts.ends.size() + parts.strings.size()), fitting);
  const ingest::DistinctStrings distinct = ingest::distinct_strings(parts.strings);
  const std::vector<std::uint32_t> rows = fitting.is_known == nullptr
                                              ? find_rows(distinct, distinct)
                                              : find_rows(known_ones(distinct, parts.are_known), distinct);
  std::vector<std::uint32_t> list;
  std::size_t next = 0;
  for (std::size_t row = 0; row < parts.ends.size(); ++row) {
    list.clear();
    for (; next < parts.ends[row]; ++next) list.push_back(rows[distinct.places[next]]);
    values.put_list(row, list);
  }
}

}  // namespace gemel::features
