#include "admin/admin.h"

#include "admin/http_server.h"
#include "base/descriptor.h"
#include "net/listener.h"
#include "net/unix_socket.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace signpost::admin {

namespace {

// The account and its group: the folder's mode may keep others of the group out.
constexpr mode_t kSocketMode = 0660;

}  // namespace

struct Admin::Impl {
  Impl(const Services& services, const SharedAccessRules& rules, Reload reload)
      : routes(services, rules, std::move(reload)) {}

  Routes routes;
  std::optional<net::UnixListener> socket;  // whose file goes after the server
  std::unique_ptr<HttpServer> server;
};

Admin::Admin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Admin::~Admin() = default;

Result<AdminSockets> AdminSockets::open(const std::optional<net::SocketAddress>& bind,
                                        const std::string& socket) {
  AdminSockets sockets;
  if (bind) {
    auto port = net::open_listening_socket(*bind);
    if (!port) return fail(port.error().code, "admin.bind: " + port.error().detail);
    sockets.port = Descriptor(*port);
  }
  if (!socket.empty()) {
    auto listener = net::UnixListener::open(socket, kSocketMode);
    if (!listener) return fail(listener.error().code, "admin.socket: " + listener.error().detail);
    sockets.socket.emplace(std::move(*listener));
  }
  return sockets;
}

Result<std::unique_ptr<Admin>> Admin::start(const Services& services, AdminOptions options) {
  auto impl = std::make_unique<Impl>(services, options.rules, std::move(options.reload));
  std::vector<HttpListener> listeners;
  if (options.sockets.port) {
    listeners.push_back({std::move(options.sockets.port), options.connections});
  }
  if (options.sockets.socket) {
    impl->socket.emplace(std::move(*options.sockets.socket));
    listeners.push_back(
        {Descriptor(impl->socket->release()), std::max<std::size_t>(1, options.connections / 8)});
  }
  Routes& routes = impl->routes;
  auto server =
      HttpServer::start(std::move(listeners),
                        {[&routes](const HttpRequest& head) { return routes.refuse(head); },
                         [&routes](const HttpRequest& request) { return routes.answer(request); }});
  if (!server) return Failure(std::move(server).error());
  impl->server = std::move(*server);
  return std::unique_ptr<Admin>(new Admin(std::move(impl)));
}

}  // namespace signpost::admin
