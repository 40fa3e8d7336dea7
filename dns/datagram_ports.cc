#include "dns/datagram_ports.h"

#include "base/random.h"
#include "dns/spelling.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace signpost::dns {

namespace {

// Datagrams that are read before other descriptors get their turn.
constexpr int kReadsAtOnce = 16;

// An earlier datagram's error is reported in place of this one's, once. What the full buffer of a
// socket does not take is lost as in any network, and asked again.
bool send_datagram(int descriptor, std::span<const unsigned char> query) {
  for (int i = 0; i < 2; ++i) {
    if (::send(descriptor, query.data(), query.size(), MSG_NOSIGNAL) >= 0) return true;
    if (errno != ECONNREFUSED) break;
  }
  return errno == EAGAIN || errno == ENOBUFS;
}

}  // namespace

DatagramPorts::DatagramPorts(net::Loop& loop, const std::vector<net::SocketAddress>& servers,
                             Arrived arrived, Refused refused)
    : loop_(loop), arrived_(std::move(arrived)), refused_(std::move(refused)) {
  for (const net::SocketAddress& address : servers) servers_.push_back({address, {}});
}

DatagramPorts::~DatagramPorts() = default;

bool DatagramPorts::send(std::size_t server, std::span<const unsigned char> query) {
  Port* const port = port_for_query(server);
  if (port == nullptr) return false;
  port->identifiers.push_back(identifier_of(query));
  return send_datagram(port->descriptor.get(), query);
}

// A fresh one, or, when no more are allowed, any open one to this server.
DatagramPorts::Port* DatagramPorts::port_for_query(std::size_t number) {
  Server& server = servers_[number];
  if (open_ports_ < kMaxPorts || server.ports.empty()) {
    if (Port* const fresh = open_port(number)) return fresh;
    if (server.ports.empty()) return nullptr;
  }
  return server.ports[Random::local().below(server.ports.size())].get();
}

// The kernel chooses the port at random as long as no address was bound, and a connected socket
// receives from its server's address and port alone.
DatagramPorts::Port* DatagramPorts::open_port(std::size_t number) {
  Server& server = servers_[number];
  sockaddr_storage native;
  const socklen_t size = server.address.to_native(native);
  auto port = std::make_unique<Port>();
  port->descriptor =
      Descriptor(::socket(native.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int descriptor = port->descriptor.get();
  if (descriptor < 0) return nullptr;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&native), size) != 0) return nullptr;
  Port& opened = *port;
  opened.poll = std::make_unique<net::Poll>(
      loop_, descriptor, [this, number, &opened](auto) { readable(number, opened); });
  opened.poll->want({.readable = true});
  server.ports.push_back(std::move(port));
  ++open_ports_;
  return &opened;
}

// Reads first: settling a question closes its port.
void DatagramPorts::readable(std::size_t number, Port& port) {
  const std::vector<std::uint16_t> identifiers = port.identifiers;
  std::vector<std::vector<unsigned char>> datagrams;
  bool refused = false;
  for (int i = 0; i < kReadsAtOnce && !refused; ++i) {
    const ssize_t size = ::recv(port.descriptor.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0) {
      refused = errno != EAGAIN && errno != EINTR;
      break;
    }
    datagrams.emplace_back(buffer_.begin(), buffer_.begin() + size);
  }
  for (const auto& datagram : datagrams) arrived_(number, datagram, identifiers);
  if (!refused) return;
  for (const std::uint16_t identifier : identifiers) refused_(number, identifier);
}

void DatagramPorts::forget(std::uint16_t identifier) {
  for (Server& server : servers_) {
    for (const auto& port : server.ports) std::erase(port->identifiers, identifier);
    open_ports_ -= std::erase_if(
        server.ports, [](const std::unique_ptr<Port>& port) { return port->identifiers.empty(); });
  }
}

}  // namespace signpost::dns
