#include "features/featurizer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::features {
namespace {

std::string described(const FeatureSpec& spec) {
  return fmt::format("feature \"{}\"", spec.declaration());
}

/// For what every rank finds alike.
[[noreturn]] void refuse(const FeatureSpec& spec, std::string_view reason) {
  throw mpi::AgreedError(base::ExitCode::usage, fmt::format("{}: {}", described(spec), reason));
}

void check_column(const FeatureSpec& spec, const ingest::Columns& columns) {
  const bool is_text = columns.strings.contains(spec.column);
  const bool is_number = columns.numbers.contains(spec.column);
  const ColumnType needed = spec.kind->column_type();
  const auto complain = [&](std::string_view reason) {
    refuse(spec, fmt::format("{}. The columns are: {}.", reason, columns.describe()));
  };
  if (columns.decimals.contains(spec.column)) complain("features are made of text and of whole numbers");
  if (!is_text && !is_number) complain(fmt::format("there is no column \"{}\"", spec.column));
  if (!is_text && needed == ColumnType::text) complain("this kind needs a column of text");
  if (!is_number && needed == ColumnType::number) complain("this kind needs a column of numbers");
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

template <class Column>
const Column* find_column(const std::map<std::string, Column>& columns, const std::string& name) {
  const auto found = columns.find(name);
  return found == columns.end() ? nullptr : &found->second;
}

}  // namespace

FeaturisedColumns featurize_columns(const std::vector<FeatureSpec>& specs, const ingest::Columns& columns,
                                    mpi::Communicator& communicator, const EarlierFeatures& earlier,
                                    const std::vector<bool>* is_known) {
  base::require(communicator.sum(static_cast<std::int64_t>(columns.rows)) > 0, "featurize_columns: no rows");
  check_specs(specs, columns, earlier);
  FeaturisedColumns result;
  FeatureRows& rows = result.rows;
  rows.features = specs.size();
  rows.words.resize(columns.rows * specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const FittedFeature* known = find_earlier(specs[i], earlier);
    FittedFeature& feature = result.features.emplace_back();
    if (known != nullptr) {
      feature = *known;
    } else {
      feature.spec = specs[i];
    }
    std::unique_ptr<Kind> kind = feature.spec.kind->clone();
    if (kind->has_lists()) rows.lists.push_back(i);
    const Fitting fitting = {.texts = find_column(columns.strings, specs[i].column),
                             .numbers = find_column(columns.numbers, specs[i].column),
                             .communicator = communicator,
                             .described = described(specs[i]),
                             .continues = known != nullptr,
                             .freezes = earlier.freeze_vocabulary,
                             .is_known = is_known,
                             .vocabulary = feature.vocabulary,
                             .added = feature.added};
    ValueColumn values(rows, i);
    kind->fit(fitting, values);
    feature.spec.kind = std::move(kind);
  }
  return result;
}

}  // namespace gemel::features
