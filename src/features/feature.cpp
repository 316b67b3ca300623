#include "features/feature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "features/kinds.hpp"

namespace gemel::features {
namespace {

constexpr std::int64_t most_dim = std::numeric_limits<std::int32_t>::max() - 1;

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
    const std::optional<std::string_view> dim = parse_kind(declaration_.substr(colon + 1), spec.kind);
    if (dim && dim->find(':') != std::string_view::npos) fail("it has more than three parts");
    if (!spec.has_table() || spec.is_bias()) {
      if (dim) fail(fmt::format("{} is one number and takes no DIM", spec.kind->name()));
      spec.dim = spec.has_table() ? 1 : 0;
      return spec;
    }
    spec.dim = dim ? static_cast<std::size_t>(argument(*dim).whole_number("DIM", 1, most_dim)) : default_dim;
    if (spec.dim == 0) fail("DIM must be at least 1");
    return spec;
  }

 private:
  /// Parses the KIND with which `text` begins, and returns what comes after the colon that follows, if there is one.
  std::optional<std::string_view> parse_kind(std::string_view text, std::shared_ptr<const Kind>& kind) const {
    const std::size_t name_end = std::min(text.find_first_of(":("), text.size());
    const std::string_view name = text.substr(0, name_end);
    const auto syntax = std::ranges::find(kinds(), name, &KindSyntax::name);
    if (syntax == kinds().end()) fail(fmt::format("there is no kind \"{}\"", name));
    std::string_view rest = text.substr(name_end);
    const bool has_argument = rest.starts_with('(');
    const std::size_t close = rest.rfind(')');
    if (has_argument && close == std::string_view::npos) fail("a bracket is not closed");
    if (has_argument != syntax->has_argument()) fail(fmt::format("{} is written {}", name, syntax->usage));
    kind = syntax->make(argument(has_argument ? rest.substr(1, close - 1) : ""));
    if (has_argument) rest.remove_prefix(close + 1);
    if (rest.empty()) return std::nullopt;
    if (rest.front() != ':') fail(fmt::format("\"{}\" follows the closing bracket", rest));
    return rest.substr(1);
  }

  KindArgument argument(std::string_view text) const { return {declaration_, text}; }

  [[noreturn]] void fail(std::string_view reason) const { argument({}).refuse(reason); }

  std::string_view declaration_;
};

}  // namespace

std::string FeatureSpec::name() const {
  return fmt::format("{}_{}", column, kind->name());
}

std::string FeatureSpec::declaration() const {
  std::string text = fmt::format("{}:{}", column, kind->name());
  if (const std::string argument = kind->argument(); !argument.empty()) text += fmt::format("({})", argument);
  if (has_table() && !is_bias()) text += fmt::format(":{}", dim);
  return text;
}

std::size_t FeatureSpec::width() const {
  if (is_bias()) return 0;
  return has_table() ? dim : 1;
}

FeatureSpec parse_feature(std::string_view declaration, std::size_t default_dim) {
  return Parser(declaration).parse(default_dim);
}

}  // namespace gemel::features
