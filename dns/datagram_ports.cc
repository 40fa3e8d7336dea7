#include "dns/datagram_ports.h"

#include "base/random.h"
#include "dns/spelling.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace signpost::dns {

namespace {

// Datagrams that are read before other descriptors get their turn.
constexpr int kReadsAtOnce = 16;

int fail_with(int number) {
  errno = number;
  return -1;
}

}  // namespace

DatagramPorts::Port::~Port() {
  poll.reset();
  if (descriptor >= 0) ::close(descriptor);
}

DatagramPorts::DatagramPorts(net::Loop& loop, Filter filter, Arrived arrived)
    : loop_(loop), filter_(std::move(filter)), arrived_(std::move(arrived)) {}

DatagramPorts::~DatagramPorts() = default;

int DatagramPorts::open() {
  for (;;) {
    const int number = next_server_;
    next_server_ = number == std::numeric_limits<int>::max() ? kFirstServer : number + 1;
    if (servers_.try_emplace(number).second) return number;
  }
}

int DatagramPorts::connect(int server, const sockaddr* address, socklen_t size) {
  const auto found = servers_.find(server);
  if (found == servers_.end() || size > sizeof(sockaddr_storage)) return fail_with(EINVAL);
  std::memcpy(&found->second.address, address, size);
  found->second.address_size = size;
  return 0;
}

int DatagramPorts::close(int server) {
  const auto closed = servers_.extract(server);
  if (closed.empty()) return fail_with(EBADF);
  open_ports_ -= closed.mapped().ports.size();
  return 0;
}

ssize_t DatagramPorts::send(int server, std::span<const unsigned char> query) {
  const auto found = servers_.find(server);
  if (found == servers_.end()) return fail_with(EBADF);
  Port* const port = port_for_query(server, found->second);
  if (port == nullptr) return -1;
  port->identifiers.push_back(identifier_of(query));
  return ::send(port->descriptor, query.data(), query.size(), MSG_NOSIGNAL);
}

// A fresh one, or if there may be no more of them any of those to this server.
DatagramPorts::Port* DatagramPorts::port_for_query(int number, Server& server) {
  if (open_ports_ < kMaxPorts || server.ports.empty()) {
    if (Port* const fresh = open_port(number, server)) return fresh;
    if (server.ports.empty()) return nullptr;
  }
  return server.ports[Random::local().below(server.ports.size())].get();
}

// The kernel chooses the port at random as long as no address was bound, and a connected socket
// receives from its server's address and port alone.
DatagramPorts::Port* DatagramPorts::open_port(int number, Server& server) {
  auto port = std::make_unique<Port>();
  const auto* const address = reinterpret_cast<const sockaddr*>(&server.address);
  port->descriptor =
      ::socket(server.address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (port->descriptor < 0) return nullptr;
  if (::connect(port->descriptor, address, server.address_size) != 0) return nullptr;
  Port& opened = *port;
  opened.poll = std::make_unique<net::Poll>(
      loop_, opened.descriptor, [this, number, &opened](auto) { readable(number, opened); });
  opened.poll->want({.readable = true});
  server.ports.push_back(std::move(port));
  ++open_ports_;
  return &opened;
}

void DatagramPorts::readable(int number, Port& port) {
  Server& server = servers_.at(number);
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t size = ::recv(port.descriptor, buffer_.data(), buffer_.size(), 0);
    if (size < 0) {
      if (errno != EAGAIN && errno != EINTR) server.arrived.push_back(std::unexpected(errno));
      break;
    }
    const auto datagram = std::span(buffer_).first(static_cast<std::size_t>(size));
    if (auto seen = filter_(datagram, port.identifiers)) {
      server.arrived.push_back(*std::move(seen));
    }
  }
  if (!server.arrived.empty()) arrived_(number);  // after which `server` and `port` may be gone
}

ssize_t DatagramPorts::receive(int server, std::span<unsigned char> into, sockaddr* from,
                               socklen_t* from_size) {
  const auto found = servers_.find(server);
  if (found == servers_.end()) return fail_with(EBADF);
  auto& arrived = found->second.arrived;
  if (arrived.empty()) return fail_with(EAGAIN);
  const std::expected<Datagram, int> first = std::move(arrived.front());
  arrived.pop_front();
  if (!first) return fail_with(first.error());
  if (from != nullptr && from_size != nullptr) {
    std::memcpy(from, &found->second.address, std::min(*from_size, found->second.address_size));
    *from_size = found->second.address_size;
  }
  const std::size_t size = std::min(first->size(), into.size());
  std::copy_n(first->begin(), size, into.begin());
  return static_cast<ssize_t>(size);
}

std::size_t DatagramPorts::waiting(int server) const {
  const auto found = servers_.find(server);
  return found == servers_.end() ? 0 : found->second.arrived.size();
}

void DatagramPorts::forget(std::uint16_t identifier) {
  for (auto& [number, server] : servers_) {
    for (const auto& port : server.ports) std::erase(port->identifiers, identifier);
    open_ports_ -= std::erase_if(
        server.ports, [](const std::unique_ptr<Port>& port) { return port->identifiers.empty(); });
  }
}

}  // namespace signpost::dns
