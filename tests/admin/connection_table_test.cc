#include "admin/connection_table.h"

#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace signpost::admin {
namespace {

using namespace std::chrono_literals;
using State = ConnectionTable::State;
using Ids = std::vector<ConnectionTable::Id>;

class ConnectionTableTest : public ::testing::Test {
 protected:
  SteadyTime now() const { return clock_.steady_now(); }
  Ids overdue() {
    Ids ids = table_.overdue(now());
    std::ranges::sort(ids);
    return ids;
  }
  // A connection a second.
  void add(std::vector<std::pair<ConnectionTable::Id, std::string>> connections) {
    for (auto& [id, client] : connections) {
      clock_.advance(1s);
      table_.add(id, std::move(client), now());
    }
  }

  test::ManualClock clock_;
  ConnectionTable table_{{.connections = 3, .request_time = 10s, .response_time = 30s}};
};

TEST_F(ConnectionTableTest, ARequestHasItsTimeHoweverBusyTheClientLooks) {
  table_.add(1, "a", now());
  clock_.advance(9s);
  EXPECT_EQ(overdue(), Ids{});
  clock_.advance(1s);
  EXPECT_EQ(overdue(), Ids{1});
}

TEST_F(ConnectionTableTest, TheNextRequestHasItsTimeFromTheOneBefore) {
  table_.add(1, "a", now());
  clock_.advance(9s);
  table_.enter(1, State::Sending, now());
  table_.enter(1, State::Waiting, now());
  clock_.advance(9s);
  EXPECT_EQ(overdue(), Ids{});
  clock_.advance(1s);
  EXPECT_EQ(overdue(), Ids{1});
}

TEST_F(ConnectionTableTest, WorkHasAllTheTimeItTakes) {
  table_.add(1, "a", now());
  table_.enter(1, State::Working, now());
  clock_.advance(1h);
  EXPECT_EQ(overdue(), Ids{});
}

TEST_F(ConnectionTableTest, AResponseThatIsNotReadIsOverdue) {
  table_.add(1, "a", now());
  table_.enter(1, State::Sending, now());
  clock_.advance(29s);
  EXPECT_EQ(overdue(), Ids{});
  clock_.advance(1s);
  EXPECT_EQ(overdue(), Ids{1});
}

TEST_F(ConnectionTableTest, ThereIsRoomUpToTheLimit) {
  add({{1, "a"}, {2, "a"}, {3, "a"}});
  EXPECT_EQ(table_.surplus(), std::nullopt);
  add({{4, "a"}});
  EXPECT_EQ(table_.surplus(), 1U);
  table_.remove(1);
  EXPECT_EQ(table_.surplus(), std::nullopt);
}

TEST_F(ConnectionTableTest, TheClientWithMostConnectionsGivesWay) {
  add({{1, "good"}, {2, "greedy"}, {3, "greedy"}, {4, "good, elsewhere"}});
  EXPECT_EQ(table_.surplus(), 2U);
}

TEST_F(ConnectionTableTest, TheLongestWaitingConnectionOfAClientGoes) {
  add({{1, "a"}, {2, "a"}, {3, "a"}, {4, "a"}});
  table_.enter(1, State::Sending, now());
  table_.enter(1, State::Waiting, now() + 1s);
  EXPECT_EQ(table_.surplus(), 2U);
}

TEST_F(ConnectionTableTest, AResponseBeingSentGivesWayOnlyIfNobodyWaits) {
  add({{1, "a"}, {2, "a"}, {3, "a"}, {4, "b"}});
  for (const auto id : Ids{1, 2, 3})
    table_.enter(id, State::Sending, now() + std::chrono::seconds(id));
  EXPECT_EQ(table_.surplus(), 4U);
  table_.remove(4);
  add({{5, "b"}});
  table_.enter(5, State::Sending, now());
  EXPECT_EQ(table_.surplus(), 1U);
}

TEST_F(ConnectionTableTest, WorkNeverGivesWay) {
  add({{1, "a"}, {2, "a"}, {3, "a"}, {4, "a"}});
  for (const auto id : Ids{1, 2, 3, 4}) table_.enter(id, State::Working, now());
  EXPECT_EQ(table_.surplus(), std::nullopt);
}

TEST_F(ConnectionTableTest, WhatIsRemovedIsNotSeenAgain) {
  table_.add(1, "a", now());
  table_.remove(1);
  table_.enter(1, State::Working, now());
  EXPECT_EQ(table_.waiting(), Ids{});
  EXPECT_EQ(table_.count(State::Working), 0U);
}

TEST_F(ConnectionTableTest, RemovedConnectionsAreNotCounted) {
  add({{1, "greedy"}, {2, "greedy"}, {3, "good"}});
  table_.remove(1);
  table_.remove(1);
  add({{4, "good"}});
  EXPECT_EQ(table_.surplus(), std::nullopt);
  add({{5, "other"}});
  EXPECT_EQ(table_.surplus(), 3U) << "the good one has two by now";
}

TEST_F(ConnectionTableTest, OnlyWaitingConnectionsAreClosedAtTheEnd) {
  add({{1, "a"}, {2, "a"}, {3, "a"}});
  table_.enter(2, State::Working, now());
  table_.enter(3, State::Sending, now());
  EXPECT_EQ(table_.waiting(), Ids{1});
}

}  // namespace
}  // namespace signpost::admin
