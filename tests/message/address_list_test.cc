#include "message/header_section.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::message {
namespace {

std::string address(std::string_view value) { return first_address(value).value_or("(none)"); }
std::string domain(std::string_view value) { return first_domain(value).value_or("(none)"); }

TEST(AddressList, TakesTheUsualForms) {
  EXPECT_EQ(address(" john@example.com"), "john@example.com");
  EXPECT_EQ(address(" <john@example.com>"), "john@example.com");
  EXPECT_EQ(address("John <john@example.com>"), "john@example.com");
  EXPECT_EQ(address("John Q. Public<john@example.com>"), "john@example.com");
  EXPECT_EQ(address("\"Public, John\" <john@example.com>"), "john@example.com");
  EXPECT_EQ(address("john@example.com (John)"), "john@example.com");
  for (const char* local_part : {"john..doe", "john.", ".john"}) {
    EXPECT_EQ(address(std::string(local_part) + "@example.com"),
              std::string(local_part) + "@example.com");
  }
  const std::string verp(900, 'v');
  EXPECT_EQ(address("News <" + verp + "@example.com>"), verp + "@example.com");
  EXPECT_EQ(address("<john.doe+tag=x@mail.example.com>"), "john.doe+tag=x@mail.example.com");
}

TEST(AddressList, KeepsTheLocalPartsCaseAndLowersTheDomain) {
  EXPECT_EQ(address("John.Doe@EXAMPLE.Com"), "John.Doe@example.com");
  EXPECT_EQ(domain("John.Doe@EXAMPLE.Com"), "example.com");
}

std::string completed(std::string_view value) {
  return with_domain(value, "shop.example").value_or("(none)");
}

TEST(AddressList, CompletesAddressesWithoutADomain) {
  EXPECT_EQ(completed(" root (Cron Daemon)"), " root@shop.example (Cron Daemon)");
  EXPECT_EQ(completed(" \"(Cron Daemon)\" <root>"), " \"(Cron Daemon)\" <root@shop.example>");
  EXPECT_EQ(completed("<a>,\r\n B <b@b.example>, C < c >"),
            "<a@shop.example>,\r\n B <b@b.example>, C < c@shop.example >");
  EXPECT_EQ(completed("staff: <a>, <\"b c\">;"),
            "staff: <a@shop.example>, <\"b c\"@shop.example>;");
}

TEST(AddressList, CompletesNothingThatMayBeAName) {
  for (const char* value : {"a@b.example", "", "undisclosed-recipients:;", "Doe, John", "John Doe",
                            "Doe, <john>", "\"John\"", "=?utf-8?q?J=C3=B6rg?=", "J\xc3\xb6rg",
                            "<J\xc3\xb6rg>", "<a", "<a>b", "a, b@b.example", "<a b>", "<>"}) {
    EXPECT_EQ(completed(value), "(none)") << value;
  }
}

TEST(AddressList, DropsTheRootDot) { EXPECT_EQ(domain("a@example.com."), "example.com"); }

TEST(AddressList, TakesTheFirstOfSeveralMailboxes) {
  EXPECT_EQ(address("a@one.example, b@two.example"), "a@one.example");
  EXPECT_EQ(address("A <a@one.example>, B <b@two.example>"), "a@one.example");
  EXPECT_EQ(address(" , ,a@one.example"), "a@one.example");
}

TEST(AddressList, QuotedStringsHideWhatIsInThem) {
  EXPECT_EQ(domain("\"a@wrong.example, <b@wrong.example>\" <c@right.example>"), "right.example");
  EXPECT_EQ(domain("\"say \\\"hi\\\" @wrong.example\" <c@right.example>"), "right.example");
  EXPECT_EQ(domain("\"back\\\\\" <c@right.example>"), "right.example");
  EXPECT_EQ(address("\"a@wrong.example\"@right.example"), "\"a@wrong.example\"@right.example");
  EXPECT_EQ(domain("\"john doe\"@right.example"), "right.example");
}

TEST(AddressList, CommentsNest) {
  EXPECT_EQ(domain("(a (b@wrong.example, (c) <d@wrong.example>)) e@right.example"),
            "right.example");
  EXPECT_EQ(domain("John (\\) <x@wrong.example>) <c@right.example>"), "right.example");
  EXPECT_EQ(domain("c (x)@(y) right.example (z)"), "right.example");
  EXPECT_EQ(domain("c@right.example (" + std::string(100'000, '(') + std::string(100'001, ')')),
            "right.example");
}

TEST(AddressList, SkipsEncodedWords) {
  EXPECT_EQ(domain("=?utf-8?Q?J=C3=B6rg?= =?utf-8?B?w7Y=?= <j@right.example>"), "right.example");
  EXPECT_EQ(domain("=?utf-8?Q?M=C3=BCller,_J?= <j@right.example>"), "right.example");
  EXPECT_EQ(domain("=?utf-8?Q?x@wrong.example?= <j@right.example>"), "right.example");
  EXPECT_EQ(domain("=?utf-8?Q?x@wrong.example?="), "(none)");
}

// Whoever splits at commas first reads another address here.
TEST(AddressList, AnEncodedWordThatCouldBeAListIsNotAWord) {
  EXPECT_EQ(domain("=?utf-8?Q?x@wrong.example,?= <j@right.example>"), "(none)");
  EXPECT_EQ(domain("=?utf-8?Q?<x@wrong.example>?= <j@right.example>"), "(none)");
}

TEST(AddressList, OctetsAbove127AreLettersOfAName) {
  EXPECT_EQ(domain("J\xC3\xB6rg M\xC3\xBCller <j@right.example>"), "right.example");
  EXPECT_EQ(domain("J\xF6rg <j@right.example>"), "right.example");
}

TEST(AddressList, Groups) {
  EXPECT_EQ(domain("Team: a@right.example, b@wrong.example;"), "right.example");
  EXPECT_EQ(domain("\"The Team\": A <a@right.example>;"), "right.example");
  EXPECT_EQ(domain("undisclosed-recipients:;"), "(none)");
  EXPECT_EQ(domain("Empty: ; , a@right.example"), "right.example");
  EXPECT_EQ(domain("Team: a@right.example"), "(none)");
  EXPECT_EQ(domain("Team: A <a@right.example>"), "(none)");
  EXPECT_EQ(domain("Team: Inner: a@right.example;;"), "(none)");
  EXPECT_EQ(domain("Empty: ; a@wrong.example"), "(none)");
  EXPECT_EQ(domain("a@wrong.example;"), "(none)");
}

TEST(AddressList, SourceRoutesAreReadAndDropped) {
  EXPECT_EQ(address("<@wrong.example:a@right.example>"), "a@right.example");
  EXPECT_EQ(address("A <@wrong.example,@w2.example:a@right.example>"), "a@right.example");
  EXPECT_EQ(domain("<@wrong.example>"), "(none)");
  EXPECT_EQ(domain("<@wrong.example a@right.example>"), "(none)");
  EXPECT_EQ(domain("@wrong.example:a@right.example"), "(none)");
}

TEST(AddressList, DomainsInUtf8) {
  EXPECT_EQ(domain("j@M\xC3\xBCnchen.Example"), "m\xC3\xBCnchen.example");
  EXPECT_EQ(address("j\xC3\xB6rg@m\xC3\xBCnchen.example"), "j\xC3\xB6rg@m\xC3\xBCnchen.example");
  EXPECT_EQ(domain("j@m\xFCnchen.example"), "(none)");  // Latin-1
  EXPECT_EQ(address("j\xF6rg@right.example"), "(none)");
}

TEST(AddressList, Folding) {
  EXPECT_EQ(domain(" John\r\n Doe\r\n\t<j@right.example>"), "right.example");
  EXPECT_EQ(domain("\"John,\r\n Doe\" <j@right.example>"), "right.example");
  EXPECT_EQ(address("\"a\r\n b\"@right.example"), "\"a b\"@right.example");
}

TEST(AddressList, AQuotedStringWithABareOrQuotedLineEndIsRefused) {
  EXPECT_EQ(domain("\"a\\\r\n b\" <c@right.example>"), "(none)");
  EXPECT_EQ(domain("\"a\rb\" <c@right.example>"), "(none)");
  EXPECT_EQ(domain("\"a\r\\\r\\\"@b\"@c.example"), "(none)");
  EXPECT_EQ(domain("\"a\\"), "(none)");
}

TEST(AddressList, AnAddressLiteralIsNotADomain) {
  EXPECT_EQ(domain("a@[192.0.2.1]"), "(none)");
  EXPECT_EQ(address("a@[IPv6:2001:DB8::1]"), "a@[ipv6:2001:db8::1]");
  EXPECT_EQ(domain("a@192.0.2.1"), "(none)");
}

TEST(AddressList, ANameThatIsTheAddressItselfIsAccepted) {
  EXPECT_EQ(address("j@right.example <j@right.example>"), "j@right.example");
  EXPECT_EQ(address("j@RIGHT.example <j@right.EXAMPLE>"), "j@right.example");
  EXPECT_EQ(address("j@one.example <j@two.example>"), "(none)");
  EXPECT_EQ(address("x j@right.example <j@right.example>"), "(none)");
}

TEST(AddressList, AmbiguousTextIsNotAnAddress) {
  for (const std::string_view value : {"",
                                       " ",
                                       "John",
                                       "john@",
                                       "@example.com",
                                       "<>",
                                       "<john>",
                                       "a@b@c.example",
                                       "a b@c.example",
                                       "a@b.example c",
                                       "a@b.example c@d.example",
                                       "a@b .example",
                                       "a@b. example",
                                       "a@b (x) .example",
                                       "<a@b.example",
                                       "a@b.example>",
                                       "<a@b.example>>",
                                       "<<a@b.example>>",
                                       "<a@b.example> x",
                                       "<a@b.example> <c@d.example>",
                                       "\"John <a@b.example>",
                                       "(John a@b.example",
                                       "John) <a@b.example>",
                                       "a@.example",
                                       "a@b..example",
                                       "a@b!c",
                                       "a@b/c.example",
                                       "a\\@b.example",
                                       "a@b.example; c@d.example",
                                       "<a@b.example,c@d.example>",
                                       "\"a\"b@c.example",
                                       "\"a\".b@c.example",
                                       "a@\"b.example\"",
                                       "Re: x <a@b.example>",
                                       "a@b.example\x01",
                                       "a@[192.0.2.1",
                                       "a@[1.2]3.example",
                                       "[Shop] News <a@b.example>",
                                       "Doe [Sales] <a@b.example>",
                                       "=?utf-8?Q?x?= [y] <a@b.example>",
                                       "x] <a@b.example>",
                                       "Back\\slash <a@b.example>",
                                       "[team]: a@b.example;"}) {
    EXPECT_EQ(domain(value), "(none)") << value;
    EXPECT_EQ(address(value), "(none)") << value;
  }
}

TEST(AddressList, HoldsItsBounds) {
  EXPECT_EQ(domain("a@" + std::string(63, 'x') + ".example"), std::string(63, 'x') + ".example");
  EXPECT_EQ(domain("a@" + std::string(64, 'x') + ".example"), "(none)");
  std::string long_domain;
  for (int i = 0; i < 130; ++i) long_domain += "x.";
  EXPECT_EQ(domain("a@" + long_domain + "example"), "(none)");
  EXPECT_EQ(domain(std::string(1001, 'a') + "@example.com"), "(none)");
  std::string words;
  for (int i = 0; i < 513; ++i) words += "w ";
  EXPECT_EQ(domain(words + "<a@example.com>"), "(none)");
  EXPECT_EQ(domain(std::string(1 << 20, ',') + "a@example.com"), "example.com");
}

// All addresses with the text to replace, or "(unclear)".
std::string all(std::string_view value, std::size_t most = 100) {
  const auto listed = mailboxes(value, most);
  if (!listed) return "(unclear)";
  std::string text;
  for (const ListedMailbox& mailbox : *listed) {
    text += "[" + mailbox.address + "|" + std::string(mailbox.text) + "]";
    if (mailbox.whole) text += "!";
  }
  return text;
}

TEST(AddressList, HasAllMailboxes) {
  EXPECT_EQ(all(" a@one.example"), "[a@one.example|a@one.example]");
  EXPECT_EQ(all("A <a@ONE.example>, b@two.example ,\r\n \"C\" <c@three.example>"),
            "[a@one.example|a@ONE.example][b@two.example|b@two.example]"
            "[c@three.example|c@three.example]");
  EXPECT_EQ(all("us: a@one.example, B <b@two.example>;, c@three.example"),
            "[a@one.example|a@one.example][b@two.example|b@two.example]"
            "[c@three.example|c@three.example]");
  EXPECT_EQ(all("A < @x.example:a@one.example > (note)"),
            "[a@one.example| @x.example:a@one.example ]");
  EXPECT_EQ(all("a@one.example <a@one.example>"), "[a@one.example|a@one.example <a@one.example>]!");
  EXPECT_EQ(all("a (x) @ (y) one.example"), "[a@one.example|a (x) @ (y) one.example]");
  EXPECT_EQ(all(",, a@one.example,"), "[a@one.example|a@one.example]");
}

TEST(AddressList, MayNameNobody) {
  EXPECT_EQ(all(""), "");
  EXPECT_EQ(all("undisclosed-recipients:;"), "");
}

TEST(AddressList, OneUnclearMailboxMakesTheListUnclear) {
  for (const char* value :
       {"a@one.example, b@", "a@one.example, (", "a@one.example; b@two.example",
        "us: a@one.example", "a@one.example, b@two.example <c@three.example>",
        "A <a@one.example> b@two.example", "a@one.example b@two.example", "us: a@b.example; c"}) {
    EXPECT_EQ(all(value), "(unclear)") << value;
  }
}

TEST(AddressList, HasABound) {
  EXPECT_EQ(all("a@b.c, a@b.c", 2), "[a@b.c|a@b.c][a@b.c|a@b.c]");
  EXPECT_EQ(all("a@b.c, a@b.c, a@b.c", 2), "(unclear)");
}

}  // namespace
}  // namespace signpost::message
