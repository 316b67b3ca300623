#include "features/feature.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <ranges>

#include "base/error.hpp"
#include "features/text.hpp"
#include "ingest/delimited_reader.hpp"

namespace gemel::features {
namespace {

constexpr std::int64_t most_dim = std::numeric_limits<std::int32_t>::max() - 1;

struct KindSyntax {
  FeatureKind kind;
  std::string_view name;
  std::string_view usage;
  std::int64_t least = 0;  // the least N, and the greatest; 0 for a kind without
  std::int64_t most = 0;

  bool has_argument() const { return usage != name; }
};

constexpr KindSyntax kinds[] = {
    {FeatureKind::lookup, "lookup", "lookup"},
    {FeatureKind::hash, "hash", "hash(N)", 1, ingest::most_table_rows},
    {FeatureKind::bucketize, "bucketize", "bucketize(N)", 2, ingest::most_table_rows - 1},
    {FeatureKind::normalize, "normalize", "normalize"},
    {FeatureKind::text, "text", "text(N)", 3, ingest::most_table_rows},
    {FeatureKind::list, "list", "list(SEP)"},
    {FeatureKind::bias, "bias", "bias"},
};

const KindSyntax& syntax_of(FeatureKind kind) {
  return *std::find_if(std::begin(kinds), std::end(kinds),
                       [&](const KindSyntax& syntax) { return syntax.kind == kind; });
}

/// The whole number that `text` is in digits, or as 1e6 is; nothing when it is none or does not fit.
std::optional<std::int64_t> parse_count(std::string_view text) {
  const std::size_t e = text.find('e');
  const auto digits_only = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  std::optional<std::int64_t> value = ingest::parse_number(text.substr(0, e));
  if (e == std::string_view::npos || !value) return value;
  const std::string_view exponent = text.substr(e + 1);
  if (!digits_only(text.substr(0, e)) || !digits_only(exponent) || exponent.size() > 2) return std::nullopt;
  for (std::int64_t zeros = *ingest::parse_number(exponent); zeros > 0; --zeros) {
    if (*value > std::numeric_limits<std::int64_t>::max() / 10) return std::nullopt;
    *value *= 10;
  }
  return value;
}

/// The parser of one declaration, which its errors quote.
class Parser {
 public:
  explicit Parser(std::string_view declaration) : declaration_(declaration) {}

  FeatureSpec parse(std::size_t default_dim) const {
    const std::size_t colon = declaration_.find(':');
    if (colon == std::string_view::npos) fail("it names no KIND");
    if (colon == 0) fail("it names no COLUMN");
    FeatureSpec spec;
    spec.column = declaration_.substr(0, colon);
    const std::optional<std::string_view> dim = parse_kind(declaration_.substr(colon + 1), spec);
    if (dim && dim->find(':') != std::string_view::npos) fail("it has more than three parts");
    if (spec.kind == FeatureKind::normalize) {
      if (dim) fail("normalize is one number and takes no DIM");
      return spec;
    }
    if (spec.kind == FeatureKind::bias) {
      if (dim) fail("bias is one number and takes no DIM");
      spec.dim = 1;
      return spec;
    }
    spec.dim = dim ? static_cast<std::size_t>(number(*dim, "DIM", 1, most_dim)) : default_dim;
    if (spec.dim == 0) fail("DIM must be at least 1");
    return spec;
  }

 private:
  /// Parses the KIND with which `text` begins, and returns what comes after the colon that follows, if there is one.
  std::optional<std::string_view> parse_kind(std::string_view text, FeatureSpec& spec) const {
    const std::size_t name_end = std::min(text.find_first_of(":("), text.size());
    const std::string_view name = text.substr(0, name_end);
    const auto* syntax =
        std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& k) { return k.name == name; });
    if (syntax == std::end(kinds)) fail(fmt::format("there is no kind \"{}\"", name));
    spec.kind = syntax->kind;
    std::string_view rest = text.substr(name_end);
    const bool has_argument = rest.starts_with('(');
    const std::size_t close = rest.rfind(')');
    if (has_argument && close == std::string_view::npos) fail("a bracket is not closed");
    if (has_argument != syntax->has_argument()) fail(fmt::format("{} is written {}", name, syntax->usage));
    if (has_argument) {
      parse_argument(rest.substr(1, close - 1), *syntax, spec);
      rest.remove_prefix(close + 1);
    }
    if (rest.empty()) return std::nullopt;
    if (rest.front() != ':') fail(fmt::format("\"{}\" follows the closing bracket", rest));
    return rest.substr(1);
  }

  void parse_argument(std::string_view text, const KindSyntax& syntax, FeatureSpec& spec) const {
    if (syntax.kind != FeatureKind::list) {
      spec.size = number(text, "N", syntax.least, syntax.most);
      return;
    }
    if (text.empty()) fail("SEP must be at least one character");
    spec.separator = text;
  }

  std::int64_t number(std::string_view text, std::string_view what, std::int64_t least,
                      std::int64_t most) const {
    const std::optional<std::int64_t> value = parse_count(text);
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
  if (kind == FeatureKind::list) {
    text += fmt::format("({})", separator);
  } else if (syntax_of(kind).has_argument()) {
    text += fmt::format("({})", size);
  }
  if (width() > 0 && has_table()) text += fmt::format(":{}", dim);
  return text;
}

FeatureSpec parse_feature(std::string_view declaration, std::size_t default_dim) {
  return Parser(declaration).parse(default_dim);
}

std::int64_t FittedFeature::table_rows() const {
  switch (spec.kind) {
    case FeatureKind::lookup:
    case FeatureKind::text:
    case FeatureKind::list:
    case FeatureKind::bias:
      return vocabulary.rows;
    case FeatureKind::hash:
      return spec.size;
    case FeatureKind::bucketize:
      return spec.size + 1;
    case FeatureKind::normalize:
      break;
  }
  return 0;
}

std::int64_t FittedFeature::special_rows() const {
  switch (spec.kind) {
    case FeatureKind::lookup:
    case FeatureKind::list:
    case FeatureKind::bias:
      return ingest::VocabularyDirectory::special_rows;
    case FeatureKind::text:
      return static_cast<std::int64_t>(special_token_rows);
    case FeatureKind::hash:
    case FeatureKind::bucketize:
    case FeatureKind::normalize:
      break;
  }
  return 0;
}

Linspace::Linspace(double first, double last, std::int64_t count)
    : first_(first), last_(last), count_(count), step_((last - first) / static_cast<double>(count - 1)) {
  base::require(count >= 2, "Linspace: fewer than two points");
}

std::int64_t Linspace::count_not_above(double value) const {
  const auto numbers = std::views::iota(std::int64_t{0}, count_);
  return *std::ranges::partition_point(numbers, [&](std::int64_t i) { return point(i) <= value; });
}

}  // namespace gemel::features
