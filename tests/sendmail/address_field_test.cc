#include "sendmail/address_field.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::sendmail {
namespace {

// "a@b.example root*": accounts without a domain have a star. "?": not clear.
std::string read(std::string_view value) {
  const auto listed = addresses_in(value);
  if (!listed) return "?";
  std::string text;
  for (const FieldAddress& each : *listed) {
    if (!text.empty()) text += ' ';
    text += each.address + (each.qualified ? "" : "*");
  }
  return text;
}

TEST(AddressField, ReadsWhatMailProgramsWrite) {
  EXPECT_EQ(read("a@b.example"), "a@b.example");
  EXPECT_EQ(read(" A <a@b.example>,\r\n \"B, C\" <c@d.example> (x, y)"), "a@b.example c@d.example");
  EXPECT_EQ(read("=?utf-8?Q?a=2C_b?= <a@b.example>"), "a@b.example");
  EXPECT_EQ(read("Team: a@b.example, b@b.example;"), "a@b.example b@b.example");
  EXPECT_EQ(read("undisclosed-recipients:;"), "");
  EXPECT_EQ(read("a@b.example,,"), "a@b.example");
  EXPECT_EQ(read(""), "");
}

TEST(AddressField, AnAccountNeedsNoDomain) {
  EXPECT_EQ(read("root"), "root*");
  EXPECT_EQ(read("root (Cron Daemon)"), "root*");
  EXPECT_EQ(read("Cron Daemon <root>"), "root*");
  EXPECT_EQ(read("www-data, Shop <a@b.example>, root"), "www-data* a@b.example root*");
  EXPECT_EQ(read("Team: root, a@b.example;"), "root* a@b.example");
}

TEST(AddressField, SaysWhereTheDomainGoes) {
  const auto end_of = [](std::string_view value) { return addresses_in(value)->at(0).end; };
  EXPECT_EQ(end_of("root"), 4U);
  EXPECT_EQ(end_of(" root (Cron)"), 5U);
  EXPECT_EQ(end_of("X <root>"), 7U);
}

TEST(AddressField, ANameThatLacksItsQuotesIsReadIfItIsClear) {
  EXPECT_EQ(read("News: Shop <a@b.example>"), "a@b.example");
}

TEST(AddressField, WhatIsNotClearIsAnError) {
  for (const auto* value : {"a@b.example c@d.example", "a@b@c.example", "two words", "<a@b.example",
                            "\"<x>\" a@b.example c", "Doe, John <j@b.example>", "a@", "@b.example",
                            "\"open a@b.example", "a@b .example", "<>"}) {
    EXPECT_EQ(read(value), std::string_view(value).starts_with("Doe") ? "Doe* j@b.example" : "?")
        << value;
  }
}

}  // namespace
}  // namespace signpost::sendmail
