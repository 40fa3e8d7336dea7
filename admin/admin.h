// The admin side of the running relay: health, metrics, and the API that the commands use, over a
// unix socket and HTTP.
#pragma once

#include "admin/access.h"
#include "admin/routes.h"
#include "admin/services.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "net/address.h"
#include "net/unix_socket.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace signpost::admin {

// Where the admin side listens. Opened first, so that a port in use is found before anything else
// begins.
struct AdminSockets {
  Descriptor port;
  std::optional<net::UnixListener> socket;  // whose file goes with it

  // `bind`: nothing, no port. `socket`: a path; "": none. The error names the key.
  static Result<AdminSockets> open(const std::optional<net::SocketAddress>& bind,
                                   const std::string& socket);
};

struct AdminOptions {
  AdminSockets sockets;
  std::size_t connections = 0;  // by TCP; an eighth as many by the socket
  // Must outlive the admin side. A reload may change them, but not where it listens.
  const SharedAccessRules& rules;
  Reload reload;
};

// Runs on threads of its own.
class Admin {
 public:
  static Result<std::unique_ptr<Admin>> start(const Services& services, AdminOptions options);
  // Waits for requests under way, never for a client; a change of a long queue ends early once
  // services.draining is true.
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

 private:
  struct Impl;
  explicit Admin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::admin
