#include "admin/queue_control.h"

#include "queue/memory_store.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>

namespace signpost::admin {
namespace {

// Each page of jobs takes a while.
class SlowStore final : public queue::MemoryStore {
 public:
  SlowStore(test::ManualClock& clock, std::chrono::milliseconds page)
      : clock_(clock), page_(page) {}
  Result<queue::JobPage> jobs(const queue::JobFilter& filter, const queue::Cursor& from,
                              std::size_t limit) const override {
    clock_.advance(page_);
    return MemoryStore::jobs(filter, from, limit);
  }

 private:
  test::ManualClock& clock_;
  const std::chrono::milliseconds page_;
};

class QueueControlTest : public testing::Test {
 protected:
  void enqueue(std::size_t jobs) {
    for (std::size_t i = 0; i < jobs; ++i) {
      auto message = std::make_shared<queue::Message>();
      message->envelope.id = ids_.next(clock_.system_now());
      queue::Job job;
      job.ref.id = message->envelope.id;
      job.lane.domain = "a.example";
      job.recipients.push_back({smtp::Mailbox("b", "a.example"), {}, ""});
      queue::Change change;
      change.enqueued.push_back({message, {job}});
      const std::array<const queue::Change*, 1> changes{&change};
      ASSERT_TRUE(store_.apply(changes));
    }
  }

  test::ManualClock clock_;
  tlsrpt::Collector tls_reports_{clock_};
  queue::MessageIdGenerator ids_;
  metrics::Registry registry_;
  SlowStore store_{clock_, std::chrono::milliseconds(600)};
  queue::Committer committer_{store_, registry_};
  relay::Admission admission_;
  delivery::SharedDelivery delivery_{1};
  relay::SettingsInForce settings_{std::make_shared<const relay::Settings>()};
  std::atomic<bool> draining_{false};
  quota::Counters quotas_;
  QueueControl queue_{{registry_, store_, committer_, admission_, delivery_, settings_, draining_,
                       quotas_, tls_reports_, clock_}};
};

TEST_F(QueueControlTest, ASummaryEndsAfterASecondAndSaysWhereToGoOn) {
  enqueue(600);
  const auto first = queue_.sum_up({}, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->all.jobs, 512U);  // two pages
  ASSERT_FALSE(first->next.empty());
  const auto rest = queue_.sum_up({}, first->next);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->all.jobs, 88U);
  EXPECT_TRUE(rest->next.empty());
}

}  // namespace
}  // namespace signpost::admin
