#include "message/line_limit.h"

#include "message/header_section.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::message {
namespace {

std::string x(std::size_t count) { return std::string(count, 'x'); }

// Where it starts and how long it is, "" for none.
std::string overlong(std::string_view text) {
  const auto line = find_overlong_line(text);
  return line ? std::to_string(line->start) + " " + std::to_string(line->size) : "";
}

TEST(LineLimit, FindsTheFirstOverlongLine) {
  EXPECT_EQ(overlong(""), "");
  EXPECT_EQ(overlong(x(998)), "");
  EXPECT_EQ(overlong(x(998) + "\r\n"), "");
  EXPECT_EQ(overlong(x(999)), "0 999");
  EXPECT_EQ(overlong(x(999) + "\r\n"), "0 999");
  EXPECT_EQ(overlong("a\r\n" + x(998) + "\r\n\r\n" + x(2000) + "\r\n" + x(5000)), "1005 2000");
  EXPECT_EQ(overlong(x(998) + "\r"), "0 999");
}

TEST(LineLimit, OnlyCrlfEndsALine) {
  EXPECT_EQ(overlong(x(500) + "\n" + x(500) + "\r\n"), "0 1001");
  EXPECT_EQ(overlong(x(500) + "\r" + x(500) + "\r\n"), "0 1001");
}

TEST(LineLimit, EveryLengthAndPlaceIsSeen) {
  for (std::size_t before = 990; before < 1005; ++before) {
    const std::string start =
        x(before > 998 ? before - 998 : 0) + "\r\n" + x(before % 998) + "\r\n";
    EXPECT_EQ(overlong(start + x(998) + "\r\n"), "") << before;
    EXPECT_EQ(overlong(start + x(999) + "\r\n"), std::to_string(start.size()) + " 999") << before;
  }
}

std::string folded(std::string_view raw) { return fold_overlong_lines(raw).value_or("(none)"); }

TEST(LineLimit, FoldsOnlyOverlongLinesAtBlanks) {
  std::string words;
  while (words.size() < 1000) words += " " + x(30);
  const std::string field = "X: short\r\n  folded already\r\n\tb" + words + "\r\n";
  const std::string out = folded(field);
  EXPECT_TRUE(out.starts_with("X: short\r\n  folded already\r\n\tb " + x(30) + " " + x(30) +
                              "\r\n " + x(30)));
  EXPECT_EQ(overlong(out), "");
  EXPECT_EQ(unfold(out), unfold(field));
}

TEST(LineLimit, NeverLeavesALineOfBlanks) {
  const std::string out = folded("X: " + x(70) + "   " + x(900) + "  \t " + x(20) + "   \r\n");
  EXPECT_EQ(out, "X: " + x(70) + "  \r\n " + x(900) + "  \t\r\n " + x(20) + "   \r\n");
  EXPECT_EQ(folded("X: " + std::string(1000, ' ') + "\r\n"), "(none)");
}

TEST(LineLimit, KeepsTheFirstWordBesideTheName) {
  const std::string out = folded("X: " + x(900) + " " + x(200) + "\r\n");
  EXPECT_EQ(out, "X: " + x(900) + "\r\n " + x(200) + "\r\n");
}

TEST(LineLimit, AddressListsAreFoldedAfterCommas) {
  std::string list = "To: \"a,b\" <a,b@x.example>(c,d)";
  while (list.size() < 1000) list += ",name@example.com";
  const std::string out = folded(list + "\r\n");
  EXPECT_TRUE(
      out.starts_with("To: \"a,b\" <a,b@x.example>(c,d),name@example.com,name@example.com,\r\n "
                      "name@example.com,"))
      << out;
  EXPECT_EQ(overlong(out), "");
  EXPECT_EQ(folded("X-List: " + list.substr(4) + "\r\n"), "(none)");
  EXPECT_EQ(folded("X-List:" + x(990) + ",y,z\r\n"), "(none)");
}

TEST(LineLimit, ListsOfMessageIdsAreFoldedBetweenTwo) {
  std::string ids;
  while (ids.size() < 1000) ids += "<0123456789@example.com>";
  const std::string out = folded("References: " + ids + "\r\n");
  EXPECT_EQ(overlong(out), "");
  EXPECT_TRUE(out.contains(">\r\n <"));
}

TEST(LineLimit, AQuotedBlankIsNotAPlaceToFold) {
  EXPECT_EQ(folded("X: " + x(600) + "\\ " + x(600) + "\r\n"), "(none)");
}

TEST(LineLimit, AWordThatIsTooLongCannotBeFolded) {
  EXPECT_EQ(folded("X: a " + x(998) + "\r\n"), "(none)");
  EXPECT_EQ(folded("X: a " + x(997) + "\r\n"), "X: a\r\n " + x(997) + "\r\n");
}

}  // namespace
}  // namespace signpost::message
