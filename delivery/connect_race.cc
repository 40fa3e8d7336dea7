#include "delivery/connect_race.h"

#include "base/check.h"

#include <utility>

namespace signpost::delivery {

// state      waits for                              then
// ---------  -------------------------------------  -----------------------------------------------
// Asking     the next target, or that there is      Racing; Holding when its rank is worse than
//            none                                   that of attempts under way; Exhausted; Lost
// Holding    the head start of the better rank,     Racing
//            or its last failure; when limits
//            leave no connection: any failure
// Racing     the head start of the latest attempt,  Asking; with so many under way the next target
//            with so many under way that of a rank; takes the place of the attempt that began first
//            a failure
// Exhausted  attempts under way                     Lost
// Won        begin()                                Asking
// Lost       begin()                                Asking
//
// In each state but Won and Lost a success leads to Won.
ConnectRace::Do ConnectRace::enter(State state) {
  state_ = state;
  switch (state) {
    case State::Asking:
      return Do::Ask;
    case State::Lost:
      return Do::GiveUp;
    case State::Holding:
    case State::Racing:
    case State::Exhausted:
    case State::Won:
      break;
  }
  return Do::Nothing;
}

ConnectRace::Do ConnectRace::begin() {
  under_way_ = 0;
  refused_ = false;
  return enter(State::Asking);
}

ConnectRace::Do ConnectRace::found(unsigned rank) {
  CHECK(state_ == State::Asking);
  found_rank_ = rank;
  looked_ = false;
  if (under_way_ > 0 && rank > rank_) return enter(State::Holding);
  return next();
}

void ConnectRace::began(bool alone, SteadyTime now) {
  alone_ = alone;
  refused_ = false;
  looked_ = false;
  rank_ = found_rank_;
  last_began_ = now;
  ++under_way_;
  (void)enter(State::Racing);
}

void ConnectRace::refused() {
  CHECK(under_way_ > 0);
  refused_ = true;
  (void)enter(State::Holding);
}

ConnectRace::Do ConnectRace::skipped() {
  refused_ = false;
  return enter(State::Asking);
}

ConnectRace::Do ConnectRace::exhausted() {
  CHECK(state_ == State::Asking);
  return enter(under_way_ == 0 ? State::Lost : State::Exhausted);
}

ConnectRace::Do ConnectRace::failed() {
  CHECK(under_way_ > 0);
  --under_way_;
  switch (state_) {
    case State::Racing:  // no need to wait any longer (RFC 8305 section 5)
      return enter(State::Asking);
    case State::Holding:
      return refused_ || under_way_ == 0 ? Do::Begin : Do::Nothing;
    case State::Exhausted:
      return under_way_ == 0 ? enter(State::Lost) : Do::Nothing;
    case State::Asking:
    case State::Won:
    case State::Lost:
      break;
  }
  return Do::Nothing;
}

ConnectRace::Do ConnectRace::due(SteadyTime now) {
  const auto at = next_at();
  if (!at || now < *at) return Do::Nothing;
  if (now - *at > kBusy && !std::exchange(looked_, true)) {
    last_began_ += now - *at;
    return Do::Nothing;
  }
  return state_ == State::Holding ? next() : enter(State::Asking);
}

void ConnectRace::won() {
  under_way_ = 0;
  (void)enter(State::Won);
}

std::optional<SteadyTime> ConnectRace::next_at() const {
  if (alone_ || refused_) return std::nullopt;
  if (state_ == State::Holding) return last_began_ + kHeadStartOfRank;
  // The oldest of so many must not be given up before it had a lost SYN sent again.
  const auto head_start = under_way_ >= kMostAtOnce ? kHeadStartOfRank : kHeadStart;
  if (state_ == State::Racing) return last_began_ + head_start;
  return std::nullopt;
}

}  // namespace signpost::delivery
