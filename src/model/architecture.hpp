#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature.hpp"
#include "gemel/options.hpp"
#include "model/feature_input.hpp"
#include "model/layer_stack.hpp"
#include "model/parameter.hpp"

namespace gemel::model {

/// The logarithm of a learned temperature, [1, 1], among a model's dense parameters and in checkpoints.
inline constexpr std::string_view log_temperature = "loss/log_temperature";

/// What the options say of one tower.
struct TowerOptions {
  std::vector<std::size_t> layers;  ///< widths of the dense layers
  bool normalize = false;           ///< what they compute is scaled to length 1
  float input_dropout = 0;          ///< shares that training drops
  float hidden_dropout = 0;
  float embedding_range = 0;  ///< of the tables' first values
  bool append_one = false;    ///< a last column of 1, which meets the other tower's biases in the dot product
};

/// A tower without its tables: features side by side, then layers (dense with ReLU on all but the last, if there are any), and the
/// last column, if there is one.
class TowerArchitecture {
 public:
  /// `name` is "query" or "candidate". Adds the layers' parameters to `dense`; `seed` is that of what is dropped.
  TowerArchitecture(std::string name, const std::vector<features::FittedFeature>& features,
                    TowerOptions options, DenseLayout& dense, std::uint64_t seed);

  const std::string& name() const { return name_; }
  const TowerOptions& options() const { return options_; }
  const FeatureInput& input() const { return input_; }
  const LayerStack& layers() const { return layers_; }

  /// Biases become the vector's last column as they are.
  bool has_last_column() const { return options_.append_one || input_.has_biases(); }
  std::size_t output_width() const { return layers_.outputs() + (has_last_column() ? 1 : 0); }

  /// Of Tower::Activations, for so many rows.
  std::size_t activation_bytes(std::size_t rows) const;
  /// Floating-point operations of all matrix products: two for each multiply-add.
  std::int64_t forward_flops(std::size_t rows) const { return layers_.forward_flops(rows); }
  std::int64_t backward_flops(std::size_t rows) const { return layers_.backward_flops(rows); }

 private:
  std::string name_;
  TowerOptions options_;
  FeatureInput input_;
  LayerStack layers_;
};

/// What a model consists of, without a single value: cheap to make and to ask, however large its tables are. A TwoTower is made from
/// one.
struct Architecture {
  /// `options` say what the towers make of the features; the features that they declare are not looked at. A learned temperature of
  /// `loss` is a parameter of the model. Throws InternalError when the towers' vectors are not of the same width: without
  /// layers both towers' inputs must be.
  Architecture(const std::vector<features::FittedFeature>& query_features,
               const std::vector<features::FittedFeature>& candidate_features, const ModelOptions& options,
               std::uint64_t seed, const LossOptions& loss = {});

  DenseLayout dense;  ///< of the query tower, of the candidate tower, log_temperature
  TowerArchitecture query;
  TowerArchitecture candidate;
};

}  // namespace gemel::model
