#include "delivery/site_turns.h"

#include "delivery/orders.h"
#include "delivery/site.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

SitePtr site(const std::string& key) {
  NextHop hop;
  hop.key = key;
  return std::make_shared<Site>(hop, 1);
}

// The keys of all sites in the order of their turns.
std::vector<std::string> order(SiteTurns& turns) {
  std::vector<std::string> keys;
  while (const auto turn = turns.take()) keys.push_back(turn->site->hop.key);
  return keys;
}

using Keys = std::vector<std::string>;

TEST(SiteTurns, OwnersTakeTurns) {
  SiteTurns turns;
  for (const char* const key : {"a1", "a2", "a3"}) turns.add(site(key), {"a", 0});
  turns.add(site("b1"), {"b", 0});
  turns.add(site("c1"), {"c", 0});
  EXPECT_EQ(order(turns), (Keys{"a1", "b1", "c1", "a2", "a3"}));
}

TEST(SiteTurns, RankDecidesWithinAnOwnersTurnOnly) {
  SiteTurns turns;
  turns.add(site("a1"), {"a", -1});
  turns.add(site("b1"), {"b", 0});
  turns.add(site("a2"), {"a", 19});
  EXPECT_EQ(order(turns), (Keys{"a2", "b1", "a1"}));
}

TEST(SiteTurns, MailOfAHigherRankChangesASitesTurn) {
  SiteTurns turns;
  const SitePtr last = site("last");
  turns.add(site("first"), {"a", 0});
  turns.add(last, {"a", 0});
  turns.add(last, {"a", -1});
  EXPECT_EQ(turns.first()->hop.key, "first");
  turns.add(last, {"a", 1});
  EXPECT_EQ(turns.size(), 2u);
  EXPECT_EQ(order(turns), (Keys{"last", "first"}));
}

TEST(SiteTurns, AmongEqualsWhoHasAConnectionGoesFirst) {
  SiteTurns turns;
  const SitePtr connects = site("connects");
  turns.add(site("waits"), {"a", 0});
  turns.add(connects, {"a", 0});
  turns.add(site("urgent"), {"a", 1});
  turns.add(connects, {"a", 0}, true);
  turns.add(connects, {"a", 0});
  EXPECT_EQ(order(turns), (Keys{"urgent", "connects", "waits"}));
}

TEST(SiteTurns, ATurnThatIsGivenBackIsTheOwnersNextSites) {
  SiteTurns turns;
  turns.add(site("a1"), {"a", 0});
  turns.add(site("a2"), {"a", 0});
  turns.add(site("b1"), {"b", 0});
  EXPECT_EQ(turns.take()->site->hop.key, "a1");
  turns.give_back_turn("a");
  turns.give_back_turn("nobody");
  EXPECT_EQ(order(turns), (Keys{"a2", "b1"}));
}

TEST(SiteTurns, ASiteLeavesWithAllItsMail) {
  SiteTurns turns;
  const SitePtr both = site("both");
  turns.add(both, {"a", 0});
  turns.add(both, {"b", 0});
  turns.add(site("other"), {"b", 0});
  const auto turn = turns.take();
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->site, both);
  EXPECT_EQ(turn->owner, "a");
  EXPECT_FALSE(turns.contains(*both));
  EXPECT_EQ(order(turns), (Keys{"other"}));
  EXPECT_EQ(turns.first(), nullptr);
}

TEST(SiteTurns, WhatIsRemovedHasNoTurn) {
  SiteTurns turns;
  const SitePtr gone = site("gone");
  turns.add(gone, {"a", 5});
  turns.add(site("stays"), {"a", 0});
  turns.remove(*gone);
  turns.remove(*gone);
  EXPECT_FALSE(turns.goes_before({"a", 0}));
  EXPECT_EQ(order(turns), (Keys{"stays"}));
  EXPECT_TRUE(turns.empty());
}

TEST(SiteTurns, KnowsWhatGoesBeforeOtherMailOfItsOwner) {
  SiteTurns turns;
  turns.add(site("a1"), {"a", 3});
  EXPECT_TRUE(turns.goes_before({"a", 2}));
  EXPECT_FALSE(turns.goes_before({"a", 3}));
  EXPECT_FALSE(turns.goes_before({"b", -1}));
}

TEST(SiteTurns, ASiteWaitsForSoManyOwnersAtMost) {
  SiteTurns turns;
  const SitePtr one = site("one");
  for (std::size_t i = 0; i < 2 * SiteTurns::kMostOwners; ++i) {
    turns.add(one, {std::to_string(i), 0});
  }
  const std::string last = std::to_string(2 * SiteTurns::kMostOwners - 1);
  EXPECT_FALSE(turns.goes_before({last, -1}));
  EXPECT_TRUE(turns.goes_before({"0", -1}));
  turns.add(one, {"0", 7});
  EXPECT_TRUE(turns.goes_before({"0", 6}));
}

}  // namespace
}  // namespace signpost::delivery
