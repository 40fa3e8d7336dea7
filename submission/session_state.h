// The states of a submission session, and which timer runs in each. The table is at the top of
// submission_session.cc.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace signpost::submission {

enum class State : std::uint8_t {
  Starting,
  Securing,
  Commands,
  Content,
  CheckingPassword,
  Storing,
  Closing,
  Over,
};

// Whether a session may go from `from` to `to`. Entering Commands or Content again is progress
// within that state.
bool may_follow(State from, State to);

// Whether input is processed; in the other states it waits.
constexpr bool reads_input(State state) {
  return state == State::Commands || state == State::Content;
}

struct TimerFacts {
  std::chrono::milliseconds idle;              // limits.idle_timeout
  std::optional<SteadyTime> stranger_since{};  // when a client that has not logged in yet connected
  SteadyTime now{};
  SteadyTime content_began{};    // in Content: the 354
  std::size_t content_size = 0;  // in Content: octets so far
};

// How long a session may stay in `state` from now on; nothing: as long as it takes. No timer runs
// while the relay is working, so that a client does not pay for our delays.
std::optional<std::chrono::milliseconds> timer_of(State state, const TimerFacts& facts);

}  // namespace signpost::submission
