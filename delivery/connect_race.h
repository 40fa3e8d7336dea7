// When which connection to a receiver is attempted: one after the other with a short head start
// each, and the first that succeeds is used (RFC 8305).
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace signpost::delivery {

// Pure. Its caller finds targets, in the order in which they are to be tried, and connects. Each
// function returns what the caller does next.
class ConnectRace {
 public:
  // Of a target before the next one of the same rank (RFC 8305 section 5).
  static constexpr std::chrono::milliseconds kHeadStart{250};
  // Of a rank before the next one: a better host is worth a lost SYN, which is sent again after a
  // second.
  static constexpr std::chrono::milliseconds kHeadStartOfRank{2'500};
  static constexpr std::size_t kMostAtOnce = 4;
  // A caller that comes later than this was busy, and may not have seen answers that are there:
  // it is sent to look once before another attempt begins.
  static constexpr std::chrono::milliseconds kBusy{20};

  enum class State : std::uint8_t { Asking, Holding, Racing, Exhausted, Won, Lost };
  enum class Do : std::uint8_t {
    Nothing,
    Ask,    // for the next target; found() or exhausted() follows
    Begin,  // to connect to the target that was found last; began(), refused() or skipped() follows
    Replace,  // the same, after giving up the attempt that began first: gave_up() comes before
    GiveUp,
  };

  [[nodiscard]] Do begin();
  [[nodiscard]] Do found(unsigned rank);  // of the next target: its host's preference
  // `alone`: no other is to be begun beside it.
  void began(bool alone, SteadyTime now);
  void refused();                        // limits leave no connection beside those under way
  [[nodiscard]] Do skipped();            // it cannot be tried
  [[nodiscard]] Do exhausted();          // there are no more targets
  [[nodiscard]] Do failed();             // an attempt that had begun
  void gave_up() { --under_way_; }       // one, as Replace says
  [[nodiscard]] Do due(SteadyTime now);  // next_at() is reached
  void won();  // one of the attempts has connected: the caller drops the others

  State state() const { return state_; }
  std::size_t under_way() const { return under_way_; }
  std::optional<SteadyTime> next_at() const;  // nothing: only events lead further

 private:
  Do enter(State state);
  Do next() const { return under_way_ >= kMostAtOnce ? Do::Replace : Do::Begin; }

  State state_ = State::Lost;
  std::size_t under_way_ = 0;
  bool alone_ = false;
  bool refused_ = false;
  bool looked_ = false;      // after being busy
  unsigned rank_ = 0;        // of the latest attempt
  unsigned found_rank_ = 0;  // of the target that was found
  SteadyTime last_began_{};
};

}  // namespace signpost::delivery
