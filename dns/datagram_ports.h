// UDP sockets for questions: each question leaves from a port of its own, and the port is closed
// when the question is settled. One port for all questions would leave forged answers nothing to
// guess but the identifier. Internal to dns/.
#pragma once

#include "base/descriptor.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/poll.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace signpost::dns {

// The loop's thread only. Servers are identified by their index in the list.
class DatagramPorts {
 public:
  using Datagram = std::span<const unsigned char>;
  // A datagram came to the port that the queries of `identifiers` left from. May send and forget.
  using Arrived = std::function<void(std::size_t server, Datagram datagram,
                                     std::span<const std::uint16_t> identifiers)>;
  // The server's machine reports that nobody listens there. May send and forget.
  using Refused = std::function<void(std::size_t server, std::uint16_t identifier)>;

  // With this many open ports, each a descriptor, further questions share the open ones:
  // that takes as many questions that wait for an answer at once.
  static constexpr std::size_t kMaxPorts = 64;

  DatagramPorts(net::Loop& loop, const std::vector<net::SocketAddress>& servers, Arrived arrived,
                Refused refused);
  ~DatagramPorts();
  DatagramPorts(const DatagramPorts&) = delete;
  DatagramPorts& operator=(const DatagramPorts&) = delete;

  // False: this machine cannot send there.
  bool send(std::size_t server, std::span<const unsigned char> query);
  void forget(std::uint16_t identifier);  // the query is settled

 private:
  static constexpr std::size_t kLargest = 4096;  // octets; we announce less

  struct Port {
    Descriptor descriptor;
    std::vector<std::uint16_t> identifiers;
    std::unique_ptr<net::Poll> poll;
  };
  struct Server {
    net::SocketAddress address;
    std::vector<std::unique_ptr<Port>> ports;
  };

  Port* port_for_query(std::size_t number);
  Port* open_port(std::size_t number);
  void readable(std::size_t number, Port& port);

  net::Loop& loop_;
  const Arrived arrived_;
  const Refused refused_;
  std::size_t open_ports_ = 0;
  std::vector<Server> servers_;
  std::array<unsigned char, kLargest> buffer_;
};

}  // namespace signpost::dns
