#include "ingest/user_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/ids.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/record_splitter.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/table_layout.hpp"
#include "ingest/text_share.hpp"
#include "ingest/typed_column.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

constexpr const char* user_column = "user_id";

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
  throw mpi::AgreedError(base::ExitCode::data, fmt::format("{}: {}", path.string(), what));
}

/// How the lines of the file are read, and the columns that are.
struct UserLayout {
  TableLayout table;
  std::vector<std::size_t> wanted = {};
};

UserLayout layout_of(const FileSample& sample, const std::vector<std::string>& names,
                     const std::string& id_name, const WantedColumns& wanted, const fs::path& path) {
  UserLayout layout{table_layout(sample, names, PairColumn::user, id_name, path)};
  require_own_names(layout.table.names, path);
  for (std::size_t column = 0; column < layout.table.names.size(); ++column) {
    if (column != layout.table.id && wanted.has(layout.table.names[column])) layout.wanted.push_back(column);
  }
  return layout;
}

/// What lines say of users.
struct UserRows {
  StringColumn ids;
  std::vector<StringColumn> columns;  // those that are wanted
  std::vector<std::int64_t> lines;    // their numbers
};

/// This rank's share of the lines. Collective.
UserRows read_rows(const TextShare& text, const UserLayout& layout, BadLines bad_lines, std::uint64_t& hash,
                   mpi::Communicator& communicator) {
  UserRows rows;
  rows.columns.resize(layout.wanted.size());
  LineErrors errors(text.path());
  const TableLayout& table = layout.table;
  RecordSplitter split(table.separator, table.keys);
  const auto add = [&](const Line& line) {
    if (line.number == table.heading || line.text.find_first_not_of(" \t") == std::string_view::npos) return;
    const std::vector<Field>& fields = split(line.text);
    if (!split.fault().expected.empty()) return errors.add(line, split.fault().where, split.fault().expected);
    if (fields.size() != table.names.size()) {
      return errors.add(line, line.text,
                        fmt::format("{} fields ({}), not {}", table.names.size(),
                                    fmt::join(table.names, ", "), fields.size()));
    }
    const Field& id = fields[table.id];
    if (!is_id(id.text)) return errors.add(line, id.source, expected_id(id.text, "a user id"));
    rows.ids.push_back(id.text);
    rows.lines.push_back(line.number);
    for (std::size_t i = 0; i < layout.wanted.size(); ++i)
      rows.columns[i].push_back(fields[layout.wanted[i]].text);
    hash += hash_of(line.text);
  };
  mpi::agree(communicator, [&] { text.for_each_line(add); });
  errors.settle(bad_lines, "Correct the file.", communicator);
  if (communicator.sum(static_cast<std::int64_t>(rows.ids.size())) == 0)
    refuse(text.path(), table.heading > 0 ? "there are no users below the first line" : "there are no users");
  return rows;
}

StringColumn in_order(const StringColumn& texts, const std::vector<std::size_t>& order) {
  StringColumn ordered;
  ordered.reserve(texts.size(), texts.characters().size());
  for (const std::size_t row : order) ordered.push_back(texts[row]);
  return ordered;
}

/// The users of all ranks whose hashes this rank owns.
class OwnedUsers {
 public:
  /// Collective.
  OwnedUsers(const UserRows& rows, const fs::path& path, mpi::Communicator& communicator) {
    std::vector<std::uint64_t> hashes;
    for (std::size_t row = 0; row < rows.ids.size(); ++row) hashes.push_back(hash_of(rows.ids[row]));
    std::vector<std::size_t> sent;
    const std::vector<std::size_t> order = order_by_owner(hashes, communicator.size(), sent);
    std::vector<std::size_t> received;
    const StringColumn ids = all_to_all_strings(in_order(rows.ids, order), sent, received, communicator);
    for (const StringColumn& column : rows.columns)
      columns_.push_back(all_to_all_strings(in_order(column, order), sent, received, communicator));
    std::vector<std::int64_t> lines;
    for (const std::size_t row : order) lines.push_back(rows.lines[row]);
    lines = communicator.all_to_all(std::span<const std::int64_t>(lines), sent, received);
    mpi::agree(communicator, [&] {
      for (std::size_t row = 0; row < ids.size(); ++row) {
        const std::uint32_t number = row_of_.number(ids[row]);
        if (number == row) continue;
        throw base::DataError(
            fmt::format("{}:{}:1: {}: expected a user id of its own; line {} has the same. "
                        "Correct the file.",
                        path.string(), lines[row], quote(ids[row]), lines[number]));
      }
    });
  }

  /// Whether each of these users is there.
  std::vector<std::uint8_t> are_there(const StringColumn& ids) const {
    std::vector<std::uint8_t> there;
    for (std::size_t i = 0; i < ids.size(); ++i) there.push_back(row_of_.find(ids[i]) ? 1 : 0);
    return there;
  }

  /// What the column has of each of these users; nothing of one that is not there.
  StringColumn values(std::size_t column, const StringColumn& ids) const {
    StringColumn values;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto row = row_of_.find(ids[i]);
      values.push_back(row ? columns_[column][*row] : std::string_view());
    }
    return values;
  }

 private:
  StringTable row_of_;
  std::vector<StringColumn> columns_;
};

/// Throws AgreedError (data) for users of interactions that are not there. Collective.
void require_all(const std::vector<std::uint8_t>& are_there, const DistinctStrings& users,
                 const fs::path& path, mpi::Communicator& communicator) {
  constexpr std::size_t most_named = 3;
  StringColumn missing;
  for (std::size_t i = 0; i < users.size() && missing.size() < most_named; ++i)
    if (are_there[i] == 0) missing.push_back(users.strings[i]);
  std::vector<std::string> named = all_gather_strings(missing, communicator).texts();
  if (named.empty()) return;
  std::ranges::sort(named);
  const auto rest = std::ranges::unique(named);
  named.erase(rest.begin(), rest.end());
  named.resize(std::min(named.size(), most_named));
  for (std::string& id : named) id = quote(id);
  refuse(path,
         fmt::format("users of the interactions are not in this file, such as {}. Add a line for each, or "
                     "take their interactions away",
                     fmt::join(named, ", ")));
}

/// values[i] is that of users[i], for every row of the interactions.
TextColumn of_rows(const StringColumn& values, const DistinctStrings& users) {
  StringTable table;
  std::vector<std::uint32_t> of_user;
  for (std::size_t i = 0; i < values.size(); ++i) of_user.push_back(table.number(values[i]));
  std::vector<std::uint32_t> codes;
  codes.reserve(users.places.size());
  for (const std::uint32_t user : users.places) codes.push_back(of_user[user]);
  return {std::move(table), std::move(codes)};
}

/// Says which columns are read, or that none is. Throws AgreedError for those that interactions have, too.
void check_columns(const UserLayout& layout, const fs::path& path, Dataset& dataset,
                   const mpi::Communicator& communicator) {
  const std::vector<std::string>& names = layout.table.names;
  std::vector<std::string> read;
  for (std::size_t column = 0; column < names.size(); ++column) {
    const bool is_read = std::ranges::find(layout.wanted, column) != layout.wanted.end();
    if (is_read && dataset.interactions.has(names[column])) {
      throw mpi::AgreedError(
          base::ExitCode::usage,
          fmt::format("{}: its column {} is one of the interactions, too; rename one of them", path.string(),
                      quote(names[column])));
    }
    if (is_read) read.push_back(names[column]);
    if (!is_read && column != layout.table.id) dataset.interactions.unread.push_back(names[column]);
  }
  if (!communicator.is_root()) return;
  if (read.empty()) {
    // Whoever trains on a known data set has not named the file.
    const auto level =
        layout.table.heading == 0 && layout.table.keys.empty() ? spdlog::level::debug : spdlog::level::info;
    spdlog::log(level, "{}: not read, as no feature needs a column of it ({})", path.string(),
                fmt::join(names, ", "));
  } else {
    spdlog::info("{}: users, {}: {}", path.string(), layout.table.description(), fmt::join(read, ", "));
  }
}

}  // namespace

void join_users(const fs::path& path, const std::vector<std::string>& names, const WantedColumns& wanted,
                BadLines bad_lines, Dataset& dataset, mpi::Communicator& communicator) {
  const std::vector<TextShare> texts = open_texts(std::span(&path, 1), communicator);
  const UserLayout layout =
      layout_of(texts.front().sample(), names, dataset.interactions.own_name(user_column), wanted, path);
  check_columns(layout, path, dataset, communicator);
  if (layout.wanted.empty()) return;
  std::uint64_t hash = 0;
  const UserRows rows = read_rows(texts.front(), layout, bad_lines, hash, communicator);
  const OwnedUsers owned(rows, path, communicator);
  const DistinctStrings users = distinct_strings(dataset.interactions.strings.at(user_column));
  const std::vector<std::size_t> asked = users.counts_by_owner(communicator.size());
  std::vector<std::size_t> answered;
  std::vector<std::size_t> unused;
  const StringColumn ids = all_to_all_strings(users.strings, asked, answered, communicator);
  const std::vector<std::uint8_t> there = owned.are_there(ids);
  require_all(communicator.all_to_all(std::span<const std::uint8_t>(there), answered, unused), users, path,
              communicator);
  for (std::size_t i = 0; i < layout.wanted.size(); ++i) {
    const StringColumn values = all_to_all_strings(owned.values(i, ids), answered, unused, communicator);
    add_typed(layout.table.names[layout.wanted[i]], of_rows(values, users), dataset.interactions,
              communicator);
  }
  // The sum is meant modulo 2^64; only its bits travel as a signed number.
  dataset.content_hash += static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(hash)));
}

}  // namespace gemel::ingest
