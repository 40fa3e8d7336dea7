// Parses DNS answers as they came from the wire (RFC 1035 section 4.1). c-ares 1.18 gives no TTL
// for MX and knows no TLSA: this reads what its callback hands over. Pure; has a fuzz target.
#pragma once

#include "net/address.h"

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace signpost::dns {

struct MxRecord {
  std::uint16_t preference = 0;
  std::string host;  // lower case, no trailing dot; "" is the root (null MX)
};
struct AddressRecord {
  net::IpAddress address;
};
struct TextRecord {
  std::string text;  // the strings joined
};

struct Answer {
  int rcode = 0;
  bool authenticated = false;  // AD
  bool truncated = false;      // TC
  // Of the question's type and at the end of the question's CNAME chain; other records are skipped.
  std::vector<std::variant<MxRecord, AddressRecord, TextRecord>> records;
  std::uint32_t ttl = 0;           // the smallest on the way, CNAMEs included
  std::uint32_t negative_ttl = 0;  // of the SOA in the authority section (RFC 2308), 0 if none
};

enum class AnswerError { Truncated, BadName, BadRecord, CnameLoop };

inline constexpr std::uint16_t kTypeA = 1, kTypeMx = 15, kTypeTxt = 16, kTypeAaaa = 28;

std::expected<Answer, AnswerError> parse_answer(std::span<const unsigned char> message,
                                                std::uint16_t type);

}  // namespace signpost::dns
