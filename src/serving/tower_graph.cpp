#include "serving/tower_graph.hpp"

#include <fmt/format.h>

#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "features/kind_visitor.hpp"
#include "mpi/agreement.hpp"
#include "serving/onnx_graph.hpp"
#include "serving/root_rows.hpp"

namespace gemel::serving {
namespace {

using Type = OnnxGraph::Type;
using Value = OnnxGraph::Value;

constexpr const char* batch = "batch";
constexpr std::int64_t no_token = -1;

/// Makes table rows, or numbers [batch], of a feature's column.
class FeatureGraph final : public features::KindVisitor {
 public:
  FeatureGraph(OnnxGraph& graph, const features::FittedFeature& feature, std::vector<std::string> vocabulary)
      : graph_(graph),
        spec_(feature.spec),
        special_rows_(static_cast<std::size_t>(feature.special_rows())),
        vocabulary_(std::move(vocabulary)),
        name_(spec_.name()) {
    spec_.kind->accept(*this);
  }

  const Value& result() const { return result_; }

  void vocabulary_row(std::uint32_t unknown) override {
    const Value text = graph_.input(spec_.column, Type::text, {batch}, "text, for " + spec_.declaration());
    std::vector<std::int64_t> rows(vocabulary_.size() - special_rows_);
    std::iota(rows.begin(), rows.end(), static_cast<std::int64_t>(special_rows_));
    vocabulary_.erase(vocabulary_.begin(), vocabulary_.begin() + static_cast<std::ptrdiff_t>(special_rows_));
    result_ = graph_.apply("LabelEncoder", {text}, name_ + "/row",
                           {{"keys_strings", std::move(vocabulary_)},
                            {"values_int64s", std::move(rows)},
                            {"default_int64", std::int64_t{unknown}}},
                           "ai.onnx.ml");
  }

  void bucket(const features::Linspace& boundaries) override {
    std::vector<double> points;
    for (std::int64_t i = 0; i < boundaries.count(); ++i) points.push_back(boundaries.point(i));
    const Value last = graph_.constant(name_ + "/last_axis", std::vector<std::int64_t>{1});
    const Value column = graph_.apply("Unsqueeze", {number(), last}, name_ + "/column");
    const Value bounds = graph_.vector(name_ + "/boundaries", points);
    const Value not_above = graph_.apply("GreaterOrEqual", {column, bounds}, name_ + "/not_above");
    const Value ones = graph_.cast(not_above, Type::whole, name_ + "/ones");
    result_ = graph_.apply("ReduceSum", {ones, last}, name_ + "/row", {{"keepdims", std::int64_t{0}}});
  }

  void z_score(double mean, double deviation) override {
    const Value centred =
        graph_.apply("Sub", {number(), graph_.scalar(name_ + "/mean", mean)}, name_ + "/centred");
    const Value score =
        graph_.apply("Div", {centred, graph_.scalar(name_ + "/deviation", deviation)}, name_ + "/score");
    result_ = graph_.cast(score, Type::real, name_ + "/number");
  }

  void rows_by_rule(std::string_view rule) override {
    std::vector<std::string> dimensions = {batch};
    std::string filling;
    if (spec_.kind->has_lists()) {
      dimensions.push_back(name_ + "_tokens");
      filling = fmt::format("; {} fills up", no_token);
    }
    result_ = graph_.input(name_, Type::whole, dimensions,
                           fmt::format("rows for {}: {}{}", spec_.declaration(), rule, filling));
  }

 private:
  Value number() {
    const Value whole =
        graph_.input(spec_.column, Type::whole, {batch}, "whole number, for " + spec_.declaration());
    return graph_.cast(whole, Type::precise, name_ + "/precise");
  }

  OnnxGraph& graph_;
  const features::FeatureSpec& spec_;
  std::size_t special_rows_;
  std::vector<std::string> vocabulary_;  // on root
  std::string name_;
  Value result_;
};

/// The layers behind a tower's input.
class LayersGraph final : public model::LayerVisitor {
 public:
  LayersGraph(OnnxGraph& graph, Value input, std::span<const float> parameters)
      : graph_(graph), value_(std::move(input)), parameters_(parameters) {}

  const Value& result() const { return value_; }

  void dense(const model::DenseLayout::Place& kernel, const model::DenseLayout::Place& bias,
             onednn::Activation activation) override {
    const auto weights = kernel.in(parameters_).flat();
    const std::string bytes(reinterpret_cast<const char*>(weights.data()), weights.size_bytes());
    value_ = graph_.apply("Gemm",
                          {value_, graph_.matrix(kernel.name, kernel.rows, kernel.cols, bytes),
                           graph_.vector(bias.name, bias.in(parameters_).flat())},
                          kernel.name + "/output");
    if (activation == onednn::Activation::relu)
      value_ = graph_.apply("Relu", {value_}, kernel.name + "/relu");
  }

  void unit_rows(double least_squared_length) override {
    const Value squares = graph_.apply("Mul", {value_, value_}, "unit_rows/squares");
    const Value last = graph_.constant("unit_rows/last_axis", std::vector<std::int64_t>{1});
    const Value sum = graph_.apply("ReduceSum", {squares, last}, "unit_rows/sum");
    const Value least = graph_.scalar("unit_rows/least", static_cast<float>(least_squared_length));
    const Value length = graph_.apply("Sqrt", {graph_.apply("Max", {sum, least}, "unit_rows/squared_length")},
                                      "unit_rows/length");
    value_ = graph_.apply("Div", {value_, length}, "unit_rows/output");
  }

 private:
  OnnxGraph& graph_;
  Value value_;
  std::span<const float> parameters_;
};

/// The mean [batch, dim] of the table rows [batch, tokens], of which -1 are none.
Value mean_of_rows(OnnxGraph& graph, const std::string& name, const Value& table, const Value& rows) {
  const Value zero = graph.scalar(name + "/zero", std::int64_t{0});
  const Value tokens = graph.constant(name + "/token_axis", std::vector<std::int64_t>{1});
  const Value last = graph.constant(name + "/last_axis", std::vector<std::int64_t>{2});
  const Value is_there = graph.apply("GreaterOrEqual", {rows, zero}, name + "/is_there");
  const Value mask = graph.cast(is_there, Type::real, name + "/mask");
  const Value some_row = graph.apply("Max", {rows, zero}, name + "/some_row");
  const Value embeddings = graph.apply("Gather", {table, some_row}, name + "/embeddings");
  const Value factors = graph.apply("Unsqueeze", {mask, last}, name + "/factors");
  const Value masked = graph.apply("Mul", {embeddings, factors}, name + "/masked");
  const Value sum =
      graph.apply("ReduceSum", {masked, tokens}, name + "/sum", {{"keepdims", std::int64_t{0}}});
  const Value count = graph.apply("ReduceSum", {mask, tokens}, name + "/count");
  const Value divisor = graph.apply("Max", {count, graph.scalar(name + "/one", 1.0F)}, name + "/divisor");
  return graph.apply("Div", {sum, divisor}, name + "/mean");
}

/// What the features of a tower become.
struct TowerInput {
  std::vector<Value> columns;  // [batch, width] each
  std::optional<Value> bias;   // [batch, 1]
};

void add_feature(OnnxGraph& graph, const features::FittedFeature& feature,
                 std::vector<std::string> vocabulary, std::string table_bytes, TowerInput& input) {
  const features::FeatureSpec& spec = feature.spec;
  const std::string name = spec.name();
  const Value value = FeatureGraph(graph, feature, std::move(vocabulary)).result();
  if (!spec.has_table()) {
    const Value last = graph.constant(name + "/last_axis", std::vector<std::int64_t>{1});
    input.columns.push_back(graph.apply("Unsqueeze", {value, last}, name + "/column"));
    return;
  }
  const std::size_t width = spec.dim;
  const Value table = graph.matrix(name + "/table", static_cast<std::size_t>(feature.table_rows()), width,
                                   std::move(table_bytes));
  if (spec.kind->has_lists()) {
    input.columns.push_back(mean_of_rows(graph, name, table, value));
    return;
  }
  const Value row = graph.apply("Gather", {table, value}, name + "/embedding");
  if (!spec.is_bias()) {
    input.columns.push_back(row);
  } else {
    input.bias = input.bias ? graph.apply("Add", {*input.bias, row}, name + "/sum") : row;
  }
}

/// On root.
std::string finish(OnnxGraph& graph, const model::Tower& tower, const TowerInput& input,
                   std::span<const float> parameters) {
  const model::TowerArchitecture& architecture = tower.architecture();
  const Value features = graph.apply("Concat", input.columns, "input", {{"axis", std::int64_t{1}}});
  LayersGraph layers(graph, features, parameters);
  for (const auto& layer : architecture.layers().layers()) layer->accept(layers);
  const Value& computed = layers.result();
  const Value vector = "vector";
  if (input.bias) {
    graph.apply("Concat", {computed, *input.bias}, vector, {{"axis", std::int64_t{1}}});
  } else if (architecture.options().append_one) {
    const Value one_column = graph.constant("one_column", std::vector<std::int64_t>{0, 0, 0, 1});
    graph.apply("Pad", {computed, one_column, graph.scalar("one", 1.0F)}, vector);
  } else {
    graph.apply("Identity", {computed}, vector);
  }
  graph.output(vector, batch, tower.output_width());
  return graph.file();
}

/// Throws AgreedError for a tower that no file can hold, before its tables are copied. Collective.
void check_tower(const model::Tower& tower, mpi::Communicator& communicator) {
  if (tower.architecture().input().width() == 0) {
    throw mpi::AgreedError(base::ExitCode::usage,
                           fmt::format("the {} tower has no features but biases, and ONNX no layers without "
                                       "input; choose another --format",
                                       tower.name()));
  }
  std::size_t bytes = 0;
  for (const model::EmbeddingTable& table : tower.tables())
    bytes += static_cast<std::size_t>(table.rows()) * table.dim() * sizeof(float);
  mpi::agree(communicator, [&] { OnnxGraph::require_room(tower.name(), bytes); });
}

}  // namespace

std::string tower_graph(const model::Tower& tower, const model::DenseParameters& parameters,
                        mpi::Communicator& communicator) {
  check_tower(tower, communicator);
  OnnxGraph graph(tower.name(),
                  fmt::format("The {} tower of a two-tower model: a query's score of an item is "
                              "the dot product of their vectors.",
                              tower.name()));
  TowerInput input;
  std::size_t table = 0;
  for (const features::FittedFeature& feature : tower.features()) {
    std::vector<std::string> vocabulary;
    if (!feature.spec.kind->has_lists())
      vocabulary = vocabulary_on_root(feature.vocabulary, communicator).texts();
    std::string table_bytes;
    if (feature.spec.has_table()) table_bytes = table_bytes_on_root(tower.tables()[table++], communicator);
    mpi::agree(communicator, [&] {
      if (communicator.is_root())
        add_feature(graph, feature, std::move(vocabulary), std::move(table_bytes), input);
    });
  }
  std::string file;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) file = finish(graph, tower, input, parameters.values());
  });
  return file;
}

}  // namespace gemel::serving
