// Who is at the other end of a session.
#pragma once

#include "net/address.h"
#include "net/proxy_protocol.h"

#include <optional>

namespace signpost::submission {

struct Peer {
  net::SocketAddress client;  // to whom limits, trust, the Received field and the log refer
  std::optional<net::SocketAddress> proxy{};  // the load balancer that the client came through
  std::optional<net::ProxiedTls> tls{};       // between client and balancer
  // The balancer's own connection, `client`: a health check. Trusted in nothing.
  bool is_check = false;

  // No octet has left this machine.
  bool is_local() const {
    return !is_check && client.ip.is_loopback() && (!proxy || proxy->ip.is_loopback());
  }
};

}  // namespace signpost::submission
