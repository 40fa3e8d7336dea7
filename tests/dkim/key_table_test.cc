#include "dkim/key_table.h"

#include "tests/dkim/test_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::dkim {
namespace {

class KeyTableTest : public testing::Test {
 protected:
  void add(std::string domain, std::string selector, bool subdomains) {
    table_.add(identity(std::move(domain), std::move(selector), ed25519_key()), subdomains);
  }
  // "selector@domain" of each identity found.
  std::string found(std::string_view domain) const {
    std::string text;
    for (const SigningIdentity& one : table_.find(domain)) {
      if (!text.empty()) text += ' ';
      text += one.selector + "@" + one.domain;
    }
    return text;
  }
  KeyTable table_;
};

TEST_F(KeyTableTest, EmptyFindsNothing) {
  EXPECT_TRUE(table_.empty());
  EXPECT_EQ(found("example.com"), "");
  EXPECT_EQ(found(""), "");
}

TEST_F(KeyTableTest, ADomainWithoutSubdomainsSignsForItselfOnly) {
  add("example.com", "s", false);
  EXPECT_FALSE(table_.empty());
  EXPECT_EQ(found("example.com"), "s@example.com");
  EXPECT_EQ(found("a.example.com"), "");
  EXPECT_EQ(found("com"), "");
  EXPECT_EQ(found("anexample.com"), "");
  EXPECT_EQ(found("example.com."), "");
}

TEST_F(KeyTableTest, ADomainWithSubdomainsSignsForAllBelow) {
  add("example.com", "s", true);
  EXPECT_EQ(found("example.com"), "s@example.com");
  EXPECT_EQ(found("a.example.com"), "s@example.com");
  EXPECT_EQ(found("a.b.example.com"), "s@example.com");
  EXPECT_EQ(found("anexample.com"), "");
}

TEST_F(KeyTableTest, TheLongestMatchWins) {
  add("example.com", "s", true);
  add("b.example.com", "b", true);
  add("c.example.com", "c", false);
  EXPECT_EQ(found("a.b.example.com"), "b@b.example.com");
  EXPECT_EQ(found("b.example.com"), "b@b.example.com");
  EXPECT_EQ(found("c.example.com"), "c@c.example.com");
  EXPECT_EQ(found("a.c.example.com"), "s@example.com");  // c does not sign below itself
}

TEST_F(KeyTableTest, SeveralIdentitiesSignSideBySideInOrder) {
  add("example.com", "r", true);
  add("example.com", "e", true);
  add("example.com", "own", false);
  EXPECT_EQ(found("example.com"), "r@example.com e@example.com own@example.com");
  EXPECT_EQ(found("a.example.com"), "r@example.com e@example.com");
}

TEST_F(KeyTableTest, OurOwnMailIsSignedByADomainAboveInAnyCase) {
  add("example.com", "s", false);
  add("b.example.com", "b", false);
  const auto own = [&](std::string_view domain) {
    const auto identities = table_.find_for_own(domain);
    return identities.empty() ? "" : identities.front().domain;
  };
  EXPECT_EQ(own("mail.example.com"), "example.com");
  EXPECT_EQ(own("mail.b.example.com"), "b.example.com");
  EXPECT_EQ(own("example.com"), "example.com");
  EXPECT_EQ(own("anexample.com"), "");
  EXPECT_EQ(own("com"), "");
}

TEST_F(KeyTableTest, OddNamesAreHarmless) {
  add("example.com", "s", true);
  for (const char* name : {".", "..", ".example.com.", "a..b", "example..com"}) {
    EXPECT_EQ(found(name), "") << name;
  }
  EXPECT_EQ(found(std::string(10'000, '.')), "");
}

}  // namespace
}  // namespace signpost::dkim
