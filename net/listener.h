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

// Opens, binds and listens: SO_REUSEADDR, IPV6_V6ONLY, non-blocking, backlog 4096. The address is
// in use for everybody else from then on. The error names the address and suggests a remedy (in
// use, no permission below 1024, …).
Result<int> open_listening_socket(const SocketAddress& address);

// As many sockets that share the address, one for each worker: the kernel spreads the connections.
// Then the address is in use for everyone, this process included. Connections that come before the
// first accept wait.
Result<std::vector<Descriptor>> open_listening_sockets(const SocketAddress& address,
                                                       std::size_t count);

// Who listens at an address. `Own`: a process of this account with open_listening_sockets().
enum class PortUse : std::uint8_t { Free, Own, Others };
// Free also when that cannot be found out. Listens at no time, so no client notices.
PortUse port_use(const SocketAddress& address);

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

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
