// A server that speaks as much HTTPS as tests of a client need, on a loop and a loopback address.
#pragma once

#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"
#include "net/tls.h"
#include "tests/support/test_certificate.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::test {

class HttpsServer {
 public:
  // `address`: with port 0 any port. Its handshakes show `certificate`.
  HttpsServer(net::Loop& loop, const net::SocketAddress& address,
              const TestCertificate& certificate);
  ~HttpsServer();

  std::uint16_t port() const { return listener_->local().port; }

  // What it responds to each request from now on, octet for octet.
  void responds(std::string octets) { response_ = std::move(octets); }
  void responds(int status, std::string_view content_type, std::string_view body);
  // The same, an octet each time: for ever, beginning again at its end.
  void drips(std::chrono::milliseconds pause) { pause_ = pause; }

  std::vector<std::string> requests;  // heads, ever

 private:
  struct Connection;

  net::Loop& loop_;
  std::shared_ptr<const net::TlsServerContext> context_;
  std::unique_ptr<net::Listener> listener_;
  std::string response_;
  std::chrono::milliseconds pause_{0};
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace signpost::test
