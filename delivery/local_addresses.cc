#include "delivery/local_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

namespace signpost::delivery {

namespace {

std::optional<std::vector<net::IpAddress>> ask() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(first, freeifaddrs);
  std::vector<net::IpAddress> addresses;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    const int family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage native{};
    std::memcpy(&native, each->ifa_addr,
                family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    addresses.push_back(net::SocketAddress::from_native(native).ip);
  }
  return addresses;
}

}  // namespace

const std::vector<net::IpAddress>& LocalAddresses::at(SteadyTime now) {
  if (!asked_ || now >= *asked_ + kKept) {
    asked_ = now;
    if (auto answer = ask()) addresses_ = std::move(*answer);
  }
  return addresses_;
}

}  // namespace signpost::delivery
