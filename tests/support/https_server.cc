#include "tests/support/https_server.h"

#include "base/check.h"
#include "net/certificate.h"

#include <fmt/format.h>

#include <utility>

namespace signpost::test {

struct HttpsServer::Connection final : net::StreamHandler {
  Connection(HttpsServer& its, int fd)
      : server(its), timer(its.loop_, [this] { drip(); }), stream(its.loop_, fd, *this) {
    stream.start_tls_server(*server.context_);
  }

  void on_input() override {
    received += stream.input().view();
    stream.input().consume(stream.input().size());
    if (!received.ends_with("\r\n\r\n")) return;
    server.requests.push_back(std::exchange(received, {}));
    if (server.pause_.count() != 0) return drip();
    stream.output().append(server.response_);
    stream.shut_down();
  }
  void on_closed(const Error&) override { closed = true; }

  void drip() {
    if (closed) return;
    stream.output().append(server.response_.substr(sent++ % server.response_.size(), 1));
    stream.flush();
    timer.start(server.pause_);
  }

  HttpsServer& server;
  std::string received;
  std::size_t sent = 0;
  bool closed = false;
  net::Timer timer;
  net::Stream stream;
};

HttpsServer::HttpsServer(net::Loop& loop, const net::SocketAddress& address,
                         const TestCertificate& certificate)
    : loop_(loop) {
  const auto parsed = net::Certificate::from_pem(certificate.certificate);
  CHECK(parsed.has_value());
  auto context = net::TlsServerContext::create(**parsed, certificate.key, net::TlsVersion::Tls12);
  CHECK(context.has_value());
  context_ = std::move(*context);
  const auto socket = net::open_listening_socket(address);
  CHECK(socket.has_value());
  listener_ =
      std::make_unique<net::Listener>(loop_, *socket, [this](int fd, const net::SocketAddress&) {
        connections_.push_back(std::make_unique<Connection>(*this, fd));
      });
}

HttpsServer::~HttpsServer() = default;

void HttpsServer::responds(int status, std::string_view content_type, std::string_view body) {
  responds(
      fmt::format("HTTP/1.1 {} Whatever\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
                  "Connection: close\r\n\r\n{}",
                  status, content_type, body.size(), body));
}

}  // namespace signpost::test
