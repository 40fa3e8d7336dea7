// Whatever parses must be written as something that parses to the same value.
#include "base/check.h"
#include "net/address.h"

#include <cstdint>
#include <string_view>

using namespace signpost::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto address = IpAddress::parse(text)) {
    CHECK(IpAddress::parse(address->text()) == address);
    CHECK(!address->client_prefix().text().empty());
  }
  if (const auto address = SocketAddress::parse(text)) {
    CHECK(SocketAddress::parse(address->text()) == address);
    sockaddr_storage native;
    address->to_native(native);
    CHECK(SocketAddress::from_native(native) == *address);
  }
  if (const auto address = SocketAddress::parse(text, 25)) {
    CHECK(SocketAddress::parse(address->text()) == address);
  }
  if (const auto network = Network::parse(text)) {
    CHECK(Network::parse(network->text()) == network);
    CHECK(network->contains(network->prefix));
  }
  return 0;
}
