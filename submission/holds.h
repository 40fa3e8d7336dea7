// A session's share of the relay's bounds, given back with the object.
#pragma once

#include "metrics/instruments.h"
#include "net/address.h"
#include "relay/admission.h"

#include <cstddef>
#include <expected>
#include <utility>

namespace signpost::submission {

// A place among limits.sessions and limits.sessions_per_client.
class SessionPlace {
 public:
  // Both must outlive it. Says why, if there is none.
  static std::expected<SessionPlace, relay::Place> take(relay::Admission& admission,
                                                        metrics::Gauge& sessions,
                                                        const net::IpAddress& client,
                                                        relay::ClientKind kind) {
    const relay::Place place = admission.begin_session(client, kind);
    if (place != relay::Place::Taken) return std::unexpected(place);
    return SessionPlace(admission, sessions, client, kind);
  }
  ~SessionPlace() { release(); }
  SessionPlace(SessionPlace&& other) noexcept
      : admission_(std::exchange(other.admission_, nullptr)),
        sessions_(other.sessions_),
        client_(other.client_),
        kind_(other.kind_) {}
  SessionPlace& operator=(SessionPlace&& other) noexcept {
    release();
    admission_ = std::exchange(other.admission_, nullptr);
    sessions_ = other.sessions_;
    client_ = other.client_;
    kind_ = other.kind_;
    return *this;
  }

  relay::ClientKind kind() const { return kind_; }
  const net::IpAddress& client() const { return client_; }
  void log_in() {
    if (kind_ == relay::ClientKind::Stranger) admission_->log_in();
    if (kind_ != relay::ClientKind::Trusted) kind_ = relay::ClientKind::Known;
  }
  void release() {
    if (admission_ == nullptr) return;
    std::exchange(admission_, nullptr)->end_session(client_, kind_);
    sessions_->add(-1);
  }

 private:
  SessionPlace(relay::Admission& admission, metrics::Gauge& sessions, const net::IpAddress& client,
               relay::ClientKind kind)
      : admission_(&admission), sessions_(&sessions), client_(client), kind_(kind) {
    sessions_->add(1);
  }

  relay::Admission* admission_;  // null: given back
  metrics::Gauge* sessions_;
  net::IpAddress client_;
  relay::ClientKind kind_;
};

// Octets, counted as memory in use.
class HeldMemory {
 public:
  explicit HeldMemory(relay::Admission& admission) : admission_(&admission) {}
  ~HeldMemory() { release(); }
  HeldMemory(HeldMemory&& other) noexcept
      : admission_(other.admission_), octets_(std::exchange(other.octets_, 0)) {}
  HeldMemory& operator=(HeldMemory&&) = delete;

  // False: limits.memory is exceeded. The octets are counted in either case.
  bool grow_to(std::size_t octets) {
    if (octets <= octets_) return true;
    return admission_->take_memory(octets - std::exchange(octets_, octets));
  }
  // The same for an amount that may also shrink.
  bool set(std::size_t octets) {
    if (octets < octets_) admission_->give_memory(std::exchange(octets_, octets) - octets);
    return grow_to(octets);
  }
  void release() { admission_->give_memory(std::exchange(octets_, 0)); }

 private:
  relay::Admission* admission_;
  std::size_t octets_ = 0;
};

}  // namespace signpost::submission
