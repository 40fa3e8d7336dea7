// A listening socket on one loop. Several loops may listen on one address (SO_REUSEPORT).
#pragma once

#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"

#include <functional>
#include <limits>
#include <memory>
#include <string_view>

namespace signpost::net {

// Who may listen on the address beside us: other sockets of this account (one of each worker), or
// nobody, so that a second process finds the port in use.
enum class PortSharing { Shared, Exclusive };

// Opens, binds and listens: SO_REUSEADDR, SO_REUSEPORT if shared, IPV6_V6ONLY, non-blocking,
// backlog 4096. The error names the address and suggests a remedy (in use, no permission below
// 1024, …). Opening is separate from listening so that it can happen before privileges are dropped.
Result<int> open_listening_socket(const SocketAddress& address,
                                  PortSharing sharing = PortSharing::Shared);

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
  // other is accepted: the descriptors that are left are for others.
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
