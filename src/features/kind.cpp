#include "features/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <optional>

#include "base/error.hpp"
#include "features/kinds.hpp"
#include "features/vocabulary_index.hpp"
#include "ingest/delimited_reader.hpp"

namespace gemel::features {
namespace {

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

}  // namespace

std::unique_ptr<const VocabularyIndex> Kind::index(const ingest::VocabularyBlock&, std::string_view,
                                                   mpi::Communicator&) const {
  return nullptr;
}

void Kind::write(nlohmann::ordered_json&) const {}
void Kind::read(const nlohmann::json&) {}

void Kind::require_learned(bool is_possible, std::string_view what) const {
  if (!is_possible) throw base::UsageError(fmt::format("a feature of the kind {} has {}", name(), what));
}

std::int64_t KindArgument::whole_number(std::string_view what, std::int64_t least, std::int64_t most) const {
  const std::optional<std::int64_t> value = parse_count(text_);
  if (!value || *value < least || *value > most) {
    refuse(fmt::format("{} must be a whole number from {} to {}, not \"{}\"", what, least, most, text_));
  }
  return *value;
}

void KindArgument::refuse(std::string_view reason) const {
  std::vector<std::string_view> usages;
  for (const KindSyntax& syntax : kinds()) usages.push_back(syntax.usage);
  throw base::UsageError(
      fmt::format("feature \"{}\": {}. Write COLUMN:KIND or COLUMN:KIND:DIM, with KIND one of {}.",
                  declaration_, reason, fmt::join(usages, ", ")));
}

}  // namespace gemel::features
