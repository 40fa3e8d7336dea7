// The case of the letters in a question's name as a secret that its answer must repeat (0x20):
// servers copy the question, and whoever guesses only the identifier and the port cannot know it.
// Works on queries and responses in wire format (RFC 1035 section 4.1). Pure. Internal to dns/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace signpost::dns {

using Octets = std::span<const unsigned char>;

inline constexpr std::size_t kMaxNameOctets = 255;  // RFC 1035 section 2.3.4
inline constexpr std::size_t kSpellingOctets = (kMaxNameOctets + 7) / 8;

// Gives each letter of the question's name the case that the next bit of `coins` says.
// REQUIRES: `query` has one question, whose name is not compressed; kSpellingOctets of coins
void spell(std::span<unsigned char> query, std::string_view coins);

// Whether a message answers a query: a response with its identifier, and with its question by name,
// type and class.
enum class Match : std::uint8_t {
  Exact,          // octet for octet
  OtherSpelling,  // except for the case of letters in the name
  None,
};
// REQUIRES: as spell() for `query`; `response` may be anything
Match match(Octets query, Octets response);

std::uint16_t identifier_of(Octets message);  // 0 when it is too short to have one

// What the header of a response says. REQUIRES: match() is not None
bool is_truncated(Octets response);
bool says_failure(Octets response);          // of the server: SERVFAIL, NOTIMP, REFUSED
bool says_malformed_query(Octets response);  // FORMERR, from servers that do not know EDNS

}  // namespace signpost::dns
