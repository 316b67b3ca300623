#include "serving/query_engine.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "serving/query_source.hpp"

namespace gemel::serving {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw mpi::AgreedError(base::ExitCode::usage, message);
}

void require_items(std::size_t k) {
  if (k == 0) refuse("k = 0: a list of no items; ask for 1 at least");
}

std::vector<RankedItem> items_of(std::span<const tensor::ScoredRow> list) {
  std::vector<RankedItem> items;
  items.reserve(list.size());
  for (const tensor::ScoredRow scored : list)
    items.push_back({static_cast<std::int32_t>(tensor::row_of(scored)), tensor::score_of(scored)});
  return items;
}

std::vector<std::int32_t> join(std::span<const std::int32_t> one, std::span<const std::int32_t> other) {
  std::vector<std::int32_t> both;
  both.reserve(one.size() + other.size());
  std::ranges::set_union(one, other, std::back_inserter(both));
  return both;
}

}  // namespace

QueryEngine::QueryEngine(const model::LoadedModel& model, std::optional<SeenItems> seen_items, int threads,
                         mpi::Communicator& self)
    : model_(model),
      self_(self),
      team_(threads),
      encoder_(model.towers().query().features(), self),
      embedder_(model.towers().query(), model.towers().dense()),
      tiles_({0, static_cast<std::size_t>(model.catalogue().size())}, model.catalogue().vectors.view()),
      item_ids_(model.catalogue().ids, self, "/catalogue/id"),
      seen_items_(std::move(seen_items)) {
  base::require(self.size() == 1, "serving: queries are answered on one rank");
}

std::int64_t QueryEngine::row_of(std::string_view id) const {
  ingest::StringColumn one;
  one.push_back(id);
  return item_ids_.rows_of(one, self_).front();
}

std::vector<std::int32_t> QueryEngine::rows_of(std::span<const std::string> ids) const {
  ingest::StringColumn asked;
  for (const std::string& id : ids) asked.push_back(id);
  std::vector<std::int32_t> rows;
  for (const std::int64_t row : item_ids_.rows_of(asked, self_)) {
    if (row != ingest::IdDirectory::no_row) rows.push_back(static_cast<std::int32_t>(row));
  }
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

Answer QueryEngine::recommend(const std::vector<NamedValue>& query, std::size_t k, AskedItems asked) const {
  require_items(k);
  const ingest::Columns columns = columns_of(query);
  const features::FeatureRows rows = encoder_.encode(columns);
  if (!asked.keep_seen) leave_out_seen(columns, asked);
  evaluation::Choice choice;
  if (asked.allowed) choice.allowed = *asked.allowed;
  choice.left_out = asked.left_out;
  Answer answer;
  answer.items = items_of(evaluation::best_candidates(embed(rows), tiles_, k, choice, team_));
  for (const features::UnknownValue& value : encoder_.unknown_values(rows)) {
    const std::string& column = encoder_.features()[value.feature].spec.column;
    if (std::ranges::find(answer.unknown, column) == answer.unknown.end()) answer.unknown.push_back(column);
  }
  return answer;
}

std::vector<RankedItem> QueryEngine::similar(std::int32_t item, std::size_t k, Measure measure) const {
  require_items(k);
  const Compared& compared = compared_by(measure);
  evaluation::Choice choice;
  choice.left_out = std::span(&item, 1);
  return items_of(evaluation::best_candidates(compared.vectors->row(static_cast<std::size_t>(item)),
                                              *compared.tiles, k, choice, team_));
}

std::vector<float> QueryEngine::vector_of(const std::vector<NamedValue>& query) const {
  return embed(encoder_.encode(columns_of(query)));
}

ingest::Columns QueryEngine::columns_of(const std::vector<NamedValue>& query) const {
  return one_query(query, encoder_)->get(0, 1, self_).columns;
}

std::vector<float> QueryEngine::embed(const features::FeatureRows& rows) const {
  std::vector<float> vector(model_.towers().dim());
  const auto scratch = scratches_.borrow();
  embedder_.run(rows, 0, *scratch, vector);
  return vector;
}

void QueryEngine::leave_out_seen(const ingest::Columns& query, AskedItems& asked) const {
  const auto users = query.strings.find(user_column);
  if (!seen_items_ || users == query.strings.end()) return;
  asked.left_out = join(asked.left_out, seen_items_->items_of(users->second, self_).front());
}

const QueryEngine::Compared& QueryEngine::compared_by(Measure measure) const {
  Compared& compared = compared_[static_cast<std::size_t>(measure)];
  std::call_once(compared.once, [&] {
    compared.vectors.emplace(compared_vectors(model_, measure));
    compared.tiles.emplace(tiles_.shard(), compared.vectors->view());
  });
  return compared;
}

}  // namespace gemel::serving
