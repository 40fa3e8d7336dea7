// TCP and Unix sockets for the load tools: names and numbers to addresses, listening, connecting.
#pragma once

#include "base/descriptor.h"
#include "base/result.h"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::bench {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;

  std::uint16_t port() const;  // of TCP
  std::string text() const;    // "127.0.0.1:25", "[::1]:25", "unix:/run/relay"
};

// "host:port", "[v6]:port", ":port" or "unix:/path"; names are looked up (blocking), the first
// address wins.
Result<Endpoint> resolve(std::string_view host_and_port);

// Non-blocking. `shared` sets SO_REUSEPORT, so that each thread can have a socket of its own.
Result<Descriptor> listen_on(const Endpoint& endpoint, bool shared);
Endpoint local_endpoint(int fd);

// Begins to connect: writable when done, then connect_result() has the outcome.
Result<Descriptor> begin_connect(const Endpoint& to, const Endpoint* from);
Result<void> connect_result(int fd);

// Whether what is written leaves at once (TCP_NODELAY), as at first, or small pieces wait for the
// acknowledgement of earlier ones (Nagle's algorithm).
void set_no_delay(int fd, bool on);

// Nothing to accept: an empty descriptor.
Descriptor accept_one(int listener, Endpoint& peer);

}  // namespace signpost::bench
