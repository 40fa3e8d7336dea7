#include "dns/name.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

TEST(CanonicalName, IsLowerCaseWithoutTheRootsDot) {
  EXPECT_EQ(canonical_name("Mail.EXAMPLE.com."), "mail.example.com");
  EXPECT_EQ(canonical_name("_dmarc.x-1.example"), "_dmarc.x-1.example");
  EXPECT_EQ(canonical_name("com"), "com");
}

TEST(CanonicalName, RefusesWhatCannotBeAsked) {
  for (const std::string& name : {std::string(""), std::string("."), std::string(".a"),
                                  std::string("a..b"), std::string("a.."), std::string("a b"),
                                  std::string("b\xc3\xbc"
                                              "cher.example"),
                                  std::string("a\0b", 3), std::string("a\\b"),
                                  std::string("[192.0.2.1]"), std::string(64, 'a') + ".example"}) {
    EXPECT_FALSE(canonical_name(name)) << name;
  }
}

TEST(CanonicalName, KnowsTheLimits) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  ASSERT_EQ(longest.size(), 253U);
  EXPECT_TRUE(canonical_name(longest));
  EXPECT_TRUE(canonical_name(longest + "."));
  EXPECT_FALSE(canonical_name(longest + "a"));
}

TEST(Localhost, IncludesItsSubdomains) {
  EXPECT_TRUE(is_localhost("localhost"));
  EXPECT_TRUE(is_localhost("a.localhost"));
  EXPECT_FALSE(is_localhost("notlocalhost"));
  EXPECT_FALSE(is_localhost("localhost.example"));
}

}  // namespace
}  // namespace signpost::dns
