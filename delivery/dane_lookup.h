// Finds out what the DNS demands of one host's TLS, once its addresses are known: dane.h.
#pragma once

#include "delivery/dane.h"
#include "dns/resolver.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace signpost::delivery {

// Belongs to one host walk, on its worker's thread. Destroying it cancels the look-up; `done` may
// do so.
class DaneLookup {
 public:
  using Done = std::function<void(Dane)>;

  // Whether there is anything to look up. In zones without DNSSEC nothing is asked.
  static bool is_needed(const dns::Resolver& resolver, const dns::AddressAnswer& addresses);

  // `port`: that of the connection. `done` is called once, not from within this. `resolver` must
  // outlive it. REQUIRES: is_needed()
  DaneLookup(dns::Resolver& resolver, std::string host, std::uint16_t port,
             const dns::AddressAnswer& addresses, Done done);

 private:
  void ask_next();
  void on_alias(const dns::AliasAnswer& answer);
  void on_records(const dns::TlsaAnswer& answer);
  void finish(Dane dane);

  dns::Resolver& resolver_;
  const std::string host_;
  const std::uint16_t port_;
  Done done_;
  std::deque<std::string> base_domains_;  // the first one is asked for, or is the next to be
  dns::QueryHandle query_;
};

}  // namespace signpost::delivery
