#include "cli/list_output.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "base/error.hpp"
#include "cli/model_rows.hpp"
#include "cli/progress_log.hpp"

namespace gemel::cli {
namespace {

using nlohmann::ordered_json;
using serving::ListFileFormat;

std::vector<std::pair<std::string, ListFileFormat>> format_names() {
  using enum ListFileFormat;
  return {{"csv", csv}, {"jsonl", jsonl}, {"npy", npy}, {"hdf5", hdf5}};
}

/// That of the file's name; none for other names.
std::optional<ListFileFormat> format_of_name(const std::string& path) {
  static const std::map<std::string, ListFileFormat> formats = {{".csv", ListFileFormat::csv},
                                                                {".jsonl", ListFileFormat::jsonl},
                                                                {".npy", ListFileFormat::npy},
                                                                {".h5", ListFileFormat::hdf5},
                                                                {".hdf5", ListFileFormat::hdf5}};
  const auto found = formats.find(std::filesystem::path(path).extension().string());
  return found == formats.end() ? std::nullopt : std::optional(found->second);
}

ListFileFormat settle_format(const ListOutput& output) {
  if (output.format) return *output.format;
  return output.out.empty() ? ListFileFormat::csv : format_of_name(output.out).value_or(ListFileFormat::csv);
}

/// A format, or none given.
options::OptionValue format_value(std::optional<ListFileFormat>& field) {
  return {[&field](const std::string& typed) {
            ListFileFormat format = ListFileFormat::csv;
            options::choice(format, format_names()).read(typed);
            field = format;
          },
          [&field] {
            const auto names = format_names();
            if (!field) return std::string("by the file's name, else csv; one list is a table");
            return std::ranges::find(names, *field, &std::pair<std::string, ListFileFormat>::second)->first;
          }};
}

}  // namespace

std::vector<options::Option> list_rows(ListOutput& o) {
  return {
      options::Option{"Output", "top-k", "N", "Items of a list; with more than there are, lists have all.",
                      options::whole_number(o.top_k, 1)}
          .with_letter('k'),
      {"Output", "format", "FORMAT",
       "csv (query,rank,item,score,label), jsonl (an object for each query), npy (an array of records) or "
       "hdf5.",
       format_value(o.format)},
      {"Output", "out", "FILE", "Write the lists to this file.", options::text(o.out, "standard output")},
      json_row(o.json),
      force_row(o.force),
  };
}

void check(const ListOutput& output) {
  if (output.json && (output.format || !output.out.empty())) {
    throw base::UsageError(
        "--json prints one document on standard output: leave --format and --out out, or choose --format "
        "jsonl, which is JSON, too");
  }
  if (output.out.empty()) {
    if (output.force) throw base::UsageError("--force is about the file of --out: name one, or leave it out");
    if (output.format == ListFileFormat::npy || output.format == ListFileFormat::hdf5)
      throw base::UsageError("--format npy and hdf5 are files: name one with --out FILE");
  } else if (!output.format && !format_of_name(output.out)) {
    throw base::UsageError(
        fmt::format("--out {}: this name ends with none of .csv, .jsonl, .npy, .h5 and .hdf5; say which "
                    "format it is to have with --format",
                    output.out));
  }
}

ordered_json lists_json(serving::ListSource& source, const model::Catalogue& catalogue,
                        mpi::Communicator& communicator) {
  std::ostringstream lines;
  const serving::ListDestination destination{
      .format = ListFileFormat::jsonl, .path = "", .replace = false, .stream = &lines};
  serving::write_lists(source, catalogue, destination, communicator, [](std::int64_t, std::int64_t) {});
  if (!communicator.is_root()) return nullptr;
  ordered_json lists = ordered_json::array();
  std::istringstream parsed(lines.str());
  for (std::string line; std::getline(parsed, line);) lists.push_back(ordered_json::parse(line));
  return lists;
}

std::string items_table(const ordered_json& list) {
  std::size_t id_width = 2;
  std::size_t label_width = 5;
  const auto width = [](const ordered_json& text) {
    const auto& letters = text.get_ref<const std::string&>();
    return static_cast<std::size_t>(
        std::ranges::count_if(letters, [](char c) { return (c & 0xC0) != 0x80; }));
  };
  for (const ordered_json& item : list.at("items")) {
    id_width = std::max(id_width, width(item.at("item")));
    label_width = std::max(label_width, width(item.at("label")));
  }
  const bool knows_seen = !list.at("items").empty() && list.at("items").front().contains("seen");
  std::string text = fmt::format("  {:>4} {:>9}  {:<{}}  {:<{}}{}\n", "rank", "score", "id", id_width,
                                 "title", knows_seen ? label_width : 0, knows_seen ? "  seen" : "");
  for (const ordered_json& item : list.at("items")) {
    fmt::format_to(std::back_inserter(text), "  {:>4} {:>9.4f}  {:<{}}  {:<{}}{}\n",
                   item.at("rank").get<int>(), item.at("score").get<double>(),
                   item.at("item").get<std::string>(), id_width, item.at("label").get<std::string>(),
                   knows_seen ? label_width : 0,
                   !knows_seen                   ? ""
                   : item.at("seen").get<bool>() ? "  yes"
                                                 : "  no");
  }
  return text;
}

void write_lists(serving::ListSource& source, const model::Catalogue& catalogue, const ListOutput& output,
                 mpi::Communicator& communicator, std::ostream& out) {
  const serving::ListDestination destination{
      .format = settle_format(output), .path = output.out, .replace = output.force, .stream = &out};
  ProgressLog progress;
  const serving::WrittenLists written =
      serving::write_lists(source, catalogue, destination, communicator,
                           [&](std::int64_t done, std::int64_t all) { progress.tell(done, all, "lists"); });
  if (written.with_unknown > 0) {
    spdlog::warn(
        "{} of {} queries have a value that the model has not learned, such as a new user; it is "
        "answered as any unknown one",
        written.with_unknown, written.lists);
  }
  if (!output.out.empty()) spdlog::info("{}: {} lists", output.out, written.lists);
}

}  // namespace gemel::cli
