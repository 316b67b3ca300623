#include "serving/query_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "ingest/block_strings.hpp"
#include "ingest/delimited_reader.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/format_guess.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/pair_columns.hpp"
#include "ingest/text_file.hpp"
#include "mpi/agreement.hpp"
#include "serving/id_lines.hpp"
#include "serving/vector_source.hpp"

namespace gemel::serving {
namespace {

/// For what every rank finds alike.
[[noreturn]] void refuse(const std::string& message) {
  throw mpi::AgreedError(base::ExitCode::usage, message);
}

bool needs_number(const features::Encoder& encoder, const std::string& column) {
  return encoder.type_of(column) == features::ColumnType::number;
}

bool is_needed(const features::Encoder& encoder, const std::string& column) {
  const std::vector<std::string> needed = encoder.columns();
  return std::ranges::find(needed, column) != needed.end();
}

/// "timestamp=NUMBER"
std::string placeholder(const features::Encoder& encoder, const std::string& column) {
  return fmt::format("{}={}", column, needs_number(encoder, column) ? "NUMBER" : "TEXT");
}

/// The latest time that a feature of queries has learned from.
std::optional<std::int64_t> latest_time(const features::Encoder& encoder) {
  std::optional<std::int64_t> latest;
  for (const features::FittedFeature& feature : encoder.features())
    if (feature.spec.column == time_column) latest = std::max(latest, feature.spec.kind->greatest());
  return latest;
}

/// Throws AgreedError (usage) for a value that no feature needs, and for one that the queries have already.
void check_constants(const std::vector<NamedValue>& constants, const std::vector<std::string>& own,
                     const features::Encoder& encoder) {
  std::vector<std::string> given = own;
  for (const NamedValue& value : constants) {
    const std::string option = fmt::format("--query {}={}", value.name, value.value);
    if (value.name != user_column && !is_needed(encoder, value.name)) {
      refuse(fmt::format("{}: the model has no such feature; its queries are made of {}", option,
                         fmt::join(encoder.columns(), ", ")));
    }
    if (std::ranges::find(given, value.name) != given.end())
      refuse(fmt::format("{}: the queries have a value of {} already; give it once", option, value.name));
    given.push_back(value.name);
  }
}

bool has_value(const std::string& column, const std::vector<NamedValue>& constants,
               const std::vector<std::string>& own) {
  return std::ranges::find(own, column) != own.end() ||
         std::ranges::find(constants, column, &NamedValue::name) != constants.end();
}

/// What all queries have alike, which have columns of their own. Throws AgreedError (usage) for values too many or too few.
std::vector<NamedValue> settle_constants(std::vector<NamedValue> constants,
                                         const std::vector<std::string>& own,
                                         const features::Encoder& encoder) {
  check_constants(constants, own, encoder);
  constants = with_time(std::move(constants), own, encoder);
  std::vector<std::string> missing;
  for (const std::string& column : encoder.columns())
    if (!has_value(column, constants, own)) missing.push_back("--query " + placeholder(encoder, column));
  if (missing.empty()) return constants;
  refuse(fmt::format("queries are made of {}, and not all of it is given; add {}",
                     fmt::join(encoder.columns(), ", "), fmt::join(missing, " ")));
}

/// The columns that queries need, have neither themselves nor as constants, and are known of users.
std::vector<std::string> columns_to_look_up(const std::vector<NamedValue>& constants,
                                            const std::vector<std::string>& own,
                                            const features::Encoder& encoder, const UserValues* users) {
  std::vector<std::string> names;
  if (users == nullptr || !has_value(user_column, constants, own)) return names;
  for (const std::string& name : users->columns())
    if (is_needed(encoder, name) && !has_value(name, constants, own)) names.push_back(name);
  return names;
}

/// The columns of these queries, with constants that all of them have, and what is known of their users. Throws as settle_constants and
/// UserValues::add(). Collective.
void complete(Queries& queries, const std::vector<NamedValue>& constants, const features::Encoder& encoder,
              const UserValues* users) {
  std::vector<std::string> own;
  for (const auto& [name, column] : queries.columns.strings) own.push_back(name);
  for (const auto& [name, column] : queries.columns.numbers) own.push_back(name);
  for (const auto& [name, column] : queries.columns.decimals) own.push_back(name);
  const std::vector<std::string> looked_up = columns_to_look_up(constants, own, encoder, users);
  own.insert(own.end(), looked_up.begin(), looked_up.end());
  for (const NamedValue& constant : settle_constants(constants, own, encoder))
    add_constant(constant, encoder, queries.columns);
  if (!looked_up.empty()) users->add(looked_up, queries.columns);
}

/// Queries that every rank has in memory.
class ListedQueries : public QuerySource {
 public:
  explicit ListedQueries(Queries all) : all_(std::move(all)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(all_.names.size()); }
  bool has_users() const override { return all_.columns.strings.contains(user_column); }

  std::size_t longest_name(mpi::Communicator& communicator) const override {
    return longest(all_.names, communicator);
  }

  Queries get(std::int64_t first, std::int64_t count, mpi::Communicator&) const override {
    const auto start = static_cast<std::size_t>(first);
    const auto rows = static_cast<std::size_t>(count);
    Queries some;
    some.names = middle_strings(all_.names, start, rows);
    some.columns.rows = rows;
    for (const auto& [name, column] : all_.columns.strings)
      some.columns.strings[name] = column.rows(start, rows);
    for (const auto& [name, column] : all_.columns.numbers) {
      const auto begin = column.begin() + static_cast<std::ptrdiff_t>(start);
      some.columns.numbers[name].assign(begin, begin + static_cast<std::ptrdiff_t>(rows));
    }
    for (const auto& [name, column] : all_.columns.decimals) {
      const auto begin = column.begin() + static_cast<std::ptrdiff_t>(start);
      some.columns.decimals[name].assign(begin, begin + static_cast<std::ptrdiff_t>(rows));
    }
    return some;
  }

 private:
  Queries all_;
};

/// The users of a vocabulary that is spread over the ranks.
class KnownUsers : public QuerySource {
 public:
  KnownUsers(const ingest::VocabularyBlock& vocabulary, std::int64_t special_rows,
             const std::vector<NamedValue>& constants, const features::Encoder& encoder,
             const UserValues* users)
      : vocabulary_(vocabulary),
        special_rows_(special_rows),
        constants_(constants),
        encoder_(encoder),
        users_(users) {}

  std::int64_t size() const override { return vocabulary_.rows - special_rows_; }
  bool has_users() const override { return true; }

  std::size_t longest_name(mpi::Communicator& communicator) const override {
    return longest(vocabulary_.strings, communicator);
  }

  Queries get(std::int64_t first, std::int64_t count, mpi::Communicator& communicator) const override {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
    std::iota(rows.begin(), rows.end(), special_rows_ + first);
    Queries queries;
    queries.names = ingest::strings_at(vocabulary_, rows, communicator);
    queries.columns.rows = rows.size();
    queries.columns.strings[user_column] = queries.names;
    complete(queries, constants_, encoder_, users_);
    return queries;
  }

 private:
  const ingest::VocabularyBlock& vocabulary_;
  std::int64_t special_rows_;
  std::vector<NamedValue> constants_;
  const features::Encoder& encoder_;
  const UserValues* users_;
};

/// The columns of a file of queries, as texts.
struct QueryFile {
  std::vector<std::string> names;
  std::vector<ingest::StringColumn> columns;
  ingest::StringColumn line_numbers;
};

void read_heading(const std::vector<ingest::Field>& fields, const std::string& path, QueryFile& file) {
  for (const ingest::Field& field : fields) {
    const std::string name(field.text);
    if (name.empty() || std::ranges::count(file.names, name) > 0) {
      throw mpi::AgreedError(
          base::ExitCode::data,
          fmt::format("{}:1: column {}, {}, {}; the first line names the columns, each once", path,
                      file.names.size() + 1, ingest::quote(name),
                      name.empty() ? "has no name" : "is there twice"));
    }
    file.names.push_back(name);
  }
  file.columns.resize(file.names.size());
}

/// Throws AgreedError (data) that names the lines whose fields are not those of the heading, or no numbers where `needs_number`. Every
/// rank has all lines.
QueryFile read_query_file(const std::string& path, const features::Encoder& encoder,
                          mpi::Communicator& communicator) {
  const std::filesystem::path given = readable_path(path);
  const ingest::DelimitedText text =
      ingest::as_utf8(ingest::read_whole(given, "\t", communicator), given, communicator);
  const ingest::FileSample sample(text.text());
  if (sample.lines().empty()) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format("{}: this file is empty; its first line is to name the columns, such as "
                    "user_id,timestamp",
                    given.string()));
  }
  ingest::FieldSplitter split(ingest::choose_separator(sample.lines()));
  ingest::LineErrors errors(given);
  QueryFile file;
  text.for_each_line([&](const ingest::Line& line) {
    if (line.text.find_first_not_of(" \t") == std::string_view::npos) return;
    const std::vector<ingest::Field>& fields = split(line.text);
    if (!split.fault().where.empty()) return errors.add(line, split.fault().where, split.fault().expected);
    if (file.names.empty()) return read_heading(fields, given.string(), file);
    if (fields.size() != file.names.size())
      return errors.add(line, line.text, fmt::format("{} fields, as the first line has", file.names.size()));
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (needs_number(encoder, file.names[i]) && !ingest::parse_decimal(fields[i].text))
        return errors.add(line, fields[i].source, "a number, as the model has learned it from");
    }
    for (std::size_t i = 0; i < fields.size(); ++i) file.columns[i].push_back(fields[i].text);
    file.line_numbers.push_back(fmt::to_string(line.number));
  });
  auto alone = mpi::Communicator::self();
  errors.throw_if_any("Correct these lines.", alone);
  if (file.line_numbers.empty()) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format("{}: there are no queries below the first line, which names the columns",
                    given.string()));
  }
  return file;
}

ingest::StringColumn names_of(const QueryFile& file) {
  for (const char* column : {"query", user_column}) {
    const auto found = std::ranges::find(file.names, column);
    if (found != file.names.end()) return file.columns[static_cast<std::size_t>(found - file.names.begin())];
  }
  return file.line_numbers;
}

}  // namespace

std::vector<NamedValue> with_time(std::vector<NamedValue> values, const std::vector<std::string>& own,
                                  const features::Encoder& encoder) {
  if (!is_needed(encoder, time_column) || has_value(time_column, values, own)) return values;
  if (const std::optional<std::int64_t> latest = latest_time(encoder)) {
    spdlog::info("the time of queries is {}, the latest that the model has learned from", *latest);
    values.push_back({time_column, fmt::to_string(*latest)});
  }
  return values;
}

std::unique_ptr<QuerySource> one_query(const std::vector<NamedValue>& values,
                                       const features::Encoder& encoder, const UserValues* users) {
  Queries one;
  one.columns.rows = 1;
  std::vector<std::string> texts;
  std::string name;
  for (const NamedValue& value : values) {
    if (value.name == user_column) name = value.value;
    texts.push_back(fmt::format("{}={}", value.name, value.value));
  }
  one.names.push_back(name.empty() ? fmt::format("{}", fmt::join(texts, ",")) : name);
  complete(one, values, encoder, users);
  return std::make_unique<ListedQueries>(std::move(one));
}

std::unique_ptr<QuerySource> queries_of_users(const ingest::StringColumn& users,
                                              const std::vector<NamedValue>& constants,
                                              const features::Encoder& encoder, const UserValues* known) {
  Queries all;
  all.names = users;
  all.columns.rows = users.size();
  all.columns.strings[user_column] = users;
  complete(all, constants, encoder, known);
  return std::make_unique<ListedQueries>(std::move(all));
}

std::unique_ptr<QuerySource> queries_of_known_users(const std::vector<NamedValue>& constants,
                                                    const features::Encoder& encoder,
                                                    const UserValues* users) {
  for (const features::FittedFeature& feature : encoder.features()) {
    if (feature.spec.column != user_column || !feature.spec.kind->is_id()) continue;
    std::vector<std::string> own = columns_to_look_up(constants, {user_column}, encoder, users);
    own.emplace_back(user_column);
    return std::make_unique<KnownUsers>(feature.vocabulary, feature.special_rows(),
                                        settle_constants(constants, own, encoder), encoder, users);
  }
  refuse(
      fmt::format("the model keeps no list of its users, as it has no feature {}:lookup; name them in a file "
                  "with --users FILE",
                  user_column));
}

std::unique_ptr<QuerySource> read_queries(const std::string& path, const std::vector<NamedValue>& constants,
                                          const features::Encoder& encoder, const UserValues* users,
                                          mpi::Communicator& communicator) {
  QueryFile file = read_query_file(path, encoder, communicator);
  Queries all;
  all.names = names_of(file);
  all.columns.rows = all.names.size();
  for (std::size_t i = 0; i < file.names.size(); ++i) {
    if (!needs_number(encoder, file.names[i])) {
      all.columns.strings[file.names[i]] = std::move(file.columns[i]);
      continue;
    }
    std::vector<double>& numbers = all.columns.decimals[file.names[i]];
    for (std::size_t row = 0; row < all.columns.rows; ++row)
      numbers.push_back(*ingest::parse_decimal(file.columns[i][row]));
  }
  complete(all, constants, encoder, users);
  return std::make_unique<ListedQueries>(std::move(all));
}

}  // namespace gemel::serving
