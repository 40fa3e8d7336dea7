#include "queue/scheduler.h"

#include "tests/queue/samples.h"
#include "tests/support/fault_store.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace signpost::queue {
namespace {

using namespace std::chrono_literals;
using samples::apply;
using samples::deferred;
using samples::enqueue;
using samples::id_at;
using samples::job;
using samples::message;
using test::FaultStore;
using test::ManualClock;

class SchedulerTest : public testing::Test {
 protected:
  SystemTime now() const { return clock.system_now(); }

  // A message accepted `ago` with one job.
  Job stored(std::chrono::microseconds ago, std::uint8_t random = 1) {
    const MessageId id = id_at(now() - ago, random);
    EXPECT_TRUE(apply(store, enqueue(id)));
    return job(id);
  }

  Job stored_deferred(std::chrono::microseconds ago, SystemTime due, std::uint8_t random = 1) {
    const MessageId id = id_at(now() - ago, random);
    Job made = deferred(job(id), due);
    EXPECT_TRUE(apply(store, enqueue(message(id), {made})));
    return made;
  }

  // An attempt failed: a new version of the job, due at `due`.
  Job put_off(const Job& before, SystemTime due) {
    Job after = deferred(samples::next_revision(before), due);
    EXPECT_TRUE(apply(store, samples::replace(before, after)));
    return after;
  }

  std::vector<JobRef> take(Scheduler& scheduler, std::size_t limit = 100) {
    const auto jobs = scheduler.take(now(), limit);
    EXPECT_TRUE(jobs);
    std::vector<JobRef> refs;
    if (jobs) std::ranges::transform(*jobs, std::back_inserter(refs), &Job::ref);
    return refs;
  }

  using Refs = std::vector<JobRef>;
  ManualClock clock;
  FaultStore store;
};

TEST_F(SchedulerTest, ReadyJobsOfTheLastRunComeFirstThenWhatIsDue) {
  const Job due = stored_deferred(3h, now() - 1min);
  const Job first = stored(2h);
  const Job second = stored(1h);
  Scheduler scheduler(store, now());
  EXPECT_FALSE(scheduler.recovered());
  EXPECT_EQ(take(scheduler), (Refs{first.ref, second.ref, due.ref}));
  EXPECT_TRUE(scheduler.recovered());
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, ReadyJobsOfThisRunAreInMemoryAlready) {
  Scheduler scheduler(store, now());
  clock.advance(1s);
  stored(0s);
  EXPECT_EQ(take(scheduler), Refs{});
  EXPECT_TRUE(scheduler.recovered());
}

TEST_F(SchedulerTest, JobsOfARunWhoseClockWasAheadAreRecovered) {
  const Job future = stored(-24h);
  Scheduler scheduler(store, now());
  EXPECT_EQ(take(scheduler), Refs{future.ref});
}

TEST_F(SchedulerTest, HeldJobsStay) {
  const MessageId id = id_at(now() - 1h);
  Job held = job(id);
  held.state = JobState::Held;
  ASSERT_TRUE(apply(store, enqueue(message(id), {held})));
  Scheduler scheduler(store, now());
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, DeferredJobWaitsForItsTime) {
  const Job later = stored_deferred(1h, now() + 10min);
  Scheduler scheduler(store, now());
  EXPECT_EQ(take(scheduler), Refs{});
  clock.advance(10min - 1us);
  EXPECT_EQ(take(scheduler), Refs{});
  clock.advance(1us);
  EXPECT_EQ(take(scheduler), Refs{later.ref});
}

TEST_F(SchedulerTest, DueJobsComeInTheOrderOfTheirTimes) {
  const Job b = stored_deferred(3h, now() - 1min, 2);
  const Job c = stored_deferred(2h, now(), 3);
  const Job a = stored_deferred(1h, now() - 2min, 1);
  Scheduler scheduler(store, now());
  EXPECT_EQ(take(scheduler), (Refs{a.ref, b.ref, c.ref}));
}

TEST_F(SchedulerTest, JobIsHandedOutOnceWhileItsRowStays) {
  stored_deferred(1h, now());
  Scheduler scheduler(store, now());
  EXPECT_EQ(take(scheduler).size(), 1U);
  clock.advance(24h);
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, NewVersionComesWhenItIsDue) {
  const Job first = stored_deferred(1h, now());
  Scheduler scheduler(store, now());
  ASSERT_EQ(take(scheduler), Refs{first.ref});
  const Job second = put_off(first, now() + 5min);
  scheduler.committed(second);
  EXPECT_EQ(take(scheduler), Refs{});
  clock.advance(5min);
  EXPECT_EQ(take(scheduler), Refs{second.ref});
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, JobCommittedBehindTheScanIsHandedOut) {
  const Job scanned = stored_deferred(2h, now());
  const Job waiting = stored_deferred(1h, now() + 1h, 2);
  Scheduler scheduler(store, now());
  ASSERT_EQ(take(scheduler), Refs{scanned.ref});
  const Job retried = put_off(waiting, now() - 1s);
  scheduler.committed(retried);
  EXPECT_EQ(take(scheduler), Refs{retried.ref});
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, JobCommittedWhileTheScanPassesItIsHandedOutOnce) {
  const Job scanned = stored_deferred(2h, now());
  const Job ready = stored(1h, 2);
  Scheduler scheduler(store, now() - 24h);
  Job late;
  store.on_due_read([&] {
    store.on_due_read({});
    late = put_off(ready, now() - 1s);
    scheduler.committed(late);
  });
  ASSERT_EQ(take(scheduler), Refs{scanned.ref});
  EXPECT_EQ(take(scheduler), Refs{late.ref});
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, JobReadByTheVeryScanThatItIsAnnouncedDuringIsNotRepeated) {
  const Job due = stored_deferred(2h, now());
  Scheduler scheduler(store, now());
  store.on_due_read([&] { scheduler.committed(due); });
  EXPECT_EQ(take(scheduler), Refs{due.ref});
  store.on_due_read({});
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, MissedJobThatWentOnIsForgotten) {
  const Job scanned = stored_deferred(2h, now());
  const Job ready = stored(1h, 2);
  Scheduler scheduler(store, now() - 24h);
  ASSERT_EQ(take(scheduler), Refs{scanned.ref});
  const Job missed = put_off(ready, now() - 1s);
  scheduler.committed(missed);
  ASSERT_TRUE(apply(store, samples::remove(missed)));
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, ReadyAndHeldJobsThatAreCommittedDoNotConcernTheScan) {
  const Job ready = stored(1h);
  Scheduler scheduler(store, now() - 24h);
  ASSERT_EQ(take(scheduler), Refs{});
  scheduler.committed(ready);
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, JobsDeferredAfterTheClockWentBackComeAtTheirTime) {
  const Job scanned = stored_deferred(2h, now());
  Scheduler scheduler(store, now() - 24h);
  ASSERT_EQ(take(scheduler), Refs{scanned.ref});
  clock.set(now() - 12h);
  const Job later = put_off(scanned, now() + 5min);
  scheduler.committed(later);
  EXPECT_EQ(take(scheduler), Refs{});
  clock.advance(5min);
  EXPECT_EQ(take(scheduler), Refs{later.ref});
}

TEST_F(SchedulerTest, ManyMissedJobsAreAllHandedOut) {
  const Job scanned = stored_deferred(2h, now() + 1h);
  Scheduler scheduler(store, now() - 24h);
  clock.advance(1h);
  ASSERT_EQ(take(scheduler), Refs{scanned.ref});
  // More than the scheduler keeps by name; in one change, since the store in memory copies itself.
  constexpr int kMany = 25'000;
  Change change;
  std::set<JobRef> expected;
  for (int i = 0; i < kMany; ++i) {
    const MessageId id = id_at(now() + std::chrono::microseconds(i));
    Job made = deferred(job(id), now() - 30min + std::chrono::microseconds(i));
    expected.insert(made.ref);
    change.enqueued.push_back({message(id), {std::move(made)}});
  }
  ASSERT_TRUE(apply(store, change));
  for (const auto& enqueued : change.enqueued) scheduler.committed(enqueued.jobs[0]);
  std::set<JobRef> taken;
  for (int i = 0; i < 200; ++i) {
    for (const JobRef& ref : take(scheduler, 256)) taken.insert(ref);
  }
  taken.erase(scanned.ref);  // the scan went back over it
  EXPECT_EQ(taken, expected);
  EXPECT_EQ(take(scheduler), Refs{});
}

TEST_F(SchedulerTest, ManyJobsCommittedWhileTheScanPassesThemAreAllHandedOut) {
  const Job scanned = stored_deferred(2h, now());
  Scheduler scheduler(store, now() - 24h);
  constexpr int kMany = 10'500;
  Change change;
  std::set<JobRef> expected;
  for (int i = 0; i < kMany; ++i) {
    const MessageId id = id_at(now() + std::chrono::microseconds(i));
    Job made = deferred(job(id), now() - 30min + std::chrono::microseconds(i));
    expected.insert(made.ref);
    change.enqueued.push_back({message(id), {std::move(made)}});
  }
  store.on_due_read([&] {
    store.on_due_read({});
    ASSERT_TRUE(apply(store, change));
    for (const auto& enqueued : change.enqueued) scheduler.committed(enqueued.jobs[0]);
  });
  ASSERT_EQ(take(scheduler), Refs{scanned.ref});
  std::set<JobRef> taken;
  for (int i = 0; i < 100; ++i) {
    for (const JobRef& ref : take(scheduler, 256)) taken.insert(ref);
  }
  taken.erase(scanned.ref);
  EXPECT_EQ(taken, expected);
}

TEST_F(SchedulerTest, WindowsKeepTheLimitAndMissNothing) {
  Change change;
  std::set<JobRef> expected;
  for (int i = 0; i < 3000; ++i) {
    const MessageId id = id_at(now() - 1h + std::chrono::microseconds(i));
    Job made = job(id);
    if (i % 3 == 0) made = deferred(made, now() - std::chrono::seconds(i));
    if (i % 3 == 1) made.state = JobState::Held;
    if (i % 3 != 1) expected.insert(made.ref);
    change.enqueued.push_back({message(id), {std::move(made)}});
  }
  ASSERT_TRUE(apply(store, change));
  Scheduler scheduler(store, now());
  std::set<JobRef> taken;
  for (;;) {
    const auto window = take(scheduler, 64);
    ASSERT_LE(window.size(), 64U);
    for (const JobRef& ref : window) ASSERT_TRUE(taken.insert(ref).second);
    if (window.size() < 64) break;
  }
  EXPECT_EQ(taken, expected);
  EXPECT_LE(store.largest_page(), 64U);
}

TEST_F(SchedulerTest, ReadErrorIsReportedAndNothingIsLostByIt) {
  const Job ready = stored(2h);
  const Job due = stored_deferred(1h, now());
  Scheduler scheduler(store, now());
  store.fail_reads("medium error");
  const auto failed = scheduler.take(now(), 10);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().detail, "medium error");
  EXPECT_FALSE(scheduler.recovered());
  store.heal();
  EXPECT_EQ(take(scheduler), (Refs{ready.ref, due.ref}));
}

TEST_F(SchedulerTest, WhatWasReadBeforeAnErrorIsHandedOut) {
  const Job first = stored_deferred(2h, now() - 1min);
  const Job second = stored_deferred(1h, now() + 1h, 2);
  Scheduler scheduler(store, now());
  ASSERT_EQ(take(scheduler), Refs{first.ref});
  scheduler.committed(put_off(second, now() - 2min));
  store.on_due_read([&] { store.fail_reads("medium error"); });  // after the missed row was read
  EXPECT_EQ(take(scheduler).size(), 1U);
  EXPECT_FALSE(scheduler.take(now(), 10));
}

TEST_F(SchedulerTest, JobsDueBeyondAllSchedulesAreStrays) {
  const Job soon = stored_deferred(1h, now() + 4h, 1);
  const Job stray = stored_deferred(1h, now() + 24h * 365, 2);
  Scheduler scheduler(store, now());
  EXPECT_TRUE(take(scheduler).empty());
  const auto strays = scheduler.take_strays(now() + 8h, 100);
  ASSERT_TRUE(strays);
  EXPECT_EQ(*strays, std::vector<Job>{stray});
  // Once it is put off as the schedule says it is none any more.
  put_off(stray, now() + 1min);
  EXPECT_TRUE(scheduler.take_strays(now() + 8h, 100)->empty());
}

}  // namespace
}  // namespace signpost::queue
