// What a Dovecot may say: heard whole and octet by octet, it means the same.
#include "auth/dovecot_protocol.h"
#include "base/check.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace signpost;

std::string heard(std::string_view octets, std::size_t piece) {
  auth::DovecotProtocol protocol;
  ByteQueue in;
  std::string said;
  for (; !octets.empty(); octets.remove_prefix(std::min(piece, octets.size()))) {
    in.append(octets.substr(0, piece));
    const auto answers = protocol.hear(in);
    if (!answers) return said + "error";
    for (const auto& answer : *answers) {
      said += std::to_string(answer.number) + std::to_string(static_cast<int>(answer.outcome)) +
              answer.login + "\n";
    }
  }
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const std::string pieces = heard(octets, 1);
  // Whole, an error hides the answers that came with it.
  const std::string whole = heard(octets, std::max<std::size_t>(size, 1));
  CHECK(whole == pieces || (whole == "error" && pieces.ends_with("error")));
  return 0;
}
