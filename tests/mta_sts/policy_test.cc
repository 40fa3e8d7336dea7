#include "mta_sts/policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::mta_sts {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kGood =
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
    "mx: backupmx.example.com\r\nmax_age: 604800\r\n";

std::string why_not(std::string_view text) {
  const auto policy = parse_policy(text);
  return policy ? "" : policy.error().detail;
}

TEST(ParsePolicy, ReadsTheExampleOfTheRfc) {
  const auto policy = parse_policy(kGood);
  ASSERT_TRUE(policy) << policy.error().detail;
  EXPECT_EQ(policy->mode, Mode::Enforce);
  EXPECT_EQ(policy->mx, (std::vector<std::string>{"mail.example.com", "*.example.net",
                                                  "backupmx.example.com"}));
  EXPECT_EQ(policy->max_age, 604'800s);
  EXPECT_EQ(policy->lines,
            (std::vector<std::string>{"version: STSv1", "mode: enforce", "mx: mail.example.com",
                                      "mx: *.example.net", "mx: backupmx.example.com",
                                      "max_age: 604800"}));
}

TEST(ParsePolicy, TakesFieldsInAnyOrderAndLinesWithLfAlone) {
  const auto policy = parse_policy("max_age:0\nmx:\ta.example \n\nmode:testing\nversion:STSv1");
  ASSERT_TRUE(policy) << policy.error().detail;
  EXPECT_EQ(policy->mode, Mode::Testing);
  EXPECT_EQ(policy->mx, std::vector<std::string>{"a.example"});
  EXPECT_EQ(policy->max_age, 0s);
  EXPECT_EQ(policy->lines[1], "mx: a.example");
}

TEST(ParsePolicy, IgnoresUnknownFieldsAndLaterOnesOfAName) {
  const auto policy = parse_policy(
      "version: STSv1\nx-note: Zürich: yes\nmode: testing\nmode: enforce\nmax_age: 1\n"
      "max_age: never\nversion: STSv2\nmx: a.example\n");
  ASSERT_TRUE(policy) << policy.error().detail;
  EXPECT_EQ(policy->mode, Mode::Testing);
  EXPECT_EQ(policy->max_age, 1s);
  EXPECT_EQ(policy->lines.size(), 8u);
}

TEST(ParsePolicy, NoneNeedsNoHosts) {
  EXPECT_EQ(why_not("version: STSv1\nmode: none\nmax_age: 86400\n"), "");
  EXPECT_EQ(why_not("version: STSv1\nmode: testing\nmax_age: 86400\n"), "it has no mx");
  EXPECT_EQ(why_not("version: STSv1\nmode: enforce\nmax_age: 86400\n"), "it has no mx");
}

TEST(ParsePolicy, AnAgeBeyondTheGreatestCountsAsThat) {
  const auto policy =
      parse_policy("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 9999999999\n");
  ASSERT_TRUE(policy) << policy.error().detail;
  EXPECT_EQ(policy->max_age, kMaxMaxAge);
}

TEST(ParsePolicy, SaysWhatIsWrong) {
  const std::string rest = "mode: enforce\nmx: a.example\nmax_age: 1\n";
  EXPECT_EQ(why_not(""), "it has no version");
  EXPECT_EQ(why_not(rest), "it has no version");
  EXPECT_EQ(why_not("version: STSv2\n" + rest), "its version is \"STSv2\", not STSv1");
  EXPECT_EQ(why_not("Version: STSv1\n" + rest), "it has no version");
  EXPECT_EQ(why_not("version: STSv1\nmx: a.example\nmax_age: 1\n"), "it has no mode");
  EXPECT_EQ(why_not("version: STSv1\nmode: Enforce\nmx: a.example\nmax_age: 1\n"),
            "\"Enforce\" is not a mode");
  EXPECT_EQ(why_not("version: STSv1\nmode: enforce\nmx: a.example\n"), "it has no max_age");
  for (const std::string age : {"", "-1", "1h", "12345678901", "1 2"}) {
    EXPECT_EQ(why_not("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: " + age + "\n"),
              "max_age is \"" + age + "\", not a number of seconds");
  }
  for (const std::string mx : {"", "*", "*.", "*a.example", "a.*.example", "*.*.example",
                               "a..example", "-\u00e9.example", "a b.example"}) {
    EXPECT_NE(why_not("version: STSv1\nmode: enforce\nmx: " + mx + "\nmax_age: 1\n"), "") << mx;
  }
  EXPECT_EQ(why_not("<html>\n<body>Not found"), "it has no version");
  EXPECT_EQ(why_not("version: STSv1\n" + rest + "x: \x01\n"),
            "the line \"x: \\x01\" has control characters");
  EXPECT_EQ(why_not("version: STSv1\n" + rest + "x: \xff\n"), "it is not UTF-8");
}

TEST(ParsePolicy, IsBounded) {
  std::string text = "version: STSv1\nmode: enforce\nmax_age: 1\n";
  for (std::size_t i = 0; i < kMaxMxPatterns; ++i) text += "mx: a.example\n";
  EXPECT_EQ(why_not(text), "");
  EXPECT_EQ(why_not(text + "mx: a.example\n"), "it has more than 100 mx fields");
  text.append(kMaxPolicyText - text.size(), '\n');
  EXPECT_EQ(why_not(text), "");
  EXPECT_EQ(why_not(text + "\n"), "it has more than 65536 octets");
}

TEST(Lists, AWildcardStandsForOneLabel) {
  const Policy policy{.id = {},
                      .mode = Mode::Enforce,
                      .mx = {"mail.example.com", "*.example.net"},
                      .max_age = 1s,
                      .lines = {}};
  EXPECT_TRUE(lists(policy, "mail.example.com"));
  EXPECT_TRUE(lists(policy, "Mail.Example.COM."));
  EXPECT_TRUE(lists(policy, "a.example.net"));
  EXPECT_TRUE(lists(policy, "xn--bcher-kva.EXAMPLE.net"));
  EXPECT_FALSE(lists(policy, "example.net"));
  EXPECT_FALSE(lists(policy, ".example.net"));
  EXPECT_FALSE(lists(policy, "a.b.example.net"));
  EXPECT_FALSE(lists(policy, "a.mail.example.com"));
  EXPECT_FALSE(lists(policy, "example.com"));
  EXPECT_FALSE(lists(policy, "aexample.net"));
  EXPECT_FALSE(lists(policy, ""));
}

}  // namespace
}  // namespace signpost::mta_sts
