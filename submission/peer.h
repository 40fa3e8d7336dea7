// Who is at the other end of a session.
#pragma once

#include "net/address.h"
#include "net/proxy_protocol.h"

#include <memory>
#include <optional>
#include <string>

namespace signpost::submission {

struct Peer {
  net::SocketAddress client;  // to whom limits, trust, the Received field and the log refer
  // The load balancer or front end that the client came through: who is connected.
  std::optional<net::SocketAddress> proxy{};
  std::shared_ptr<const net::ProxiedTls> tls{};  // between client and balancer; null: none
  std::string name{};  // of the client in the DNS, as a front end found it
  // `client` is the proxy's: a balancer's health check, or a client that the front end does not
  // know. Trusted in nothing.
  bool is_unknown = false;

  // No octet has left this machine, as far as anyone can know: a balancer on this machine may say
  // what another one has said to it.
  bool is_local() const { return !proxy && !is_unknown && client.ip.is_loopback(); }
  // Loopback addresses in the configuration are those of this machine. What a balancer or a front
  // end names is its own loopback, or that of a proxy before it.
  bool is_of_another_loopback() const { return proxy && client.ip.is_loopback(); }
};

}  // namespace signpost::submission
