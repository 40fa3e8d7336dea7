// Listening sockets that the service manager opened and handed over (sd_listen_fds(3)). They
// outlive this process: connections that come while it restarts wait for the next one.
#pragma once

#include "base/descriptor.h"
#include "base/result.h"

#include <cstddef>
#include <string>
#include <vector>

namespace signpost::daemon {

// Not thread-safe: the daemon's, under its lock.
class InheritedSockets {
 public:
  InheritedSockets() = default;
  // Those that LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES name, if they are for this process; the
  // variables go, so that no child believes them. For main(), before there are threads. Fails on
  // variables that are malformed, and on a descriptor that does not listen for streams.
  static Result<InheritedSockets> take();

  // As many descriptors of the socket that is bound to `where` ("0.0.0.0:587", "unix:/path"), which
  // share its queue of connections; empty if there is none.
  Result<std::vector<Descriptor>> copies(const std::string& where, std::size_t count);
  // Of those that nobody has asked for: "0.0.0.0:587 (smtp.socket)".
  std::vector<std::string> unused() const;

 private:
  struct Socket {
    Descriptor descriptor;
    std::string where;
    std::string name;  // as LISTEN_FDNAMES has it, usually that of the unit
    bool used = false;
  };
  std::vector<Socket> sockets_;
};

}  // namespace signpost::daemon
