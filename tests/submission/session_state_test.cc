#include "submission/session_state.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <set>

namespace signpost::submission {
namespace {

using namespace std::chrono_literals;
using enum State;

constexpr std::array kStates = {Starting,         Securing, Commands, Content,
                                CheckingPassword, Storing,  Closing,  Over};
const SteadyTime kBegan{std::chrono::hours(1)};

TEST(SessionTimer, StandsStillWhileTheRelayWorks) {
  // With a limit of one second a rejection, which takes a second, and a slow commit must not end
  // the session.
  for (const State state : {Starting, CheckingPassword, Storing, Over}) {
    EXPECT_FALSE(timer_of(state, {.idle = 1s}));
  }
}

TEST(SessionTimer, OfCommandsIsTheConfiguredOne) {
  EXPECT_EQ(timer_of(Commands, {.idle = 300s}), 300s);
  EXPECT_EQ(timer_of(Commands, {.idle = 1s}), 1s);
}

TEST(SessionTimer, AStrangerHasTwoMinutesToLogInWhateverItSays) {
  const auto after = [](std::chrono::milliseconds passed, std::chrono::milliseconds idle) {
    return timer_of(Commands, {.idle = idle, .stranger_since = kBegan, .now = kBegan + passed});
  };
  EXPECT_EQ(after(0s, 300s), 120s);
  EXPECT_EQ(after(100s, 300s), 20s);
  EXPECT_EQ(after(130s, 300s), 0s);
  EXPECT_EQ(after(0s, 10s), 10s);
}

TEST(SessionTimer, OfAHandshakeAndOfTheEndIsFixed) {
  EXPECT_EQ(timer_of(Securing, {.idle = 1s}), 30s);
  EXPECT_EQ(timer_of(Closing, {.idle = 300s}), 5s);
}

TEST(SessionTimer, OfContentIsEarnedByOctets) {
  const auto after = [](std::chrono::milliseconds passed, std::size_t size) {
    return timer_of(Content, {.idle = 300s,
                              .now = kBegan + passed,
                              .content_began = kBegan,
                              .content_size = size})
        .value();
  };
  EXPECT_EQ(after(0s, 0), 300s);
  EXPECT_EQ(after(100s, 0), 200s);
  EXPECT_EQ(after(100s, 500 * 60), 260s);
  EXPECT_EQ(after(250s, 600), 51s);  // a trickle of octets wins no time of its own
  EXPECT_EQ(after(301s, 499), 0s);
  EXPECT_EQ(after(900s, 0), 0s);         // never less
  EXPECT_EQ(after(1s, 50 << 20), 300s);  // never more than the idle time
}

TEST(SessionState, OnlyCommandsAndContentReadInput) {
  for (const State state : kStates) {
    EXPECT_EQ(reads_input(state), state == Commands || state == Content);
  }
}

// The table at the top of submission_session.cc.
TEST(SessionState, FollowsTheTable) {
  const auto after = [](State from) {
    std::set<State> next;
    for (const State to : kStates) {
      if (may_follow(from, to)) next.insert(to);
    }
    return next;
  };
  using States = std::set<State>;
  const States busy = {Securing, Commands, Content, CheckingPassword, Storing, Closing, Over};
  EXPECT_EQ(after(Starting), (States{Securing, Commands, Over}));
  EXPECT_EQ(after(Securing), (States{Commands, Over}));
  EXPECT_EQ(after(Commands), busy);
  EXPECT_EQ(after(Content), busy);
  EXPECT_EQ(after(CheckingPassword), (States{Commands, Closing, Over}));
  EXPECT_EQ(after(Storing), (States{Commands, Closing, Over}));
  EXPECT_EQ(after(Closing), (States{Over}));
  EXPECT_EQ(after(Over), (States{}));
}

}  // namespace
}  // namespace signpost::submission
