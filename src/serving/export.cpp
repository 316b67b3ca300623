#include "serving/export.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "base/thread_team.hpp"
#include "mpi/agreement.hpp"
#include "onednn/runtime.hpp"
#include "serving/catalogue_vectors.hpp"
#include "serving/hdf5_vectors.hpp"
#include "serving/row_files.hpp"
#include "serving/tower_files.hpp"

namespace gemel::serving {
namespace {

bool has(const ExportOptions& options, ExportFormat format) {
  return std::ranges::find(options.formats, format) != options.formats.end();
}

bool has_vectors(const ExportOptions& options) {
  return std::ranges::any_of(options.formats,
                             [](ExportFormat format) { return format != ExportFormat::onnx; });
}

using Sources = std::vector<std::unique_ptr<VectorSource>>;
using Writers = std::vector<std::unique_ptr<VectorWriter>>;

/// Collective.
Sources make_sources(const model::LoadedModel& model, const ExportOptions& options,
                     mpi::Communicator& communicator, const base::ThreadTeam& team,
                     onednn::Runtime& runtime) {
  Sources sources;
  if (!has_vectors(options)) return sources;
  sources.push_back(std::make_unique<CatalogueVectors>(model.catalogue(), communicator));
  if (options.items_only) return sources;
  if (user_feature(model.towers().query()) == nullptr) {
    if (!options.query.empty()) {
      throw mpi::AgreedError(base::ExitCode::usage,
                             "--query is about vectors of users, and no feature of queries tells them apart: "
                             "leave it out");
    }
    spdlog::info("no vectors of users: no feature of queries tells users apart");
    return sources;
  }
  sources.push_back(
      std::make_unique<UserVectors>(model.towers(), options.query, communicator, team, runtime));
  return sources;
}

/// On root.
Writers make_writers(const ExportOptions& options, std::span<const VectorTable> tables,
                     base::OutputFiles& files) {
  Writers writers;
  const auto add = [&](std::unique_ptr<RowFormat> format) {
    writers.push_back(std::make_unique<RowFiles>(std::move(format), tables, files));
  };
  if (has(options, ExportFormat::npy)) add(npy_format());
  if (has(options, ExportFormat::fvecs)) add(fvecs_format());
  if (has(options, ExportFormat::npy) || has(options, ExportFormat::fvecs)) {
    add(id_lines_format());
    add(label_lines_format());
  }
  if (has(options, ExportFormat::csv)) add(csv_format());
  if (has(options, ExportFormat::jsonl)) add(jsonl_format());
  if (has(options, ExportFormat::hdf5)) writers.push_back(std::make_unique<Hdf5Vectors>(tables, files));
  return writers;
}

void require_finite(const VectorTable& table, const VectorRows& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (std::ranges::all_of(rows.vectors.row(i), [](float value) { return std::isfinite(value); })) continue;
    throw base::CheckpointError(fmt::format(
        "the vector of {} {} has a value that is infinite or not a number; use another checkpoint",
        table.noun, rows.ids[i]));
  }
}

/// Collective.
void write_rows(VectorSource& source, const Writers& writers, mpi::Communicator& communicator,
                const ExportProgress& progress) {
  const VectorTable& table = source.table();
  for_each_piece(source, rows_of_piece(table.dim), communicator, [&](const VectorRows& rows) {
    require_finite(table, rows);
    for (const auto& writer : writers) writer->write(table, rows);
    progress(table, rows.first + static_cast<std::int64_t>(rows.size()));
  });
}

}  // namespace

ExportReport export_model(const model::LoadedModel& model, const ExportOptions& options, int threads,
                          mpi::Communicator& communicator, const ExportProgress& progress) {
  const base::ThreadTeam team(threads);
  onednn::Runtime runtime(threads);
  const model::TwoTower& two = model.towers();
  const Sources sources = make_sources(model, options, communicator, team, runtime);
  ExportReport report;
  for (const auto& source : sources) report.tables.push_back(source->table());
  std::optional<base::OutputFiles> files;  // on root
  Writers writers;                         // on root
  std::vector<TowerFiles> towers;
  mpi::agree(communicator, [&] {
    base::OutputFiles* of_root = nullptr;
    if (communicator.is_root()) of_root = &files.emplace(options.directory, options.replace);
    if (of_root != nullptr) writers = make_writers(options, report.tables, *of_root);
    if (!has(options, ExportFormat::onnx)) return;
    towers.emplace_back(two.query(), two.dense(), of_root);
    towers.emplace_back(two.candidate(), two.dense(), of_root);
  });
  for (const auto& source : sources) write_rows(*source, writers, communicator, progress);
  for (TowerFiles& tower : towers) tower.write(communicator);
  mpi::agree(communicator, [&] {
    if (!files) return;
    for (const auto& writer : writers) writer->finish();
    report.files = files->commit();
  });
  return report;
}

}  // namespace gemel::serving
