// What a session holds of the relay's bounds, given back with the object.
#pragma once

#include "metrics/instruments.h"
#include "net/address.h"
#include "relay/admission.h"

#include <cstddef>
#include <utility>

namespace signpost::submission {

// A place among limits.sessions and limits.sessions_per_client, if there was one.
class SessionPlace {
 public:
  // Both must outlive it.
  SessionPlace(relay::Admission& admission, metrics::Gauge& sessions, const net::IpAddress& client,
               bool trusted)
      : admission_(admission),
        sessions_(sessions),
        client_(client),
        trusted_(trusted),
        taken_(admission.begin_session(client, trusted)) {
    if (taken_) sessions_.add(1);
  }
  ~SessionPlace() {
    if (!taken_) return;
    admission_.end_session(client_, trusted_);
    sessions_.add(-1);
  }
  SessionPlace(const SessionPlace&) = delete;
  SessionPlace& operator=(const SessionPlace&) = delete;

  bool taken() const { return taken_; }

 private:
  relay::Admission& admission_;
  metrics::Gauge& sessions_;
  const net::IpAddress client_;
  const bool trusted_;
  const bool taken_;
};

// Octets of content, counted as memory in use.
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
  void release() { admission_->give_memory(std::exchange(octets_, 0)); }

 private:
  relay::Admission* admission_;
  std::size_t octets_ = 0;
};

}  // namespace signpost::submission
