// A real name server for the tests: Knot DNS, on a loopback port, with zones of the test's own.
#pragma once

#include "net/address.h"
#include "tests/support/test_certificate.h"

#include <sys/types.h>

#include <map>
#include <string>

namespace signpost::dns {

class KnotServer {
 public:
  // By the zones' names, their text. Returns when all are served; throws std::runtime_error, with
  // the reason, when that cannot be.
  explicit KnotServer(const std::map<std::string, std::string>& zones);
  ~KnotServer();
  KnotServer(const KnotServer&) = delete;
  KnotServer& operator=(const KnotServer&) = delete;

  const net::SocketAddress& address() const { return address_; }

 private:
  std::string configuration(const std::map<std::string, std::string>& zones) const;
  void start(const std::string& configuration_file);
  void wait_until_served(std::size_t zones);

  test::TemporaryDirectory directory_;
  net::SocketAddress address_;
  pid_t process_ = -1;
  int output_ = -1;
};

}  // namespace signpost::dns
