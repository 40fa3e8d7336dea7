// SMTP commands as a server reads them (RFC 5321 section 4.1, RFC 3030, RFC 3207, RFC 4954, RFC
// 3461).
#pragma once

#include "smtp/transaction_commands.h"
#include "smtp/xclient.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace signpost::smtp {

struct HelloCommand {
  bool extended = true;  // EHLO, not HELO
  std::string name;      // as sent, at most 255 octets of printable ASCII or UTF-8
};

struct AuthCommand {
  std::string mechanism;  // upper case
  // "=" on the wire is an initial response that is empty (RFC 4954 section 4).
  // Still base64, and a view into the line, since it may hold a password.
  std::optional<std::string_view> initial_response;
};

struct DataCommand {};
struct BdatCommand {  // RFC 3030 section 2
  std::uint64_t size = 0;
  bool last = false;
};
struct RsetCommand {};
struct NoopCommand {};
struct QuitCommand {};
struct StartTlsCommand {};
struct HelpCommand {};
struct VrfyCommand {
  std::string argument;
};
struct ExpnCommand {};

using Command = std::variant<HelloCommand, MailCommand, RcptCommand, DataCommand, BdatCommand,
                             RsetCommand, NoopCommand, QuitCommand, StartTlsCommand, AuthCommand,
                             VrfyCommand, ExpnCommand, HelpCommand, XclientCommand>;

// `line` is one command without its CRLF. Verbs and parameter names are read without regard to
// case, blanks at the end are dropped.
std::expected<Command, CommandError> parse_command(std::string_view line, ParseContext context);

// Of a line that was refused, what is at fault: a parameter, an address, an argument; "" if it is
// the whole line, or may hold a password. A part of `line`.
std::string_view faulty_part(std::string_view line, ParseContext context);

}  // namespace signpost::smtp
