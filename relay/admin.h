// The admin listener: metrics, health, and the API that the commands use.
#pragma once

#include "base/result.h"
#include "net/address.h"
#include "relay/relay.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace signpost::relay {

struct AdminOptions {
  net::SocketAddress bind;
  std::string token;  // empty: none needed
  // Reads the configuration again; the mistakes, or nothing when the new one is in force. Runs on
  // one of the listener's threads.
  std::function<std::vector<std::string>()> reload;
};

// Runs on threads of its own. `relay` must outlive it.
class Admin {
 public:
  static Result<std::unique_ptr<Admin>> start(Relay& relay, AdminOptions options);
  ~Admin();  // answers what is under way, then joins
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

 private:
  struct Impl;
  explicit Admin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Why mail is not accepted now; empty while it is. Any thread.
std::string not_ready_reason(const Relay& relay);

}  // namespace signpost::relay
