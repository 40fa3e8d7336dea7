// Connections that are attempted beside a session's: they count as open while they last.
#include "delivery/scheduler.h"
#include "queue/message_id.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace signpost::delivery {
namespace {

class SchedulerBeside : public testing::Test {
 protected:
  // A message for a domain whose site has these limits.
  void submit(const std::string& domain, std::size_t connections, const std::string& group = "") {
    const queue::Lane lane{domain, "shop", ""};
    PendingJob job;
    job.job.ref = {ids_.next(now_.schedule), 0, 0};
    job.job.lane = lane;
    job.job.recipients.emplace_back();
    ASSERT_TRUE(scheduler_.accept(job, true, 0, now_, orders_));
    if (orders_.look_up.empty()) return;
    orders_.look_up.clear();
    NextHop hop;
    hop.key = "mx:" + domain;
    hop.hosts = {{"mx." + domain, 0}};
    hop.connections = connections;
    hop.group = group;
    scheduler_.routed(lane, hop, 0, now_, orders_);
  }
  std::size_t opened() const { return orders_.open.size(); }
  SitePtr first_site() const { return orders_.open.front().site; }
  void give_back() { scheduler_.give_back_beside(first_site(), {0, 1}, now_, orders_); }

  Scheduler scheduler_{1};
  const Scheduler::Now now_{SteadyTime(std::chrono::hours(1)), SystemTime(std::chrono::hours(1))};
  Orders orders_;
  queue::MessageIdGenerator ids_;
};

TEST_F(SchedulerBeside, CountsAgainstTheSitesLimit) {
  submit("a.example", 2);
  ASSERT_EQ(opened(), 1u);
  EXPECT_TRUE(scheduler_.take_beside(first_site(), {0, 1}));
  EXPECT_FALSE(scheduler_.take_beside(first_site(), {0, 1}));
  submit("a.example", 2);
  EXPECT_EQ(opened(), 1u) << "both are in use";
  give_back();
  EXPECT_EQ(opened(), 2u) << "the job that has waited gets it";
}

TEST_F(SchedulerBeside, IsNotInTheWayOfConnectionsThatMayBeOpened) {
  submit("a.example", 3);
  EXPECT_TRUE(scheduler_.take_beside(first_site(), {0, 1}));
  submit("a.example", 3);
  EXPECT_EQ(opened(), 2u) << "a connection of its own for the second job";
}

TEST_F(SchedulerBeside, ThereIsNoneWhereOneConnectionIsAllowed) {
  submit("a.example", 1);
  EXPECT_FALSE(scheduler_.take_beside(first_site(), {0, 1}));
}

TEST_F(SchedulerBeside, ThereIsNoneForASiteThatIsPaused) {
  submit("a.example", 2);
  EXPECT_TRUE(
      scheduler_.pause({.site = "mx:a.example", .by = "root", .reason = ""}, now_, orders_));
  EXPECT_FALSE(scheduler_.take_beside(first_site(), {0, 1}));
}

TEST_F(SchedulerBeside, CountsAgainstTheLimitOfItsGroup) {
  submit("a.example", 2, "operator");
  EXPECT_TRUE(scheduler_.take_beside(first_site(), {0, 1}));
  submit("b.example", 2, "operator");
  EXPECT_EQ(opened(), 1u);
  give_back();
  ASSERT_EQ(opened(), 2u);
  EXPECT_NE(orders_.open.back().site, first_site());
  EXPECT_FALSE(scheduler_.take_beside(first_site(), {0, 1}));
}

}  // namespace
}  // namespace signpost::delivery
