// A header of the PROXY protocol ends where it ends, however its octets come: every start of it is
// incomplete, and what follows it changes nothing. Bounded in any case.
#include "base/check.h"
#include "net/proxy_protocol.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace signpost::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto whole = parse_proxy_header(octets);
  if (!whole) return 0;
  if (!*whole) {
    CHECK(size < kMostProxyHeader);
    return 0;
  }
  const ProxyHeader& header = **whole;
  CHECK(header.size <= size && header.size <= kMostProxyHeader);
  const auto exact = parse_proxy_header(octets.substr(0, header.size));
  CHECK(exact && *exact && (*exact)->size == header.size);
  CHECK((*exact)->route.has_value() == header.route.has_value());
  for (std::size_t start = 0; start < std::min<std::size_t>(header.size, 300); ++start) {
    const auto part = parse_proxy_header(octets.substr(0, start));
    CHECK(part && !*part);
  }
  return 0;
}
