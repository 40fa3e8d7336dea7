// What a client asks of a message's transfer: by when (RFC 2852), and with which TLS (RFC 8689).
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

// How the message may be passed on from here, whatever the receiver's domain publishes.
enum class TlsRequest : std::uint8_t {
  None,
  Required,     // REQUIRETLS: with TLS and a proven host all the way, else not at all
  NotRequired,  // "TLS-Required: No" in its header section: rather without than not at all
};

constexpr int kLowestPriority = -9;  // RFC 6710 section 3
constexpr int kHighestPriority = 9;

}  // namespace signpost::smtp
