#include "features/kinds.hpp"

#include <fmt/format.h>

namespace gemel::features {

// Each stands in kinds/, in the file of its name.
KindSyntax lookup_syntax();
KindSyntax hash_syntax();
KindSyntax bucketize_syntax();
KindSyntax quantiles_syntax();
KindSyntax normalize_syntax();
KindSyntax text_syntax();
KindSyntax list_syntax();
KindSyntax bias_syntax();

std::span<const KindSyntax> kinds() {
  static const KindSyntax all[] = {lookup_syntax(),    hash_syntax(), bucketize_syntax(), quantiles_syntax(),
                                   normalize_syntax(), text_syntax(), list_syntax(),      bias_syntax()};
  return all;
}

std::string kinds_help() {
  std::string help = "KIND is ";
  for (const KindSyntax& syntax : kinds()) {
    if (&syntax != &kinds().front()) help += &syntax == &kinds().back() ? " or " : ", ";
    help += fmt::format("{} ({})", syntax.usage, syntax.help);
  }
  return help;
}

}  // namespace gemel::features
