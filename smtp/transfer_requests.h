// What a client asks about the time of a message's delivery: by when (RFC 2852).
#pragma once

#include <chrono>
#include <cstdint>

namespace signpost::smtp {

// BY=
struct DeliverBy {
  enum class Mode : std::uint8_t {
    Notify,  // a report of the delay when the time has passed, and further attempts
    Return,  // given up when the time has passed
  };
  std::chrono::seconds time{0};  // that is left; with Notify it may have passed
  Mode mode = Mode::Notify;
  bool trace = false;  // each relay reports that it has passed the message on

  friend bool operator==(const DeliverBy&, const DeliverBy&) = default;
};

constexpr int kLowestPriority = -9;  // RFC 6710 section 3
constexpr int kHighestPriority = 9;

}  // namespace signpost::smtp
