// The admin listener: metrics, health, and the API that the commands use.
#pragma once

#include "admin/services.h"
#include "base/mutex.h"
#include "base/result.h"
#include "net/address.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::admin {

// The secret that requests must present; a reload may change it. Any thread.
class AdminToken {
 public:
  void set(std::string token) {
    const MutexLock lock(mutex_);
    token_ = std::move(token);
  }
  std::string get() const {
    const MutexLock lock(mutex_);
    return token_;
  }

 private:
  mutable Mutex mutex_;
  std::string token_ GUARDED_BY(mutex_);
};

struct AdminOptions {
  net::SocketAddress bind;
  // Must outlive the listener. Empty: requests need none on a loopback address, and are refused on
  // any other; a reload cannot change the address.
  const AdminToken& token;
  // Reads the configuration again; the mistakes, or nothing when the new one is in force. Runs on
  // one of the listener's threads.
  std::function<std::vector<std::string>()> reload;
};

// Runs on threads of its own.
class Admin {
 public:
  static Result<std::unique_ptr<Admin>> start(const Services& services, AdminOptions options);
  ~Admin();  // answers requests under way, then joins
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

 private:
  struct Impl;
  explicit Admin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Why mail is not accepted now; empty while it is. Any thread.
std::string not_ready_reason(const Services& services);

}  // namespace signpost::admin
