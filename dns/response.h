// Parses DNS responses in wire format (RFC 1035 section 4.1), because c-ares 1.18 reports no TTL
// for MX and no AD bit. Internal to dns/. Pure; has a fuzz target.
#pragma once

#include "dns/answer.h"
#include "dns/question.h"

#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace signpost::dns {

struct Response {
  int rcode = 0;
  bool authenticated = false;  // AD
  bool truncated = false;      // TC
  // Of the question's type, in the answer section, and at the end of the CNAME chain that starts at
  // the question's name. Anything else that a server adds is skipped: nobody asked for it.
  Records records;
  std::string canonical;           // the name at the end of that chain; "" without one
  std::uint32_t ttl = 0;           // the smallest of the records and the CNAMEs; 0 without records
  std::uint32_t negative_ttl = 0;  // of the SOA of a zone that holds that name (RFC 2308), else 0
};

enum class ResponseError { Truncated, BadName, BadRecord, CnameLoop };

std::expected<Response, ResponseError> parse_response(std::span<const unsigned char> message,
                                                      RecordType type);

}  // namespace signpost::dns
