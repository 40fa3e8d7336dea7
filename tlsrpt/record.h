// The DNS record by which a domain asks for reports (RFC 8460 section 3).
#pragma once

#include "smtp/address.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace signpost::tlsrpt {

inline constexpr std::size_t kMostDestinations = 5;  // of one domain: those named first
inline constexpr std::size_t kLongestUri = 500;      // octets; longer ones are ignored

std::string record_name(std::string_view domain);  // "_smtp._tls.receiver.example"

// Where reports go.
struct Destination {
  std::string uri;  // as published
  // The mailbox of a mailto: URI, or the URL of an https: one.
  std::variant<smtp::Mailbox, std::string> target;
};

// The destinations of the one record among the texts at record_name(). None if there are several
// records, or none that is one. URIs of other schemes, and those that are not well-formed, are
// ignored. Pure.
std::vector<Destination> parse_record(const std::vector<std::string>& texts);

}  // namespace signpost::tlsrpt
