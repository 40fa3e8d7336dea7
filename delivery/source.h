// One identity that mail is sent with: addresses of this machine, and the name that goes with them.
#pragma once

#include "delivery/warm_up.h"
#include "net/address.h"

#include <optional>
#include <string>

namespace signpost::delivery {

// Neither address: the system chooses, of both families.
struct Source {
  std::string name;  // as logs and commands call it; "": that of mail for which none is named
  std::optional<net::IpAddress> v4;
  std::optional<net::IpAddress> v6;
  std::string hostname;  // of EHLO (RFC 5321 section 4.1.4); "": the relay's own
  std::optional<WarmUp> warm_up{};
  friend bool operator==(const Source&, const Source&) = default;

  // To connect to `target` from; null: any of this machine, or none if lacks().
  const net::IpAddress* address_for(const net::IpAddress& target) const {
    const auto& own = target.is_v6() ? v6 : v4;
    return own ? &*own : nullptr;
  }
  // Mail does not leave from an address that the operator did not name.
  bool lacks(const net::IpAddress& target) const {
    return (v4 || v6) && address_for(target) == nullptr;
  }
};

}  // namespace signpost::delivery
