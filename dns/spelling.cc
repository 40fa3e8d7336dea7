#include "dns/spelling.h"

#include "base/ascii.h"
#include "base/check.h"

#include <algorithm>

namespace signpost::dns {

namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kTypeAndClass = 4;
constexpr unsigned char kResponse = 0x80;   // QR, in the third octet
constexpr unsigned char kTruncated = 0x02;  // TC, in the third octet
constexpr unsigned char kRcode = 0x0f;      // in the fourth octet

// The size of the name in our query's question, its root included.
std::size_t name_size(Octets query) {
  std::size_t at = kHeader;
  while (at < query.size() && query[at] != 0) at += query[at] + 1U;
  const std::size_t size = at + 1 - kHeader;
  CHECK(kHeader + size + kTypeAndClass <= query.size() && size <= kMaxNameOctets);
  return size;
}

char lower(unsigned char octet) { return ascii::to_lower(static_cast<char>(octet)); }

}  // namespace

void spell(std::span<unsigned char> query, std::string_view coins) {
  CHECK(coins.size() >= kSpellingOctets);
  std::size_t bit = 0;
  for (unsigned char& octet : query.subspan(kHeader, name_size(query))) {
    if (!ascii::is_alpha(static_cast<char>(octet))) continue;  // lengths, up to 63, are not letters
    const bool upper = ((static_cast<unsigned char>(coins[bit / 8]) >> bit % 8) & 1) != 0;
    octet = static_cast<unsigned char>(lower(octet));
    if (upper) octet = static_cast<unsigned char>(octet - 'a' + 'A');
    ++bit;
  }
}

Match match(Octets query, Octets response) {
  const std::size_t name = name_size(query);
  const std::size_t end = kHeader + name + kTypeAndClass;
  if (response.size() < end || identifier_of(query) != identifier_of(response)) return Match::None;
  if ((response[2] & kResponse) == 0 || response[4] != 0 || response[5] != 1) return Match::None;
  const Octets asked = query.subspan(kHeader, name);
  const Octets answered = response.subspan(kHeader, name);
  if (!std::ranges::equal(query.subspan(kHeader + name, kTypeAndClass),
                          response.subspan(kHeader + name, kTypeAndClass))) {
    return Match::None;
  }
  if (std::ranges::equal(asked, answered)) return Match::Exact;
  return std::ranges::equal(asked, answered, {}, lower, lower) ? Match::OtherSpelling : Match::None;
}

std::uint16_t identifier_of(Octets message) {
  if (message.size() < 2) return 0;
  return static_cast<std::uint16_t>((message[0] << 8) | message[1]);
}

bool is_truncated(Octets response) { return (response[2] & kTruncated) != 0; }

bool says_failure(Octets response) {
  constexpr unsigned kServFail = 2;
  constexpr unsigned kNotImp = 4;
  constexpr unsigned kRefused = 5;
  const unsigned rcode = response[3] & kRcode;
  return rcode == kServFail || rcode == kNotImp || rcode == kRefused;
}

bool says_malformed_query(Octets response) {
  constexpr unsigned kFormErr = 1;
  return (response[3] & kRcode) == kFormErr;
}

}  // namespace signpost::dns
