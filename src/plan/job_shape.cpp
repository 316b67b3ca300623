#include "plan/job_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/even_cuts.hpp"
#include "base/random.hpp"
#include "exchange/candidate_exchange.hpp"
#include "exchange/distinct_candidates.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/row_request.hpp"
#include "learning/negatives.hpp"
#include "learning/optimizer.hpp"
#include "learning/seen_mask.hpp"
#include "model/architecture.hpp"

namespace gemel::plan {
namespace {

using Features = std::vector<features::FittedFeature>;

constexpr std::int64_t most_samples = 4;

/// What is counted in sampled batches: sums over ranks of the planned job.
struct Counts {
  double columns = 0;
  std::vector<double> touched;  // by table
};

/// Batches of a shuffle of all examples. Every rank gets them whole, so what is counted in them depends on the data alone and not on
/// which examples lie with which rank.
class Sampler {
 public:
  Sampler(const TrainingOptions& options, const ingest::TrainingData& data, int ranks,
          mpi::Communicator& communicator)
      : options_(options),
        data_(data),
        communicator_(communicator),
        candidates_(data.catalogue.size()),
        negatives_(options.loss, data.item_counts, options.seed),
        samples_(
            std::clamp<std::int64_t>(data.identity.train_examples / options.batch_size, 1, most_samples)) {
    for (int rank = 0; rank < ranks; ++rank) plans_.emplace_back(options.lanes, ranks, rank);
    for (const features::FittedFeature& feature : data.query_features)
      tables_ += feature.spec.has_table() ? 1 : 0;
    for (const features::FittedFeature& feature : data.candidate_features)
      tables_ += feature.spec.has_table() ? 1 : 0;
    const base::KeyedPermutation order(base::random_key(options.seed, "plan"),
                                       static_cast<std::uint64_t>(data.identity.train_examples));
    const std::int64_t places = std::min(samples_ * options.batch_size, data.identity.train_examples);
    for (std::int64_t place = 0; place < places; ++place) {
      const auto number = static_cast<std::int64_t>(order.inverse(static_cast<std::uint64_t>(place)));
      const std::int64_t own = number - data.first_train_number;
      if (own < 0 || own >= std::ssize(data.train.items)) continue;
      own_.emplace_back(place, static_cast<std::size_t>(own));
    }
  }

  std::int64_t samples() const { return samples_; }

  /// Collective.
  Counts count(std::int64_t sample) {
    Counts counts;
    counts.touched.resize(tables_);
    draw(sample);
    assign_columns(sample);
    counts.columns = static_cast<double>(candidates_.columns());
    for (const exchange::LaneLayout& plan : plans_) {
      for (const exchange::LaneLayout::Subtree& subtree : plan.subtrees) count_subtree(plan, subtree, counts);
    }
    return counts;
  }

 private:
  /// Fills in batch_ and order_.
  void draw(std::int64_t sample) {
    const std::int64_t first = sample * options_.batch_size;
    features::Examples drawn;
    drawn.features = data_.train.features.empty_like();
    std::vector<std::int32_t> places;
    for (auto next = std::ranges::lower_bound(own_, std::pair(first, std::size_t{0}));
         next != own_.end() && next->first < first + options_.batch_size; ++next) {
      places.push_back(static_cast<std::int32_t>(next->first - first));
      drawn.items.push_back(data_.train.items[next->second]);
      drawn.features.append(data_.train.features, next->second);
    }
    places = communicator_.all_gather_varying(std::span<const std::int32_t>(places));
    batch_.items = communicator_.all_gather_varying(std::span<const std::int32_t>(drawn.items));
    batch_.features = features::all_gather_rows(drawn.features, communicator_);
    order_.resize(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)
      order_[static_cast<std::size_t>(places[i])] = static_cast<std::int32_t>(i);
  }

  void assign_columns(std::int64_t sample) {
    if (negatives_.are_catalogue()) return candidates_.assign_all();
    std::vector<std::int32_t> items;
    negatives_.draw(0, sample, items);
    items.insert(items.end(), batch_.items.begin(), batch_.items.end());
    candidates_.assign(items);
  }

  void count_subtree(const exchange::LaneLayout& plan, const exchange::LaneLayout::Subtree& subtree,
                     Counts& counts) {
    const int first = plan.lanes.first + static_cast<int>(subtree.first);
    const int last = plan.lanes.first + static_cast<int>(subtree.last);
    const base::EvenCuts cuts(static_cast<std::int64_t>(batch_.size()), options_.lanes);
    const auto start = static_cast<std::size_t>(cuts.start(first));
    const auto end = static_cast<std::size_t>(cuts.start(last));
    const auto slice_start = exchange::slice_of_lane(candidates_.columns(), options_.lanes, first).first;
    const auto slice_end = exchange::slice_of_lane(candidates_.columns(), options_.lanes, last - 1).last;
    std::size_t table = 0;
    count_tables(data_.query_features, batch_.features, std::span(order_).subspan(start, end - start), table,
                 counts);
    count_tables(data_.candidate_features, data_.catalogue,
                 candidates_.rows().subspan(slice_start, slice_end - slice_start), table, counts);
  }

  void count_tables(const Features& features, const features::FeatureRows& rows,
                    std::span<const std::int32_t> selection, std::size_t& table, Counts& counts) {
    for (std::size_t i = 0; i < features.size(); ++i) {
      if (!features[i].spec.has_table()) continue;
      rows_.clear();
      features::append_table_rows(i, rows, selection, rows_);
      exchange::make_distinct(rows_);
      counts.touched[table++] += static_cast<double>(rows_.size());
    }
  }

  const TrainingOptions& options_;
  const ingest::TrainingData& data_;
  mpi::Communicator& communicator_;
  std::vector<exchange::LaneLayout> plans_;
  std::size_t tables_ = 0;
  exchange::DistinctCandidates candidates_;
  learning::Negatives negatives_;
  std::int64_t samples_;
  std::vector<std::pair<std::int64_t, std::size_t>> own_;  // places in the shuffle of this rank's examples
  features::Examples batch_;
  std::vector<std::int32_t> order_;  // the row in batch_ of each place in the batch
  std::vector<std::int64_t> rows_;
};

/// Means over samples; of touched rows also over the planned job's ranks. Collective.
Counts sample(const TrainingOptions& options, const ingest::TrainingData& data, int ranks,
              mpi::Communicator& communicator) {
  Sampler sampler(options, data, ranks, communicator);
  const auto samples = static_cast<double>(sampler.samples());
  Counts means;
  for (std::int64_t index = 0; index < sampler.samples(); ++index) {
    const Counts counts = sampler.count(index);
    means.columns += counts.columns / samples;
    means.touched.resize(counts.touched.size());
    for (std::size_t i = 0; i < counts.touched.size(); ++i)
      means.touched[i] += counts.touched[i] / (ranks * samples);
  }
  return means;
}

/// Distinct rows among `lookups` of a table that is touched evenly.
double evenly_touched(double rows, double lookups) {
  return rows * -std::expm1(lookups * std::log1p(-1 / std::max(rows, 2.0)));
}

double bytes_of_item(const features::FeatureRows& catalogue) {
  return static_cast<double>(catalogue.bytes()) /
         static_cast<double>(std::max<std::size_t>(catalogue.size(), 1));
}

/// Bytes that a string takes, and its place: the mean over all ranks' strings. Collective.
double mean_bytes(const ingest::VocabularyBlock& block, mpi::Communicator& communicator) {
  const std::size_t own = block.strings.characters().size() + block.strings.size() * sizeof(std::size_t);
  const auto all = static_cast<double>(communicator.sum(static_cast<std::int64_t>(own)));
  return all / static_cast<double>(std::max<std::int64_t>(block.rows, 1));
}

/// A tower's tables are in the order of its features that have one.
void add_tables(const model::TowerArchitecture& tower, const Features& features,
                const TrainingOptions& options, mpi::Communicator& communicator, JobShape& job) {
  auto feature = features.begin();
  for (const model::TableShape& shape : tower.input().tables()) {
    feature = std::find_if(feature, features.end(), [](const auto& of) { return of.spec.has_table(); });
    TableShape& table = job.tables.emplace_back(TableShape{shape});
    table.row_bytes = static_cast<double>(table.dim * sizeof(float)) +
                      static_cast<double>(learning::row_state_bytes(options.optimizer, table.dim)) +
                      mean_bytes((feature++)->vocabulary, communicator);
  }
}

/// Asks the model: without a value of it, and with tables of the data's size.
void describe_model(const TrainingOptions& options, const ingest::TrainingData& data,
                    mpi::Communicator& communicator, JobShape& job) {
  const model::Architecture architecture(data.query_features, data.candidate_features, options.model,
                                         options.seed, options.loss);
  job.dense_parameters = architecture.dense.size();
  job.dense_bytes = sizeof(float) + static_cast<double>(learning::row_state_bytes(options.optimizer, 1));
  job.vector_width = architecture.query.output_width();
  job.query_row_bytes = static_cast<double>(architecture.query.activation_bytes(1));
  job.candidate_row_bytes = static_cast<double>(architecture.candidate.activation_bytes(1));
  add_tables(architecture.query, data.query_features, options, communicator, job);
  add_tables(architecture.candidate, data.candidate_features, options, communicator, job);
}

/// Least squares solves for as many factors as the narrower of the two ids' embeddings has columns.
void describe_solver(const TrainingOptions& options, JobShape& job) {
  job.only_solves = options.optimizer.kind == OptimizerKind::als;
  if (!job.only_solves && options.warm_start.kind == WarmStartKind::none) return;
  for (const TableShape& table : job.tables) {
    if (table.feature != "user_id_lookup" && table.feature != "item_id_lookup") continue;
    job.factors = job.factors == 0 ? table.dim : std::min(job.factors, table.dim);
  }
}

/// Columns of the loss, with their padding, when batches and extra negatives are drawn evenly from all items.
double even_columns(const JobShape& job, const LossOptions& loss) {
  constexpr double granule = exchange::DistinctCandidates::granule;
  const auto items = static_cast<double>(job.candidates);
  const double distinct =
      job.whole_catalogue ? items
                          : evenly_touched(items, static_cast<double>(job.batch_size + loss.extra_negatives));
  return std::ceil(distinct / granule) * granule;
}

/// A table, or a catalogue, of declared size is taken to be touched evenly.
void declare(const DeclaredSizes& declared, const LossOptions& loss, JobShape& job) {
  if (declared.items > 0) {
    job.candidates = declared.items;
    job.columns = even_columns(job, loss);
  }
  for (TableShape& table : job.tables) {
    const auto rows = declared.table_rows.find(table.name);
    const bool is_declared = rows != declared.table_rows.end();
    const bool is_query = table.name.starts_with("query/");
    if (is_declared) table.rows = rows->second;
    if (!is_declared && (is_query || declared.items == 0)) continue;
    const double lookups = (is_query ? static_cast<double>(job.batch_size) : job.columns) / job.ranks;
    const double touched = evenly_touched(static_cast<double>(table.rows), lookups);
    table.touched = is_declared ? touched : std::max(table.touched, touched);
  }
  if (declared.interactions > 0) {
    const double held_out_share = static_cast<double>(job.held_out_examples) /
                                  static_cast<double>(job.held_out_examples + job.train_examples);
    job.held_out_examples = std::llround(held_out_share * static_cast<double>(declared.interactions));
    job.train_examples = declared.interactions - job.held_out_examples;
  }
}

}  // namespace

JobShape describe_job(const TrainingOptions& options, const ingest::TrainingData& data, int ranks,
                      const DeclaredSizes& declared, mpi::Communicator& communicator) {
  JobShape job;
  job.ranks = ranks;
  job.lanes = options.lanes;
  job.batch_size = options.batch_size;
  job.train_examples = data.identity.train_examples;
  job.held_out_examples = data.identity.validation_examples + data.identity.test_examples;
  job.candidates = static_cast<std::int64_t>(data.catalogue.size());
  job.example_words = features::mean_words(data.train.features, communicator);
  job.weight_words = options.data.weight_column.empty() ? 0 : 1;
  job.user_words = options.loss.mask_seen ? 1 : 0;
  job.candidate_bytes =
      bytes_of_item(data.catalogue) + static_cast<double>(learning::Negatives::item_bytes(options.loss) +
                                                          learning::SeenMask::item_bytes(options.loss));
  job.whole_catalogue = options.loss.negatives == NegativeSource::catalogue;
  job.candidate_name_bytes =
      mean_bytes(data.item_ids, communicator) + mean_bytes(data.item_labels, communicator);
  for (const Metric& metric : make_metrics(options.metrics, options.top_k)) {
    if (metric.is_of_users()) job.most_top_k = std::max(job.most_top_k, metric.k);
  }
  job.users = data.users;
  job.keeps_seen = data.seen.has_value();
  job.keeps_seen_before_test = data.seen_before_test.has_value();
  job.copies_checkpoints = !options.checkpoint.wait;
  const std::size_t parts = exchange::LaneTree(options.lanes).subtrees_of_ranks(ranks).size();
  job.subtrees = static_cast<double>(parts) / ranks;
  describe_model(options, data, communicator, job);

  describe_solver(options, job);
  if (!job.only_solves) {
    const Counts counts = sample(options, data, ranks, communicator);
    job.columns = counts.columns;
    for (std::size_t i = 0; i < job.tables.size(); ++i) job.tables[i].touched = counts.touched[i];
  }
  declare(declared, options.loss, job);
  return job;
}

}  // namespace gemel::plan
