#include "ingest/user_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "ingest/column_hash.hpp"
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
  std::vector<std::uint64_t> hashes;  // of each column: the sum of its users' ids and values
  std::vector<std::int64_t> lines;    // their numbers
};

/// This rank's share of the lines. Collective.
UserRows read_rows(const TextShare& text, const UserLayout& layout, BadLines bad_lines,
                   mpi::Communicator& communicator) {
  UserRows rows;
  LineErrors errors(text.path());
  const TableLayout& table = layout.table;
  const auto begin = [&] {
    errors = LineErrors(text.path());
    rows = {};
    rows.columns.resize(layout.wanted.size());
    rows.hashes.resize(layout.wanted.size());
  };
  RecordSplitter split(table.separator, table.keys);
  const auto add = [&](const Line& line) {
    const auto reject = [&](std::string_view where, std::string_view expected) {
      errors.add(line, where, expected);
      return true;
    };
    if (line.number == table.heading || line.text.find_first_not_of(" \t") == std::string_view::npos)
      return true;
    const std::vector<Field>& fields = split(line.text);
    if (split.fault().is_open && !line.is_whole) return false;
    if (!split.fault().expected.empty()) return reject(split.fault().where, split.fault().expected);
    if (fields.size() != table.names.size()) {
      return reject(line.text, fmt::format("{} fields ({}), not {}", table.names.size(),
                                           fmt::join(table.names, ", "), fields.size()));
    }
    const Field& id = fields[table.id];
    if (!is_id(id.text)) return reject(id.source, expected_id(id.text, "a user id"));
    rows.ids.push_back(id.text);
    rows.lines.push_back(line.number);
    for (std::size_t i = 0; i < layout.wanted.size(); ++i) {
      const std::string_view value = fields[layout.wanted[i]].text;
      rows.columns[i].push_back(value);
      rows.hashes[i] += XXH3_64bits_withSeed(value.data(), value.size(), hash_of(id.text));
    }
    return true;
  };
  text.for_each_record({table.separator, table.names.size()}, begin, add, communicator);
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

/// The row of each of these users, which stand in such lines. Throws DataError for one that is there twice.
StringTable rows_of_users(const StringColumn& ids, const std::vector<std::int64_t>& lines,
                          const fs::path& path) {
  StringTable row_of;
  for (std::size_t row = 0; row < ids.size(); ++row) {
    const std::uint32_t number = row_of.number(ids[row]);
    if (number == row) continue;
    throw base::DataError(
        fmt::format("{}:{}:1: {}: expected a user id of its own; line {} has the same. Correct the file.",
                    path.string(), lines[row], quote(ids[row]), lines[number]));
  }
  return row_of;
}

/// Throws AgreedError (data) for users that are not there. Collective.
void require_all(const std::vector<std::uint8_t>& are_there, const DistinctStrings& users,
                 const fs::path& path, std::string_view whose, std::string_view remedy,
                 mpi::Communicator& communicator) {
  constexpr std::size_t most_named = 3;
  StringColumn missing;
  for (std::size_t i = 0; i < users.size() && missing.size() < most_named; ++i)
    if (are_there[i] == 0) missing.push_back(users.strings[i]);
  std::vector<std::string> named = all_gather_strings(missing, communicator).texts();
  if (named.empty()) return;
  std::ranges::sort(named);
  named.erase(std::unique(named.begin(), named.end()), named.end());
  named.resize(std::min(named.size(), most_named));
  for (std::string& id : named) id = quote(id);
  refuse(path,
         fmt::format("users {} are not in this file, such as {}. {}", whose, fmt::join(named, ", "), remedy));
}

/// What each row has; values[i] is that of users[i].
TextColumn of_rows(const StringColumn& values, const DistinctStrings& users) {
  StringTable table;
  std::vector<std::uint32_t> of_user;
  for (std::size_t i = 0; i < values.size(); ++i) of_user.push_back(table.number(values[i]));
  std::vector<std::uint32_t> codes;
  codes.reserve(users.places.size());
  for (const std::uint32_t user : users.places) codes.push_back(of_user[user]);
  return {std::move(table), std::move(codes)};
}

std::string text_of(const Columns& columns, const std::string& name, std::size_t row) {
  if (const auto texts = columns.strings.find(name); texts != columns.strings.end())
    return std::string(texts->second[row]);
  if (const auto numbers = columns.numbers.find(name); numbers != columns.numbers.end())
    return fmt::to_string(numbers->second[row]);
  return fmt::to_string(columns.decimals.at(name)[row]);
}

/// The text of the rows of each user, unless some user has two; users[i] is the number of that of row i.
template <class Text>
std::optional<StringColumn> one_text_each(const std::vector<std::uint32_t>& users, std::size_t count,
                                          Text text_of_row) {
  std::vector<std::optional<std::size_t>> first_row(count);
  for (std::size_t row = 0; row < users.size(); ++row) {
    std::optional<std::size_t>& first = first_row[users[row]];
    if (first && text_of_row(*first) != text_of_row(row)) return std::nullopt;
    if (!first) first = row;
  }
  StringColumn texts;
  for (const std::optional<std::size_t>& first : first_row) texts.push_back(text_of_row(first.value()));
  return texts;
}

/// Says which columns are read, or that none is.
void report(const UserLayout& layout, const fs::path& path, const UserTable& users) {
  const std::vector<std::string>& columns = users.columns();
  if (!columns.empty())
    return spdlog::info("{}: users, {}: {}", path.string(), layout.table.description(),
                        fmt::join(columns, ", "));
  // Whoever trains on a known data set has not named the file.
  const bool is_named = layout.table.heading > 0 || !layout.table.keys.empty();
  spdlog::log(is_named ? spdlog::level::info : spdlog::level::debug,
              "{}: not read, as no feature needs a column of it ({})", path.string(),
              fmt::join(layout.table.names, ", "));
}

}  // namespace

UserTable::UserTable(const UsersFile& file, const WantedColumns& wanted, BadLines bad_lines,
                     mpi::Communicator& communicator)
    : path_(file.path) {
  const std::vector<TextShare> texts = open_texts(std::span(&path_, 1), communicator);
  const UserLayout layout = layout_of(texts.front().sample(), file.names, file.id_name, wanted, path_);
  for (std::size_t column = 0; column < layout.table.names.size(); ++column) {
    const bool is_read = std::ranges::find(layout.wanted, column) != layout.wanted.end();
    if (column != layout.table.id) (is_read ? columns_ : unread_).push_back(layout.table.names[column]);
  }
  if (communicator.is_root()) report(layout, path_, *this);
  if (columns_.empty()) return;
  const UserRows rows = read_rows(texts.front(), layout, bad_lines, communicator);
  hashes_ = rows.hashes;

  std::vector<std::uint64_t> hashes;
  for (std::size_t row = 0; row < rows.ids.size(); ++row) hashes.push_back(hash_of(rows.ids[row]));
  std::vector<std::size_t> sent;
  const std::vector<std::size_t> order = order_by_owner(hashes, communicator.size(), sent);
  std::vector<std::size_t> received;
  const StringColumn ids = all_to_all_strings(in_order(rows.ids, order), sent, received, communicator);
  for (const StringColumn& column : rows.columns)
    values_.push_back(all_to_all_strings(in_order(column, order), sent, received, communicator));
  std::vector<std::int64_t> lines;
  for (const std::size_t row : order) lines.push_back(rows.lines[row]);
  lines = communicator.all_to_all(std::span<const std::int64_t>(lines), sent, received);
  mpi::agree(communicator, [&] { row_of_ = rows_of_users(ids, lines, path_); });
}

UserTable::UserTable(const Columns& interactions, const WantedColumns& wanted, fs::path path,
                     mpi::Communicator& communicator)
    : path_(std::move(path)) {
  const DistinctStrings users = distinct_strings(interactions.strings.at(user_column));
  const std::vector<std::size_t> sent = users.counts_by_owner(communicator.size());
  std::vector<std::size_t> received;
  const StringColumn ids = all_to_all_strings(users.strings, sent, received, communicator);
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < ids.size(); ++i) rows.push_back(row_of_.number(ids[i]));
  const auto have_all = [&](const std::optional<StringColumn>& texts) {
    return communicator.min(std::int64_t{texts ? 1 : 0}) == 1;
  };
  for (const std::string& name : wanted.names) {
    if (!interactions.has(name)) continue;
    const auto own = one_text_each(users.places, users.size(),
                                   [&](std::size_t row) { return text_of(interactions, name, row); });
    if (!have_all(own)) continue;
    const StringColumn texts = all_to_all_strings(*own, sent, received, communicator);
    auto values = one_text_each(rows, row_of_.size(), [&](std::size_t row) { return texts[row]; });
    if (!have_all(values)) continue;
    columns_.push_back(name);
    values_.push_back(std::move(*values));
  }
}

std::vector<TextColumn> UserTable::of_users(const TextColumn& users, std::string_view whose,
                                            std::string_view remedy, mpi::Communicator& communicator) const {
  const DistinctStrings distinct = distinct_strings(users);
  const std::vector<std::size_t> asked = distinct.counts_by_owner(communicator.size());
  std::vector<std::size_t> answered;
  std::vector<std::size_t> unused;
  const StringColumn ids = all_to_all_strings(distinct.strings, asked, answered, communicator);
  std::vector<std::optional<std::uint32_t>> rows;
  std::vector<std::uint8_t> there;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    rows.push_back(row_of_.find(ids[i]));
    there.push_back(rows.back() ? 1 : 0);
  }
  require_all(communicator.all_to_all(std::span<const std::uint8_t>(there), answered, unused), distinct,
              path_, whose, remedy, communicator);
  std::vector<TextColumn> columns;
  for (const StringColumn& values : values_) {
    StringColumn of_ids;
    for (const std::optional<std::uint32_t>& row : rows) of_ids.push_back(values[*row]);
    columns.push_back(of_rows(all_to_all_strings(of_ids, answered, unused, communicator), distinct));
  }
  return columns;
}

void join_users(const UsersFile& file, const WantedColumns& wanted, BadLines bad_lines, Dataset& dataset,
                mpi::Communicator& communicator) {
  const UserTable table(file, wanted, bad_lines, communicator);
  for (const std::string& name : table.columns()) {
    if (!dataset.interactions.has(name)) continue;
    throw mpi::AgreedError(
        base::ExitCode::usage,
        fmt::format("{}: its column {} is one of the interactions, too; rename one of them",
                    file.path.string(), quote(name)));
  }
  std::ranges::copy(table.unread(), std::back_inserter(dataset.interactions.unread));
  if (table.columns().empty()) return;
  std::vector<TextColumn> columns =
      table.of_users(dataset.interactions.strings.at(user_column), "of the interactions",
                     "Add a line for each, or take their interactions away", communicator);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    add_typed(table.columns()[i], std::move(columns[i]), dataset.interactions, communicator);
    add_column_hash(table.columns()[i], table.hashes()[i], dataset, communicator);
  }
}

}  // namespace gemel::ingest
