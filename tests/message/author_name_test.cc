#include "message/author_name.h"

#include "message/encoded_word.h"
#include "message/header_section.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::message {
namespace {

std::string repaired(std::string_view value) { return with_quoted_name(value).value_or("(none)"); }

TEST(AuthorName, QuotesWhatNeedsQuotes) {
  EXPECT_EQ(repaired(" Doe, John <me@shop.test>"), "\"Doe, John\" <me@shop.test>");
  EXPECT_EQ(repaired("John @ Shop <me@shop.test>"), "\"John @ Shop\" <me@shop.test>");
  EXPECT_EQ(repaired("Shop: News\r\n\t<me@shop.test>"), "\"Shop: News\" <me@shop.test>");
  EXPECT_EQ(repaired("support@shop.test via Shop <me@shop.test>"),
            "\"support@shop.test via Shop\" <me@shop.test>");
  EXPECT_EQ(repaired("O\"Brien, \\ <me@shop.test>"), "\"O\\\"Brien, \\\\\" <me@shop.test>");
  EXPECT_EQ(repaired("J\xC3\xB6rg (Sales <me@shop.test>"), "\"J\xC3\xB6rg (Sales\" <me@shop.test>");
  EXPECT_EQ(repaired("x me@shop.test <me@shop.test>"), "\"x me@shop.test\" <me@shop.test>");
}

// All of RFC 5322 section 3.2.3 but the full stop, which section 4.1 allows and nobody misreads.
TEST(AuthorName, QuotesASpecial) {
  for (const std::string_view special : {"(", ")", "[", "]", "[x]", ":", ";", "@", "\\", ","}) {
    const std::string name = std::string("J ").append(special).append(" D");
    const std::string shown = special == "\\" ? "J \\\\ D" : name;
    EXPECT_EQ(repaired(name + " <me@shop.test>"), "\"" + shown + "\" <me@shop.test>");
    EXPECT_FALSE(first_address(name + " <me@shop.test>")) << name;
  }
  EXPECT_EQ(repaired("[Shop] News <me@shop.test>"), "\"[Shop] News\" <me@shop.test>");
  EXPECT_EQ(repaired("=?utf-8?Q?x?= [y] <me@shop.test>"), "=?utf-8?Q?x?= \"[y]\" <me@shop.test>");
  EXPECT_EQ(first_address("Mr. J. Doe <me@shop.test>"), "me@shop.test");
}

TEST(AuthorName, EncodedWordsStayEncoded) {
  EXPECT_EQ(repaired("=?utf-8?Q?Caf=C3=A9:_News?= <me@shop.test>"),
            "=?utf-8?Q?Caf=C3=A9=3A_News?= <me@shop.test>");
  EXPECT_EQ(repaired("Doe, =?utf-8?B?w7Y=?= John: <me@shop.test>"),
            "\"Doe,\" =?utf-8?B?w7Y=?= \"John:\" <me@shop.test>");
  EXPECT_EQ(repaired("=?utf-8?X?a:b?= <me@shop.test>"), "\"=?utf-8?X?a:b?=\" <me@shop.test>");
}

// A quoted string shows an encoded word as it is written, and a blank before it (RFC 2047 sections
// 5 and 6.2): both would change what the reader sees.
TEST(AuthorName, AnEncodedWordWithTextAttachedIsNeverQuoted) {
  const std::string me = " <me@shop.test>";
  EXPECT_EQ(repaired("=?utf-8?Q?M=C3=BC?=, Hans" + me),
            "=?utf-8?Q?M=C3=BC?= " + encoded_words(", Hans") + me);
  EXPECT_EQ(repaired("Hans, (=?utf-8?Q?M=C3=BC?=)" + me),
            encoded_words("Hans, (") + " =?utf-8?Q?M=C3=BC?= " + encoded_words(")") + me);
  EXPECT_EQ(repaired("M=?utf-8?Q?=C3=BC?=, H" + me),
            encoded_words("M") + " =?utf-8?Q?=C3=BC?= " + encoded_words(", H") + me);
  EXPECT_EQ(repaired("\"=?utf-8?Q?M=C3=BC?=\", Hans" + me),
            "=?utf-8?Q?M=C3=BC?= " + encoded_words(", Hans") + me);
  EXPECT_EQ(repaired("=?utf-8?Q?A B?=, C" + me), "=?utf-8?Q?A=20B?= " + encoded_words(", C") + me);
  EXPECT_EQ(repaired("=?utf-8?Q?M=C3=BC?=, J\xF6rg" + me), "(none)");
}

TEST(AuthorName, DropsASeparatorAtTheEnd) {
  EXPECT_EQ(repaired("me@shop.test;"), "me@shop.test");
  EXPECT_EQ(repaired("Me <me@shop.test>; "), "Me <me@shop.test>");
}

TEST(AuthorName, TwoMailboxesStayAsTheyAre) {
  for (const std::string_view value :
       {"boss@bank.test <me@shop.test>", "Doe, boss@bank.test <me@shop.test>",
        "boss@bank.test, Doe: x <me@shop.test>", "Doe, John <a@shop.test>, Roe, J <b@shop.test>",
        "Doe, John <a@shop.test> <b@shop.test>", "a@shop.test b@shop.test"}) {
    EXPECT_EQ(repaired(value), "(none)") << value;
  }
}

TEST(AuthorName, AnotherSpellingOfTheAddressIsNotAnotherMailbox) {
  const ComparedForm compared = [](std::string_view address) {
    return std::string(address == "me@b\xC3\xBC.test" ? "me@xn--b-xga.test" : address);
  };
  const std::string value = "me@b\xC3\xBC.test <me@xn--b-xga.test>";
  EXPECT_EQ(repaired(value), "(none)");
  EXPECT_EQ(with_quoted_name(value, compared), "\"me@b\xC3\xBC.test\" <me@xn--b-xga.test>");
  EXPECT_FALSE(with_quoted_name("you@b\xC3\xBC.test <me@xn--b-xga.test>", compared));
  EXPECT_FALSE(with_quoted_name("me@b\xC3\xB6.test <me@xn--b-xga.test>", compared));
}

TEST(AuthorName, WhatHasNoAddressStaysAsItIs) {
  for (const std::string_view value :
       {"", "Doe, John", "Doe, John <>", "Doe, John <me>", "Doe, John <me@shop.test", "Doe > x <",
        "Doe, John <me@shop.test> x", "Doe, \x01 <me@shop.test>", "\x01;"}) {
    EXPECT_EQ(repaired(value), "(none)") << value;
  }
}

}  // namespace
}  // namespace signpost::message
