#include "net/listener.h"

#include "base/check.h"
#include "base/descriptor.h"
#include "net/events.h"
#include "net/poll.h"
#include "net/socket.h"
#include "net/timer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace signpost::net {

namespace {

constexpr int kBacklog = 4096;
// Connections accepted in one turn: a flood of new ones must not delay the sessions under way.
constexpr int kAcceptsPerTurn = 64;
// Without descriptors or memory every accept(2) fails, while the socket stays readable.
constexpr std::chrono::milliseconds kPauseWhenExhausted{100};
constexpr std::chrono::seconds kReportInterval{10};

Failure cannot_listen(const SocketAddress& address, const char* call) {
  const int number = errno;
  std::string detail = "cannot listen on " + address.text() + ": " + call + ": " +
                       std::generic_category().message(number);
  if (number == EADDRINUSE) {
    detail += " (another program, or a Signpost that still runs, listens there)";
  } else if (number == EACCES && address.port < 1024) {
    detail += " (ports below 1024 need the capability CAP_NET_BIND_SERVICE)";
  } else if (number == EADDRNOTAVAIL) {
    detail += " (no interface of this machine has that address)";
  } else if (number == EAFNOSUPPORT) {
    detail += address.ip.is_v6() ? " (IPv6 is switched off)" : " (IPv4 is switched off)";
  }
  return fail(Errc::Io, std::move(detail));
}

bool is_exhaustion(int number) {
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

bool set_option(int fd, int level, int option) {
  const int on = 1;
  return ::setsockopt(fd, level, option, &on, sizeof on) == 0;
}

// The call that failed, as errno has it; null when `socket` is bound.
const char* bind_socket(const SocketAddress& address, int sharing, Descriptor& socket) {
  sockaddr_storage native;
  const socklen_t size = address.to_native(native);
  socket = Descriptor(::socket(native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = socket.get();
  if (fd < 0) return "socket";
  if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR) ||
      (sharing != 0 && !set_option(fd, SOL_SOCKET, sharing)) ||
      (address.ip.is_v6() && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY))) {
    return "setsockopt";
  }
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&native), size) == 0 ? nullptr : "bind";
}

Result<Descriptor> listen_at(const SocketAddress& address, int sharing) {
  Descriptor socket;
  if (const char* const call = bind_socket(address, sharing, socket)) {
    return cannot_listen(address, call);
  }
  if (::listen(socket.get(), kBacklog) != 0) return cannot_listen(address, "listen");
  return socket;
}

bool is_in_use(const SocketAddress& address, int sharing) {
  Descriptor socket;
  return bind_socket(address, sharing, socket) != nullptr && errno == EADDRINUSE;
}

SocketAddress local_address(int fd) {
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&native), &size) == 0);
  return SocketAddress::from_native(native);
}

}  // namespace

PortUse port_use(const SocketAddress& address) {
  if (!is_in_use(address, 0)) return PortUse::Free;
  return is_in_use(address, SO_REUSEPORT) ? PortUse::Others : PortUse::Own;
}

std::string_view families_of(int listening_socket) {
  int domain = 0;
  socklen_t domain_size = sizeof domain;
  (void)::getsockopt(listening_socket, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size);
  if (domain == AF_UNIX) return "unix";
  const SocketAddress local = local_address(listening_socket);
  if (!local.ip.is_v6()) return "ipv4";
  int only_v6 = 1;
  socklen_t size = sizeof only_v6;
  (void)::getsockopt(listening_socket, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, &size);
  return local.ip.is_unspecified() && only_v6 == 0 ? "ipv4 and ipv6" : "ipv6";
}

bool is_of_this_machine(const IpAddress& address) {
  sockaddr_storage native;
  const socklen_t size = SocketAddress{address, 0}.to_native(native);
  const Descriptor fd(::socket(native.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return !fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&native), size) == 0 ||
         errno != EADDRNOTAVAIL;
}

Result<int> open_listening_socket(const SocketAddress& address) {
  auto socket = listen_at(address, 0);
  if (!socket) return Failure(std::move(socket).error());
  return socket->release();
}

// SO_REUSEPORT alone would let any process of this account in, and half of the mail would go into
// a queue that nobody tends. So the first socket does without it until it listens, which fails
// beside any other socket; then it admits ours, and a second process fails with its first socket.
Result<std::vector<Descriptor>> open_listening_sockets(const SocketAddress& address,
                                                       std::size_t count, Beside beside) {
  std::vector<Descriptor> sockets;
  while (sockets.size() < count) {
    auto socket = sockets.empty() ? listen_at(address, beside == Beside::Own ? SO_REUSEPORT : 0)
                                  : listen_at(local_address(sockets.front().get()), SO_REUSEPORT);
    if (!socket) return Failure(std::move(socket).error());
    if (sockets.empty() && !set_option(socket->get(), SOL_SOCKET, SO_REUSEPORT)) {
      return cannot_listen(address, "setsockopt");
    }
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

struct Listener::Impl {
  Impl(Loop& given_loop, int fd, OnAccept callback, int most)
      : loop(given_loop),
        ceiling(most),
        socket(fd),
        on_accept(std::make_shared<const OnAccept>(std::move(callback))),
        poll(loop, fd, [this](Poll::Events) { accept_some(); }),
        pause(loop, [this] { poll.want({.readable = true}); }) {
    poll.want({.readable = true});
  }

  void accept_some(int most = kAcceptsPerTurn);
  void rest(std::string_view why);

  Loop& loop;
  const int ceiling;
  SteadyTime next_report{};
  Socket socket;
  std::shared_ptr<const OnAccept> on_accept;  // outlives a listener that it destroys
  Poll poll;
  Timer pause;
};

void Listener::Impl::accept_some(int most) {
  const std::shared_ptr<const OnAccept> callback = on_accept;
  for (int i = 0; i < most; ++i) {
    sockaddr_storage native{};
    socklen_t size = sizeof native;
    const int fd = ::accept4(socket.fd(), reinterpret_cast<sockaddr*>(&native), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= ceiling) {
      ::close(fd);
      return rest("the remaining descriptors are kept for the queue and for deliveries");
    }
    if (fd >= 0) {
      set_option(fd, IPPROTO_TCP, TCP_NODELAY);
      (*callback)(fd, SocketAddress::from_native(native));
      if (callback.use_count() == 1) return;  // the listener is gone
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (is_exhaustion(errno)) return rest(std::generic_category().message(errno));
    // Anything else is about this one connection, which is already gone (accept(2), "Error
    // handling").
  }
}

// Accepts nothing for a moment; logs that now and then.
void Listener::Impl::rest(std::string_view why) {
  if (loop.now() >= next_report) {
    next_report = loop.now() + kReportInterval;
    log::emit(events::AcceptFailed{.detail = why});
  }
  poll.want({});
  pause.start(kPauseWhenExhausted);
}

void refuse_connection(int fd, std::string_view words) {
  const Descriptor owner(fd);
  (void)::send(fd, words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

Listener::Listener(Loop& loop, int listening_fd, OnAccept on_accept, int ceiling)
    : impl_(std::make_unique<Impl>(loop, listening_fd, std::move(on_accept), ceiling)) {}

Listener::~Listener() = default;

void Listener::take_waiting() { impl_->accept_some(kBacklog); }

SocketAddress Listener::local() const { return local_address(impl_->socket.fd()); }

}  // namespace signpost::net
