// Where the mail of one job goes: decided anew at each attempt from what the queue stores and what
// the configuration says now.
#pragma once

#include "base/result.h"

#include "config/config.h"
#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::relay {

// A set of MX hosts (by their domain) or one host of a route, with its limits.
struct NextHop {
  std::string key;  // what connections and back-off are shared by: "mx:example.net", "smtp:host:25"
  bool mx = true;   // look up the MX records of `host`
  std::string host;  // domain, host name or IP address; A-labels in lower case
  std::uint16_t port = 25;
  config::TlsPolicy tls = config::TlsPolicy::Opportunistic;
  std::size_t connections = 10;
  std::size_t messages_per_connection = 100;
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

// `reverse_path` as in the envelope. InvalidArgument when the domain cannot be a domain (5.1.2).
Result<NextHop> next_hop(const config::Config& config, std::string_view reverse_path,
                         std::string_view recipient_domain);

}  // namespace signpost::relay
