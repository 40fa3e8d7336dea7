#include "relay/turn_commits.h"

#include "metrics/registry.h"
#include "tests/queue/samples.h"
#include "tests/support/fault_store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace signpost::relay {
namespace {

using queue::samples::enqueue;
using queue::samples::id_at;
using queue::samples::kNoon;
using test::FaultStore;

std::shared_ptr<const queue::Change> change(int n) {
  return std::make_shared<const queue::Change>(
      enqueue(id_at(kNoon + std::chrono::microseconds(n))));
}

constexpr auto kYes = TurnCommits::Awaited::Yes;
constexpr auto kNo = TurnCommits::Awaited::No;

class TurnCommitsTest : public testing::Test {
 protected:
  TurnCommits::Done expect(std::string name, bool last = false) {
    return [this, name = std::move(name), last](bool stored) {
      answers.push_back(name + (stored ? " ok" : " failed"));
      if (last) loop.stop();
    };
  }

  FaultStore store;
  metrics::Registry registry;
  net::Loop loop;
  queue::Committer committer{store, registry, {.soon = std::chrono::hours(1)}};
  TurnCommits commits{loop, committer};
  std::vector<std::string> answers;
};

TEST_F(TurnCommitsTest, ChangesOfOneTurnAreOneGroupAnsweredInTheirOrder) {
  loop.post([this] {
    commits.add(change(1), kYes, expect("a"));
    commits.add(change(2), kNo, expect("b"));
    EXPECT_TRUE(store.groups().empty());
    commits.add(change(3), kYes, expect("c", true));
  });
  loop.run();
  EXPECT_EQ(answers, (std::vector<std::string>{"a ok", "b ok", "c ok"}));
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{3}));
}

TEST_F(TurnCommitsTest, RemovalAloneGoesWithTheNextAcceptance) {
  loop.post([this] {
    commits.add(change(1), kNo, expect("soon"));
    loop.post([this] { commits.add(change(2), kYes, expect("now", true)); });
  });
  loop.run();
  EXPECT_EQ(answers, (std::vector<std::string>{"soon ok", "now ok"}));
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{2}));
}

TEST_F(TurnCommitsTest, WhoWaitsInOneTurnDoesNotHurryTheNext) {
  loop.post([this] { commits.add(change(1), kYes, expect("first", true)); });
  loop.run();
  loop.post([this] {
    commits.add(change(2), kNo, expect("soon"));
    commits.hand_over();
    commits.add(change(3), kYes, expect("now", true));
  });
  loop.run();
  EXPECT_EQ(store.groups(), (std::vector<std::size_t>{1, 2}));
}

TEST_F(TurnCommitsTest, FailedWriteIsReportedToEach) {
  store.fail_writes("no space left");
  loop.post([this] {
    commits.add(change(1), kYes, expect("a"));
    commits.add(change(2), kYes, expect("b", true));
  });
  loop.run();
  EXPECT_EQ(answers, (std::vector<std::string>{"a failed", "b failed"}));
  EXPECT_EQ(store.rows(), 0U);
}

TEST_F(TurnCommitsTest, IsIdleWhenTheLastAnswerHasRun) {
  EXPECT_TRUE(commits.idle());
  loop.post([this] {
    commits.add(change(1), kYes, [this](bool) { EXPECT_FALSE(commits.idle()); });
    commits.hand_over();
    commits.add(change(2), kYes, expect("second", true));
    EXPECT_FALSE(commits.idle());
  });
  loop.run();
  EXPECT_TRUE(commits.idle());
}

TEST_F(TurnCommitsTest, AnswerMayAddTheNextChange) {
  loop.post([this] {
    commits.add(change(1), kYes,
                [this](bool) { commits.add(change(2), kYes, expect("second", true)); });
  });
  loop.run();
  EXPECT_EQ(answers, (std::vector<std::string>{"second ok"}));
}

}  // namespace
}  // namespace signpost::relay
