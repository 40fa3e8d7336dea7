#include "smtp/saslprep.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::smtp {
namespace {

std::string form_of(std::string_view text) {
  const auto form = saslprep(text);
  return form ? std::string(form->view()) : "forbidden";
}

// RFC 4013 section 3, in this order.
TEST(Saslprep, PreparesTheExamplesOfItsRfc) {
  EXPECT_EQ(form_of("I\u00adX"), "IX");
  EXPECT_EQ(form_of("user"), "user");
  EXPECT_EQ(form_of("USER"), "USER");
  EXPECT_EQ(form_of("\u00aa"), "a");
  EXPECT_EQ(form_of("\u2168"), "IX");
  EXPECT_EQ(form_of("\x07"), "forbidden");
  EXPECT_EQ(form_of("\u0627\u0031"), "forbidden");
}

TEST(Saslprep, MakesOneFormOfWhatLooksTheSame) {
  EXPECT_EQ(form_of("Mu\u0308ller"), "M\u00fcller");
  EXPECT_EQ(form_of("no\u00a0break"), "no break");
}

TEST(Saslprep, LeavesYoungerCharactersAsTheyAre) {
  EXPECT_EQ(form_of("\U0001f511 key"), "\U0001f511 key");
}

TEST(Saslprep, RefusesWhatIsNotText) {
  EXPECT_EQ(form_of("\xff"), "forbidden");
  EXPECT_EQ(form_of(std::string_view("a\0b", 3)), "forbidden");
  EXPECT_EQ(form_of(std::string_view("\u00fc\0b", 4)), "forbidden");
  EXPECT_EQ(form_of(""), "");
}

TEST(PreparedName, IsNeverEmptyUnlessItWas) {
  EXPECT_EQ(prepared_name("Mu\u0308ller"), "M\u00fcller");
  EXPECT_EQ(prepared_name("\xff"), "\xff");
  EXPECT_EQ(prepared_name("\u00ad"), "\u00ad");
  EXPECT_EQ(prepared_name(""), "");
}

}  // namespace
}  // namespace signpost::smtp
