#include "gemel/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingest/history_file.hpp"
#include "library/errors.hpp"
#include "library/session.hpp"
#include "model/loaded_model.hpp"
#include "model/model_file.hpp"
#include "serving/query_engine.hpp"
#include "serving/similar_items.hpp"

namespace gemel {

struct Model::Parts {
  mpi::Communicator self;
  model::LoadedModel model;
  serving::QueryEngine engine;
  std::string path;
  std::vector<std::string> columns;

  Parts(checkpoint::CheckpointReader& reader, mpi::Communicator alone, int threads)
      : self(std::move(alone)),
        model(reader),
        engine(model, seen_items(reader, model.catalogue().size()), threads, self),
        path(model.path().string()),
        columns(engine.encoder().columns()) {}

  static std::optional<serving::SeenItems> seen_items(checkpoint::CheckpointReader& reader,
                                                      std::int64_t items) {
    if (!ingest::has_history(reader)) return std::nullopt;
    return serving::SeenItems(ingest::read_history(reader, items), reader.communicator());
  }

  const model::Catalogue& catalogue() const { return model.catalogue(); }

  std::size_t place_of(std::int64_t row) const {
    if (row < 0 || row >= catalogue().size()) {
      throw UsageError(fmt::format("row {}: the catalogue has rows 0 to {}", row, catalogue().size() - 1));
    }
    return static_cast<std::size_t>(row);
  }

  std::vector<ScoredItem> named(const std::vector<serving::RankedItem>& ranked) const {
    std::vector<ScoredItem> items;
    items.reserve(ranked.size());
    for (const serving::RankedItem& item : ranked) {
      const auto row = static_cast<std::size_t>(item.row);
      items.push_back({std::string(catalogue().ids.strings[row]),
                       std::string(catalogue().labels.strings[row]), item.score, item.row});
    }
    return items;
  }
};

Model::Model(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Model::Model(Model&& other) noexcept = default;
Model& Model::operator=(Model&& other) noexcept = default;
Model::~Model() = default;

Model Model::open(const std::string& path, int threads) {
  library::set_up_log();
  if (threads < 1) throw UsageError(fmt::format("threads = {}: a query needs one at least", threads));
  const auto lock = library::hold_files();
  return library::with_public_errors([&] {
    auto self = mpi::Communicator::self();
    const auto reader = model::open_checkpoint(path, self);
    auto parts = std::make_unique<const Parts>(*reader, mpi::Communicator::self(), threads);
    return Model(std::move(parts));
  });
}

Recommendations Model::recommend(const std::vector<NamedValue>& query, std::size_t k,
                                 const RankingOptions& options) const {
  return library::with_public_errors([&]() -> Recommendations {
    serving::AskedItems asked;
    if (options.allow) asked.allowed = parts_->engine.rows_of(*options.allow);
    asked.left_out = parts_->engine.rows_of(options.leave_out);
    asked.keep_seen = options.keep_seen;
    serving::Answer answer = parts_->engine.recommend(query, k, std::move(asked));
    return {parts_->named(answer.items), std::move(answer.unknown)};
  });
}

std::vector<ScoredItem> Model::similar(const std::string& id_or_label, std::size_t k, Measure measure) const {
  return library::with_public_errors([&] {
    std::int64_t row = parts_->engine.row_of(id_or_label);
    if (row == ingest::IdDirectory::no_row) {
      auto self = mpi::Communicator::self();
      row = serving::find_item(id_or_label, parts_->catalogue(), self);
    }
    return parts_->named(parts_->engine.similar(static_cast<std::int32_t>(row), k, measure));
  });
}

std::vector<float> Model::query_vector(const std::vector<NamedValue>& query) const {
  return library::with_public_errors([&] { return parts_->engine.vector_of(query); });
}

std::vector<float> Model::item_vector(const std::string& id) const {
  const std::int64_t row = library::with_public_errors([&] { return parts_->engine.row_of(id); });
  if (row == ingest::IdDirectory::no_row)
    throw DataError(fmt::format("\"{}\": no item of the catalogue has this id", id));
  const std::span<const float> vector = parts_->catalogue().vectors.row(static_cast<std::size_t>(row));
  return {vector.begin(), vector.end()};
}

const std::vector<std::string>& Model::columns() const {
  return parts_->columns;
}

bool Model::knows_seen() const {
  return parts_->engine.knows_seen();
}

std::size_t Model::dim() const {
  return parts_->model.towers().dim();
}

std::int64_t Model::items() const {
  return parts_->catalogue().size();
}

std::string Model::id(std::int64_t row) const {
  return std::string(parts_->catalogue().ids.strings[parts_->place_of(row)]);
}

std::string Model::label(std::int64_t row) const {
  return std::string(parts_->catalogue().labels.strings[parts_->place_of(row)]);
}

std::int64_t Model::count(std::int64_t row) const {
  return parts_->catalogue().counts[parts_->place_of(row)];
}

const std::string& Model::path() const {
  return parts_->path;
}

}  // namespace gemel
