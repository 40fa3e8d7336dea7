#include "bench/wire/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

namespace signpost::bench {

namespace {

const sockaddr* generic(const Endpoint& endpoint) {
  return reinterpret_cast<const sockaddr*>(&endpoint.address);
}

std::string system_error() { return std::strerror(errno); }

void set_flag(int fd, int level, int option, bool on = true) {
  const int value = on ? 1 : 0;
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

constexpr std::string_view kUnixPrefix = "unix:";

Result<Endpoint> unix_endpoint(std::string_view path) {
  Endpoint endpoint;
  auto& address = reinterpret_cast<sockaddr_un&>(endpoint.address);
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Errc::InvalidArgument, "unix:" + std::string(path) + " is not a socket's path");
  }
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  endpoint.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return endpoint;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

std::uint16_t Endpoint::port() const {
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::string Endpoint::text() const {
  if (address.ss_family == AF_UNIX) {
    return std::string(kUnixPrefix) + reinterpret_cast<const sockaddr_un&>(address).sun_path;
  }
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, host,
              sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(port());
  }
  inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, host, sizeof host);
  return std::string(host) + ":" + std::to_string(port());
}

Result<Endpoint> resolve(std::string_view host_and_port) {
  if (host_and_port.starts_with(kUnixPrefix)) {
    return unix_endpoint(host_and_port.substr(kUnixPrefix.size()));
  }
  const auto colon = host_and_port.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == host_and_port.size()) {
    return fail(Errc::InvalidArgument, "\"" + std::string(host_and_port) + "\" is not host:port");
  }
  std::string host(host_and_port.substr(0, colon));
  const std::string port(host_and_port.substr(colon + 1));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (host.empty() ? AI_PASSIVE : 0);
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, FreeAddresses> owner(list);
  if (error != 0) {
    return fail(Errc::InvalidArgument, std::string(host_and_port) + ": " + gai_strerror(error));
  }
  Endpoint endpoint;
  endpoint.length = list->ai_addrlen;
  std::memcpy(&endpoint.address, list->ai_addr, list->ai_addrlen);
  return endpoint;
}

Result<Descriptor> listen_on(const Endpoint& endpoint, bool shared) {
  Descriptor fd(socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(Errc::Io, "socket: " + system_error());
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (shared) set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  if (endpoint.address.ss_family == AF_INET6) set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (bind(fd.get(), generic(endpoint), endpoint.length) != 0 || listen(fd.get(), 4096) != 0) {
    return fail(Errc::Io, "cannot listen on " + endpoint.text() + ": " + system_error());
  }
  return fd;
}

Endpoint local_endpoint(int fd) {
  Endpoint endpoint;
  endpoint.length = sizeof endpoint.address;
  (void)getsockname(fd, reinterpret_cast<sockaddr*>(&endpoint.address), &endpoint.length);
  return endpoint;
}

Result<Descriptor> begin_connect(const Endpoint& to, const Endpoint* from) {
  Descriptor fd(socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(Errc::Io, "socket: " + system_error());
  if (to.address.ss_family != AF_UNIX) set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  if (from != nullptr) {
    // The port is chosen at connect(), by the whole four-tuple: many more connections fit.
    set_flag(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    if (bind(fd.get(), generic(*from), from->length) != 0) {
      return fail(Errc::Io, "cannot send from " + from->text() + ": " + system_error());
    }
  }
  if (connect(fd.get(), generic(to), to.length) != 0 && errno != EINPROGRESS) {
    return fail(Errc::Io, "connect: " + system_error());
  }
  return fd;
}

Result<void> connect_result(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return fail(Errc::Io, std::string("connect: ") + std::strerror(error));
  return {};
}

void set_no_delay(int fd, bool on) { set_flag(fd, IPPROTO_TCP, TCP_NODELAY, on); }

Descriptor accept_one(int listener, Endpoint& peer) {
  peer.length = sizeof peer.address;
  Descriptor fd(accept4(listener, reinterpret_cast<sockaddr*>(&peer.address), &peer.length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

}  // namespace signpost::bench
