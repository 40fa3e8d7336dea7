// The first octet selects the type, the rest is the response. The names that come out must keep to
// the limits of RFC 1035, and only what repeats a question answers it.
#include "base/check.h"
#include "dns/response.h"
#include "dns/spelling.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <variant>

using namespace signpost::dns;

namespace {

// A query for the MX of "a.example" with identifier 0, spelled in lower case.
constexpr std::array<unsigned char, 27> kQuery{0,   0,   1,   0,   0,   1, 0,   0,   0,
                                               0,   0,   0,   1,   'a', 7, 'e', 'x', 'a',
                                               'm', 'p', 'l', 'e', 0,   0, 15,  0,   1};
constexpr std::size_t kQuestion = 12;

void check_match(Octets response) {
  const Match matches = match(kQuery, response);
  if (matches == Match::None) return;
  CHECK(response.size() >= kQuery.size() && (response[2] & 0x80) != 0);
  const Octets question = response.subspan(kQuestion, kQuery.size() - kQuestion);
  CHECK(std::ranges::equal(question, Octets(kQuery).subspan(kQuestion)) ==
        (matches == Match::Exact));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr RecordType kTypes[] = {RecordType::A,    RecordType::Mx,    RecordType::Txt,
                                   RecordType::Aaaa, RecordType::Cname, RecordType::Tlsa};
  const RecordType type = kTypes[data[0] % std::size(kTypes)];
  check_match(std::span(data + 1, size - 1));
  const auto response = parse_response(std::span(data + 1, size - 1), type);
  if (!response) return 0;
  if (const auto* hosts = std::get_if<MxHosts>(&response->records)) {
    CHECK(type == RecordType::Mx);
    for (const MxHost& mx : *hosts) {
      CHECK(mx.host.size() <= 4 * 255);  // every octet may be escaped
      CHECK(!mx.host.ends_with('.'));
    }
  } else if (std::holds_alternative<Addresses>(response->records)) {
    CHECK(type == RecordType::A || type == RecordType::Aaaa);
  } else if (std::holds_alternative<Texts>(response->records)) {
    CHECK(type == RecordType::Txt);
  } else if (const auto* aliases = std::get_if<Aliases>(&response->records)) {
    CHECK(type == RecordType::Cname);
    for (const Alias& alias : *aliases) CHECK(alias.name.size() <= 4 * 255);
  } else if (const auto* tlsas = std::get_if<Tlsas>(&response->records)) {
    CHECK(type == RecordType::Tlsa);
    for (const auto& record : *tlsas) CHECK(record.data.size() < size);
  } else {
    CHECK(response->ttl == 0);
  }
  CHECK(response->rcode >= 0 && response->rcode <= 15);
  return 0;
}
