#include "ingest/text_encoding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gemel::ingest {
namespace {

using namespace std::string_literals;

/// UTF-8 by its definition (RFC 3629).
std::string utf8_of(unsigned code) {
  const auto byte = [](unsigned bits) { return static_cast<char>(bits); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f))};
  if (code < 0x10000)
    return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f))};
  return {byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)),
          byte(0x80 | (code & 0x3f))};
}

TEST(TextEncoding, KnowsEveryCharacterOfUtf8) {
  int wrong = 0;
  for (unsigned code = 0; code < 0x110000; ++code) {
    const std::string text = utf8_of(code);
    const bool is_surrogate = code >= 0xd800 && code < 0xe000;
    wrong += utf8_character(text + "x") != (is_surrogate ? 0 : text.size());
    if (text.size() > 1) wrong += utf8_character(text.substr(0, text.size() - 1)) != 0;
  }
  EXPECT_EQ(wrong, 0);
  for (const char* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3(", "\xe2\x82("}) {
    EXPECT_EQ(utf8_character(text), 0U) << text;
  }
  EXPECT_EQ(utf8_character(""), 0U);
}

TEST(TextEncoding, FindsTheFirstOfEachKindWhereverItIs) {
  for (const std::size_t before : {0, 1, 7, 63, 64, 65, 200}) {
    const std::string text(before, 'x');
    for (const char* after :
         {"", "y", "0123456789012345678901234567890123456789012345678901234567890123456789"}) {
      const auto scan = [&](const std::string& what) { return scan_text(text + what + after); };
      EXPECT_TRUE(scan("a\tb\r\nc\n").is_utf8());
      EXPECT_FALSE(scan("a\tb\r\nc\n").fault);
      EXPECT_FALSE(scan("a").has_multibyte());
      EXPECT_EQ(scan("a\0b\1"s).fault, TextFault::nul);
      EXPECT_EQ(scan("a\0b\1"s).fault_at, before + 1);
      EXPECT_EQ(scan("\x1f").fault, TextFault::control);
      EXPECT_EQ(scan("\x7f").fault, TextFault::control);
      EXPECT_EQ(scan("a\rb").fault, TextFault::carriage_return);
      EXPECT_EQ(scan("a\r\r\n").fault_at, before + 1);
      EXPECT_EQ(scan("\xef\xbb\xbf").fault, TextFault::byte_order_mark);
      EXPECT_EQ(scan("a\xc3\xa9\xe2\x82\xac").multibyte_at, before + 1);
      EXPECT_TRUE(scan("a\xc3\xa9").is_utf8());
      EXPECT_EQ(scan("ab\xe9\xe8 ").invalid_at, before + 2);
      EXPECT_EQ(scan("ab\xe9 \x81").undefined_at, before + 4);
    }
  }
  EXPECT_FALSE(scan_text("a\r").fault);
  EXPECT_TRUE(scan_text("").is_utf8());
}

TEST(TextEncoding, ConvertsLatin1AndItsExtensionByWindows) {
  std::string latin1;
  std::string expected;
  for (unsigned code = 0xa0; code < 0x100; ++code) {
    latin1 += static_cast<char>(code);
    expected += utf8_of(code);
  }
  EXPECT_EQ(windows_1252_to_utf8("abc" + latin1), "abc" + expected);
  // From the table of the Encoding Standard, index-windows-1252.
  EXPECT_EQ(windows_1252_to_utf8("\x80\x8a\x92\x93\x99\x9f"), utf8_of(0x20ac) + utf8_of(0x160) +
                                                                  utf8_of(0x2019) + utf8_of(0x201c) +
                                                                  utf8_of(0x2122) + utf8_of(0x178));
}

}  // namespace
}  // namespace gemel::ingest
