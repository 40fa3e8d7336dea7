#include "admin/http_endpoint.h"

#include "base/check.h"
#include "base/clock.h"
#include "net/unix_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

namespace signpost::admin {

namespace {

using State = ConnectionTable::State;

constexpr std::chrono::seconds kSweep{1};
// Without descriptors or memory every accept(2) fails, while the socket stays readable.
constexpr std::chrono::milliseconds kPauseWhenExhausted{100};

HttpPeer peer_of(Socket& socket) {
  HttpPeer peer;
  peer.account = net::peer_credentials(socket.native_handle());
  if (peer.account) return peer;
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  if (::getpeername(socket.native_handle(), reinterpret_cast<sockaddr*>(&native), &size) == 0) {
    peer.address = net::SocketAddress::from_native(native);
  }
  return peer;
}

}  // namespace

HttpEndpoint::HttpEndpoint(Loop& loop, const HttpHandler& handler, const HttpLimits& limits,
                           TaskPool& pool, std::size_t connections)
    : acceptor_(loop),
      pause_(loop),
      sweep_(loop),
      all_{loop,
           handler,
           limits,
           pool,
           ConnectionTable({connections, limits.request_time, limits.response_time}),
           [this](HttpConnection::Id ended) { connections_.erase(ended); }} {}

HttpEndpoint::~HttpEndpoint() { CHECK(!has_connections()); }

Result<void> HttpEndpoint::start(Descriptor listening) {
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  CHECK(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&native), &size) == 0);
  error_code error;
  acceptor_.assign({native.ss_family, 0}, listening.get(), error);
  if (error) return fail(Errc::Io, "the HTTP server cannot listen: " + error.message());
  (void)listening.release();  // the acceptor's
  accept();
  return {};
}

void HttpEndpoint::accept() {
  acceptor_.async_accept([this](error_code error, Socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) return pause();
    add(std::move(socket));
    accept();
  });
}

void HttpEndpoint::pause() {
  pause_.expires_after(kPauseWhenExhausted);
  pause_.async_wait([this](error_code) {
    if (acceptor_.is_open()) accept();
  });
}

void HttpEndpoint::add(Socket socket) {
  error_code error;
  socket.non_blocking(true, error);
  if (error) return;
  const HttpPeer peer = peer_of(socket);
  if (!peer.account) {
    const int on = 1;
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  const HttpConnection::Id id = ++last_;
  all_.table.add(id, peer.client(), real_clock().steady_now());
  if (!has_connections()) sweep();
  auto connection = std::make_unique<HttpConnection>(id, std::move(socket), peer, all_);
  connections_.emplace(id, std::move(connection)).first->second->start();
  if (const auto surplus = all_.table.surplus()) connections_.at(*surplus)->close();
}

void HttpEndpoint::sweep() {
  for (const auto id : all_.table.overdue(real_clock().steady_now())) connections_.at(id)->close();
  sweep_.expires_after(kSweep);
  sweep_.async_wait([this](error_code error) {
    if (!error && has_connections()) sweep();
  });
}

void HttpEndpoint::stop_accepting() {
  all_.accepting = false;
  error_code ignored;
  acceptor_.close(ignored);
  for (const auto id : all_.table.waiting()) connections_.at(id)->close();
}

void HttpEndpoint::close_all() {
  CHECK(!is_working());
  for (const auto& [id, connection] : connections_) connection->close();
}

bool HttpEndpoint::is_working() const { return all_.table.count(State::Working) > 0; }
bool HttpEndpoint::is_sending() const { return all_.table.count(State::Sending) > 0; }

}  // namespace signpost::admin
