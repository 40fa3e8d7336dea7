#include "smtp/idna.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::smtp {
namespace {

TEST(Idna, TheFormThatIsComparedIsInALabels) {
  EXPECT_EQ(with_a_labels("a@BÜCHER.example"), "a@xn--bcher-kva.example");
  EXPECT_EQ(with_a_labels("bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(with_a_labels("jürgen@X.Example"), "jürgen@x.example");
  EXPECT_EQ(with_a_labels("A@[192.0.2.1]"), "A@[192.0.2.1]");
  EXPECT_EQ(with_a_labels("a@\xcc\x88.example"), "a@\xcc\x88.example") << "there is none";
  EXPECT_EQ(with_a_labels(std::string("a@b\xc3\xbc\0c", 7)), std::string("a@b\xc3\xbc\0c", 7));
}

// "" would be the domain of every recipient where domains are filters.
TEST(Idna, ADomainOfIgnoredCharactersIsRefused) {
  for (const std::string nothing : {"\u00AD", "\u200B", "\u2060", "\uFE0F", "\u00AD\u00AD",
                                    "\u00AD.example", "a.\u00AD.example", "\u3002"}) {
    EXPECT_FALSE(to_a_labels(nothing)) << nothing;
    EXPECT_EQ(with_a_labels(nothing), nothing);
    EXPECT_EQ(with_a_labels("a@" + nothing), "a@" + nothing);
  }
  EXPECT_EQ(with_a_labels("\u00ADreceiver.example"), "receiver.example");
}

TEST(Idna, PeopleReadULabels) {
  EXPECT_EQ(with_u_labels("a@xn--bcher-kva.example"), "a@bücher.example");
  EXPECT_EQ(with_u_labels("xn--bcher-kva.example"), "bücher.example");
  EXPECT_EQ(with_u_labels("xn--a@shop.example"), "xn--a@shop.example") << "a local part";
}

// A name that does not map back would show a different domain.
TEST(Idna, InvalidALabelsAreShownAsTheyAre) {
  for (const char* name : {"a@xn--.example", "a@xn--a.example", "a@xn--99999999.example",
                           "a@xn--bcher-kva.xn--zzzzz!"}) {
    EXPECT_EQ(with_u_labels(name), name);
  }
}

TEST(Idna, PeopleReadULabelsInATextToo) {
  const auto both_ways = [](std::string_view a_labels, std::string_view u_labels) {
    EXPECT_EQ(text_with_u_labels(a_labels), u_labels);
    EXPECT_EQ(text_with_a_labels(u_labels), a_labels);
  };
  both_ways("mx:mx1.xn--bcher-kva.example,mx2.xn--bcher-kva.example>b.example",
            "mx:mx1.bücher.example,mx2.bücher.example>b.example");
  both_ways("smtp:xn--bcher-kva.example:25", "smtp:bücher.example:25");
  both_ways("mx:*.xn--bcher-kva.example", "mx:*.bücher.example");
  both_ways("\"@xn--bcher-kva.example\" ends. So does xn--bcher-kva.example.",
            "\"@bücher.example\" ends. So does bücher.example.");
  for (const char* same :
       {"", "...", "a.example", "/keys/xn--bcher-kva.pem", "xn--bcher-kva/key", "xn--a@a.example",
        "smtp://xn--bcher-kva.example", "for xn--a.example"}) {
    EXPECT_EQ(text_with_u_labels(same), same);
  }
  EXPECT_EQ(text_with_a_labels("/keys/bücher.pem"), "/keys/bücher.pem");
}

}  // namespace
}  // namespace signpost::smtp
