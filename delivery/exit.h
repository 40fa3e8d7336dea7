// One source to one site: what may be sent there from those addresses, and how that goes.
#pragma once

#include "delivery/allowance.h"
#include "delivery/back_off.h"
#include "delivery/connection_budget.h"
#include "net/address.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace signpost::delivery {

// A delivery session, named so that other threads can refer to it.
struct SessionRef {
  std::size_t worker = 0;
  std::uint64_t session = 0;
  std::size_t exit = 0;  // of its site: see Site::exits
  friend bool operator==(const SessionRef&, const SessionRef&) = default;
};

// What a session says of its connection when it asks for a job.
struct ConnectionUse {
  std::size_t messages = 0;               // that it has carried
  std::optional<net::IpAddress> address;  // of a place that it takes: see AddressPlaces
};

// A part of its site, guarded like it. Receivers judge and limit each address that mail comes from
// by itself: one may be refused where others are welcome.
struct Exit {
  explicit Exit(std::size_t workers) : connections(workers) {}

  ConnectionBudget connections;
  BackOff back_off{BackOff::kConnections};
  // What this source may send to this site, or to all sites of the group that it is in.
  std::shared_ptr<Allowance> allowance;
  bool waits_for_token = false;     // in its allowance: no session is woken meanwhile
  std::vector<SessionRef> idle;     // connected, without a job
  std::vector<SessionRef> woken;    // have a promised token, and have not asked for a job yet
  std::vector<SessionRef> leaving;  // close, since there are more than may be
  bool turns_away = false;          // the receiver takes connections from there, and no mail
  std::vector<SessionRef> probing;  // meanwhile: have taken a job
  SteadyTime opened{};              // when a connection was ordered last

  // It has sent what its warm-up allows today.
  bool is_spent() const { return allowance->daily() && allowance->daily()->left() == 0; }
};

}  // namespace signpost::delivery
