// A listening socket on one loop. Several loops of one process may listen on one address.
#pragma once

#include "base/descriptor.h"
#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

namespace signpost::net {

// Opens, binds and listens: SO_REUSEADDR, IPV6_V6ONLY, non-blocking, backlog 4096. "[::]" is thus
// IPv6 alone, whatever net.ipv6.bindv6only says, and leaves room for "0.0.0.0". The address is
// in use for everybody else from then on. The error names the address and suggests a remedy (in
// use, no permission below 1024, …).
Result<int> open_listening_socket(const SocketAddress& address);

// As many sockets that share the address, one for each worker: the kernel spreads the connections.
// Then the address is in use for everyone, this process included. Connections that come before the
// first accept wait.
// `Beside::Own`: sockets that were opened like this may still have the address, or one that it
// includes, until they are closed.
enum class Beside : std::uint8_t { Nobody, Own };
Result<std::vector<Descriptor>> open_listening_sockets(const SocketAddress& address,
                                                       std::size_t count,
                                                       Beside beside = Beside::Nobody);

// Who listens at an address. `Own`: a process of this account with open_listening_sockets().
enum class PortUse : std::uint8_t { Free, Own, Others };
// Free also when that cannot be found out. Listens at no time, so no client notices.
PortUse port_use(const SocketAddress& address);

// The clients that a listening socket takes. "ipv4 and ipv6" only for one that someone else opened.
std::string_view families_of(int listening_socket);

// Whether sockets can be bound to the address: an interface of this machine has it now, or it is
// the unspecified one. True when that cannot be found out.
bool is_of_this_machine(const IpAddress& address);

// Sends what the socket takes of `words` at once, then closes it: a client that waits for our first
// words, as an SMTP client does, reads them before it learns of the close.
void refuse_connection(int fd, std::string_view words);

// The loop's thread only. Owns the descriptor.
class Listener {
 public:
  // `on_accept` gets and owns a non-blocking descriptor with TCP_NODELAY set.
  using OnAccept = std::function<void(int fd, const SocketAddress& peer)>;
  // A connection whose descriptor is `ceiling` or above is closed at once, and for a moment no
  // other is accepted: the remaining descriptors are for other uses.
  Listener(Loop& loop, int listening_fd, OnAccept on_accept,
           int ceiling = std::numeric_limits<int>::max());
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  SocketAddress local() const;
  // Accepts what has come until now: the kernel resets what still waits when a socket is closed.
  void take_waiting();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
