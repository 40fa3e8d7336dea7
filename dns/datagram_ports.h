// UDP sockets for questions: each question leaves from a port of its own, and the port is closed
// when the question is settled. c-ares would keep one port for as long as any question is under
// way, which under load is always: forged answers then had to guess nothing but the identifier.
// Internal to dns/.
#pragma once

#include "net/loop.h"
#include "net/poll.h"

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace signpost::dns {

// What c-ares takes for one UDP socket of each server is a number made here, a "server" below. The
// loop's thread only. Calls that fail return -1 and set errno, as the system calls that they stand
// for.
class DatagramPorts {
 public:
  using Datagram = std::vector<unsigned char>;
  // What c-ares gets to see in place of a datagram that came to a port, which the queries of
  // `identifiers` left from; nothing: the datagram is ignored.
  using Filter = std::function<std::optional<Datagram>(std::span<const unsigned char> datagram,
                                                       std::span<const std::uint16_t> identifiers)>;
  // There is something to receive(). May close the server and forget queries.
  using Arrived = std::function<void(int server)>;

  // Beyond so many open ports, which are as many descriptors, questions share those that there are:
  // it takes that many questions that wait for an answer at once.
  static constexpr std::size_t kMaxPorts = 64;

  DatagramPorts(net::Loop& loop, Filter filter, Arrived arrived);
  ~DatagramPorts();
  DatagramPorts(const DatagramPorts&) = delete;
  DatagramPorts& operator=(const DatagramPorts&) = delete;

  static bool owns(int descriptor) { return descriptor >= kFirstServer; }

  int open();
  int connect(int server, const sockaddr* address, socklen_t size);
  ssize_t send(int server, std::span<const unsigned char> query);
  ssize_t receive(int server, std::span<unsigned char> into, sockaddr* from, socklen_t* from_size);
  int close(int server);

  std::size_t waiting(int server) const;  // how many times receive() succeeds or reports a failure
  void forget(std::uint16_t identifier);  // the query is settled

 private:
  // Above all descriptors that the system gives out.
  static constexpr int kFirstServer = 1 << 30;
  static constexpr std::size_t kLargest = 4096;  // octets; we announce less

  struct Port {
    int descriptor = -1;
    std::unique_ptr<net::Poll> poll;
    std::vector<std::uint16_t> identifiers;

    ~Port();
  };
  using Ports = std::vector<std::unique_ptr<Port>>;
  struct Server {
    sockaddr_storage address{};
    socklen_t address_size = 0;
    Ports ports;
    std::deque<std::expected<Datagram, int>> arrived;  // or an errno
  };

  Port* port_for_query(int number, Server& server);
  Port* open_port(int number, Server& server);
  void readable(int number, Port& port);

  net::Loop& loop_;
  const Filter filter_;
  const Arrived arrived_;
  int next_server_ = kFirstServer;
  std::size_t open_ports_ = 0;
  std::unordered_map<int, Server> servers_;
  std::array<unsigned char, kLargest> buffer_;
};

}  // namespace signpost::dns
