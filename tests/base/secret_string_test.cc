#include "base/secret_string.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace signpost {
namespace {

TEST(SecretString, HoldsWhatItWasGiven) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(SecretString(text).view(), text);
  EXPECT_TRUE(SecretString().empty());
  EXPECT_TRUE(SecretString("").empty());
}

TEST(SecretString, MovesWithoutACopy) {
  SecretString from("short");
  const char* const octets = from.view().data();
  SecretString to(std::move(from));
  EXPECT_EQ(to.view().data(), octets);
  SecretString assigned("other");
  assigned = std::move(to);
  EXPECT_EQ(assigned.view().data(), octets);
  EXPECT_EQ(assigned.view(), "short");
}

TEST(SecretString, OverwritesWhatIsCutOff) {
  SecretString secret("password");
  const char* const octets = secret.view().data();
  secret.shorten(4);
  EXPECT_EQ(secret.view(), "pass");
  EXPECT_TRUE(std::all_of(octets + 4, octets + 8, [](char c) { return c == '\0'; }));
}

TEST(SecretString, WipeLeavesZeros) {
  std::string text = "password";
  wipe(text);
  EXPECT_EQ(text, std::string(8, '\0'));
}

}  // namespace
}  // namespace signpost
