#include "plan/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/bytes_text.hpp"
#include "base/error.hpp"
#include "evaluation/gathered_queries.hpp"
#include "exchange/dense_exchange.hpp"
#include "gemel/options.hpp"
#include "plan/least_squares_plan.hpp"
#include "step/epoch_deal.hpp"

namespace gemel::plan {
namespace {

using exchange::Placement;

constexpr std::array<std::pair<std::string_view, PlacementWish>, 3> placement_names = {
    {{"auto", PlacementWish::automatic},
     {"replicated", PlacementWish::replicated},
     {"sharded", PlacementWish::sharded}}};

constexpr double float_bytes = sizeof(float);
constexpr double row_number_bytes = sizeof(std::int64_t);

/// What a rank has of something that is spread evenly.
double share(double whole, int ranks) {
  return whole / ranks;
}

/// Bytes of row gradients that a rank sends in a step.
double gradient_bytes(const TableShape& table, Placement placement, int ranks) {
  const auto width = static_cast<double>(table.dim) * float_bytes;
  if (placement == Placement::replicated) return (ranks - 1) * table.touched * (width + row_number_bytes);
  return table.touched * width * (ranks - 1) / ranks;
}

/// Bytes of row numbers and rows that a rank sends in a step so that rows can be looked up.
double lookup_bytes(const TableShape& table, Placement placement, int ranks) {
  if (placement == Placement::replicated) return 0;
  const auto width = static_cast<double>(table.dim) * float_bytes;
  return table.touched * (row_number_bytes + width) * (ranks - 1) / ranks;
}

double sent(const TableShape& table, Placement placement, const JobShape& job) {
  if (job.only_solves) {
    const HalfSweepBytes bytes = half_sweep_bytes(table, placement, job);
    return bytes.lookup + bytes.rows;
  }
  const int ranks = job.ranks;
  return gradient_bytes(table, placement, ranks) + lookup_bytes(table, placement, ranks);
}

double held_bytes(const TableShape& table, Placement placement, int ranks) {
  const double rows = placement == Placement::replicated ? static_cast<double>(table.rows)
                                                         : std::ceil(static_cast<double>(table.rows) / ranks);
  return rows * table.row_bytes;
}

Placement choose(const TableShape& table, const JobShape& job) {
  if (job.ranks == 1) return Placement::replicated;
  const double saving = sent(table, Placement::replicated, job) - sent(table, Placement::sharded, job);
  const bool is_large = held_bytes(table, Placement::replicated, job.ranks) > large_table;
  return is_large || saving > worthwhile_saving ? Placement::sharded : Placement::replicated;
}

Plan::Table place(const TableShape& shape, PlacementWish wish, const JobShape& job) {
  Plan::Table table;
  table.shape = shape;
  table.was_chosen = wish == PlacementWish::automatic;
  if (table.was_chosen) {
    table.placement = choose(shape, job);
  } else {
    table.placement = wish == PlacementWish::sharded ? Placement::sharded : Placement::replicated;
  }
  table.memory = held_bytes(shape, table.placement, job.ranks);
  table.sent = sent(shape, table.placement, job);
  return table;
}

/// Of a half of a sweep of least squares.
void add_solver_traffic(const JobShape& job, Plan& plan) {
  const auto bytes = [&](metering::Traffic kind) -> double& {
    return plan.step_bytes[static_cast<std::size_t>(kind)];
  };
  for (const Plan::Table& table : plan.tables) {
    const HalfSweepBytes sent = half_sweep_bytes(table.shape, table.placement, job);
    bytes(metering::Traffic::lookup) += sent.lookup;
    bytes(metering::Traffic::rows) += sent.rows;
  }
  bytes(metering::Traffic::dense) = gram_bytes(job);
}

void add_traffic(const JobShape& job, Plan& plan) {
  const auto bytes = [&](metering::Traffic kind) -> double& {
    return plan.step_bytes[static_cast<std::size_t>(kind)];
  };
  const double others = job.ranks - 1;
  const double batch_share = share(static_cast<double>(job.batch_size), job.ranks);
  const double vectors =
      job.columns * static_cast<double>(job.vector_width) * float_bytes * others / job.ranks;
  const double example_bytes =
      (job.example_words + static_cast<double>(job.weight_words + job.user_words + 2)) *
      float_bytes;  // with its slot
  bytes(metering::Traffic::deal) = batch_share * example_bytes * others / job.ranks;
  bytes(metering::Traffic::gather) =
      others * ((job.whole_catalogue ? 0 : batch_share * 4) + 4 +
                static_cast<double>(job.weight_words) * share(job.lanes, job.ranks) * 8);
  bytes(metering::Traffic::share) = vectors;
  bytes(metering::Traffic::reduce) = job.subtrees * vectors;
  bytes(metering::Traffic::dense) =
      exchange::dense_exchange_bytes(job.lanes, job.ranks, job.subtrees, job.dense_parameters);
  double replicated = 0;
  double sharded = 0;
  for (const Plan::Table& table : plan.tables) {
    bytes(metering::Traffic::lookup) += lookup_bytes(table.shape, table.placement, job.ranks);
    bytes(metering::Traffic::rows) += gradient_bytes(table.shape, table.placement, job.ranks);
    (table.placement == Placement::sharded ? sharded : replicated) += 1;
  }
  bytes(metering::Traffic::rows) += others * job.subtrees * replicated * row_number_bytes;  // counts
  bytes(metering::Traffic::lookup) += others * job.subtrees * sharded * row_number_bytes;
}

/// What a step works on: activations, vectors, gradients, and what is packed for the exchanges.
double step_memory(const JobShape& job, const Plan& plan) {
  const double own_lanes = share(job.lanes, job.ranks);
  const double batch_share = share(static_cast<double>(job.batch_size), job.ranks);
  const auto width = static_cast<double>(job.vector_width);
  double floats = batch_share * 2 * width;  // the queries' vectors, and their gradient
  floats += (own_lanes + 2) * job.columns * width;
  floats += (own_lanes + 1) * static_cast<double>(job.dense_parameters);
  for (const Plan::Table& table : plan.tables) {
    const double copies = table.placement == Placement::sharded ? 5 : 2 + job.ranks;
    floats += copies * table.shape.touched * static_cast<double>(table.shape.dim + 2);
  }
  return floats * float_bytes + batch_share * job.query_row_bytes +
         share(job.columns, job.ranks) * job.candidate_row_bytes;
}

double evaluation_memory(const JobShape& job) {
  constexpr auto most_queries = static_cast<double>(evaluation::most_queries);
  const auto width = static_cast<double>(job.vector_width);
  // Scores and counts of true candidates, their rows and the users.
  constexpr double numbers = most_queries * 24;
  const double lists = 2.0 * most_queries * static_cast<double>(std::min(job.most_top_k, job.candidates)) * 8;
  return 2 * share(static_cast<double>(job.candidates), job.ranks) * width * float_bytes +
         job.ranks * (most_queries * width * float_bytes + numbers + lists);
}

/// The numbers of the examples' users where these do not travel, and who has to do with which items (ingest::UserHistory), on every rank.
double user_memory(const JobShape& job) {
  const auto users = static_cast<double>(job.users);
  const auto train = static_cast<double>(job.train_examples);
  const auto test = static_cast<double>(job.held_out_examples);
  const bool is_told = job.user_words > 0;  // and so counted with the examples
  double bytes = share((is_told ? 0 : train) + test, job.ranks) * float_bytes;
  if (job.keeps_seen) bytes += train * float_bytes + users * row_number_bytes;
  // At most: how many of the examples that are kept out of training are for validation is not told.
  if (job.keeps_seen_before_test) bytes += (train + test) * float_bytes + users * row_number_bytes;
  if (job.most_top_k > 0) bytes += test * float_bytes + users * row_number_bytes;
  return bytes;
}

/// What a rank copies of a checkpoint that is written while training goes on: its rows, of replicated tables an even part.
double checkpoint_copy(const JobShape& job) {
  double bytes = static_cast<double>(job.dense_parameters) * job.dense_bytes;
  for (const TableShape& table : job.tables) bytes += static_cast<double>(table.rows) * table.row_bytes;
  bytes += static_cast<double>(job.candidates) * (static_cast<double>(job.vector_width) * float_bytes +
                                                  row_number_bytes + job.candidate_name_bytes);
  return share(bytes, job.ranks);
}

}  // namespace

std::string Plan::Table::text() const {
  return fmt::format("{} [{}, {}] {}{}: {} a rank, {} a step", shape.feature, shape.rows, shape.dim,
                     placement == Placement::sharded ? "sharded" : "replicated",
                     was_chosen ? " (chosen)" : "", base::bytes_text(memory), base::bytes_text(sent));
}

double Plan::total_memory() const {
  double total = 0;
  for (const Table& table : tables) total += table.memory;
  for (const auto& [what, bytes] : memory) total += bytes;
  return total;
}

exchange::TablePlacements Plan::placements(int rank) const {
  exchange::TablePlacements placements{ranks, rank, {}};
  for (const Table& table : tables) {
    if (table.placement == Placement::sharded) placements.sharded.insert(table.shape.name);
  }
  return placements;
}

PlacementWish PlacementWishes::of(const std::string& table) const {
  const auto found = by_table.find(table);
  return found == by_table.end() ? all : found->second;
}

PlacementWishes read_placements(const std::vector<std::string>& texts, const JobShape& job) {
  PlacementWishes wishes;
  for (const std::string& text : texts) {
    const std::size_t equals = text.rfind('=');
    const std::string value = equals == std::string::npos ? text : text.substr(equals + 1);
    const auto wish =
        std::ranges::find(placement_names, value, &std::pair<std::string_view, PlacementWish>::first);
    if (wish == placement_names.end()) {
      throw base::UsageError(
          fmt::format("--placement {}: expected auto, replicated or sharded, or FEATURE= one of "
                      "these, such as --placement user_id=sharded",
                      text));
    }
    if (equals == std::string::npos) {
      wishes.all = wish->second;
      wishes.by_table.clear();
    } else {
      wishes.by_table[find_table(job, text.substr(0, equals), "--placement " + text)] = wish->second;
    }
  }
  return wishes;
}

std::string find_table(const JobShape& job, const std::string& feature, const std::string& option) {
  std::vector<std::string> of_feature;
  std::vector<std::string> of_column;
  std::vector<std::string> all;
  for (const TableShape& table : job.tables) {
    all.push_back(table.name.substr(0, table.name.find('/') + 1) + table.feature);
    if (feature == all.back() || feature == table.feature) of_feature.push_back(table.name);
    if (feature == table.column) of_column.push_back(table.name);
  }
  const std::vector<std::string>& found = of_feature.empty() ? of_column : of_feature;
  if (found.size() == 1) return found.front();
  throw base::UsageError(fmt::format("{}: {} embedding table of \"{}\"; the features with a table are {}",
                                     option, found.empty() ? "there is no" : "there is more than one",
                                     feature, fmt::join(all, ", ")));
}

Plan make_plan(const JobShape& job, const PlacementWishes& wishes) {
  Plan plan;
  plan.ranks = job.ranks;
  for (const TableShape& table : job.tables) {
    plan.tables.push_back(place(table, wishes.of(table.name), job));
  }
  const double held_out_bytes = (job.example_words + 1) * float_bytes;
  const double example_bytes =
      held_out_bytes + static_cast<double>(job.weight_words + job.user_words) * float_bytes;
  const double train = share(static_cast<double>(job.train_examples), job.ranks);
  const double held_out = share(static_cast<double>(job.held_out_examples), job.ranks);
  // While they are made of the columns user, item, rating and timestamp: those, and what prepare_data() needs beside them.
  const double preparing = (train + held_out) * (24 + std::max(25.0, 13 + job.example_words * float_bytes));
  // Stored, dealt, and on their way.
  const auto words = job.example_words + static_cast<double>(job.weight_words + job.user_words);
  const double dealt =
      job.only_solves ? 0 : train * example_bytes + step::EpochDeal::bytes_on_the_way(train, words);
  const double training = train * example_bytes + dealt + held_out * held_out_bytes;
  plan.memory = {
      {"program and libraries", job.program_bytes},
      {"examples", std::max(preparing, training)},
      // Features and counts of every item, names of this rank's ones.
      {"catalogue", static_cast<double>(job.candidates) * (job.candidate_bytes + row_number_bytes +
                                                           share(job.candidate_name_bytes, job.ranks))},
      {"dense parameters", static_cast<double>(job.dense_parameters) * job.dense_bytes},
      {"a step", job.only_solves ? 0 : step_memory(job, plan)},
      {"evaluation", evaluation_memory(job)},
  };
  if (job.users > 0) plan.memory.emplace_back("users and their items", user_memory(job));
  if (job.factors > 0) plan.memory.emplace_back("least squares", solver_memory(job));
  if (job.copies_checkpoints) plan.memory.emplace_back("copy for a checkpoint", checkpoint_copy(job));
  if (job.only_solves) {
    add_solver_traffic(job, plan);
  } else {
    add_traffic(job, plan);
  }
  return plan;
}

int least_ranks(const JobShape& job, const PlacementWishes& wishes, double bytes) {
  for (int ranks = 1; ranks <= most_lanes; ++ranks) {
    JobShape other = job;
    other.ranks = ranks;
    for (TableShape& table : other.tables) table.touched *= static_cast<double>(job.ranks) / ranks;
    if (make_plan(other, wishes).total_memory() <= bytes) return ranks;
  }
  return 0;
}

}  // namespace gemel::plan
