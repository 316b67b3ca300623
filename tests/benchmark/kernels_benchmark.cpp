// What training and evaluation spend their time in, kernel by kernel, on one thread, and what the machine could do.
//   kernels_benchmark [--benchmark_...]             launch/benchmark.sh --kernels runs it
#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/random.hpp"
#include "benchmark/limits.hpp"
#include "evaluation/top_k.hpp"
#include "exchange/row_gradient.hpp"
#include "exchange/segment_reduce.hpp"
#include "learning/in_batch_softmax.hpp"
#include "learning/optimizer.hpp"
#include "model/dense_layer.hpp"
#include "mpi/environment.hpp"
#include "step/epoch_deal.hpp"
#include "support/lanes.hpp"
#include "tensor/score_scan.hpp"
#include "tensor/softmax_kernel.hpp"

namespace gemel::benchmarks {
namespace {

constexpr std::size_t float_bytes = sizeof(float);

std::size_t argument(const benchmark::State& state, int index) {
  return static_cast<std::size_t>(state.range(index));
}

double product(std::initializer_list<std::size_t> factors) {
  return std::accumulate(factors.begin(), factors.end(), 1.0,
                         [](double all, std::size_t factor) { return all * static_cast<double>(factor); });
}

tensor::Matrix random_matrix(std::size_t rows, std::size_t cols, std::uint64_t stream, float magnitude = 1) {
  tensor::Matrix matrix(rows, cols);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = magnitude * test::number(stream, i);
  return matrix;
}

/// Numbers below `bound`, small ones more often, as a popular item is.
std::vector<std::uint32_t> skewed(std::size_t count, std::size_t bound, std::uint64_t stream) {
  std::vector<std::uint32_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    const float share = (test::number(stream, i) + 1.0F) / 2.0F;
    numbers[i] = static_cast<std::uint32_t>(share * share * static_cast<float>(bound));
  }
  return numbers;
}

// Dense layers: rows of a lane, inputs, outputs.

struct Layer {
  Layer(std::size_t rows, std::size_t inputs, std::size_t outputs)
      : layer("layer", inputs, outputs, onednn::Activation::relu, layout),
        parameters(layout, 1),
        input(random_matrix(rows, inputs, 1)),
        output(rows, outputs) {}

  model::DenseLayout layout;
  model::DenseLayer layer;
  model::DenseParameters parameters;
  tensor::Matrix input;
  tensor::Matrix output;
  tensor::Matrix kept;
  onednn::Executor executor;
};

void dense_forward(benchmark::State& state) {
  Layer one(argument(state, 0), argument(state, 1), argument(state, 2));
  const auto& parameters = one.parameters;
  const double seconds = seconds_of(state, [&] {
    one.layer.forward({parameters.values(), one.executor}, one.input.view(), one.output.view(), one.kept);
  });
  report_operations(state, seconds, static_cast<double>(one.layer.forward_flops(one.input.rows())));
}

void dense_backward(benchmark::State& state) {
  Layer one(argument(state, 0), argument(state, 1), argument(state, 2));
  const auto& parameters = one.parameters;
  one.layer.forward({parameters.values(), one.executor}, one.input.view(), one.output.view(), one.kept);
  tensor::Matrix output_gradient = random_matrix(one.output.rows(), one.output.cols(), 2);
  tensor::Matrix input_gradient(one.input.rows(), one.input.cols());
  std::vector<float> gradient(parameters.size());
  const double seconds = seconds_of(state, [&] {
    one.layer.backward({parameters.values(), gradient, one.executor}, one.input.view(), one.output.view(),
                       output_gradient.view(), input_gradient.view(), one.kept);
  });
  report_operations(state, seconds, static_cast<double>(one.layer.backward_flops(one.input.rows())));
}

void dense_shapes(benchmark::internal::Benchmark* run) {
  run->ArgNames({"rows", "in", "out"})->Args({256, 65, 64})->Args({256, 64, 32})->Args({2048, 256, 256});
}
BENCHMARK(dense_forward)->Apply(dense_shapes);
BENCHMARK(dense_backward)->Apply(dense_shapes);

// The loss of one lane over all items of a catalogue. Exponentials are not counted as operations.

void loss(benchmark::State& state) {
  const std::size_t rows = argument(state, 0);
  const std::size_t items = argument(state, 1);
  const std::size_t dim = argument(state, 2);
  LossOptions options;
  options.negatives = NegativeSource::catalogue;
  const std::vector<std::int64_t> counts(items, 1);
  model::DenseParameters dense;
  learning::InBatchSoftmax softmax(options, counts, 1, dense);
  exchange::DistinctCandidates candidates(items);
  candidates.assign_all();
  softmax.prepare(candidates, static_cast<double>(rows));

  const tensor::Matrix queries = random_matrix(rows, dim, 1, 0.5F);
  const tensor::Matrix vectors = random_matrix(candidates.columns(), dim, 2, 0.5F);
  const std::vector<std::uint32_t> own = skewed(rows, items, 3);
  const std::vector<std::int32_t> labels(own.begin(), own.end());
  tensor::Matrix query_gradient(rows, dim);
  tensor::Matrix vector_gradient(candidates.columns(), dim);
  onednn::Executor executor;
  learning::InBatchSoftmax::Scratch scratch;
  const double seconds = seconds_of(state, [&] {
    benchmark::DoNotOptimize(softmax.run({queries.view(), labels}, vectors.view(), query_gradient.view(),
                                         vector_gradient.view(), executor, scratch));
  });
  report_operations(state, seconds, static_cast<double>(softmax.flops(rows, candidates.columns(), dim)));
}
BENCHMARK(loss)->ArgNames({"rows", "columns", "dim"})->Args({256, 785, 32})->Args({2048, 7904, 64});

/// The operations of `exponentiate_row` for an element: one subtraction, 21 of the exponential, one addition to
/// the sum. Comparisons and the arithmetic of integers are not counted.
constexpr double exponential_operations = 23;

void exponential(benchmark::State& state) {
  tensor::Matrix logits = random_matrix(1, argument(state, 0), 1, 5);
  // What it leaves, numbers in [0, 1], is as much work as any other.
  const double seconds =
      seconds_of(state, [&] { benchmark::DoNotOptimize(tensor::exponentiate_row(logits.row(0))); });
  report_operations(state, seconds, exponential_operations * product({argument(state, 0)}));
}
BENCHMARK(exponential)->ArgName("columns")->Arg(800)->Arg(16384);

// Rows of a table. Each iteration looks at other examples, so that a large table comes from memory.

struct Lookups {
  Lookups(std::size_t table_rows, std::size_t dim, std::size_t count) : examples(count) {
    features::FittedFeature feature;
    feature.spec = features::parse_feature("user:lookup", dim);
    feature.vocabulary.rows = static_cast<std::int64_t>(table_rows);
    features.push_back(feature);
    rows.features = 1;
    rows.words = skewed(std::max(count, table_rows), table_rows, 4);
  }

  /// The examples of the next iteration.
  std::span<const std::int32_t> next() {
    if (first + examples > rows.words.size()) first = 0;
    selection.resize(examples);
    std::iota(selection.begin(), selection.end(), static_cast<std::int32_t>(first));
    first += examples;
    return selection;
  }

  std::size_t examples;  // of an iteration
  std::size_t first = 0;
  std::vector<features::FittedFeature> features;
  features::FeatureRows rows;
  std::vector<std::int32_t> selection;
};

void row_gather(benchmark::State& state) {
  const std::size_t dim = argument(state, 1);
  Lookups lookups(argument(state, 0), dim, argument(state, 2));
  const model::FeatureInput input(lookups.features, "query", 0.05F);
  const model::EmbeddingTable embeddings(input.tables().front(), {}, 1);
  const tensor::ConstMatrixView table = embeddings.weights().view();
  const std::vector<exchange::ReachableRows> tables = {exchange::ReachableRows(table)};
  tensor::Matrix result(lookups.examples, dim);
  const double seconds = seconds_of(state, [&] {
    input.forward(lookups.rows, lookups.next(), tables, result.view());
    benchmark::ClobberMemory();
  });
  report_bytes(state, seconds, 2 * product({lookups.examples, dim, float_bytes}),
               (table.size() + result.size()) * float_bytes);
}

void coalesce(benchmark::State& state) {
  const std::size_t dim = argument(state, 1);
  Lookups lookups(argument(state, 0), dim, argument(state, 2));
  const model::FeatureInput input(lookups.features, "query", 0.05F);
  const tensor::Matrix input_gradient = random_matrix(lookups.examples, dim, 5);
  std::vector<exchange::RowGradient> gradients(1);
  model::FeatureInput::Scratch scratch;
  const double seconds = seconds_of(state, [&] {
    input.backward(lookups.rows, lookups.next(), input_gradient.view(), {}, gradients, scratch);
    benchmark::ClobberMemory();
  });
  const std::size_t rows = lookups.examples + gradients.front().rows.size();
  report_bytes(state, seconds, product({rows, dim, float_bytes}), 2 * input_gradient.size() * float_bytes);
}

/// Rows in random order, all as often. Adagrad reads gradient, weight and accumulator and writes the latter two.
void row_update(benchmark::State& state) {
  const std::size_t dim = argument(state, 1);
  const std::size_t count = argument(state, 2);
  Lookups lookups(argument(state, 0), dim, count);
  Lookups items(1, dim, 1);
  const base::KeyedPermutation shuffled(1, argument(state, 0));
  for (std::size_t i = 0; i < lookups.rows.words.size(); ++i) {
    lookups.rows.words[i] = static_cast<std::uint32_t>(shuffled(i));  // a step updates a row once
  }
  model::TwoTower model(lookups.features, items.features, {.layers = {1}}, 1);
  learning::Optimizer optimizer({}, model);
  const tensor::Matrix gradient = random_matrix(count, dim, 6, 0.01F);
  const double seconds = seconds_of(state, [&] {
    optimizer.begin_step();
    const std::span<const std::int32_t> examples = lookups.next();
    for (std::size_t i = 0; i < count; ++i) {
      optimizer.update_row(0, lookups.rows.words[static_cast<std::size_t>(examples[i])], gradient.row(i));
    }
    benchmark::ClobberMemory();
  });
  report_bytes(state, seconds, 5 * product({count, dim, float_bytes}),
               (2 * argument(state, 0) + count) * dim * float_bytes);
}

void table_shapes(benchmark::internal::Benchmark* run) {
  run->ArgNames({"table", "dim", "examples"})->Args({943, 32, 256})->Args({262144, 64, 2048});
}
BENCHMARK(row_gather)->Apply(table_shapes);
BENCHMARK(coalesce)->Apply(table_shapes);
BENCHMARK(row_update)->Apply(table_shapes);

// Sums over eight lanes. Each addition reads two numbers and writes one.

constexpr int lanes = 8;

void lane_sum(benchmark::State& state) {
  const std::size_t size = argument(state, 0);
  const exchange::LaneLayout layout(lanes, 1, 0);
  tensor::Matrix buffers(lanes, size);  // of zeros, so that sums in place do not grow
  const double seconds = seconds_of(state, [&] {
    exchange::sum_own_lanes(layout, buffers.view());
    benchmark::ClobberMemory();
  });
  report_bytes(state, seconds, 3 * product({lanes - 1, size, float_bytes}), buffers.size() * float_bytes);
}
BENCHMARK(lane_sum)->ArgName("floats")->Arg(800 * 32)->Arg(1 << 20);

void row_sum(benchmark::State& state) {
  const std::size_t rows = argument(state, 0);
  const std::size_t dim = argument(state, 1);
  std::vector<exchange::RowGradient> gradients(lanes);
  std::vector<exchange::RowGradientView> parts;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    for (const std::uint32_t row : skewed(rows, 4 * rows, lane)) gradients[lane].rows.push_back(row);
    auto& touched = gradients[lane].rows;
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    gradients[lane].values = random_matrix(touched.size(), dim, lane);
    parts.emplace_back(gradients[lane]);
  }
  const exchange::LaneLayout layout(lanes, 1, 0);
  exchange::RowSummer summer;
  std::size_t distinct = 0;
  const double seconds = seconds_of(state, [&] {
    distinct = 0;
    summer.sum(parts, layout.local_merges, dim, [&](std::int64_t, std::span<const float> sum) {
      benchmark::DoNotOptimize(sum.data());
      ++distinct;
    });
  });
  std::size_t touched = 0;
  for (const auto& gradient : gradients) touched += gradient.rows.size();
  report_bytes(state, seconds, 3 * product({touched - distinct, dim, float_bytes}),
               touched * dim * float_bytes);
}
BENCHMARK(row_sum)->ArgNames({"rows", "dim"})->Args({200, 32})->Args({2048, 64});

// A top-K search: queries, candidates, d, k.

void top_k(benchmark::State& state) {
  const std::size_t k = argument(state, 3);
  const tensor::Matrix queries = random_matrix(argument(state, 0), argument(state, 2), 1);
  const tensor::Matrix candidates = random_matrix(argument(state, 1), argument(state, 2), 2);
  mpi::Communicator world = mpi::Communicator::world();
  const base::ThreadTeam team(1);
  evaluation::ScoreTiles tiles({0, candidates.rows()}, candidates.view());
  evaluation::TopK search(world, team, tiles, candidates.rows(), k);
  const double seconds =
      seconds_of(state, [&] { benchmark::DoNotOptimize(search.search(queries.view()).data()); });
  if (queries.rows() == 1) {
    report_bytes(state, seconds, product({candidates.size(), float_bytes}), candidates.size() * float_bytes);
  } else {
    report_operations(state, seconds, 2 * product({queries.rows(), candidates.size()}));
  }
}
BENCHMARK(top_k)
    ->ArgNames({"queries", "candidates", "dim", "k"})
    ->Args({1024, 1682, 32, 100})
    ->Args({192, 1 << 18, 64, 100})
    ->Args({1, 1 << 18, 64, 100});

/// The part of it that is no matrix product. It reads scores and writes next to nothing, so it may be faster than a copy.
void scan_scores(benchmark::State& state) {
  const tensor::Matrix scores = random_matrix(argument(state, 0), argument(state, 1), 1);
  std::vector<tensor::BestRows> best(scores.rows(), tensor::BestRows(argument(state, 2)));
  std::uint32_t first_row = 0;
  const double seconds = seconds_of(state, [&] {
    for (std::size_t i = 0; i < scores.rows(); ++i) best[i].scan(scores.row(i), first_row);
    first_row += static_cast<std::uint32_t>(scores.cols());
  });
  report_bytes(state, seconds, product({scores.size(), float_bytes}), scores.size() * float_bytes);
}
BENCHMARK(scan_scores)->ArgNames({"queries", "candidates", "k"})->Args({64, 1024, 100});

// The order of an epoch.

void permutation(benchmark::State& state) {
  const base::KeyedPermutation permute(1, 1000000);
  std::vector<std::uint64_t> indices(argument(state, 0));
  std::iota(indices.begin(), indices.end(), 0U);
  const double seconds = seconds_of(state, [&] {
    permute.apply(indices);
    benchmark::ClobberMemory();
  });
  report_bytes(state, seconds, 2 * product({indices.size(), sizeof(std::uint64_t)}),
               indices.size() * sizeof(std::uint64_t));
}
BENCHMARK(permutation)->ArgName("indices")->Arg(4096)->Arg(80000);

/// A whole epoch on one rank: each example's words and item are read and written.
void deal(benchmark::State& state) {
  const std::size_t total = argument(state, 0);
  constexpr std::size_t features = 3;
  const exchange::LaneLayout layout(lanes, 1, 0);
  mpi::Communicator world = mpi::Communicator::world();
  features::Examples own;
  own.features.features = features;
  own.features.words = skewed(features * total, 1000, 7);
  own.items.assign(total, 1);
  const auto size = static_cast<std::int64_t>(total);
  step::EpochDeal epochs(layout, world, std::move(own), {}, size, 2048, 1);
  std::int64_t epoch = 0;
  const double seconds = seconds_of(state, [&] { epochs.deal(epoch++); });
  const std::size_t example_bytes = (features + 1) * sizeof(std::uint32_t);
  report_bytes(state, seconds, 2 * product({total, example_bytes}), 2 * total * example_bytes);
}
BENCHMARK(deal)->ArgName("examples")->Arg(80000);

}  // namespace
}  // namespace gemel::benchmarks

int main(int argc, char** argv) {
  gemel::mpi::Environment environment(argc, argv);
  gemel::onednn::Runtime runtime(1);  // oneDNN on one thread
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("peak GFLOP/s", std::to_string(gemel::benchmarks::peak_operations() * 1e-9));
  benchmark::AddCustomContext(
      "oneDNN", gemel::onednn::Runtime::version() + " with " + gemel::onednn::Runtime::instruction_set());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
