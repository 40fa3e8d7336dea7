// XCLIENT: a trusted front end says for which client it speaks (Postfix's XCLIENT_README).
#pragma once

#include "smtp/transaction_commands.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::smtp {

// Each attribute: nothing when it was not given, empty (a port: 0) when the front end says that it
// does not know it.
struct XclientCommand {
  std::optional<std::string> name;                // NAME, a host name from the DNS
  std::optional<std::string> address;             // ADDR, "192.0.2.1" or "2001:db8::1"
  std::optional<std::uint16_t> port;              // PORT
  std::optional<std::string> protocol;            // PROTO, "SMTP" or "ESMTP"
  std::optional<std::string> hello_name;          // HELO, as HelloCommand has it
  std::optional<std::string> login;               // LOGIN, prepared as the name of an AUTH is
  std::optional<std::string> destination;         // DESTADDR, to which the client connected
  std::optional<std::uint16_t> destination_port;  // DESTPORT

  // Attributes of a command that follows; false, and nothing changes, if one of them was given.
  bool add(const XclientCommand& more);

  friend bool operator==(const XclientCommand&, const XclientCommand&) = default;
};

// "NAME=client.example ADDR=IPV6:2001:db8::1", without the verb. Values are xtext; [UNAVAILABLE]
// and [TEMPUNAVAIL] stand for what the front end does not know.
std::expected<XclientCommand, CommandError> parse_xclient(std::string_view attributes);

}  // namespace signpost::smtp
