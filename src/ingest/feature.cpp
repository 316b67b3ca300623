#include "gemel/ingest/feature.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "gemel/base/error.hpp"
#include "gemel/ingest/delimited_reader.hpp"

namespace gemel::ingest {
namespace {

struct KindSyntax {
  FeatureKind kind;
  std::string_view name;
  std::string_view usage;
  std::int64_t least;  // the least N; 0 for a kind without
};

constexpr KindSyntax kinds[] = {
    {FeatureKind::lookup, "lookup", "lookup", 0},
    {FeatureKind::bucketize, "bucketize", "bucketize(N)", 2},
    {FeatureKind::normalize, "normalize", "normalize", 0},
    {FeatureKind::text, "text", "text(N)", 3},
};

/// Rows of a table are numbered in 32 bits.
constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() - 1;

const KindSyntax& syntax_of(FeatureKind kind) {
  return *std::find_if(std::begin(kinds), std::end(kinds),
                       [&](const KindSyntax& syntax) { return syntax.kind == kind; });
}

/// The parser of one declaration, which its errors quote.
class Parser {
 public:
  explicit Parser(std::string_view declaration) : declaration_(declaration) {}

  FeatureSpec parse(std::size_t default_dim) const {
    std::vector<std::string_view> parts;
    std::string_view rest = declaration_;
    for (std::size_t colon = rest.find(':'); colon != std::string_view::npos; colon = rest.find(':')) {
      parts.push_back(rest.substr(0, colon));
      rest.remove_prefix(colon + 1);
    }
    parts.push_back(rest);
    if (parts.size() < 2) fail("it names no KIND");
    if (parts.size() > 3) fail("it has more than three parts");
    if (parts[0].empty()) fail("it names no COLUMN");

    FeatureSpec spec;
    spec.column = parts[0];
    parse_kind(parts[1], spec);
    if (spec.kind == FeatureKind::normalize) {
      if (parts.size() == 3) fail("normalize is one number and takes no DIM");
      return spec;
    }
    spec.dim = parts.size() == 3 ? static_cast<std::size_t>(number(parts[2], "DIM", 1)) : default_dim;
    if (spec.dim == 0) fail("DIM must be at least 1");
    return spec;
  }

 private:
  void parse_kind(std::string_view text, FeatureSpec& spec) const {
    const std::size_t open = text.find('(');
    const std::string_view name = text.substr(0, open);
    const auto* syntax =
        std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& k) { return k.name == name; });
    if (syntax == std::end(kinds)) fail(fmt::format("there is no kind \"{}\"", name));
    spec.kind = syntax->kind;
    const bool has_number = open != std::string_view::npos;
    if (has_number && text.back() != ')') fail("a bracket is not closed");
    if (has_number != (syntax->least > 0)) fail(fmt::format("{} is written {}", name, syntax->usage));
    if (has_number) spec.size = number(text.substr(open + 1, text.size() - open - 2), "N", syntax->least);
  }

  std::int64_t number(std::string_view text, std::string_view what, std::int64_t least) const {
    const std::optional<std::int64_t> value = parse_number(text);
    if (!value || *value < least || *value > most) {
      fail(fmt::format("{} must be a whole number from {} to {}, not \"{}\"", what, least, most, text));
    }
    return *value;
  }

  [[noreturn]] void fail(std::string_view reason) const {
    std::vector<std::string_view> usages;
    for (const KindSyntax& syntax : kinds) usages.push_back(syntax.usage);
    throw base::UsageError(
        fmt::format("feature \"{}\": {}. Write COLUMN:KIND or COLUMN:KIND:DIM, with KIND one of {}.",
                    declaration_, reason, fmt::join(usages, ", ")));
  }

  std::string_view declaration_;
};

}  // namespace

std::string FeatureSpec::name() const {
  return fmt::format("{}_{}", column, syntax_of(kind).name);
}

std::string FeatureSpec::declaration() const {
  std::string text = fmt::format("{}:{}", column, syntax_of(kind).name);
  if (syntax_of(kind).least > 0) text += fmt::format("({})", size);
  if (has_table()) text += fmt::format(":{}", dim);
  return text;
}

FeatureSpec parse_feature(std::string_view declaration, std::size_t default_dim) {
  return Parser(declaration).parse(default_dim);
}

std::size_t FittedFeature::table_rows() const {
  switch (spec.kind) {
    case FeatureKind::lookup:
    case FeatureKind::text:
      return vocabulary.size();
    case FeatureKind::bucketize:
      return static_cast<std::size_t>(spec.size) + 1;
    case FeatureKind::normalize:
      break;
  }
  return 0;
}

std::vector<double> linspace(double first, double last, std::int64_t count) {
  base::require(count >= 2, "linspace: fewer than two points");
  std::vector<double> points(static_cast<std::size_t>(count));
  const double step = (last - first) / static_cast<double>(count - 1);
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = static_cast<double>(i) * step + first;
  points.back() = last;
  return points;
}

void append_table_rows(FeatureKind kind, std::size_t feature, const FeatureRows& rows,
                       std::span<const std::int32_t> selection, std::vector<std::int64_t>& table_rows) {
  for (const std::int32_t row : selection) {
    if (row < 0) continue;
    const std::uint32_t word = rows.words[static_cast<std::size_t>(row) * rows.features + feature];
    if (kind == FeatureKind::text) {
      const RowLists& lists = rows.lists[feature];
      table_rows.insert(table_rows.end(), lists.rows.begin() + lists.offsets[word],
                        lists.rows.begin() + lists.offsets[word + 1]);
    } else {
      table_rows.push_back(word);
    }
  }
}

}  // namespace gemel::ingest
