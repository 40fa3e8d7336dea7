// The first octet chooses the type, the rest is the answer. The names that come out must fit
// what RFC 1035 allows.
#include "base/check.h"
#include "dns/answer.h"

#include <cstdint>
#include <span>

using namespace signpost::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr std::uint16_t kTypes[] = {kTypeA, kTypeMx, kTypeTxt, kTypeAaaa};
  const std::uint16_t type = kTypes[data[0] % 4];
  const auto answer = parse_answer(std::span(data + 1, size - 1), type);
  if (!answer) return 0;
  for (const auto& record : answer->records) {
    if (const auto* mx = std::get_if<MxRecord>(&record)) {
      CHECK(type == kTypeMx);
      CHECK(mx->host.size() <= 4 * 255);  // every octet may be escaped
      CHECK(!mx->host.ends_with('.'));
    } else if (std::holds_alternative<AddressRecord>(record)) {
      CHECK(type == kTypeA || type == kTypeAaaa);
    } else {
      CHECK(type == kTypeTxt);
    }
  }
  CHECK(answer->rcode >= 0 && answer->rcode <= 15);
  CHECK(!answer->records.empty() || answer->ttl == 0);
  return 0;
}
