#include "delivery/connection_budget.h"

#include <gtest/gtest.h>

namespace signpost::delivery {
namespace {

TEST(ConnectionBudget, CountsConnectionsFromReservationToEnd) {
  ConnectionBudget budget(1);
  budget.set_limit(2);
  (void)budget.reserve(0);
  EXPECT_EQ(budget.connecting(), 1u);
  EXPECT_EQ(budget.open(), 1u);
  EXPECT_FALSE(budget.full());
  (void)budget.reserve(0);
  EXPECT_TRUE(budget.full());
  budget.ready();
  EXPECT_EQ(budget.connected(), 1u);
  EXPECT_EQ(budget.connecting(), 1u);
  EXPECT_TRUE(budget.full()) << "a connection that is ready is still one";
  budget.ended(0, true);
  budget.ended(0, false);
  EXPECT_EQ(budget.open(), 0u);
}

TEST(ConnectionBudget, AConnectionBesideAnotherIsOpenToo) {
  ConnectionBudget budget(1);
  budget.set_limit(2);
  (void)budget.reserve(0);
  budget.reserve_beside();
  EXPECT_TRUE(budget.full());
  EXPECT_EQ(budget.connecting(), 1u) << "for one job";
  budget.ended_beside();
  EXPECT_EQ(budget.open(), 1u);
}

TEST(ConnectionBudget, IsFullWhenTheLimitSinksBelowWhatIsOpen) {
  ConnectionBudget budget(1);
  budget.set_limit(3);
  for (int i = 0; i < 3; ++i) (void)budget.reserve(0);
  budget.set_limit(1);
  EXPECT_TRUE(budget.full());
  budget.ended(0, false);
  EXPECT_TRUE(budget.full());
  budget.ended(0, false);
  budget.ended(0, false);
  EXPECT_FALSE(budget.full());
}

TEST(ConnectionBudget, GoesToTheWorkerThatHasTheFewest) {
  ConnectionBudget budget(3);
  budget.set_limit(10);
  EXPECT_EQ(budget.reserve(1), 1u) << "the preferred one where all are equal";
  EXPECT_EQ(budget.reserve(1), 0u);
  EXPECT_EQ(budget.reserve(1), 2u);
  EXPECT_EQ(budget.reserve(2), 2u) << "all are equal again";
  budget.ended(0, false);
  EXPECT_EQ(budget.reserve(1), 0u);
}

TEST(ConnectionBudgetDeathTest, EndsNothingThatWasNotBegun) {
  ConnectionBudget budget(1);
  EXPECT_DEATH(budget.ended(0, false), "");
  EXPECT_DEATH(budget.ready(), "");
}

}  // namespace
}  // namespace signpost::delivery
