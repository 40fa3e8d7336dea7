// Any octets as the attributes of an XCLIENT: what is read can be written into a log line or a
// header, names an address that the relay can use, and is not overruled by another command.
#include "base/ascii.h"
#include "base/check.h"
#include "net/address.h"
#include "smtp/xclient.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace signpost;

namespace {

void check_text(const std::optional<std::string>& text) {
  if (!text) return;
  CHECK(text->size() <= 255 && ascii::is_utf8(*text));
  CHECK(std::ranges::none_of(*text, ascii::is_control));
}

void check_address(const std::optional<std::string>& text) {
  CHECK(!text || text->empty() || net::IpAddress::parse(*text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view attributes(reinterpret_cast<const char*>(data), size);
  const auto xclient = smtp::parse_xclient(attributes);
  if (!xclient) return 0;
  for (const auto& text : {xclient->name, xclient->protocol, xclient->hello_name, xclient->login}) {
    check_text(text);
  }
  check_address(xclient->address);
  check_address(xclient->destination);
  smtp::XclientCommand client;
  CHECK(client.add(*xclient) && client == *xclient);
  CHECK(!client.add(*xclient) && client == *xclient);
  return 0;
}
