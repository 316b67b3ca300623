#include "checkpoint/long_texts.hpp"

#include <algorithm>
#include <string_view>

#include "hdf5/text_rows.hpp"

namespace gemel::checkpoint {
namespace {

constexpr std::size_t never_cut = 256;        // bytes
constexpr std::size_t longest_character = 4;  // bytes of one in UTF-8

/// From the longest down to one character, each a twentieth shorter than the one before.
std::vector<std::size_t> widths_to_try(std::size_t longest) {
  std::vector<std::size_t> widths;
  for (std::size_t width = longest; width > longest_character; width -= width / 20 + 1)
    widths.push_back(width);
  widths.push_back(longest_character);
  return widths;
}

/// The bytes at the beginning of `text` that are at most `width` and end with a character.
std::size_t cut(std::string_view text, std::size_t width) {
  if (text.size() <= width) return text.size();
  const auto continues = [&](std::size_t place) {
    return (static_cast<unsigned char>(text[place]) & 0xc0) == 0x80;
  };
  for (std::size_t end = width; end + longest_character > width && end > 0; --end) {
    if (!continues(end)) return end;
  }
  return width;  // not UTF-8
}

}  // namespace

std::size_t text_width(std::span<const std::string> own, std::size_t rows, mpi::Communicator& communicator) {
  const auto longest =
      static_cast<std::size_t>(communicator.max(static_cast<std::int64_t>(hdf5::longest_text(own))));
  if (longest <= never_cut) return longest;
  const std::vector<std::size_t> widths = widths_to_try(longest);
  std::vector<std::int64_t> pieces(widths.size() + 1,
                                   0);  // beyond the rows, for each width; and the bytes of all texts
  for (const std::string& text : own) {
    pieces.back() += static_cast<std::int64_t>(text.size());
    for (std::size_t i = widths.size(); i > 0 && text.size() > widths[i - 1]; --i)
      pieces[i - 1] += static_cast<std::int64_t>((text.size() - 1) / widths[i - 1]);
  }
  communicator.sum(std::span(pieces));
  const auto bytes = [&](std::size_t i) {
    return (rows + static_cast<std::size_t>(pieces[i])) * widths[i] +
           static_cast<std::size_t>(pieces[i]) * sizeof(std::int64_t);
  };
  std::size_t best = 0;
  for (std::size_t i = 0; i < widths.size() && bytes(best) > 2 * static_cast<std::size_t>(pieces.back());
       ++i) {
    if (bytes(i) < bytes(best)) best = i;
  }
  return widths[best];
}

CutTexts cut_texts(std::span<const std::string> texts, std::int64_t first, std::size_t width) {
  CutTexts result;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::string_view text = texts[i];
    const auto take = [&] {
      const std::string piece(text.substr(0, cut(text, width)));
      text.remove_prefix(piece.size());
      return piece;
    };
    result.beginnings.push_back(take());
    while (!text.empty()) {
      result.rest.push_back(take());
      result.rest_rows.push_back(first + static_cast<std::int64_t>(i));
    }
  }
  return result;
}

}  // namespace gemel::checkpoint
