#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace gemel::serving {

/// A graph of ONNX operators that is built one after the other, and the file that it makes. Of the default operators' version 15 and
/// those for machine learning, version 2, which runtimes of 2022 and later have (onnxruntime 1.14).
class OnnxGraph {
 public:
  enum class Type { text, whole, real, precise };  ///< string, int64, float, double

  /// A tensor in the graph, by its name.
  using Value = std::string;

  struct Attribute {
    std::string name;
    std::variant<std::int64_t, std::vector<std::int64_t>, std::vector<std::string>> value;
  };

  /// Throws OutputError where a graph that has so many bytes would not fit into a file: protocol buffers end at 2 GB.
  static void require_room(const std::string& name, std::size_t bytes);

  /// `name` is that of the graph; `description` is for people.
  OnnxGraph(const std::string& name, const std::string& description);
  OnnxGraph(OnnxGraph&&) noexcept;
  ~OnnxGraph();

  /// An input whose dimensions are as long as the caller likes; equal names are equal lengths. `explanation` is kept under its name
  /// in the file's metadata. The same input again, for another feature, adds to the explanation.
  Value input(const std::string& name, Type type, const std::vector<std::string>& dimensions,
              const std::string& explanation);
  /// `dimension` is the name of its first one, `width` is the second.
  void output(const Value& value, const std::string& dimension, std::size_t width);

  // Constants. `name` must be new.
  Value constant(const std::string& name, std::span<const std::int64_t> values);
  /// The only value, without dimensions.
  Value scalar(const std::string& name, float value);
  Value scalar(const std::string& name, double value);
  Value scalar(const std::string& name, std::int64_t value);
  Value vector(const std::string& name, std::span<const double> values);
  Value vector(const std::string& name, std::span<const float> values);
  /// [rows, cols]; `bytes` are those of its floats.
  Value matrix(const std::string& name, std::size_t rows, std::size_t cols, std::string bytes);

  /// The result, named `result`, of an operator.
  Value apply(const std::string& op, const std::vector<Value>& inputs, const Value& result,
              const std::vector<Attribute>& attributes = {}, const std::string& domain = "");
  Value cast(const Value& value, Type to, const Value& result);

  void add_metadata(const std::string& key, const std::string& value);

  /// The bytes of the file. Throws as require_room, and InternalError for what ONNX's own checker refuses.
  std::string file() const;

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace gemel::serving
