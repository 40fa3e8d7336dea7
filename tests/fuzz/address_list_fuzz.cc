// The first mailbox of an address list: whatever comes in, an answer is one clean address.
#include "base/ascii.h"
#include "base/check.h"
#include "message/header_section.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

using namespace signpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto address = message::first_address(value);
  const auto domain = message::first_domain(value);
  if (address) {
    CHECK(address->size() <= 256 + 1 + 253 && ascii::is_utf8(*address));
    CHECK(std::ranges::none_of(*address, [](char c) { return c == '\r' || c == '\n'; }));
    // What was found must stand alone: the same answer again.
    CHECK(message::first_address(*address) == address);
    CHECK(message::first_address("<" + *address + ">") == address);
  }
  if (domain) {
    CHECK(address && address->ends_with("@" + *domain));
    CHECK(!domain->empty() && ascii::lower(*domain) == *domain);
    CHECK(!domain->contains('@') && !domain->contains(' '));
  }
  return 0;
}
