#include "options/rows/rows.hpp"

namespace gemel::options {

std::vector<Option> temperature_rows(LossOptions& o) {
  const std::string group = "Loss and optimiser";
  return {
      {group, "temperature", "T",
       "Logits are divided by it before the softmax. Lower makes the loss look at the hardest negatives; try "
       "0.05 to 0.2 where scores are cosines.",
       positive_number(o.temperature), o.learned_temperature ? Effect::determines : Effect::steers},
      {group, "learned-temperature", "[=true|false]",
       "Learn the logarithm of the temperature, one more parameter, from --temperature on. It is meant for "
       "cosines: the scores of vectors without a fixed length have a scale of their own.",
       toggle(o.learned_temperature), Effect::determines},
  };
}

std::vector<Option> negative_rows(LossOptions& o) {
  const std::string group = "Loss and optimiser";
  const bool in_batch = o.negatives == NegativeSource::in_batch;
  const bool draws = o.extra_negatives > 0;
  return {
      {group, "negatives", "SOURCE",
       "What a query's candidate is compared with: in-batch (the candidates of the global batch, and "
       "--extra-negatives) or catalogue (every item in every step: the exact softmax, for catalogues that "
       "are small enough; a rank needs 4 bytes for each column of each item's vector and each of its lanes).",
       choice(o.negatives, negative_source_names()), Effect::steers},
      Option{group, "extra-negatives", "N",
             "Draw N items for each step, with repetition, as further candidates of the batch: items that "
             "users seldom choose are rare among its own. 0: none.",
             whole_number(o.extra_negatives, 0, largest_batch), Effect::steers}
          .needing(always(in_batch || !draws,
                          "with --negatives catalogue every item is a column already: choose --negatives "
                          "in-batch, or --extra-negatives 0")),
      Option{group, "negative-distribution", "NAME",
             "How --extra-negatives are drawn: uniform (every item alike) or popularity (by training "
             "examples, to the power of --negative-power).",
             choice(o.negative_distribution, negative_distribution_names()), Effect::steers}
          .needing(if_given(draws, "nothing is drawn: add --extra-negatives N")),
      Option{group, "negative-power", "POWER",
             "With popularity, an item is drawn in proportion to its training examples to this power: 1 as "
             "often as it is chosen, 0.75 is usual, 0 uniform.",
             non_negative_number(o.negative_power), Effect::steers}
          .needing(if_given(draws && o.negative_distribution == NegativeDistribution::popularity,
                            "only negatives that are drawn by popularity have it: add --extra-negatives N "
                            "and --negative-distribution popularity")),
  };
}

std::vector<Option> correction_rows(LossOptions& o) {
  const std::string group = "Loss and optimiser";
  const bool in_batch = o.negatives == NegativeSource::in_batch;
  return {
      Option{group, "logq-correction", "[=true|false]",
             "Subtract from each logit the logarithm of its candidate's share of the training examples, so "
             "that popular candidates are not punished for being drawn as negatives more often. With "
             "--extra-negatives: of its share in both sources together.",
             toggle(o.logq_correction), Effect::steers}
          .needing(always(in_batch || !o.logq_correction,
                          "with --negatives catalogue every item is a column once, so there is no sampling "
                          "to correct: choose --negatives in-batch, or --logq-correction=false")),
      Option{group, "logq-strength", "ALPHA",
             "Subtract ALPHA times that logarithm. Below 1 keeps some of the popularity in the scores, which "
             "helps when what is recommended should be popular; 0 is no correction.",
             non_negative_number(o.logq_strength), Effect::steers}
          .needing(if_given(o.logq_correction, "there is no correction: add --logq-correction")),
      Option{group, "remove-accidental-hits", "[=true|false]",
             "Do not count other examples of the batch with the query's own candidate as negatives.",
             toggle(o.remove_accidental_hits), Effect::steers}
          .needing(always(in_batch || !o.remove_accidental_hits,
                          "with --negatives catalogue every item is a column once, so there are no "
                          "accidental hits: choose --negatives in-batch, or --remove-accidental-hits=false")),
      {group, "mask-seen", "[=true|false]",
       "Do not count other training items of the query's user as negatives: they are no wrong answers, and a "
       "user with many items has some in every batch. For rankings without seen items, such as those of "
       "--exclude-seen: nothing pushes these down any more. Takes 4 bytes of every rank for each training "
       "example, as --exclude-seen does.",
       toggle(o.mask_seen), Effect::steers},
  };
}

std::vector<Option> cross_entropy_rows(LossOptions& o) {
  const std::string group = "Loss and optimiser";
  return {
      {group, "hard-negatives", "N",
       "Keep of each query's negatives only the N items with the highest logits. 0: all.",
       whole_number(o.hard_negatives, 0, largest_batch), Effect::steers},
      {group, "partition-weight", "W",
       "The loss of a query is W log Z - its own logit, Z the sum of the exponentials of its logits. 1 is "
       "cross-entropy; W pushes negatives down W times as hard, as the bilateral softmax loss does. Only for "
       "scores that are bounded, such as cosines: others drift away with any W but 1, because a number added "
       "to all logits of a query changes its loss. Losses of different W cannot be compared.",
       positive_number(o.partition_weight), Effect::steers},
      {group, "label-smoothing", "SHARE",
       "Give this share of the target to all candidates of the batch alike, against overconfidence; in [0, "
       "1).",
       fraction(o.label_smoothing), Effect::steers},
      {group, "loss-reduction", "KIND",
       "Gradients of the sum over the batch, or of the mean: divided by its examples, so that the learning "
       "rate need not change with --batch-size, and --clip-norm 1 is usual. The loss is shown per example "
       "either way.",
       choice(o.reduction, loss_reduction_names()), Effect::steers},
  };
}

}  // namespace gemel::options
