#include "features/featurizer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "features/raw_column.hpp"
#include "mpi/agreement.hpp"

namespace gemel::features {
namespace {

/// For what every rank finds alike.
[[noreturn]] void refuse(const FeatureSpec& spec, std::string_view reason) {
  throw mpi::AgreedError(base::ExitCode::usage, fmt::format("{}: {}", described(spec), reason));
}

/// The feature of `earlier` that is declared as `spec` is; null when this is the first run.
const FittedFeature* find_earlier(const FeatureSpec& spec, const EarlierFeatures& earlier) {
  if (earlier.features == nullptr) return nullptr;
  std::vector<std::string> declarations;
  for (const FittedFeature& feature : *earlier.features) {
    if (feature.spec.declaration() == spec.declaration()) return &feature;
    declarations.push_back(feature.spec.declaration());
  }
  refuse(spec, fmt::format("the model was trained without it. Its features are: {}.",
                           declarations.empty() ? "none" : fmt::format("{}", fmt::join(declarations, ", "))));
}

void check_specs(const std::vector<FeatureSpec>& specs, const ingest::Columns& columns,
                 const EarlierFeatures& earlier) {
  std::set<std::string> names;
  for (const FeatureSpec& spec : specs) {
    if (!names.insert(spec.name()).second) {
      refuse(spec,
             fmt::format("another feature of this side is called {} already. Declare a column once for each "
                         "kind.",
                         spec.name()));
    }
    check_column(spec, columns);
    find_earlier(spec, earlier);
  }
}

}  // namespace

FeaturisedColumns featurize_columns(const std::vector<FeatureSpec>& specs, const ingest::Columns& columns,
                                    mpi::Communicator& communicator, const EarlierFeatures& earlier,
                                    const std::vector<bool>* is_known) {
  base::require(communicator.sum(static_cast<std::int64_t>(columns.rows)) > 0, "featurize_columns: no rows");
  check_specs(specs, columns, earlier);
  FeaturisedColumns result;
  result.rows = blank_rows(specs, columns.rows);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const FittedFeature* known = find_earlier(specs[i], earlier);
    FittedFeature& feature = result.features.emplace_back();
    if (known != nullptr) {
      feature = *known;
    } else {
      feature.spec = specs[i];
    }
    std::unique_ptr<Kind> kind = feature.spec.kind->clone();
    const std::string of_feature = described(specs[i]);
    const Fitting fitting = {.column = raw_column(specs[i], columns, of_feature, communicator),
                             .continues = known != nullptr,
                             .freezes = earlier.freeze_vocabulary,
                             .is_known = is_known,
                             .vocabulary = feature.vocabulary,
                             .added = feature.added};
    ValueColumn values(result.rows, i);
    kind->fit(fitting, values);
    feature.spec.kind = std::move(kind);
  }
  return result;
}

}  // namespace gemel::features
