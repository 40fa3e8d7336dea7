#include "submission/session_state.h"

#include <algorithm>

namespace signpost::submission {

namespace {

constexpr std::chrono::seconds kHandshakeLimit{30};
constexpr std::chrono::minutes kLoginLimit{2};  // for a client that must log in
constexpr std::chrono::seconds kCloseLimit{5};  // for the client to read the last reply
constexpr std::size_t kMinDataRate = 500;       // octets of mail data a second, on average

}  // namespace

bool may_follow(State from, State to) {
  using enum State;
  switch (to) {
    case Starting:
      return false;
    case Securing:
      return from == Starting || reads_input(from);
    case Commands:
      return from == Starting || from == Securing || from == CheckingPassword || from == Storing ||
             reads_input(from);
    case Content:
    case CheckingPassword:
    case Storing:
      return reads_input(from);
    case Closing:  // from waiting: closed when the relay ends
      return reads_input(from) || from == CheckingPassword || from == Storing;
    case Over:
      return from != Over;
  }
  return false;
}

// A complete command line earns time, and so do octets of mail data: a client that sends in
// trickles cannot hold its session for as long as it likes.
std::optional<std::chrono::milliseconds> timer_of(State state, const TimerFacts& facts) {
  using std::chrono::milliseconds;
  switch (state) {
    case State::Securing:
      return kHandshakeLimit;
    case State::Commands: {
      if (!facts.stranger_since) return facts.idle;
      const auto spent =
          std::chrono::duration_cast<milliseconds>(facts.now - *facts.stranger_since);
      return std::clamp<milliseconds>(kLoginLimit - spent, milliseconds(0), facts.idle);
    }
    case State::Content: {
      const auto earned = std::chrono::seconds(facts.content_size / kMinDataRate);
      const auto spent = std::chrono::duration_cast<milliseconds>(facts.now - facts.content_began);
      return std::clamp<milliseconds>(facts.idle + earned - spent, milliseconds(0), facts.idle);
    }
    case State::Closing:
      return kCloseLimit;
    case State::Starting:
    case State::CheckingPassword:
    case State::Storing:
    case State::Over:
      return {};
  }
  return {};
}

}  // namespace signpost::submission
