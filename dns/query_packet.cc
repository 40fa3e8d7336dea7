#include "dns/query_packet.h"

#include <ares.h>
#include <netinet/in.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>

namespace signpost::dns {

namespace {

constexpr int kClassIn = 1;
// Passes every path unfragmented (DNS flag day 2020); larger responses come over TCP.
constexpr int kUdpPayload = 1232;
// In the fourth octet of the header: asks whether the response was validated (RFC 6840 section
// 5.7).
constexpr unsigned char kAuthenticData = 0x20;
constexpr std::size_t kAdditionalCount = 11;  // its low octet
constexpr std::size_t kOptRecord = 11;        // octets, at the end: without options

struct ChannelDeleter {
  void operator()(ares_channel channel) const { ares_destroy(channel); }
};
using Channel = std::unique_ptr<std::remove_pointer_t<ares_channel>, ChannelDeleter>;

net::IpAddress address_of(const ares_addr_port_node& server) {
  if (server.family == AF_INET) {
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &server.addr.addr4, octets.size());
    return net::IpAddress::from_v4(octets);
  }
  std::array<std::uint8_t, 16> octets;
  std::memcpy(octets.data(), &server.addr.addr6, octets.size());
  return net::IpAddress::from_v6(octets);
}

Failure cannot(const char* what, int status) {
  return fail(Errc::Io, std::string("cannot ") + what + ": " + ares_strerror(status));
}

}  // namespace

Result<std::vector<net::SocketAddress>> system_servers() {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  if (library != ARES_SUCCESS) return cannot("set up c-ares", library);
  ares_channel opened = nullptr;
  int status = ares_init(&opened);
  if (status != ARES_SUCCESS) return cannot("read which name servers to ask", status);
  const Channel channel(opened);
  ares_addr_port_node* list = nullptr;
  status = ares_get_servers_ports(channel.get(), &list);
  if (status != ARES_SUCCESS) return cannot("read which name servers to ask", status);
  std::vector<net::SocketAddress> servers;
  for (const ares_addr_port_node* server = list; server != nullptr; server = server->next) {
    const int port = server->udp_port != 0 ? server->udp_port : 53;
    servers.push_back({address_of(*server), static_cast<std::uint16_t>(port)});
  }
  ares_free_data(list);
  return servers;
}

Result<std::vector<unsigned char>> make_query(const Question& question, std::uint16_t identifier) {
  unsigned char* packet = nullptr;
  int size = 0;
  const int status =
      ares_create_query(question.name.c_str(), kClassIn, static_cast<int>(question.type),
                        identifier, /*rd=*/1, &packet, &size, kUdpPayload);
  if (status != ARES_SUCCESS) return cannot("make a query", status);
  std::vector<unsigned char> query(packet, packet + size);
  ares_free_string(packet);
  query[3] |= kAuthenticData;
  return query;
}

std::vector<unsigned char> without_edns(std::vector<unsigned char> query) {
  if (query[kAdditionalCount] == 0) return query;
  query[kAdditionalCount] = 0;
  query.resize(query.size() - kOptRecord);
  return query;
}

}  // namespace signpost::dns
