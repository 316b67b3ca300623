#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command_list.hpp"
#include "cli/list_output.hpp"
#include "cli/model_rows.hpp"
#include "cli/report_text.hpp"
#include "ingest/block_strings.hpp"
#include "model/loaded_model.hpp"
#include "serving/similar_items.hpp"

namespace gemel::cli {
namespace {

using nlohmann::ordered_json;

struct SimilarCommandOptions {
  ModelCommandOptions model;
  std::string item;
  bool all_items = false;
  serving::Measure measure = serving::Measure::cosine;
  ListOutput output;
};

options::OptionTable similar_option_table(SimilarCommandOptions& o) {
  using enum serving::Measure;
  std::vector<options::Option> table = model_rows(o.model);
  std::vector<options::Option> own = {
      {"Items", "item", "ID|TITLE", "The items nearest to this one: its id, or a title that only one has.",
       options::text(o.item, "none")},
      {"Items", "all-items", "[=true|false]", "The items nearest to each.", options::toggle(o.all_items)},
      {"Items", "measure", "MEASURE",
       "How vectors are compared: cosine; or dot, the dot product, where long vectors, of popular items as a "
       "rule, come first.",
       options::choice(o.measure, {{"cosine", cosine}, {"dot", dot}})},
  };
  for (std::vector<options::Option> rows : {std::move(own), list_rows(o.output)})
    std::ranges::move(rows, std::back_inserter(table));
  return {"trainer similar", std::move(table)};
}

SimilarCommandOptions parse(std::span<const std::string> arguments, mpi::Communicator& communicator) {
  SimilarCommandOptions options;
  options::OptionTable table = similar_option_table(options);
  read_given_options(arguments, options.model.config, table, communicator);
  if (!options.item.empty() && options.all_items)
    throw base::UsageError("--item and --all-items: give one of them");
  if (options.item.empty() && !options.all_items)
    throw base::UsageError(
        "to which item? Name one (--item \"Star Wars (1977)\", or its id), or give --all-items");
  check(options.output);
  return options;
}

/// What a person, or a program, reads as a whole. Whole lines. Collective; the text is on root.
std::string document(const SimilarCommandOptions& options, std::optional<std::int64_t> item,
                     serving::SimilarItems& source, const model::LoadedModel& model,
                     mpi::Communicator& communicator) {
  const ordered_json lists = lists_json(source, model.catalogue(), communicator);
  std::vector<std::int64_t> row;
  if (item) row.push_back(*item);
  const ingest::StringColumn label = ingest::strings_at(model.catalogue().labels, row, communicator);
  if (!communicator.is_root()) return "";
  const char* measure = options.measure == serving::Measure::cosine ? "cosine" : "dot";
  if (!options.output.json) {
    return fmt::format("the items most similar to {} (id {}) by {}\n{}", label[0],
                       lists.front().at("query").get<std::string>(), measure, items_table(lists.front()));
  }
  ordered_json json = {{"checkpoint", model.path().string()},
                       {"epoch", model.epoch()},
                       {"step", model.step()},
                       {"measure", measure}};
  if (item) {
    json.update(lists.front());
  } else {
    json["lists"] = lists;
  }
  return json_text(json);
}

int similar(const SimilarCommandOptions& options, mpi::Communicator& communicator, std::ostream& out) {
  const auto model = model::LoadedModel::open(options.model.checkpoint, communicator);
  std::optional<std::int64_t> item;
  if (!options.all_items) item = serving::find_item(options.item, model.catalogue(), communicator);
  if (options.output.top_k >= model.catalogue().size())
    spdlog::info("there are {} items, and lists have all but the item itself", model.catalogue().size());
  serving::SimilarItems source(model, options.measure, static_cast<std::size_t>(options.output.top_k), item,
                               options.model.threads, communicator);
  if (is_document(options.output, item.has_value())) {
    out << document(options, item, source, model, communicator);
  } else {
    write_lists(source, model.catalogue(), options.output, communicator, out);
  }
  return 0;
}

/// `trainer similar --help`.
std::string similar_help() {
  SimilarCommandOptions defaults;
  return fmt::format(
      R"(trainer similar lists the items whose vectors are nearest to those of an item, without the item itself:
for one item as a table, for all in a file. The answer is the same on any number of ranks.

Usage:
  trainer similar CHECKPOINT --item ID|TITLE [OPTIONS]
{}
Examples:
  trainer similar checkpoints --item 'Star Wars (1977)'
  trainer similar checkpoints --item 50 -k 20 --measure dot
  trainer similar checkpoints --all-items --out similar.csv

{})",
      similar_option_table(defaults).help(), exit_code_help());
}

int run_similar(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
  SimilarCommandOptions defaults;
  if (shows_help(arguments, similar_option_table(defaults), similar_help(), communicator, out)) return 0;
  const SimilarCommandOptions options = parse_alike([&] { return parse(arguments, communicator); });
  base::set_up_log(options.model.log_level, communicator.is_root());
  return on_working_ranks(communicator, options.model.spare_ranks, std::numeric_limits<std::int64_t>::max(),
                          [&](mpi::Communicator& working) { return similar(options, working, out); });
}

}  // namespace

Command similar_command() {
  return {"similar", "list the items nearest to an item", run_similar};
}

}  // namespace gemel::cli
