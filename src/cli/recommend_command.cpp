#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/checkpoint_data.hpp"
#include "cli/command_list.hpp"
#include "cli/list_output.hpp"
#include "cli/model_rows.hpp"
#include "cli/named_data.hpp"
#include "cli/report_text.hpp"
#include "cli/resumed_options.hpp"
#include "ingest/delimited_reader.hpp"
#include "ingest/history_file.hpp"
#include "ingest/training_data.hpp"
#include "model/loaded_model.hpp"
#include "model/model_file.hpp"
#include "mpi/agreement.hpp"
#include "serving/id_lines.hpp"
#include "serving/item_filter.hpp"
#include "serving/query_source.hpp"
#include "serving/recommended_items.hpp"
#include "serving/seen_items.hpp"
#include "serving/user_items.hpp"

namespace gemel::cli {
namespace {

using nlohmann::ordered_json;

struct RecommendCommandOptions {
  ModelCommandOptions model;
  std::string user;
  std::string users;
  std::string queries;
  bool all_users = false;
  std::vector<std::string> query;
  std::string at;
  bool keep_seen = false;
  serving::ItemFilter filter;
  std::vector<std::string> where;
  TrainingOptions training;  // of which the data counts
  ListOutput output;

  // Settled by parse().
  DataSource source;                        // of `training`
  std::vector<serving::NamedValue> values;  // of --query and --at

  bool is_one() const { return users.empty() && queries.empty() && !all_users; }
};

options::OptionTable recommend_option_table(RecommendCommandOptions& o) {
  std::vector<options::Option> table = model_rows(o.model);
  std::vector<options::Option> own = {
      {"Queries", "user", "ID", "Recommend to this user.", options::text(o.user, "none")},
      {"Queries", "users", "FILE|-", "Recommend to the users of a file (or standard input), an id a line.",
       options::text(o.users, "none")},
      {"Queries", "all-users", "[=true|false]", "Recommend to every user that the model knows.",
       options::toggle(o.all_users)},
      {"Queries", "queries", "FILE|-",
       "Recommend to the rows of a file with fields: its first line names columns, such as "
       "user_id,timestamp.",
       options::text(o.queries, "none")},
      {"Queries", "query", "NAME=VALUE",
       "The value of a column that queries are made of, such as age=33. Give it once per column. Without one "
       "of "
       "the options above it is the whole query.",
       options::texts(o.query)},
      {"Queries", "at", "TIME",
       "When they ask, in seconds since 1970: short for --query timestamp=TIME. Default: the latest time "
       "that "
       "the model has learned from.",
       options::text(o.at, "the latest")},
      {"Items", "keep-seen", "[=true|false]",
       "Items that the user has seen stay in the list. Otherwise they are left out: training items that the "
       "checkpoint keeps (--store-history), or all of the user's in --data, or in the data that the "
       "checkpoint "
       "was trained on.",
       options::toggle(o.keep_seen)},
      {"Items", "allow", "FILE", "Only items whose ids stand in this file, one a line.",
       options::text(o.filter.allow, "all items")},
      {"Items", "deny", "FILE", "No items whose ids stand in this file, one a line.",
       options::text(o.filter.deny, "none")},
      {"Items", "where", "COLUMN=VALUE",
       "Only items with this value, which may be a part between bars (genres=Comedy of Comedy|Drama). Given "
       "several times: one of the values of a column, and so for each column.",
       options::texts(o.where)},
  };
  std::vector<options::Option> of_data = data_rows(o.training.data);
  // Here --users is another option. What the training's data knows of users is looked up (find_user_values).
  std::erase_if(
      of_data, [](const options::Option& row) { return row.name == "weight-column" || row.name == "users"; });
  for (std::vector<options::Option> rows : {std::move(own), list_rows(o.output), std::move(of_data)})
    std::ranges::move(rows, std::back_inserter(table));
  return {"trainer recommend", std::move(table)};
}

/// Throws UsageError unless the options say for whom, once.
void check_queries(const RecommendCommandOptions& given) {
  std::vector<std::string> sources;
  if (!given.user.empty()) sources.push_back("--user");
  if (!given.users.empty()) sources.push_back("--users");
  if (given.all_users) sources.push_back("--all-users");
  if (!given.queries.empty()) sources.push_back("--queries");
  if (sources.size() > 1)
    throw base::UsageError(fmt::format("{}: give one of them", fmt::join(sources, " and ")));
  if (sources.empty() && given.query.empty()) {
    throw base::UsageError(
        "for whom? Name a user (--user ID), a file (--users FILE, --queries FILE), --all-users, or what a "
        "query is made of (--query age=33 --query country=DE)");
  }
}

/// Collective.
RecommendCommandOptions parse(std::span<const std::string> arguments, mpi::Communicator& communicator) {
  RecommendCommandOptions options;
  options::OptionTable table = recommend_option_table(options);
  read_given_options(arguments, options.model.config, table, communicator);
  base::set_up_log(options.model.log_level, communicator.is_root());
  check_queries(options);
  check(options.output);
  for (const std::string& text : options.query)
    options.values.push_back(serving::parse_named_value(text, "--query", "age=33"));
  if (!options.at.empty()) {
    if (!ingest::parse_number(options.at)) {
      throw base::UsageError(fmt::format(
          "--at {0}: give whole seconds since 1970, as `date -u -d '{0}' +%s` prints them", options.at));
    }
    options.values.push_back({serving::time_column, options.at});
  }
  for (const std::string& text : options.where)
    options.filter.where.push_back(serving::parse_named_value(text, "--where", "genres=Comedy"));

  const auto reader = model::open_checkpoint(options.model.checkpoint, communicator);
  options.model.checkpoint = reader->path().string();
  const SavedSettings saved = read_settings(*reader);
  mpi::agree(communicator, [&] { read_saved_data(saved, table); });
  options.source = {saved, names_data(table), named_data(table)};
  return options;
}

/// Which items of the block are ranked; none where all are. Collective.
std::optional<std::vector<bool>> allowed_items(const RecommendCommandOptions& options,
                                               const model::Catalogue& catalogue, CheckpointData& data,
                                               mpi::Communicator& communicator) {
  if (options.filter.is_empty()) return std::nullopt;
  const bool needs_data = std::ranges::any_of(options.filter.where, [](const serving::NamedValue& value) {
    return value.name != "item_id" && value.name != "title";
  });
  const ingest::Dataset* dataset = needs_data ? &data.get("what items are like (--where)", "") : nullptr;
  return serving::allowed_items(options.filter, catalogue, dataset, communicator);
}

/// What the data knows of the users who ask, where queries need more than is given; nothing where it knows no more, or is not there. Collective.
std::optional<serving::UserValues> find_user_values(const RecommendCommandOptions& options,
                                                    const features::Encoder& encoder,
                                                    const CheckpointData& data,
                                                    mpi::Communicator& communicator) {
  if (options.is_one() && options.user.empty()) return std::nullopt;
  ingest::WantedColumns wanted;
  for (const std::string& column : encoder.columns()) {
    const bool is_given =
        std::ranges::find(options.values, column, &serving::NamedValue::name) != options.values.end();
    if (!is_given && column != serving::user_column && column != serving::time_column)
      wanted.names.push_back(column);
  }
  if (wanted.names.empty()) return std::nullopt;
  auto table = data.users(wanted);
  if (!table) return std::nullopt;
  return serving::UserValues(std::move(*table), communicator);
}

/// Collective.
std::unique_ptr<serving::QuerySource> make_queries(const RecommendCommandOptions& options,
                                                   const features::Encoder& encoder,
                                                   const serving::UserValues* users,
                                                   mpi::Communicator& communicator) {
  if (options.all_users) return serving::queries_of_known_users(options.values, encoder, users);
  if (!options.queries.empty())
    return serving::read_queries(options.queries, options.values, encoder, users, communicator);
  if (!options.users.empty()) {
    return serving::queries_of_users(serving::read_id_lines(options.users, communicator), options.values,
                                     encoder, users);
  }
  std::vector<serving::NamedValue> values = options.values;
  if (!options.user.empty()) values.insert(values.begin(), {serving::user_column, options.user});
  return serving::one_query(values, encoder, users);
}

/// What users have seen, where that is known. Throws AgreedError (data) where it has to be and is not. Collective.
std::optional<serving::SeenItems> find_seen_items(const RecommendCommandOptions& options,
                                                  checkpoint::CheckpointReader& reader,
                                                  const model::Catalogue& catalogue, CheckpointData& data,
                                                  mpi::Communicator& communicator) {
  if (!options.source.is_named) {
    if (ingest::has_history(reader))
      return serving::SeenItems(ingest::read_history(reader, catalogue.size()), communicator);
    if (options.keep_seen && data.if_read() == nullptr) return std::nullopt;
  }
  const ingest::Dataset& dataset =
      data.get("what users have seen",
               ", or give --keep-seen to rank all items. Training with --store-history keeps in checkpoints "
               "what users have seen");
  return serving::SeenItems(dataset, catalogue.ids, communicator);
}

/// Throws AgreedError (usage) for what is said of users where there are none.
void check_users(const RecommendCommandOptions& options, const serving::QuerySource& queries,
                 const features::Encoder& encoder) {
  if (!queries.has_users()) {
    if (!options.keep_seen) return;
    throw mpi::AgreedError(
        base::ExitCode::usage,
        fmt::format("--keep-seen is about what users have seen, and the queries have no {}: "
                    "leave it out",
                    serving::user_column));
  }
  const std::vector<std::string> columns = encoder.columns();
  if (std::ranges::find(columns, serving::user_column) == columns.end()) {
    spdlog::warn("the model has no feature of {}: users differ in what they have seen, and in --query",
                 serving::user_column);
  }
}

std::string interactions_text(const serving::UserItems& items, const std::string& user) {
  if (items.best.empty()) return "";
  std::string text = fmt::format("\nuser {} in the data: {} interactions, {}\n", user, items.interactions,
                                 items.best.front().rating ? "the best rated first" : "the latest first");
  for (const serving::UserItem& item : items.best) {
    fmt::format_to(std::back_inserter(text), "  {:>4}  {}\n",
                   item.rating ? fmt::to_string(*item.rating) : "-", item.label);
  }
  return text;
}

std::string list_text(const RecommendCommandOptions& options, const ordered_json& list, std::size_t seen) {
  const auto query = list.at("query").get<std::string>();
  std::string text = fmt::format("{} {}: the best {} of {}\n", options.user.empty() ? "query" : "user", query,
                                 list.at("items").size(), options.model.checkpoint);
  if (list.contains("unknown")) {
    text += fmt::format("the model has not learned its {}, and answers as for any unknown one\n",
                        fmt::join(list.at("unknown").get<std::vector<std::string>>(), ", "));
  }
  if (seen > 0 && !options.keep_seen)
    text += fmt::format("{} items are left out, as the user has seen them\n", seen);
  return text + items_table(list);
}

/// What a person, or a program, reads as a whole. Whole lines. Collective; the text is on root.
std::string document(const RecommendCommandOptions& options, serving::RecommendedItems& source,
                     const model::LoadedModel& model, const serving::SeenItems* seen,
                     const CheckpointData& data, mpi::Communicator& communicator) {
  const ordered_json lists = lists_json(source, model.catalogue(), communicator);
  ordered_json json = {
      {"checkpoint", model.path().string()}, {"epoch", model.epoch()}, {"step", model.step()}};
  if (options.output.json) {
    if (!communicator.is_root()) return "";
    if (options.is_one()) {
      json.update(lists.front());
    } else {
      json["lists"] = lists;
    }
    return json_text(json);
  }
  std::size_t seen_items = 0;
  serving::UserItems of_user;
  if (!options.user.empty()) {
    ingest::StringColumn user;
    user.push_back(options.user);
    if (seen != nullptr) seen_items = seen->items_of(user, communicator).front().size();
    if (const ingest::Dataset* dataset = data.if_read())
      of_user = serving::items_of_user(*dataset, options.user, source.k(), communicator);
  }
  if (!communicator.is_root()) return "";
  return list_text(options, lists.front(), seen_items) + interactions_text(of_user, options.user);
}

int recommend(const RecommendCommandOptions& options, mpi::Communicator& communicator, std::ostream& out) {
  const auto reader = model::open_checkpoint(options.model.checkpoint, communicator);
  const model::LoadedModel model(*reader);
  const model::Catalogue& catalogue = model.catalogue();
  CheckpointData data(options.training, options.source, communicator);
  const auto allowed = allowed_items(options, catalogue, data, communicator);
  serving::Recommender recommender(model, allowed ? &*allowed : nullptr, options.model.threads, communicator);
  const auto users = find_user_values(options, recommender.encoder(), data, communicator);
  const auto queries = make_queries(options, recommender.encoder(), users ? &*users : nullptr, communicator);
  std::optional<serving::SeenItems> seen;
  if (queries->has_users()) seen = find_seen_items(options, *reader, catalogue, data, communicator);
  check_users(options, *queries, recommender.encoder());
  if (options.output.top_k > static_cast<std::int64_t>(recommender.items()))
    spdlog::info("there are {} items, and lists have all of them that are not left out", recommender.items());

  serving::RecommendedItems source(recommender, *queries, catalogue,
                                   static_cast<std::size_t>(options.output.top_k), seen ? &*seen : nullptr,
                                   options.keep_seen ? serving::Seen::kept : serving::Seen::left_out,
                                   communicator);
  if (is_document(options.output, options.is_one())) {
    out << document(options, source, model, seen ? &*seen : nullptr, data, communicator);
  } else {
    write_lists(source, catalogue, options.output, communicator, out);
  }
  return 0;
}

/// `trainer recommend --help`.
std::string recommend_help() {
  RecommendCommandOptions defaults;
  return fmt::format(
      R"(trainer recommend lists the items that a trained model ranks highest: for one user as a table, for many
in a file. Items that a user has seen are left out, unless --keep-seen. A user that the model does not
know is answered as any unknown one, and marked. The answer is the same on any number of ranks.

Usage:
  trainer recommend CHECKPOINT --user ID [OPTIONS]
{}
Examples:
  trainer recommend checkpoints --user 42
  trainer recommend checkpoints --user 42 -k 20 --where genres=Comedy --at 893286638
  trainer recommend checkpoints --all-users --out lists.csv
  cut -d , -f 1 customers.csv | trainer recommend checkpoints --users - --format jsonl

{})",
      recommend_option_table(defaults).help(), exit_code_help());
}

int run_recommend(std::span<const std::string> arguments, mpi::Communicator& communicator,
                  std::ostream& out) {
  RecommendCommandOptions defaults;
  if (shows_help(arguments, recommend_option_table(defaults), recommend_help(), communicator, out)) return 0;
  const RecommendCommandOptions options = parse_alike([&] { return parse(arguments, communicator); });
  return on_working_ranks(communicator, options.model.spare_ranks, std::numeric_limits<std::int64_t>::max(),
                          [&](mpi::Communicator& working) { return recommend(options, working, out); });
}

}  // namespace

Command recommend_command() {
  return {"recommend", "list the items that a model ranks highest for users", run_recommend};
}

}  // namespace gemel::cli
