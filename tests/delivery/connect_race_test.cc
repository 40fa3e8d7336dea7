#include "delivery/connect_race.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace signpost::delivery {
namespace {

using Do = ConnectRace::Do;
using State = ConnectRace::State;
using std::chrono::milliseconds;

constexpr milliseconds kTick{1};

class ConnectRaceTest : public testing::Test {
 protected:
  // The next target is there and can be connected to.
  void attempt(unsigned rank, bool alone = false) {
    ASSERT_EQ(race_.state(), State::Asking);
    ASSERT_EQ(race_.found(rank), Do::Begin);
    race_.began(alone, now_);
  }
  Do after(milliseconds time) {
    now_ += time;
    return race_.due(now_);
  }

  ConnectRace race_;
  SteadyTime now_{std::chrono::hours(1)};
};

TEST_F(ConnectRaceTest, AnAddressThatDoesNotAnswerGetsAHeadStartOnly) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(race_.next_at(), now_ + ConnectRace::kHeadStart);
  EXPECT_EQ(after(ConnectRace::kHeadStart - kTick), Do::Nothing);
  EXPECT_EQ(after(kTick), Do::Ask);
  attempt(0);
  EXPECT_EQ(race_.under_way(), 2u);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
}

TEST_F(ConnectRaceTest, AFailureLetsTheNextOneBeginAtOnce) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(race_.failed(), Do::Ask);
  attempt(1);
  EXPECT_EQ(race_.under_way(), 1u);
}

TEST_F(ConnectRaceTest, ABetterRankGetsALongerHeadStart) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  EXPECT_EQ(race_.found(1), Do::Nothing);
  EXPECT_EQ(race_.state(), State::Holding);
  EXPECT_EQ(after(ConnectRace::kHeadStartOfRank - ConnectRace::kHeadStart - kTick), Do::Nothing);
  EXPECT_EQ(after(kTick), Do::Begin);
  race_.began(false, now_);
  EXPECT_EQ(race_.under_way(), 2u);
}

TEST_F(ConnectRaceTest, TheNextRankBeginsAtOnceWhenTheBetterOneHasFailed) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  EXPECT_EQ(race_.found(1), Do::Nothing);
  EXPECT_EQ(race_.failed(), Do::Nothing) << "one of two";
  EXPECT_EQ(race_.failed(), Do::Begin);
}

TEST_F(ConnectRaceTest, ABetterRankThatComesLaterDoesNotWait) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(1);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  EXPECT_EQ(race_.found(0), Do::Begin);
}

TEST_F(ConnectRaceTest, ATargetThatCannotBeTriedIsPassedOver) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  EXPECT_EQ(race_.found(0), Do::Begin);
  EXPECT_EQ(race_.skipped(), Do::Ask);
  EXPECT_EQ(race_.exhausted(), Do::GiveUp);
}

TEST_F(ConnectRaceTest, GivesUpWhenTheLastAttemptHasFailed) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  EXPECT_EQ(race_.exhausted(), Do::Nothing);
  EXPECT_EQ(race_.next_at(), std::nullopt);
  EXPECT_EQ(race_.failed(), Do::GiveUp);
  EXPECT_EQ(race_.state(), State::Lost);
}

TEST_F(ConnectRaceTest, AFailureWhileTheNextTargetIsLookedUpChangesNothing) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  EXPECT_EQ(race_.failed(), Do::Nothing);
  EXPECT_EQ(race_.exhausted(), Do::GiveUp);
}

TEST_F(ConnectRaceTest, SoManyAtOnceAtMost) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  for (std::size_t i = 1; i < ConnectRace::kMostAtOnce; ++i) {
    attempt(0);
    EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  }
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Nothing);
  EXPECT_EQ(race_.failed(), Do::Ask);
  attempt(0);
  EXPECT_EQ(race_.under_way(), ConnectRace::kMostAtOnce);
}

TEST_F(ConnectRaceTest, OfTooManySilentOnesTheFirstMakesRoom) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  for (std::size_t i = 1; i < ConnectRace::kMostAtOnce; ++i) {
    attempt(0);
    EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  }
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStartOfRank), Do::Ask);
  EXPECT_EQ(race_.found(0), Do::Replace);
  race_.gave_up();
  race_.began(false, now_);
  EXPECT_EQ(race_.under_way(), ConnectRace::kMostAtOnce);
  // The same for a host of a worse rank.
  EXPECT_EQ(after(ConnectRace::kHeadStartOfRank), Do::Ask);
  EXPECT_EQ(race_.found(1), Do::Nothing);
  EXPECT_EQ(race_.due(now_), Do::Replace);
  race_.gave_up();
  race_.began(false, now_);
  // When there is no other, none is given up.
  EXPECT_EQ(after(ConnectRace::kHeadStartOfRank), Do::Ask);
  EXPECT_EQ(race_.exhausted(), Do::Nothing);
  EXPECT_EQ(race_.under_way(), ConnectRace::kMostAtOnce);
}

TEST_F(ConnectRaceTest, OneThatGoesAloneIsWaitedFor) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0, true);
  EXPECT_EQ(race_.next_at(), std::nullopt);
  EXPECT_EQ(after(std::chrono::hours(1)), Do::Nothing);
  EXPECT_EQ(race_.failed(), Do::Ask);
}

TEST_F(ConnectRaceTest, WhereLimitsLeaveNoConnectionTheNextTargetWaitsForAFailure) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  EXPECT_EQ(race_.found(0), Do::Begin);
  race_.refused();
  EXPECT_EQ(race_.next_at(), std::nullopt);
  EXPECT_EQ(after(std::chrono::hours(1)), Do::Nothing);
  EXPECT_EQ(race_.failed(), Do::Begin) << "that one's connection is free";
  race_.began(false, now_);
  EXPECT_EQ(race_.next_at(), now_ + ConnectRace::kHeadStart);
}

TEST_F(ConnectRaceTest, ACallerThatWasBusyLooksForAnswersFirst) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart + ConnectRace::kBusy + kTick), Do::Nothing);
  EXPECT_EQ(race_.next_at(), now_) << "at once";
  EXPECT_EQ(after(ConnectRace::kBusy + kTick), Do::Ask) << "but no more than once";
}

TEST_F(ConnectRaceTest, AWinnerEndsItAndAnotherRoundMayFollow) {
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(0);
  EXPECT_EQ(after(ConnectRace::kHeadStart), Do::Ask);
  attempt(0);
  race_.won();
  EXPECT_EQ(race_.state(), State::Won);
  EXPECT_EQ(race_.under_way(), 0u);
  EXPECT_EQ(race_.next_at(), std::nullopt);
  EXPECT_EQ(race_.begin(), Do::Ask);
  attempt(2);
  EXPECT_EQ(race_.under_way(), 1u);
}

// A whole race on virtual time, between targets of a table.
struct Target {
  unsigned rank = 0;
  std::optional<milliseconds> answers{};  // after so long
  std::optional<milliseconds> fails{};    // neither: silence
};

struct Course {
  std::vector<milliseconds> began;  // in the order of the table
  std::optional<std::size_t> winner;
  milliseconds took{0};
  friend bool operator==(const Course&, const Course&) = default;
};

class Simulation {
 public:
  // `most`: connections that limits leave.
  explicit Simulation(std::vector<Target> targets, std::size_t most = 10)
      : targets_(std::move(targets)), most_(most) {}

  Course run(milliseconds limit = std::chrono::minutes(1)) {
    act(race_.begin());
    for (; now_ < limit && !run_.winner && !gave_up_; now_ += kTick) {
      for (std::size_t i = 0; i < run_.began.size() && !run_.winner && !gave_up_; ++i) step(i);
      if (!run_.winner && !gave_up_) act(race_.due(time()));
    }
    run_.took = now_ - kTick;
    return run_;
  }

 private:
  SteadyTime time() const { return SteadyTime(std::chrono::hours(1)) + now_; }
  void step(std::size_t i) {
    const milliseconds age = now_ - run_.began[i];
    if (targets_[i].answers == age) {
      race_.won();
      run_.winner = i;
    } else if (targets_[i].fails == age) {
      act(race_.failed());
    }
  }
  void act(Do what) {
    if (what == Do::GiveUp) gave_up_ = true;
    if (what == Do::Ask) {
      act(run_.began.size() == targets_.size() ? race_.exhausted()
                                               : race_.found(targets_[run_.began.size()].rank));
    }
    if (what != Do::Begin) return;
    if (race_.under_way() >= most_) {
      race_.refused();
      return;
    }
    run_.began.push_back(now_);
    race_.began(false, time());
  }

  const std::vector<Target> targets_;
  const std::size_t most_;
  ConnectRace race_;
  milliseconds now_{0};
  bool gave_up_ = false;
  Course run_;
};

milliseconds ms(int count) { return milliseconds(count); }

TEST(ConnectRaceRun, AnAddressThatAnswersInTimeHasNoRival) {
  EXPECT_EQ(Simulation({{.answers = ms(200)}, {.answers = ms(1)}}).run(),
            (Course{{ms(0)}, 0, ms(200)}));
}

TEST(ConnectRaceRun, SilentAddressesCostAHeadStartEach) {
  EXPECT_EQ(Simulation({{}, {}, {.answers = ms(30)}}).run(),
            (Course{{ms(0), ms(250), ms(500)}, 2, ms(530)}));
}

TEST(ConnectRaceRun, TheFirstToAnswerWinsWhoeverBegan) {
  EXPECT_EQ(Simulation({{.answers = ms(400)}, {.answers = ms(300)}}).run(),
            (Course{{ms(0), ms(250)}, 0, ms(400)}));
}

TEST(ConnectRaceRun, ARefusalCostsNoTime) {
  EXPECT_EQ(Simulation({{.fails = ms(20)}, {.rank = 1, .answers = ms(20)}}).run(),
            (Course{{ms(0), ms(20)}, 1, ms(40)}));
}

TEST(ConnectRaceRun, TheNextRankWaitsForASecondSyn) {
  EXPECT_EQ(Simulation({{.answers = ms(1'100)}, {.rank = 1, .answers = ms(20)}}).run(),
            (Course{{ms(0)}, 0, ms(1'100)}));
  EXPECT_EQ(Simulation({{}, {.rank = 1, .answers = ms(20)}}).run(),
            (Course{{ms(0), ms(2'500)}, 1, ms(2'520)}));
}

TEST(ConnectRaceRun, EndsWhenAllHaveFailed) {
  EXPECT_EQ(Simulation({{.fails = ms(1'000)}, {.fails = ms(1'000)}}).run(),
            (Course{{ms(0), ms(250)}, std::nullopt, ms(1'250)}));
}

TEST(ConnectRaceRun, WithOneConnectionOneIsTriedAfterTheOther) {
  const std::vector<Target> targets{{.fails = ms(30'000)}, {.answers = ms(20)}};
  EXPECT_EQ(Simulation(targets, 1).run(), (Course{{ms(0), ms(30'000)}, 1, ms(30'020)}));
}

}  // namespace
}  // namespace signpost::delivery
