#include "options/rows/rows.hpp"

#include <fmt/format.h>

#include <string>

namespace gemel::options {
namespace {

/// What als cannot train, said of the option that asks for it.
Need trained_by_als(const TrainingOptions& o, bool is_possible, const std::string& remedy) {
  return always(o.optimizer.kind != OptimizerKind::als || is_possible,
                "it solves for the factors of users and items and trains nothing else: " + remedy);
}

}  // namespace

std::vector<Option> optimizer_rows(TrainingOptions& o) {
  const std::string group = "Loss and optimiser";
  const ModelOptions& model = o.model;
  const bool drops = model.dropout > 0 || model.query_dropout > 0 || model.candidate_dropout > 0;
  return {
      Option{group, "optimizer", "NAME",
             "How parameters are updated: adagrad (a step per weight that shrinks with the squares of its "
             "gradients), rowwise-adagrad (the same with one accumulator for each row of a table, so nearly "
             "half the memory), adam, adamw (adam with --weight-decay), sgd (with --momentum), or als "
             "(implicit alternating least squares, in place of the loss: a model of ids alone that is good "
             "after seconds; needs --layers none, user_id:lookup and item_id:lookup).",
             choice(o.optimizer.kind, optimizer_names()), Effect::determines}
          .needing(trained_by_als(o, model.layers.empty(), "give --layers none"))
          .needing(trained_by_als(o, !model.normalize, "leave --normalize out"))
          .needing(trained_by_als(o, !model.item_bias, "leave --item-bias out"))
          .needing(trained_by_als(o, !drops && model.unknown_share == 0,
                                  "leave --dropout, --query-dropout, --candidate-dropout and "
                                  "--unknown-share out"))
          .needing(trained_by_als(o, o.optimizer.average_decay == 0, "leave --average-weights out"))
          .needing(trained_by_als(o, !o.loss.learned_temperature, "leave --learned-temperature out"))
          .needing(trained_by_als(o, o.warm_start.kind == WarmStartKind::none,
                                  "it begins as a warm start does, so leave --warm-start out")),
  };
}

std::vector<Option> least_squares_rows(TrainingOptions& o) {
  const std::string group = "Least squares";
  const bool solves = o.optimizer.kind == OptimizerKind::als;
  const bool warms = o.warm_start.kind == WarmStartKind::als;
  const Effect effect = solves ? Effect::steers : Effect::determines;
  LeastSquaresOptions& als = o.least_squares;
  const auto row = [&](std::string name, std::string placeholder, std::string explanation,
                       OptionValue value) {
    return Option{group, std::move(name), std::move(placeholder), std::move(explanation), std::move(value),
                  effect}
        .needing(
            if_given(solves || warms, "it is for least squares: add --optimizer als or --warm-start als"))
        .kept_if(solves || warms);
  };
  return {
      row("als-alpha", "ALPHA",
          "Confidence of an interaction (times its weight), where that of all other pairs of a user and an "
          "item is 1. Higher counts the negatives less.",
          positive_number(als.alpha)),
      row("als-regularization", "LAMBDA",
          "Penalty on the squares of the factors, of a user or an item of mean activity. It grows with the "
          "data: try 10 to 200.",
          positive_number(als.regularization)),
      row("als-activity-power", "POWER",
          "The penalty of a user or an item grows with the weight of its interactions to this power: 0 is "
          "one "
          "penalty for all, 1 in proportion.",
          non_negative_number(als.activity_power)),
      row("als-solver-steps", "N", "Steps of conjugate gradients that improve a row in each half of a sweep.",
          whole_number(als.solver_steps, 1)),
  };
}

std::vector<Option> warm_start_rows(TrainingOptions& o) {
  const std::string group = "Least squares";
  const bool warms = o.warm_start.kind == WarmStartKind::als;
  const Need need = if_given(warms, "nothing starts warm: add --warm-start als");
  return {
      {group, "warm-start", "NAME",
       "What the embeddings of user_id:lookup and item_id:lookup begin from: none (random numbers) or als "
       "(factors by least squares on the training examples, a matter of seconds). A good model comes sooner. "
       "Where one of the two is wider, its other columns begin at random.",
       choice(o.warm_start.kind, warm_start_names()), Effect::determines},
      Option{group, "warm-start-sweeps", "N", "Sweeps of least squares: all users, then all items.",
             whole_number(o.warm_start.sweeps, 1), Effect::determines}
          .needing(need)
          .kept_if(warms),
      Option{group, "warm-start-length", "LENGTH",
             "The factors are scaled to this length, the root of the mean square over the rows of a table. "
             "Shorter ones change faster.",
             positive_number(o.warm_start.length), Effect::determines}
          .needing(need)
          .kept_if(warms),
  };
}

std::vector<Option> of_gradients(std::vector<Option> rows, const TrainingOptions& o) {
  for (Option& row : rows) {
    row.needs.push_back(if_given(o.optimizer.kind != OptimizerKind::als,
                                 "--optimizer als takes no gradients, batches or samples: choose another"));
  }
  return rows;
}

}  // namespace gemel::options
