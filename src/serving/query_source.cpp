#include "serving/query_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
#include "ingest/text_file.hpp"
#include "mpi/agreement.hpp"
#include "serving/id_lines.hpp"

namespace gemel::serving {
namespace {

/// For what every rank finds alike.
[[noreturn]] void refuse(const std::string& message) {
  throw mpi::AgreedError(base::ExitCode::usage, message);
}

bool needs_number(const features::Encoder& encoder, const std::string& column) {
  return encoder.type_of(column) == features::ColumnType::number;
}

std::int64_t number_of(const NamedValue& value) {
  const std::optional<std::int64_t> number = ingest::parse_number(value.value);
  if (!number)
    refuse(fmt::format("{0}={1}: the model has learned {0} from whole numbers; give one", value.name,
                       value.value));
  return *number;
}

/// Gives all rows of the columns, of which there must be none of that name, the value.
void add_constant(const NamedValue& value, const features::Encoder& encoder, ingest::Columns& columns) {
  if (columns.strings.contains(value.name) || columns.numbers.contains(value.name))
    refuse(fmt::format("{}={}: the queries have a value of {} already; give it once", value.name, value.value,
                       value.name));
  if (needs_number(encoder, value.name)) {
    columns.numbers[value.name].assign(columns.rows, number_of(value));
    return;
  }
  ingest::StringColumn& column = columns.strings[value.name];
  for (std::size_t row = 0; row < columns.rows; ++row) column.push_back(value.value);
}

ingest::StringColumn middle(const ingest::StringColumn& all, std::size_t first, std::size_t count) {
  ingest::StringColumn some;
  for (std::size_t row = first; row < first + count; ++row) some.push_back(all[row]);
  return some;
}

/// Queries that every rank has in memory.
class ListedQueries : public QuerySource {
 public:
  explicit ListedQueries(Queries all) : all_(std::move(all)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(all_.names.size()); }

  std::size_t longest_name(mpi::Communicator&) const override {
    std::size_t longest = 0;
    for (std::size_t i = 0; i < all_.names.size(); ++i) longest = std::max(longest, all_.names[i].size());
    return longest;
  }

  Queries get(std::int64_t first, std::int64_t count, mpi::Communicator&) const override {
    const auto start = static_cast<std::size_t>(first);
    const auto rows = static_cast<std::size_t>(count);
    Queries some;
    some.names = middle(all_.names, start, rows);
    some.columns.rows = rows;
    for (const auto& [name, column] : all_.columns.strings)
      some.columns.strings[name] = middle(column, start, rows);
    for (const auto& [name, column] : all_.columns.numbers) {
      const auto begin = column.begin() + static_cast<std::ptrdiff_t>(start);
      some.columns.numbers[name].assign(begin, begin + static_cast<std::ptrdiff_t>(rows));
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
             std::vector<NamedValue> constants, const features::Encoder& encoder)
      : vocabulary_(vocabulary),
        special_rows_(special_rows),
        constants_(std::move(constants)),
        encoder_(encoder) {}

  std::int64_t size() const override { return vocabulary_.rows - special_rows_; }

  std::size_t longest_name(mpi::Communicator& communicator) const override {
    std::size_t longest = 0;
    for (std::size_t i = 0; i < vocabulary_.strings.size(); ++i)
      longest = std::max(longest, vocabulary_.strings[i].size());
    return static_cast<std::size_t>(communicator.max(static_cast<std::int64_t>(longest)));
  }

  Queries get(std::int64_t first, std::int64_t count, mpi::Communicator& communicator) const override {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
    std::iota(rows.begin(), rows.end(), special_rows_ + first);
    Queries queries;
    queries.names = ingest::strings_at(vocabulary_, rows, communicator);
    queries.columns.rows = rows.size();
    queries.columns.strings[user_column] = queries.names;
    for (const NamedValue& constant : constants_) add_constant(constant, encoder_, queries.columns);
    return queries;
  }

 private:
  const ingest::VocabularyBlock& vocabulary_;
  std::int64_t special_rows_;
  std::vector<NamedValue> constants_;
  const features::Encoder& encoder_;
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
  const ingest::FileSample sample(text, communicator);
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
      if (needs_number(encoder, file.names[i]) && !ingest::parse_number(fields[i].text))
        return errors.add(line, fields[i].source, "a whole number, as the model has learned it from");
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

std::unique_ptr<QuerySource> one_query(const std::vector<NamedValue>& values,
                                       const features::Encoder& encoder) {
  Queries one;
  one.columns.rows = 1;
  std::vector<std::string> texts;
  std::string name;
  for (const NamedValue& value : values) {
    add_constant(value, encoder, one.columns);
    if (value.name == user_column) name = value.value;
    texts.push_back(fmt::format("{}={}", value.name, value.value));
  }
  one.names.push_back(name.empty() ? fmt::format("{}", fmt::join(texts, ",")) : name);
  return std::make_unique<ListedQueries>(std::move(one));
}

std::unique_ptr<QuerySource> queries_of_users(const ingest::StringColumn& users,
                                              const std::vector<NamedValue>& constants,
                                              const features::Encoder& encoder) {
  Queries all;
  all.names = users;
  all.columns.rows = users.size();
  all.columns.strings[user_column] = users;
  for (const NamedValue& constant : constants) add_constant(constant, encoder, all.columns);
  return std::make_unique<ListedQueries>(std::move(all));
}

std::unique_ptr<QuerySource> queries_of_known_users(const std::vector<NamedValue>& constants,
                                                    const features::Encoder& encoder) {
  for (const features::FittedFeature& feature : encoder.features()) {
    if (feature.spec.column != user_column || !feature.spec.kind->is_id()) continue;
    return std::make_unique<KnownUsers>(feature.vocabulary, feature.special_rows(), constants, encoder);
  }
  refuse(
      fmt::format("the model keeps no list of its users, as it has no feature {}:lookup; name them in a file "
                  "with --users FILE",
                  user_column));
}

std::unique_ptr<QuerySource> read_queries(const std::string& path, const std::vector<NamedValue>& constants,
                                          const features::Encoder& encoder, mpi::Communicator& communicator) {
  QueryFile file = read_query_file(path, encoder, communicator);
  Queries all;
  all.names = names_of(file);
  all.columns.rows = all.names.size();
  for (std::size_t i = 0; i < file.names.size(); ++i) {
    if (!needs_number(encoder, file.names[i])) {
      all.columns.strings[file.names[i]] = std::move(file.columns[i]);
      continue;
    }
    std::vector<std::int64_t>& numbers = all.columns.numbers[file.names[i]];
    for (std::size_t row = 0; row < all.columns.rows; ++row)
      numbers.push_back(*ingest::parse_number(file.columns[i][row]));
  }
  for (const NamedValue& constant : constants) add_constant(constant, encoder, all.columns);
  return std::make_unique<ListedQueries>(std::move(all));
}

}  // namespace gemel::serving
