#include "features/vocabulary_kind.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "features/kind_visitor.hpp"
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

/// Whether each part is known, as its text is.
std::vector<bool> of_parts(const std::vector<bool>& is_known, const std::vector<std::size_t>& ends) {
  std::vector<bool> parts;
  for (std::size_t text = 0; text < ends.size(); ++text) parts.resize(ends[text], is_known[text]);
  return parts;
}

/// Collective, but for one rank alone.
void require_pool(std::int64_t words, const RawColumn& column) {
  mpi::Communicator& communicator = column.communicator;
  const std::int64_t most = communicator.size() == 1 ? words : communicator.max(words);
  if (most <= FeatureRows::most_pool_words) return;
  throw mpi::AgreedError(base::ExitCode::data,
                         fmt::format("{}: one rank's share of the data has more than {} parts of texts and "
                                     "lists. Start more ranks.",
                                     column.described, FeatureRows::most_pool_words));
}

}  // namespace

/// A column's texts, or their parts.
struct VocabularyKind::Cut {
  ingest::DistinctStrings distinct;
  std::vector<std::size_t> ends;  // of each text's parts, where the kind has lists
};

void VocabularyKind::cut(const ingest::TextColumn&, Parts&) const {
  throw base::InternalError("features: a kind with lists cuts texts its own way");
}

std::unique_ptr<const VocabularyIndex> VocabularyKind::learn(const ingest::DistinctStrings& known,
                                                             const Fitting& fitting) const {
  mpi::Communicator& communicator = fitting.column.communicator;
  const std::string_view described = fitting.column.described;
  ingest::VocabularyDirectory directory =
      fitting.continues
          ? ingest::VocabularyDirectory(known, fitting.vocabulary, fitting.freezes, communicator, described)
          : ingest::VocabularyDirectory(known, communicator, described);
  fitting.vocabulary = directory.block(communicator);
  fitting.added = directory.added();
  return make_index(std::move(directory));
}

std::unique_ptr<const VocabularyIndex> VocabularyKind::index(const ingest::VocabularyBlock& vocabulary,
                                                             std::string_view described,
                                                             mpi::Communicator& communicator) const {
  return make_index(ingest::VocabularyDirectory({}, vocabulary, /*freeze=*/true, communicator, described));
}

void VocabularyKind::fit(const Fitting& fitting, ValueColumn& values) {
  const Cut cut = cut_up(fitting.column, values);
  const std::vector<bool>* is_known = fitting.is_known;
  const auto index = is_known == nullptr ? learn(cut.distinct, fitting)
                     : has_lists() ? learn(known_ones(cut.distinct, of_parts(*is_known, cut.ends)), fitting)
                                   : learn(known_ones(cut.distinct, *is_known), fitting);
  put(cut, *index, fitting.column.communicator, values);
}

void VocabularyKind::encode(const RawColumn& column, const VocabularyIndex* index,
                            ValueColumn& values) const {
  base::require(index != nullptr, "features: a vocabulary without its index");
  put(cut_up(column, values), *index, column.communicator, values);
}

void VocabularyKind::accept(KindVisitor& visitor) const {
  visitor.vocabulary_row(ingest::VocabularyDirectory::unknown_row);
}

VocabularyKind::Cut VocabularyKind::cut_up(const RawColumn& column, const ValueColumn& values) const {
  if (!has_lists()) return {ingest::distinct_strings(*column.texts), {}};
  Parts parts;
  cut(*column.texts, parts);
  require_pool(values.pool_words_with(parts.ends.size() + parts.strings.size()), column);
  return {ingest::distinct_strings(parts.strings), std::move(parts.ends)};
}

void VocabularyKind::put(const Cut& cut, const VocabularyIndex& index, mpi::Communicator& communicator,
                         ValueColumn& values) const {
  const std::vector<std::uint32_t> rows = index.rows_of(cut.distinct, communicator);
  const std::vector<std::uint32_t>& places = cut.distinct.places;
  if (!has_lists()) {
    for (std::size_t row = 0; row < places.size(); ++row) values.put_row(row, rows[places[row]]);
    return;
  }
  std::vector<std::uint32_t> list;
  std::size_t next = 0;
  for (std::size_t row = 0; row < cut.ends.size(); ++row) {
    list.clear();
    for (; next < cut.ends[row]; ++next) list.push_back(rows[places[next]]);
    values.put_list(row, list);
  }
}

}  // namespace gemel::features
