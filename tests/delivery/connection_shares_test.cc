#include "delivery/connection_shares.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::delivery {
namespace {

SitePtr site() { return std::make_shared<Site>(NextHop{}, 1); }

std::size_t open(ConnectionShares& shares, const std::string& account, std::size_t count) {
  std::size_t opened = 0;
  for (std::size_t i = 0; i < count; ++i) opened += shares.open({site(), account}) ? 1 : 0;
  return opened;
}

TEST(ConnectionShares, OneAccountLeavesAQuarterForThoseWhoCome) {
  ConnectionShares shares(100);
  EXPECT_EQ(open(shares, "spammer", 2000), 75u);
  EXPECT_TRUE(shares.any_waiting());
  EXPECT_FALSE(shares.next());
  EXPECT_EQ(open(shares, "shop", 30), 25u) << "all that is left, below a third of the whole";
}

TEST(ConnectionShares, WhatEndsGoesToTheAccountThatHasTheFewest) {
  ConnectionShares shares(16);
  EXPECT_EQ(open(shares, "spammer", 20), 12u);
  EXPECT_EQ(open(shares, "shop", 6), 4u) << "a third of the whole is five, and no more are free";
  shares.ended("spammer");
  EXPECT_EQ(shares.next().value_or(ConnectionShares::Connection{}).account, "shop");
  for (int i = 0; i < 5; ++i) shares.ended("shop");
  EXPECT_EQ(shares.next().value_or(ConnectionShares::Connection{}).account, "shop");
  EXPECT_FALSE(shares.next()) << "the rest is kept for those who have less than the spammer";
  EXPECT_TRUE(shares.any_waiting());
}

TEST(ConnectionShares, WithManyAccountsEachHasAtLeastOne) {
  ConnectionShares shares(4);
  for (const char* account : {"a", "b", "c", "d"}) EXPECT_EQ(open(shares, account, 1), 1u);
  EXPECT_EQ(open(shares, "e", 1), 0u) << "the limit is the limit";
  shares.ended("a");
  EXPECT_EQ(shares.next().value_or(ConnectionShares::Connection{}).account, "e");
}

TEST(ConnectionShares, EveryoneWaitsInTurn) {
  ConnectionShares shares(1);
  const SitePtr first = site();
  const SitePtr second = site();
  EXPECT_EQ(open(shares, "shop", 1), 1u);
  EXPECT_FALSE(shares.open({first, "shop"}));
  EXPECT_FALSE(shares.open({second, "shop"}));
  shares.ended("shop");
  EXPECT_EQ(shares.next().value_or(ConnectionShares::Connection{}).site, first);
  shares.ended("shop");
  EXPECT_EQ(shares.next().value_or(ConnectionShares::Connection{}).site, second);
  shares.clear_waiting();
  EXPECT_FALSE(shares.any_waiting());
}

}  // namespace
}  // namespace signpost::delivery
