#include "queue/committer.h"

#include "base/mutex.h"
#include "metrics/registry.h"
#include "tests/queue/samples.h"
#include "tests/support/fault_store.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace signpost::queue {
namespace {

using samples::enqueue;
using samples::id_at;
using samples::kNoon;
using test::FaultStore;

// What the completions said, in their order.
class Outcomes {
 public:
  Committer::Done expect(std::string name) {
    return [this, name = std::move(name)](Result<void> result) {
      const MutexLock lock(mutex_);
      all_.push_back(name + (result ? " ok" : " " + result.error().detail));
      arrived_.notify_all();
    };
  }

  std::vector<std::string> await(std::size_t count) {
    const MutexLock lock(mutex_);
    while (all_.size() < count) arrived_.wait(mutex_);
    return all_;
  }

  std::vector<std::string> now() {
    const MutexLock lock(mutex_);
    return all_;
  }

 private:
  Mutex mutex_;
  ConditionVariable arrived_;
  std::vector<std::string> all_ GUARDED_BY(mutex_);
};

std::vector<std::shared_ptr<const Change>> shared(std::vector<Change> changes) {
  std::vector<std::shared_ptr<const Change>> all;
  for (Change& change : changes) all.push_back(std::make_shared<const Change>(std::move(change)));
  return all;
}

MessageId id(int n) { return id_at(kNoon + std::chrono::microseconds(n)); }

class CommitterTest : public testing::Test {
 protected:
  // The committer is in the write of one small change: later commits must wait.
  void occupy(Committer& committer) {
    store.hold();
    committer.commit(enqueue(id(0)), outcomes.expect("first"));
    store.await_held();
  }

  FaultStore store;
  metrics::Registry registry;
  Outcomes outcomes;
};

TEST_F(CommitterTest, SuccessMeansThatACrashLosesNothing) {
  Committer committer(store, registry);
  committer.commit(enqueue(id(1)), outcomes.expect("a"));
  EXPECT_EQ(outcomes.await(1), std::vector<std::string>{"a ok"});
  store.crash();
  EXPECT_TRUE(store.content(id(1)));
  EXPECT_EQ(committer.backlog_bytes(), 0U);
  EXPECT_EQ(committer.last_error(), "");
}

TEST_F(CommitterTest, NothingIsReportedBeforeTheWriteIsDone) {
  Committer committer(store, registry);
  occupy(committer);
  EXPECT_TRUE(outcomes.now().empty());
  EXPECT_GT(committer.backlog_bytes(), 0U);
  store.release();
  EXPECT_EQ(outcomes.await(1), std::vector<std::string>{"first ok"});
}

TEST_F(CommitterTest, WriteThatTakesTooLongIsReportedWhileItLasts) {
  test::ManualClock clock;
  Committer committer(store, registry, {.too_long = std::chrono::seconds(10)}, clock);
  EXPECT_EQ(committer.last_error(), "");
  occupy(committer);
  clock.advance(std::chrono::milliseconds(9'999));
  EXPECT_FALSE(committer.hangs());
  clock.advance(std::chrono::milliseconds(2'001));
  EXPECT_TRUE(committer.hangs());
  EXPECT_TRUE(committer.last_error().contains("taking 12 s: the disk does not answer"));
  store.release();
  outcomes.await(1);
  EXPECT_EQ(committer.last_error(), "");
  EXPECT_FALSE(committer.hangs());
}

TEST_F(CommitterTest, ChangesThatWaitShareOneWriteAndCompleteInOrder) {
  Committer committer(store, registry);
  occupy(committer);
  for (int i = 1; i <= 5; ++i) committer.commit(enqueue(id(i)), outcomes.expect(std::to_string(i)));
  store.release();
  EXPECT_EQ(outcomes.await(6),
            (std::vector<std::string>{"first ok", "1 ok", "2 ok", "3 ok", "4 ok", "5 ok"}));
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{1, 5}));
}

TEST_F(CommitterTest, GroupIsBoundedByItsNumberOfChanges) {
  Committer committer(store, registry, {.max_group = 2});
  occupy(committer);
  for (int i = 1; i <= 5; ++i) committer.commit(enqueue(id(i)), outcomes.expect("x"));
  store.release();
  outcomes.await(6);
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{1, 2, 2, 1}));
}

TEST_F(CommitterTest, GroupIsBoundedByItsOctetsButALargeChangePasses) {
  Committer committer(store, registry, {.max_group_bytes = 10'000});
  occupy(committer);
  committer.commit(enqueue(id(1), 1, 4'000), outcomes.expect("x"));
  committer.commit(enqueue(id(2), 1, 4'000), outcomes.expect("x"));
  committer.commit(enqueue(id(3), 1, 4'000), outcomes.expect("x"));
  committer.commit(enqueue(id(4), 1, 50'000), outcomes.expect("x"));
  store.release();
  outcomes.await(5);
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{1, 2, 1, 1}));
}

TEST_F(CommitterTest, FailedWriteFailsItsWholeGroupAndTheNextIsTriedAnew) {
  Committer committer(store, registry);
  occupy(committer);
  store.fail_writes("no space left");
  committer.commit(enqueue(id(1)), outcomes.expect("a"));
  committer.commit(enqueue(id(2)), outcomes.expect("b"));
  store.release();
  EXPECT_EQ(outcomes.await(3), (std::vector<std::string>{"first no space left", "a no space left",
                                                         "b no space left"}));
  EXPECT_EQ(committer.last_error(), "no space left");
  EXPECT_EQ(store.rows(), 0U);

  store.heal();
  committer.commit(enqueue(id(3)), outcomes.expect("c"));
  EXPECT_EQ(outcomes.await(4).back(), "c ok");
  EXPECT_EQ(committer.last_error(), "");
}

TEST_F(CommitterTest, AStoreThatCanBeWrittenAgainIsFoundWithoutAChange) {
  Committer committer(store, registry, {.try_again = std::chrono::milliseconds(1)});
  store.fail_writes("no space left");
  committer.commit(enqueue(id(1)), outcomes.expect("a"));
  outcomes.await(1);
  EXPECT_EQ(committer.last_error(), "no space left");
  store.heal();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!committer.last_error().empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(committer.last_error(), "");
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{0}));
}

TEST_F(CommitterTest, FullBacklogIsAnsweredAtOnceAndKeepsTheRest) {
  Committer committer(store, registry, {.max_backlog_bytes = 10'000});
  occupy(committer);
  committer.commit(enqueue(id(1), 1, 4'000), outcomes.expect("fits"));
  committer.commit(enqueue(id(2), 1, 8'000), outcomes.expect("refused"));
  ASSERT_EQ(outcomes.now().size(), 1U);
  EXPECT_EQ(outcomes.now()[0].substr(0, 8), "refused ");
  EXPECT_NE(outcomes.now()[0], "refused ok");
  store.release();
  EXPECT_EQ(outcomes.await(3)[2], "fits ok");
  EXPECT_FALSE(store.content(id(2)));
  EXPECT_EQ(committer.backlog_bytes(), 0U);
}

TEST_F(CommitterTest, ChangeLargerThanTheBacklogPassesWhenNothingWaits) {
  Committer committer(store, registry, {.max_backlog_bytes = 10'000});
  committer.commit(enqueue(id(1), 1, 50'000), outcomes.expect("large"));
  EXPECT_EQ(outcomes.await(1), std::vector<std::string>{"large ok"});
}

TEST_F(CommitterTest, DestructionWritesWhatWaits) {
  auto committer = std::make_unique<Committer>(store, registry);
  occupy(*committer);
  for (int i = 1; i <= 3; ++i) committer->commit(enqueue(id(i)), outcomes.expect("x"));
  committer->commit({shared({enqueue(id(4))}), 0, outcomes.expect("x")});
  store.release();
  committer.reset();
  EXPECT_EQ(outcomes.now().size(), 5U);
  EXPECT_TRUE(store.content(id(4)));
  EXPECT_TRUE(store.content(id(3)));
}

TEST_F(CommitterTest, BatchIsWrittenInOneGroupAndAnsweredOnce) {
  Committer committer(store, registry, {.max_group = 2});
  occupy(committer);
  committer.commit(
      {shared({enqueue(id(1)), enqueue(id(2)), enqueue(id(3))}), 3, outcomes.expect("batch")});
  committer.commit(enqueue(id(4)), outcomes.expect("next"));
  store.release();
  EXPECT_EQ(outcomes.await(3), (std::vector<std::string>{"first ok", "batch ok", "next ok"}));
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{1, 3, 1}));
}

TEST_F(CommitterTest, WhatNobodyWaitsForGoesWithTheNextThatSomebodyDoes) {
  Committer committer(store, registry, {.soon = std::chrono::hours(1)});
  committer.commit({shared({enqueue(id(1))}), 0, outcomes.expect("soon")});
  committer.commit(enqueue(id(2)), outcomes.expect("now"));
  EXPECT_EQ(outcomes.await(2), (std::vector<std::string>{"soon ok", "now ok"}));
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{2}));
}

TEST_F(CommitterTest, WhatNobodyWaitsForIsWrittenByItselfInTime) {
  Committer committer(store, registry, {.soon = std::chrono::milliseconds(1)});
  committer.commit({shared({enqueue(id(1))}), 0, outcomes.expect("soon")});
  EXPECT_EQ(outcomes.await(1), std::vector<std::string>{"soon ok"});
}

TEST_F(CommitterTest, CrowdIsServedTogether) {
  Committer committer(store, registry, {.crowd = 3, .pause = std::chrono::hours(1)});
  occupy(committer);
  for (int i = 1; i <= 3; ++i) committer.commit(enqueue(id(i)), outcomes.expect("x"));
  store.release();
  outcomes.await(4);
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{1, 3}));
  // Now it pauses, and even awaited changes wait. Only destruction ends the pause sooner.
  committer.commit(enqueue(id(4)), outcomes.expect("x"));
  EXPECT_EQ(outcomes.now().size(), 4U);
}

TEST_F(CommitterTest, PauseAfterACrowdEnds) {
  Committer committer(store, registry, {.crowd = 1, .pause = std::chrono::milliseconds(1)});
  committer.commit(enqueue(id(1)), outcomes.expect("a"));
  outcomes.await(1);
  committer.commit(enqueue(id(2)), outcomes.expect("b"));
  EXPECT_EQ(outcomes.await(2), (std::vector<std::string>{"a ok", "b ok"}));
}

TEST_F(CommitterTest, FullGroupIsWrittenThoughNobodyWaitsForIt) {
  Committer committer(store, registry, {.max_group = 2, .soon = std::chrono::hours(1)});
  committer.commit({shared({enqueue(id(1))}), 0, outcomes.expect("a")});
  committer.commit({shared({enqueue(id(2))}), 0, outcomes.expect("b")});
  EXPECT_EQ(outcomes.await(2), (std::vector<std::string>{"a ok", "b ok"}));
}

TEST_F(CommitterTest, CompletionMayCommitTheNextChange) {
  Committer committer(store, registry);
  committer.commit(enqueue(id(1)), [&](const Result<void>&) {
    committer.commit(samples::remove(samples::job(id(1))), outcomes.expect("removed"));
  });
  EXPECT_EQ(outcomes.await(1), std::vector<std::string>{"removed ok"});
  EXPECT_EQ(store.rows(), 0U);
}

TEST_F(CommitterTest, EachWriteIsMeasured) {
  {
    Committer committer(store, registry);
    occupy(committer);
    for (int i = 1; i <= 5; ++i) committer.commit(enqueue(id(i)), outcomes.expect("x"));
    store.release();
    outcomes.await(6);
  }
  const std::string text = registry.text();
  EXPECT_NE(text.find("signpost_queue_commit_seconds_count 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("signpost_queue_commit_messages_count 2\n"), std::string::npos);
  EXPECT_NE(text.find("signpost_queue_commit_messages_sum 6\n"), std::string::npos);
}

}  // namespace
}  // namespace signpost::queue
