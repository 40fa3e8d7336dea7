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

}  // namespace
}  // namespace signpost::relay
