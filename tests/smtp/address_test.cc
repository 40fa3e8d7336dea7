#include "smtp/address.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::smtp {
namespace {

std::string forward(std::string_view path, bool utf8 = false) {
  const auto mailbox = parse_forward_path(path, utf8);
  return mailbox ? mailbox->text() : "error " + std::to_string(static_cast<int>(mailbox.error()));
}

std::string error(PathError error) { return "error " + std::to_string(static_cast<int>(error)); }

TEST(SplitPath, FindsThePathAndWhatFollows) {
  const auto split = split_path("<a@example.com>  SIZE=3 BODY=7BIT");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->path, "a@example.com");
  EXPECT_EQ(split->rest, "SIZE=3 BODY=7BIT");
}

TEST(SplitPath, ToleratesBlanksAfterTheColon) {
  const auto split = split_path(" \t<a@example.com>");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->path, "a@example.com");
  EXPECT_EQ(split->rest, "");
}

TEST(SplitPath, IgnoresAngleBracketsInQuotedStrings) {
  const auto split = split_path(R"(<"a>\"b"@example.com> X)");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->path, R"("a>\"b"@example.com)");
  EXPECT_EQ(split->rest, "X");
}

TEST(SplitPath, RefusesWhatIsNotOnePath) {
  for (const char* text : {"", "a@example.com", "<a@example.com", "<a@example.com>>",
                           "<a@example.com>SIZE=3", "x<a@example.com>", R"(<"a>@example.com>)"}) {
    EXPECT_FALSE(split_path(text)) << text;
  }
}

TEST(ForwardPath, KeepsTheLocalPartAndLowersTheDomain) {
  EXPECT_EQ(forward("Foo.Bar@Example.COM"), "Foo.Bar@example.com");
  EXPECT_EQ(forward("a@example.com."), "a@example.com");
  EXPECT_EQ(forward("a!#$%&'*+-/=?^_`{|}~b@x_y.example"), "a!#$%&'*+-/=?^_`{|}~b@x_y.example");
}

TEST(ForwardPath, AcceptsQuotedLocalParts) {
  EXPECT_EQ(forward(R"("a b"@example.com)"), R"("a b"@example.com)");
  EXPECT_EQ(forward(R"("a\"@b"@example.com)"), R"("a\"@b"@example.com)");
  EXPECT_EQ(forward(R"(""@example.com)"), R"(""@example.com)");
}

TEST(LocalPart, IsTheSameQuotedOrNot) {
  EXPECT_EQ(unquoted("boss"), "boss");
  EXPECT_EQ(unquoted(R"("boss")"), "boss");
  EXPECT_EQ(unquoted(R"("b\oss")"), "boss");
  EXPECT_EQ(unquoted(R"("a\"b")"), R"(a"b)");
  EXPECT_EQ(unquoted(R"("a b")"), "a b");
  EXPECT_EQ(unquoted(R"("")"), "");
  EXPECT_EQ(unquoted(R"(")"), R"(")");
  EXPECT_EQ(unquoted(R"("a"b")"), R"("a"b")");
}

TEST(ForwardPath, AcceptsDotsAnywhereInTheLocalPart) {
  for (const char* path :
       {".a@example.com", "a.@example.com", "a..b@example.com", "..@example.com"}) {
    EXPECT_EQ(forward(path), path);
  }
}

TEST(ForwardPath, RefusesMalformedLocalParts) {
  for (const char* path :
       {"", "@example.com", "a b@example.com", R"("a@example.com)", R"("a"b@example.com)", R"("a\)",
        "a<b@example.com", "a@example.com:b", "(c)a@example.com", "a,b@example.com"}) {
    const auto mailbox = parse_forward_path(path, false);
    ASSERT_FALSE(mailbox) << path;
    EXPECT_TRUE(mailbox.error() == PathError::Syntax ||
                mailbox.error() == PathError::DomainMalformed)
        << path;
  }
}

TEST(ForwardPath, RefusesControlOctetsEvenInQuotes) {
  for (const std::string& octet : {std::string("\r"), std::string("\n"), std::string("\0", 1),
                                   std::string("\x7f"), std::string("\t")}) {
    EXPECT_FALSE(parse_forward_path("\"a" + octet + "\"@example.com", true));
    EXPECT_FALSE(parse_forward_path("\"a\\" + octet + "\"@example.com", true));
    EXPECT_FALSE(parse_forward_path("a" + octet + "@example.com", true));
    EXPECT_FALSE(parse_forward_path("a@example" + octet + ".com", true));
  }
}

TEST(ForwardPath, KnowsPostmasterWithoutADomain) {
  EXPECT_EQ(forward("Postmaster"), "Postmaster");
  EXPECT_EQ(forward("POSTMASTER"), "POSTMASTER");
  EXPECT_EQ(forward("somebody"), error(PathError::DomainMissing));
  EXPECT_EQ(forward("somebody@"), error(PathError::DomainMissing));
}

TEST(ForwardPath, DropsASourceRoute) {
  EXPECT_EQ(forward("@one.example,@two.example:a@example.com"), "a@example.com");
  EXPECT_EQ(forward("@[192.0.2.1]:a@example.com"), "a@example.com");
  EXPECT_EQ(forward("@[IPv6:2001:db8::1],@b.example:a@example.com"), "a@example.com");
  EXPECT_EQ(forward("@one.example:"), error(PathError::Syntax));
  EXPECT_EQ(forward("@one.example,two.example:a@example.com"), error(PathError::Syntax));
  EXPECT_EQ(forward("@one.example"), error(PathError::Syntax));
  EXPECT_EQ(forward("@[:a@example.com"), error(PathError::Syntax));
}

TEST(ForwardPath, HoldsTheLimits) {
  const std::string local(988, 'a');  // 1,000 octets with the domain
  EXPECT_EQ(forward(local + "@example.com"), local + "@example.com");
  EXPECT_EQ(forward(local + "a@example.com"), error(PathError::TooLong));
  const std::string label(63, 'b');
  const std::string three = label + "." + label + "." + label;  // 191 octets
  EXPECT_EQ(forward("a@" + three + "." + std::string(60, 'c')),
            "a@" + three + "." + std::string(60, 'c'));
  EXPECT_EQ(forward("a@" + three + "." + std::string(64, 'c')), error(PathError::TooLong));
  EXPECT_EQ(forward("a@" + label + "b.example"), error(PathError::DomainMalformed));
}

TEST(ForwardPath, AcceptsAddressLiterals) {
  EXPECT_EQ(forward("a@[192.0.2.1]"), "a@[192.0.2.1]");
  EXPECT_EQ(forward("a@[IPv6:2001:DB8::1]"), "a@[ipv6:2001:db8::1]");
  EXPECT_TRUE(parse_forward_path("a@[192.0.2.1]", false)->is_address_literal());
  for (const char* path : {"a@[]", "a@[192.0.2]", "a@[192.0.2.256]", "a@[2001:db8::1]",
                           "a@[IPv6:192.0.2.1]", "a@[IPv6:::1", "a@[tag:value]", "a@192.0.2.1"}) {
    EXPECT_EQ(forward(path), error(PathError::DomainMalformed)) << path;
  }
}

TEST(ForwardPath, TakesUtf8OnlyWithSmtputf8) {
  EXPECT_EQ(forward("jürgen@example.com"), error(PathError::NotAscii));
  EXPECT_EQ(forward("a@bücher.example"), error(PathError::NotAscii));
  EXPECT_EQ(forward("jürgen@bücher.example", true), "jürgen@xn--bcher-kva.example");
  EXPECT_EQ(forward("\xff@example.com", true), error(PathError::Syntax));
  EXPECT_EQ(forward("\xc0\xaf@example.com", true), error(PathError::Syntax));
}

TEST(ForwardPath, DomainsOfEachSpellingAreTheSame) {
  for (const char* path : {"a@bücher.example", "a@BÜCHER.example", "a@xn--bcher-kva.example",
                           "a@XN--BCHER-KVA.Example.",
                           "a@bu\xcc\x88"
                           "cher.example"}) {
    EXPECT_EQ(forward(path, true), "a@xn--bcher-kva.example") << path;
  }
}

TEST(ForwardPath, RefusesADomainWithoutAnALabelForm) {
  for (const char* path : {"a@\xe2\x84\x80.example",  // maps to "a/c"
                           "a@\xef\xbc\x91.\xef\xbc\x92.\xef\xbc\x93.\xef\xbc\x94",  // digits
                           "a@\xcc\x88.example"}) {
    EXPECT_EQ(forward(path, true), error(PathError::DomainMalformed)) << path;
  }
  std::string label;
  for (int i = 0; i < 60; ++i) label += "ü";  // 120 octets, and more than 63 in its A-label
  EXPECT_EQ(forward("a@" + label + "1234567890abcdefghijklm.example", true),
            error(PathError::DomainMalformed));
}

TEST(Mailbox, NeedsSmtputf8ForItsLocalPartAlone) {
  EXPECT_TRUE(parse_forward_path("jürgen@example.com", true)->needs_smtputf8());
  EXPECT_FALSE(parse_forward_path("a@bücher.example", true)->needs_smtputf8());
}

TEST(Mailbox, IsOneTextAndItsHalves) {
  const auto quoted = parse_forward_path(R"("a@b"@[192.0.2.1])", false);
  ASSERT_TRUE(quoted);
  EXPECT_EQ(quoted->local_part(), R"("a@b")");
  EXPECT_EQ(quoted->domain(), "[192.0.2.1]");
  EXPECT_TRUE(quoted->is_address_literal());
  const auto postmaster = parse_forward_path("Postmaster", false);
  ASSERT_TRUE(postmaster);
  EXPECT_EQ(postmaster->local_part(), "Postmaster");
  EXPECT_EQ(postmaster->domain(), "");
  EXPECT_EQ(Mailbox(quoted->local_part(), quoted->domain()), *quoted);
}

TEST(Mailbox, StoredInULabelsIsReadInALabels) {
  EXPECT_EQ(Mailbox::from_text("a@bücher.example").text(), "a@xn--bcher-kva.example");
  EXPECT_EQ(Mailbox::from_text("jürgen@bücher.example").text(), "jürgen@xn--bcher-kva.example");
  EXPECT_EQ(Mailbox::from_text("a@\xcc\x88.example").text(), "a@\xcc\x88.example") << "has none";
}

TEST(ReversePath, MayBeNull) {
  const auto null = parse_reverse_path("", false);
  ASSERT_TRUE(null);
  EXPECT_FALSE(*null);
  const auto mailbox = parse_reverse_path("a@example.com", false);
  ASSERT_TRUE(mailbox);
  EXPECT_EQ((*mailbox)->text(), "a@example.com");
  EXPECT_EQ(parse_reverse_path("postmaster", false).error(), PathError::DomainMissing);
}

TEST(BareMailbox, IsNotAPath) {
  EXPECT_EQ(parse_mailbox("a@example.com", false)->text(), "a@example.com");
  EXPECT_FALSE(parse_mailbox("@one.example:a@example.com", false));
  EXPECT_FALSE(parse_mailbox("<a@example.com>", false));
  EXPECT_FALSE(parse_mailbox("", false));
}

TEST(DomainName, IsWhatCanBeLookedUp) {
  for (const char* name : {"a", "example.com", "_dmarc.example.com", "x--y.example", "1.example"}) {
    EXPECT_TRUE(is_domain_name(name, false)) << name;
  }
  for (const char* name : {"", ".", "a..b", ".a", "a.", "-a.example", "a-.example", "a b",
                           "a/b.example", "192.0.2.1", "bücher.example"}) {
    EXPECT_FALSE(is_domain_name(name, false)) << name;
  }
  EXPECT_TRUE(is_domain_name("bücher.example", true));
  EXPECT_FALSE(is_domain_name(std::string(64, 'a'), true));
  EXPECT_FALSE(is_domain_name("\xff.example", true));
}

TEST(AddressLiteral, IsReadStrictly) {
  EXPECT_TRUE(is_address_literal("[192.0.2.1]"));
  EXPECT_TRUE(is_address_literal("[ipv6:::]"));
  EXPECT_TRUE(is_address_literal("[IPv6:::ffff:192.0.2.1]"));
  EXPECT_FALSE(is_address_literal("192.0.2.1"));
  EXPECT_FALSE(is_address_literal("[192.0.2.1 ]"));
  EXPECT_FALSE(is_address_literal(std::string_view("[192.0.2.1\0]", 12)));
  EXPECT_FALSE(is_address_literal("[IPv6:fe80::1%eth0]"));
}

}  // namespace
}  // namespace signpost::smtp
