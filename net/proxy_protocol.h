// The PROXY protocol, versions 1 and 2: what a load balancer says ahead of the octets of a
// connection that it passes on.
#pragma once

#include "base/result.h"
#include "net/address.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::net {

// Of the client's connection to the balancer.
struct ProxiedTls {
  std::string version;       // "TLSv1.3"; "" if the balancer does not say
  std::string cipher;        // "TLS_AES_256_GCM_SHA384"; "" too
  std::string common_name;   // of the client's certificate; "" without one
  bool certificate = false;  // the client showed one
  bool verified = false;     // and the balancer could verify it
};

struct ProxyHeader {
  struct Route {
    SocketAddress client;
    SocketAddress destination;  // that the client connected to
  };
  std::size_t size = 0;           // octets of the header
  std::optional<Route> route;     // nothing: the connection is the balancer's own (LOCAL), or of a
                                  // kind that has no Internet addresses (UNKNOWN, unix sockets)
  std::optional<ProxiedTls> tls;  // nothing: in clear, or the balancer does not say
};

// No header is longer: version 1 has 107 octets, version 2 at most 232 with addresses alone. What
// comes on top describes TLS, and may bring a certificate.
constexpr std::size_t kMostProxyHeader = 4096;

// The header that `octets` begin with; nothing while it is incomplete, and then all of `octets`
// belong to it. Errc::Protocol if it is none, as soon as that is known. Pure.
Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view octets);

}  // namespace signpost::net
