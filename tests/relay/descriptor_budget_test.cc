#include "relay/descriptor_budget.h"

#include <gtest/gtest.h>

namespace signpost::relay {
namespace {

TEST(DescriptorBudget, WhatIsAllowedIsEnoughForAll) {
  for (const std::size_t limit : {128u, 256u, 1024u, 4096u, 20'000u, 65'536u, 1'000'000u}) {
    const DescriptorBudget budget = share_descriptors(limit, 10'000, 8);
    EXPECT_GE(budget.sessions, 1u) << limit;
    EXPECT_GE(budget.deliveries, 1u) << limit;
    EXPECT_LT(budget.sessions + budget.deliveries + budget.store + budget.admin, limit) << limit;
    // Sessions and deliveries at their most stay below the ceiling together with the store.
    EXPECT_LE(budget.sessions + budget.deliveries, static_cast<std::size_t>(budget.ceiling))
        << limit;
    EXPECT_LT(static_cast<std::size_t>(budget.ceiling), limit) << limit;
  }
}

TEST(DescriptorBudget, AUsualMachineHasRoomForAllSessionsThatAreWanted) {
  const DescriptorBudget budget = share_descriptors(65'536, 10'000, 8);
  EXPECT_EQ(budget.sessions, 10'000u);
  EXPECT_GT(budget.deliveries, 50'000u);
  EXPECT_EQ(budget.store, 256u);
  EXPECT_EQ(budget.admin, 1003u);
}

TEST(DescriptorBudget, ALowLimitIsSharedBetweenClientsAndReceivers) {
  const DescriptorBudget budget = share_descriptors(256, 10'000, 6);
  EXPECT_EQ(budget.sessions, 140u);
  EXPECT_EQ(budget.deliveries, 46u);
  EXPECT_EQ(budget.store, 23u);
  EXPECT_EQ(budget.admin, 28u);
  EXPECT_EQ(budget.ceiling, 221);
}

TEST(DescriptorBudget, FewSessionsLeaveTheRestToDeliveries) {
  const DescriptorBudget budget = share_descriptors(1024, 100, 0);
  EXPECT_EQ(budget.sessions, 100u);
  EXPECT_EQ(budget.deliveries, 1024u - 256u - 100u);
}

TEST(DescriptorBudget, AShortageIsSaidWithItsRemedy) {
  config::Config config;
  config.limits.sessions = 10'000;
  config.workers = 2;
  config.listeners.resize(3);
  const auto shortage = [&](std::size_t limit) {
    return descriptor_shortage(share_descriptors(limit, config), config);
  };
  EXPECT_EQ(shortage(65'536), "");
  EXPECT_EQ(shortage(256),
            "the system allows this process fewer descriptors than limits.sessions needs: enough "
            "for 140 of 10000 sessions, with 46 connections to receivers; raise the limit "
            "(LimitNOFILE in the unit, ulimit -n) or lower limits.sessions");
  EXPECT_FALSE(are_too_few(share_descriptors(100, config), config));
  EXPECT_TRUE(are_too_few(share_descriptors(80, config), config));
  EXPECT_TRUE(shortage(80).starts_with(
      "the system allows this process too few open files: only enough for 8 sessions"));
  config.limits.sessions = 5;
  EXPECT_FALSE(are_too_few(share_descriptors(80, config), config));
  EXPECT_EQ(shortage(80), "");
}

}  // namespace
}  // namespace signpost::relay
