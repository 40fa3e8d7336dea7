#include "queue/pattern.h"

#include <gtest/gtest.h>

namespace signpost::queue {
namespace {

bool matches(std::string_view pattern, std::string_view mailbox) {
  const auto parsed = AddressPattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().detail;
  return parsed && parsed->matches(mailbox);
}

bool login_matches(std::string_view pattern, std::string_view login) {
  return LoginPattern::parse(pattern).value().matches(login);
}

TEST(AddressPattern, ADomainMeansAllItsMailboxes) {
  for (const char* pattern : {"example.net", "@example.net", "*@example.net", "EXAMPLE.net.", "*",
                              "@*", "*@*", "example.*", "*.net", "ex*le.net", "*example.net"}) {
    EXPECT_TRUE(matches(pattern, "Anyone@example.net")) << pattern;
    EXPECT_FALSE(AddressPattern::parse(pattern)->names_mailbox()) << pattern;
  }
  for (const char* pattern : {"example.com", "*.example.net", "xample.net", "example.ne", "net",
                              "@net", "*ample.ne", "*.*.net"}) {
    EXPECT_FALSE(matches(pattern, "anyone@example.net")) << pattern;
  }
  EXPECT_TRUE(matches("*.example.net", "a@b.c.example.net"));
  EXPECT_FALSE(matches("*.example.net", "a@badexample.net"));
}

TEST(AddressPattern, AMailboxIsComparedInAnyCaseAndWithoutQuotes) {
  for (const char* pattern :
       {"orders@shop.example", "ORDERS@Shop.Example", "\"orders\"@shop.example",
        "ord*@shop.example", "*ers@shop.*", "o*d*s@*"}) {
    EXPECT_TRUE(matches(pattern, "Orders@shop.example")) << pattern;
    EXPECT_TRUE(matches(pattern, "\"orders\"@shop.example")) << pattern;
    EXPECT_TRUE(AddressPattern::parse(pattern)->names_mailbox()) << pattern;
  }
  EXPECT_FALSE(matches("orders@shop.example", "borders@shop.example"));
  EXPECT_FALSE(matches("orders*@shop.example", "order@shop.example"));
}

TEST(AddressPattern, InQuotesAnAsteriskIsItself) {
  EXPECT_TRUE(matches("\"a*b\"@x.example", "a*b@x.example"));
  EXPECT_FALSE(matches("\"a*b\"@x.example", "a--b@x.example"));
  EXPECT_TRUE(matches("\"a@b\"@x.example", "\"a@b\"@x.example"));
}

TEST(AddressPattern, DomainsAreComparedInALabels) {
  for (const char* pattern : {"bücher.example", "BÜCHER.example", "xn--bcher-kva.example",
                              "*@bücher.*", "bücher。example", "xn--*.example"}) {
    EXPECT_TRUE(matches(pattern, "a@xn--bcher-kva.example")) << pattern;
    EXPECT_TRUE(matches(pattern, "a@bücher.example")) << pattern;  // of a former version
  }
  EXPECT_TRUE(matches("[192.0.2.1]", "a@[192.0.2.1]"));
}

// "*.$DOMAIN" without a value, a soft hyphen from a web page, a full-width asterisk: each would
// have meant everything, or more than was written.
TEST(AddressPattern, WhatMeansMoreThanItSaysIsRefused) {
  for (const char* pattern : {"",
                              "@",
                              "a@",
                              "*@",
                              ".",
                              "..",
                              "*.",
                              "*..",
                              "@*.",
                              "*..example",
                              ".example",
                              "a..example",
                              "\u00ad",
                              "\u00ad.example",
                              "*.\u00ad",
                              "*\u00ad",
                              "a@\u00ad",
                              "@\u00ad",
                              "\uff0a",
                              "\uff0a.example",
                              "*\u00fc.example",
                              "b\u00fc*.example",
                              "a b.example",
                              "a@b@c.example",
                              " ",
                              "a b@x.example",
                              "[192.0.2.*]",
                              "a/b.example",
                              "\u2100.example",
                              "<a@b.example>",
                              "\xff.example",
                              "a\xff@b.example",
                              "*@x*y z"}) {
    EXPECT_FALSE(AddressPattern::parse(pattern)) << pattern;
  }
  EXPECT_FALSE(AddressPattern::parse(std::string("a\0.example", 10)));
  EXPECT_FALSE(AddressPattern::parse(std::string(1001, 'a')));
}

TEST(AddressPattern, TheFixedPartIsInWhateverMatches) {
  EXPECT_EQ(AddressPattern::parse("A@Example.*")->fixed_part(), "example.");
  EXPECT_EQ(AddressPattern::parse("*")->fixed_part(), "");
  // Former versions stored U-labels.
  EXPECT_EQ(AddressPattern::parse("bücher.example")->fixed_part(), "");
  EXPECT_EQ(AddressPattern::parse("x*--bcher-kva.example")->fixed_part(), "");
  EXPECT_EQ(LoginPattern::parse("a*shop*")->fixed_part(), "shop");
}

TEST(Pattern, AnyTextIsComparedInAnyCase) {
  EXPECT_TRUE(matches_pattern("mx:*.Example", "mx:a.b.example"));
  EXPECT_TRUE(matches_pattern("google", "Google"));
  EXPECT_FALSE(matches_pattern("mx:*.example", "mx:a.example,b.test"));
  EXPECT_FALSE(matches_pattern("google", "google2"));
}

TEST(LoginPattern, IsComparedAsLoginsAre) {
  EXPECT_TRUE(login_matches("shop", "shop"));
  EXPECT_FALSE(login_matches("shop", "Shop"));
  EXPECT_FALSE(login_matches("shop", "shop2"));
  EXPECT_TRUE(login_matches("sh*", "shop"));
  EXPECT_TRUE(login_matches("@shop.example", "orders@shop.example"));
  EXPECT_FALSE(login_matches("@shop.example", "orders@myshop.example"));
  EXPECT_TRUE(login_matches("*", "shop"));
  EXPECT_FALSE(login_matches("*", ""));
  for (const char* text : {"", "@", "*@"}) EXPECT_FALSE(LoginPattern::parse(text)) << text;
}

// A pattern that is tried at every place for every wildcard would never end.
TEST(LoginPattern, ManyWildcardsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 300; ++i) pattern += "a*";
  EXPECT_FALSE(login_matches(pattern + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace signpost::queue
