#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gemel/data.hpp"
#include "gemel/export.hpp"
#include "gemel/metrics.hpp"

namespace gemel {

/// The two towers. The defaults are those of TensorFlow Recommenders' tutorial "Building deep retrieval models".
struct ModelOptions {
  /// Output widths of each tower's dense layers; the last one is the width of the vectors that are compared. Empty: none, a tower's
  /// vector is its features side by side, which must then be as wide for both towers.
  std::vector<std::size_t> layers = {32};
  /// Width of an embedding whose feature names no DIM of its own.
  std::size_t embedding_dim = 32;
  /// Embedding tables begin uniform in +-this, as Keras's do.
  float embedding_range = 0.05F;
  /// Declarations COLUMN:KIND[:DIM], in the order in which they are concatenated.
  std::vector<std::string> query_features = {"user_id:lookup", "timestamp:bucketize(1000)",
                                             "timestamp:normalize"};
  std::vector<std::string> candidate_features = {"title:lookup", "title:text(10000)"};
  /// Whether these features were not chosen, so that they become user_id:lookup where the data has no timestamps, and item_id:lookup
  /// where it has no titles.
  bool adapt_query_features = false;
  bool adapt_candidate_features = false;
  /// Both towers' vectors have length 1: scores are cosines.
  bool normalize = false;
  /// Each item has a number that is added to its score: the feature item_id:bias beside the candidate features.
  bool item_bias = false;
  /// Share of the training examples whose ids, the lookups of the query tower, are replaced by the unknown one, drawn anew in each epoch.
  float unknown_share = 0;
  /// Shares of values that training sets to 0, drawn anew at each step: of the outputs of all layers but the last, and of the two
  /// towers' inputs. dropout.hpp says more.
  float dropout = 0;
  float query_dropout = 0;
  float candidate_dropout = 0;

  /// The declarations of all candidate features.
  std::vector<std::string> all_candidate_features() const {
    std::vector<std::string> all = candidate_features;
    if (item_bias) all.emplace_back("item_id:bias");
    return all;
  }
};

/// What the columns of a batch's logits are, and so the negatives of its queries.
enum class NegativeSource {
  in_batch,   ///< the batch's own candidates, and extra ones that are drawn
  catalogue,  ///< every item, once
};
enum class NegativeDistribution { uniform, popularity };
enum class LossReduction { sum, mean };

/// The loss: softmax cross-entropy of each query over the columns of the global batch; in_batch_softmax.hpp has the formulas.
struct LossOptions {
  /// Logits are divided by it.
  float temperature = 1.0F;
  /// Subtract log(q) from every logit, q = the share of the candidate among what columns are drawn from, so that popular
  /// candidates are not punished for being drawn as negatives more often.
  bool logq_correction = false;
  /// Do not count other examples of the batch with the query's own candidate as negatives.
  bool remove_accidental_hits = false;
  /// By what the correction log(q) is multiplied.
  float logq_strength = 1.0F;
  /// By what log Z of each query, the part of the negatives, is multiplied.
  float partition_weight = 1.0F;
  /// Whether gradients are those of the sum or of the mean over the batch.
  LossReduction reduction = LossReduction::sum;
  NegativeSource negatives = NegativeSource::in_batch;
  /// Items that are drawn, with repetition, as further columns of every batch.
  std::int64_t extra_negatives = 0;
  /// How they are drawn.
  NegativeDistribution negative_distribution = NegativeDistribution::uniform;
  /// Of popularity: the probability of an item is proportional to (its training examples)^negative_power.
  float negative_power = 1.0F;
  /// Keep only so many negative columns of each query, those with the highest logits; 0: all.
  std::int64_t hard_negatives = 0;
  /// `temperature` is a first value, and its logarithm a parameter of the model.
  bool learned_temperature = false;
  /// How much of the target is taken from the query's own candidate and spread over all columns.
  float label_smoothing = 0.0F;
  /// Do not count the other training items of the query's user as negatives.
  bool mask_seen = false;
};

enum class OptimizerKind { adagrad, rowwise_adagrad, adam, adamw, sgd, als };
enum class ScheduleKind { constant, cosine, inverse_sqrt };

/// The names of the kinds, for options and checkpoints.
inline std::vector<std::pair<std::string, OptimizerKind>> optimizer_names() {
  return {{"adagrad", OptimizerKind::adagrad}, {"rowwise-adagrad", OptimizerKind::rowwise_adagrad},
          {"adam", OptimizerKind::adam},       {"adamw", OptimizerKind::adamw},
          {"sgd", OptimizerKind::sgd},         {"als", OptimizerKind::als}};
}
inline std::vector<std::pair<std::string, ScheduleKind>> schedule_names() {
  return {{"constant", ScheduleKind::constant},
          {"cosine", ScheduleKind::cosine},
          {"inverse-sqrt", ScheduleKind::inverse_sqrt}};
}

inline std::vector<std::pair<std::string, NegativeSource>> negative_source_names() {
  return {{"in-batch", NegativeSource::in_batch}, {"catalogue", NegativeSource::catalogue}};
}
inline std::vector<std::pair<std::string, NegativeDistribution>> negative_distribution_names() {
  return {{"uniform", NegativeDistribution::uniform}, {"popularity", NegativeDistribution::popularity}};
}
inline std::vector<std::pair<std::string, LossReduction>> loss_reduction_names() {
  return {{"sum", LossReduction::sum}, {"mean", LossReduction::mean}};
}

/// Keras's default learning rates, but for Adagrad, which has that of the TFRS tutorial.
constexpr float default_learning_rate(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return 0.001F;
    case OptimizerKind::sgd:
      return 0.01F;
    default:
      return 0.1F;
  }
}

/// The learning rate of every step; learning_rate.hpp has the formulas.
struct LearningRateOptions {
  /// The highest rate; of the constant schedule, the rate. Empty: the optimiser's default.
  std::optional<float> peak;
  ScheduleKind schedule = ScheduleKind::constant;
  /// Steps in which the rate grows to its peak. Not for the constant schedule.
  std::int64_t warmup_steps = 0;
  /// Steps of the whole run, warm-up included: where the cosine ends. The trainer sets it.
  std::int64_t total_steps = 0;
  /// The rate at which the cosine ends, as a share of the peak.
  float final_share = 0.0F;
};

/// The update of parameters; optimizer.hpp has the formulas.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adagrad;
  LearningRateOptions learning_rate;
  /// Of sgd.
  float momentum = 0.0F;
  /// Of adam and adamw: how much of the running means of gradients and of their squares is kept at each step.
  float beta_1 = 0.9F;
  float beta_2 = 0.999F;
  /// Of all but sgd: added where a root is divided by.
  float epsilon = 1e-7F;
  /// Of adagrad and rowwise_adagrad.
  float initial_accumulator = 0.1F;
  /// Decoupled weight decay, of all but adam: each step first multiplies all parameters by 1 - learning rate * weight_decay.
  float weight_decay = 0.0F;
  /// Penalty on rows of tables that a step touches, each once: embedding_l2 / 2 * the square of its norm. Its gradient
  /// embedding_l2 * row joins the row's, after clipping.
  float embedding_l2 = 0.0F;
  /// What evaluations and recommendations use are running averages of all parameters: at each step
  /// average = average_decay * average + (1 - average_decay) * parameter. 0: the parameters themselves.
  float average_decay = 0.0F;
  /// Gradients are scaled down such that the norm of all of them together is at most this; 0: they are not.
  float clip_norm = 0.0F;

  /// The highest learning rate.
  float peak_rate() const { return learning_rate.peak.value_or(default_learning_rate(kind)); }
};

/// Implicit-feedback alternating least squares, of the factors of users and items; alternating_least_squares.hpp has the formulas.
struct LeastSquaresOptions {
  /// Confidence of an interaction of weight 1; that of all other pairs is 1.
  float alpha = 10.0F;
  /// Of a row of mean activity.
  float regularization = 40.0F;
  /// How the regularisation of a row grows with its activity: 0 not at all, 1 in proportion.
  float activity_power = 0.5F;
  /// Steps of conjugate gradients for each row in a half of a sweep.
  std::int64_t solver_steps = 3;
};

enum class WarmStartKind { none, als };
inline std::vector<std::pair<std::string, WarmStartKind>> warm_start_names() {
  return {{"none", WarmStartKind::none}, {"als", WarmStartKind::als}};
}

/// What embeddings of ids begin from: factors by least squares, or random numbers.
struct WarmStartOptions {
  WarmStartKind kind = WarmStartKind::none;
  /// Users, then items, once each.
  std::int64_t sweeps = 8;
  /// The root of the mean square length of the rows of each table, to which the factors are scaled.
  float length = 0.2F;
};

/// How often something is done: every `count` epochs or steps; 0 means only at the end of the run.
struct Interval {
  enum class Unit { epochs, steps };
  std::int64_t count = 0;
  Unit unit = Unit::epochs;
};

struct CheckpointOptions {
  std::string directory = "checkpoints";
  Interval every = {50, Interval::Unit::epochs};
  /// Empty: start afresh. "auto": go on from the newest sound checkpoint of the directory, or start afresh if it holds
  /// none. Otherwise the path of a checkpoint to go on from.
  std::string resume;
  /// Checkpoints of a run that are kept: the newest ones.
  std::int64_t keep = 2;
  /// Keep the checkpoint with the best monitored value, too: one is written whenever that improves.
  bool keep_best = false;
  /// Checkpoints have the training items of every user, so that recommendations can leave them out without the data.
  bool store_history = false;
  /// Training waits until a checkpoint is on the storage. Otherwise it goes on meanwhile, which takes memory for a copy of what is written.
  bool wait = false;
};

/// Everything that `trainer train` can be told. The defaults are the TFRS tutorial's.
struct TrainingOptions {
  DataOptions data;
  ModelOptions model;
  LossOptions loss;
  OptimizerOptions optimizer;
  /// Of the optimizer als, and of a warm start by it.
  LeastSquaresOptions least_squares;
  WarmStartOptions warm_start;
  CheckpointOptions checkpoint;

  /// Passes over the training examples, those before a resumed checkpoint included; sweeps of als. Empty: as epoch_count() says.
  std::optional<std::int64_t> epochs;
  std::int64_t epoch_count() const {
    return epochs.value_or(optimizer.kind == OptimizerKind::als ? 16 : 300);
  }
  /// Examples of a global batch, over all ranks. The last batch of an epoch may be shorter.
  std::int64_t batch_size = 2048;
  /// Parts of a global batch that are computed apart; also the most ranks that can take part. Sums run along a tree over
  /// the lanes, so a different number of lanes gives different rounding; a different number of ranks does not.
  int lanes = 8;
  /// When a run goes on with other data: strings that its vocabularies lack are out of vocabulary, instead of new rows.
  bool freeze_vocabulary = false;
  /// Where embedding tables are: auto, replicated or sharded for all, or FEATURE= one of these; the later ones win. Changes no
  /// result.
  std::vector<std::string> placements = {"auto"};
  /// Lanes that one rank computes at the same time.
  int threads = 1;
  /// Seed of initial values and of the order of the examples.
  std::uint64_t seed = 42;
  /// Evaluate every so many epochs (0: only at the end): on the validation examples, or on the test examples where there are none.
  std::int64_t validate_every = 5;
  /// The k of the metrics, ascending.
  std::vector<std::int64_t> top_k = {1, 5, 10, 50, 100};
  /// What is measured at every k.
  std::vector<MetricKind> metrics = {MetricKind::accuracy};
  /// The items that a user has in these examples are left out of the ranking of his queries.
  SeenItems exclude_seen = SeenItems::none;
  /// What tells which evaluation was the best: "loss", or the name of a metric like "top-100"; empty: nothing does.
  std::string monitor;
  /// End the training after so many evaluations without a better one; 0: never.
  std::int64_t patience = 0;
  /// Seconds that a rank waits for the others before it ends the job and names those that have not come; 0: for ever.
  std::int64_t hang_timeout = 600;
  /// Every so many steps the ranks compare what each of them has a copy of, and end the job where copies differ; 0: never.
  std::int64_t detect_corruption = 0;
  /// Where a trace of all ranks' phases is written when the run ends; empty: nowhere.
  std::string trace_file;
};

/// Throws Error (usage), naming the option of `trainer train` and a remedy, when a value cannot be or does not fit with the others.
GEMEL_API void check(const TrainingOptions& options);

}  // namespace gemel
