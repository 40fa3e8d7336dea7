#include "delivery/connection_shares.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::delivery {
namespace {

SitePtr site() { return std::make_shared<Site>(NextHop{}, 1); }

std::size_t open(ConnectionShares& shares, const std::string& account, std::size_t count) {
  std::size_t opened = 0;
  for (std::size_t i = 0; i < count; ++i) opened += shares.open({site(), 0, account}) ? 1 : 0;
  return opened;
}

TEST(ConnectionShares, OneAccountLeavesAQuarterForNewOnes) {
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

std::size_t open_for_domains(ConnectionShares& shares, const std::string& client,
                             std::size_t domains) {
  std::size_t opened = 0;
  for (std::size_t i = 0; i < domains; ++i) {
    opened += open(shares, "@" + std::to_string(i) + ".example " + client, 1);
  }
  return opened;
}

TEST(ConnectionShares, OneClientWithManySenderDomainsLeavesRoomForOthers) {
  ConnectionShares shares(80);
  EXPECT_EQ(open_for_domains(shares, "192.0.2.1", 1000), 70u);
  EXPECT_FALSE(shares.next());
  EXPECT_EQ(open(shares, "@shop.example 192.0.2.2", 1), 1u) << "another client";
  EXPECT_EQ(open(shares, "shop", 1), 1u) << "a login";
  EXPECT_EQ(open(shares, "@", 1), 1u) << "a notification";
}

TEST(ConnectionShares, OneSenderDomainLeavesRoomForOthersOfItsClient) {
  ConnectionShares shares(80);
  EXPECT_EQ(open(shares, "@spammer.example 192.0.2.1", 1000), 60u);
  EXPECT_EQ(open(shares, "@shop.example 192.0.2.1", 20), 10u);
}

TEST(ConnectionShares, WhatEndsGoesToTheClientThatHasTheFewest) {
  ConnectionShares shares(16);
  EXPECT_EQ(open_for_domains(shares, "192.0.2.1", 1000), 14u);
  EXPECT_EQ(open(shares, "@a.example 192.0.2.2", 1), 1u);
  EXPECT_EQ(open(shares, "shop", 1), 1u);
  EXPECT_EQ(open(shares, "@b.example 192.0.2.2", 1), 0u) << "there are no more";
  shares.ended("shop");
  EXPECT_EQ(shares.next().value_or(ConnectionShares::Connection{}).account, "@b.example 192.0.2.2");
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
  EXPECT_FALSE(shares.open({first, 0, "shop"}));
  EXPECT_FALSE(shares.open({second, 0, "shop"}));
  shares.ended("shop");
  EXPECT_EQ(shares.next().value_or(ConnectionShares::Connection{}).site, first);
  shares.ended("shop");
  EXPECT_EQ(shares.next().value_or(ConnectionShares::Connection{}).site, second);
  shares.clear_waiting();
  EXPECT_FALSE(shares.any_waiting());
}

TEST(ConnectionShares, ConnectionsBesideOthersCountAndDoNotWait) {
  ConnectionShares shares(8);
  EXPECT_EQ(open(shares, "shop", 5), 5u);
  EXPECT_TRUE(shares.open_beside("shop"));
  EXPECT_FALSE(shares.open_beside("shop")) << "the last quarter is for others";
  EXPECT_FALSE(shares.any_waiting());
  EXPECT_EQ(open(shares, "other", 3), 2u);
  shares.ended("shop");
  EXPECT_FALSE(shares.open_beside("other")) << "somebody waits";
}

}  // namespace
}  // namespace signpost::delivery
