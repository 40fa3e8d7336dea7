#include "commands/published_keys.h"

#include "dkim/key_record.h"

#include <gtest/gtest.h>

namespace signpost::commands {
namespace {

std::shared_ptr<const dkim::PrivateKey> key() {
  return dkim::PrivateKey::generate(dkim::Algorithm::Ed25519Sha256, 0).value();
}

TEST(PublishedKeys, TheRecordOfOurKeyIsAccepted) {
  const auto ours = key();
  EXPECT_EQ(problem_of_records({dkim::record_text(*ours)}, *ours), "");
}

TEST(PublishedKeys, TwoRecordsAtOneNameAreWrongEvenIfOneIsRight) {
  const auto ours = key();
  const std::string right = dkim::record_text(*ours);
  for (const std::string& other : {dkim::record_text(*key()), std::string("v=spf1 -all"), right}) {
    EXPECT_EQ(problem_of_records({other, right}, *ours),
              "2 TXT records at this one name, one of them ours: receivers may use any of them, or "
              "none; leave only \"" +
                  right + "\"");
  }
  EXPECT_TRUE(problem_of_records({"a", "b"}, *ours).contains("none of them ours"));
}

TEST(PublishedKeys, AnotherKeyIsNamedWithTheCorrectRecord) {
  const auto ours = key();
  const std::string problem = problem_of_records({dkim::record_text(*key())}, *ours);
  EXPECT_NE(problem.find("another key"), std::string::npos) << problem;
  EXPECT_NE(problem.find(dkim::record_text(*ours)), std::string::npos) << problem;
}

TEST(PublishedKeys, ARevokedOrMalformedRecordSaysSo) {
  const auto ours = key();
  EXPECT_NE(problem_of_records({"v=DKIM1; k=ed25519; p="}, *ours).find("revoked"),
            std::string::npos);
  EXPECT_NE(problem_of_records({"hello"}, *ours), "");
  EXPECT_NE(problem_of_records({}, *ours), "");
}

}  // namespace
}  // namespace signpost::commands
