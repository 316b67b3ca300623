#include "serving/onnx_graph.hpp"

#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <bit>
#include <exception>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "gemel/version.hpp"

namespace gemel::serving {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's numbers are little-endian");

constexpr std::int64_t format_version = 8;
constexpr std::int64_t operators_version = 15;
constexpr std::int64_t learning_operators_version = 2;
constexpr const char* learning_domain = "ai.onnx.ml";
constexpr std::size_t most_bytes = std::numeric_limits<std::int32_t>::max();  // of protocol buffers

onnx::TensorProto_DataType data_type(OnnxGraph::Type type) {
  using enum OnnxGraph::Type;
  switch (type) {
    case text:
      return onnx::TensorProto_DataType_STRING;
    case whole:
      return onnx::TensorProto_DataType_INT64;
    case real:
      return onnx::TensorProto_DataType_FLOAT;
    case precise:
      return onnx::TensorProto_DataType_DOUBLE;
  }
  return onnx::TensorProto_DataType_UNDEFINED;
}

template <class T>
std::string bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

void add_operators(onnx::ModelProto& model, const char* domain, std::int64_t version) {
  onnx::OperatorSetIdProto& operators = *model.add_opset_import();
  operators.set_domain(domain);
  operators.set_version(version);
}

void set(onnx::AttributeProto& attribute, std::int64_t value) {
  attribute.set_type(onnx::AttributeProto_AttributeType_INT);
  attribute.set_i(value);
}

void set(onnx::AttributeProto& attribute, const std::vector<std::int64_t>& values) {
  attribute.set_type(onnx::AttributeProto_AttributeType_INTS);
  attribute.mutable_ints()->Assign(values.begin(), values.end());
}

void set(onnx::AttributeProto& attribute, const std::vector<std::string>& values) {
  attribute.set_type(onnx::AttributeProto_AttributeType_STRINGS);
  attribute.mutable_strings()->Assign(values.begin(), values.end());
}

}  // namespace

struct OnnxGraph::Model {
  onnx::ModelProto proto;

  onnx::GraphProto& graph() { return *proto.mutable_graph(); }

  Value add_constant(const std::string& name, Type type, const std::vector<std::size_t>& shape,
                     std::string bytes) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(data_type(type));
    for (const std::size_t length : shape) tensor.add_dims(static_cast<std::int64_t>(length));
    tensor.set_raw_data(std::move(bytes));
    return name;
  }

  onnx::StringStringEntryProto* find_metadata(const std::string& key) {
    for (auto& entry : *proto.mutable_metadata_props()) {
      if (entry.key() == key) return &entry;
    }
    return nullptr;
  }
};

void OnnxGraph::require_room(const std::string& name, std::size_t bytes) {
  if (bytes <= most_bytes) return;
  throw base::OutputError(fmt::format(
      "{}.onnx: the tower takes {:.1f} GB, a file of ONNX at most 2; export vectors, such as --format npy",
      name, static_cast<double>(bytes) / 1e9));
}

OnnxGraph::OnnxGraph(const std::string& name, const std::string& description)
    : model_(std::make_unique<Model>()) {
  onnx::ModelProto& proto = model_->proto;
  proto.set_ir_version(format_version);
  proto.set_producer_name("gemel");
  proto.set_producer_version(std::string(version()));
  proto.set_doc_string(description);
  add_operators(proto, "", operators_version);
  add_operators(proto, learning_domain, learning_operators_version);
  model_->graph().set_name(name);
}

OnnxGraph::OnnxGraph(OnnxGraph&&) noexcept = default;
OnnxGraph::~OnnxGraph() = default;

OnnxGraph::Value OnnxGraph::input(const std::string& name, Type type,
                                  const std::vector<std::string>& dimensions,
                                  const std::string& explanation) {
  if (onnx::StringStringEntryProto* known = model_->find_metadata(name)) {
    known->set_value(fmt::format("{}; {}", known->value(), explanation));
    return name;
  }
  add_metadata(name, explanation);
  onnx::ValueInfoProto& info = *model_->graph().add_input();
  info.set_name(name);
  onnx::TypeProto_Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(data_type(type));
  for (const std::string& dimension : dimensions) tensor.mutable_shape()->add_dim()->set_dim_param(dimension);
  return name;
}

void OnnxGraph::output(const Value& value, const std::string& dimension, std::size_t width) {
  onnx::ValueInfoProto& info = *model_->graph().add_output();
  info.set_name(value);
  onnx::TypeProto_Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(data_type(Type::real));
  tensor.mutable_shape()->add_dim()->set_dim_param(dimension);
  tensor.mutable_shape()->add_dim()->set_dim_value(static_cast<std::int64_t>(width));
}

OnnxGraph::Value OnnxGraph::constant(const std::string& name, std::span<const std::int64_t> values) {
  return model_->add_constant(name, Type::whole, {values.size()}, bytes_of(values));
}
OnnxGraph::Value OnnxGraph::scalar(const std::string& name, float value) {
  return model_->add_constant(name, Type::real, {}, bytes_of(std::span<const float>(&value, 1)));
}
OnnxGraph::Value OnnxGraph::scalar(const std::string& name, double value) {
  return model_->add_constant(name, Type::precise, {}, bytes_of(std::span<const double>(&value, 1)));
}
OnnxGraph::Value OnnxGraph::scalar(const std::string& name, std::int64_t value) {
  return model_->add_constant(name, Type::whole, {}, bytes_of(std::span<const std::int64_t>(&value, 1)));
}
OnnxGraph::Value OnnxGraph::vector(const std::string& name, std::span<const double> values) {
  return model_->add_constant(name, Type::precise, {values.size()}, bytes_of(values));
}
OnnxGraph::Value OnnxGraph::vector(const std::string& name, std::span<const float> values) {
  return model_->add_constant(name, Type::real, {values.size()}, bytes_of(values));
}
OnnxGraph::Value OnnxGraph::matrix(const std::string& name, std::size_t rows, std::size_t cols,
                                   std::string bytes) {
  return model_->add_constant(name, Type::real, {rows, cols}, std::move(bytes));
}

OnnxGraph::Value OnnxGraph::apply(const std::string& op, const std::vector<Value>& inputs,
                                  const Value& result, const std::vector<Attribute>& attributes,
                                  const std::string& domain) {
  onnx::NodeProto& node = *model_->graph().add_node();
  node.set_name(result);
  node.set_op_type(op);
  node.set_domain(domain);
  for (const Value& input : inputs) node.add_input(input);
  node.add_output(result);
  for (const Attribute& attribute : attributes) {
    onnx::AttributeProto& proto = *node.add_attribute();
    proto.set_name(attribute.name);
    std::visit([&](const auto& value) { set(proto, value); }, attribute.value);
  }
  return result;
}

OnnxGraph::Value OnnxGraph::cast(const Value& value, Type to, const Value& result) {
  return apply("Cast", {value}, result, {{"to", std::int64_t{data_type(to)}}});
}

void OnnxGraph::add_metadata(const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto& entry = *model_->proto.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

std::string OnnxGraph::file() const {
  const onnx::ModelProto& proto = model_->proto;
  require_room(proto.graph().name(), proto.ByteSizeLong());
  try {
    onnx::checker::check_model(proto);
  } catch (const std::exception& error) {
    throw base::InternalError(
        fmt::format("{}: ONNX's checker refuses it: {}", proto.graph().name(), error.what()));
  }
  return proto.SerializeAsString();
}

}  // namespace gemel::serving
