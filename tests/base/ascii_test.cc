#include "base/ascii.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace signpost::ascii {
namespace {

TEST(Ascii, ClassesHoldForEveryOctet) {
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    EXPECT_EQ(is_digit(c), octet >= '0' && octet <= '9') << octet;
    EXPECT_EQ(is_alpha(c), (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z'))
        << octet;
    EXPECT_EQ(is_alnum(c), is_alpha(c) || is_digit(c)) << octet;
    EXPECT_EQ(is_control(c), octet < 32 || octet == 127) << octet;
    EXPECT_EQ(is_wsp(c), octet == ' ' || octet == '\t') << octet;
    EXPECT_EQ(to_lower(c) != c, octet >= 'A' && octet <= 'Z') << octet;
    EXPECT_EQ(to_upper(c) != c, octet >= 'a' && octet <= 'z') << octet;
  }
}

TEST(Ascii, ComparesWithoutRegardToCase) {
  EXPECT_TRUE(equals_ignore_case("Mail From", "mAIL fROM"));
  EXPECT_FALSE(equals_ignore_case("mail", "mails"));
  EXPECT_FALSE(equals_ignore_case("@", "`"));
  EXPECT_TRUE(starts_with_ignore_case("RCPT TO:<a>", "rcpt to:"));
  EXPECT_FALSE(starts_with_ignore_case("RC", "rcpt"));
  EXPECT_EQ(lower("MiXeD-\xC3\x84"), "mixed-\xC3\x84");
}

TEST(Ascii, TrimsBlanksAndLineEnds) {
  EXPECT_EQ(trim(" \t\r\na b\r\n"), "a b");
  EXPECT_EQ(trim(" \r\n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Ascii, SplitsIntoOnePartMoreThanSeparators) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(split("a,b,,c", ','), (Parts{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), (Parts{""}));
  EXPECT_EQ(split(",", ','), (Parts{"", ""}));
}

TEST(Ascii, KnowsAsciiFromTheRest) {
  EXPECT_TRUE(is_ascii(""));
  EXPECT_TRUE(is_ascii(std::string_view("a\0\x7f", 3)));
  EXPECT_FALSE(is_ascii("a\x80"));
}

TEST(Utf8, AcceptsWellFormedText) {
  for (const std::string_view text :
       {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << printable(text);
  }
}

TEST(Utf8, RefusesWhatRfc3629Forbids) {
  for (const std::string_view text :
       {"\x80", "\xBF",                                              // a continuation alone
        "\xC3", "\xE2\x82", "\xF0\x9F\x98",                          // cut short
        "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",  // overlong
        "\xED\xA0\x80", "\xED\xBF\xBF",                              // surrogates
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF",      // out of range
        "\xC3(", "\xE2(\xA1", "\xE2\x82("}) {
    EXPECT_FALSE(is_utf8(text)) << printable(text);
    EXPECT_FALSE(is_utf8("a" + std::string(text) + "b")) << printable(text);
  }
}

TEST(Printable, KeepsTextAndUtf8) { EXPECT_EQ(printable("a b\xC3\xA4"), "a b\xC3\xA4"); }

TEST(Printable, EscapesControlOctetsAndInvalidUtf8) {
  EXPECT_EQ(printable(std::string_view("a\r\nb\0\x7f\xff", 7)), "a\\x0d\\x0ab\\x00\\x7f\\xff");
  EXPECT_EQ(printable("\xC3"), "\\xc3");
}

TEST(Printable, MarksACut) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcdef...");
  // A cut inside of a character leaves no half of it.
  EXPECT_TRUE(is_utf8(printable("a\xE2\x82\xAC", 2)));
}

}  // namespace
}  // namespace signpost::ascii
