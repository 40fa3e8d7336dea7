// SMTP commands as a server reads them (RFC 5321 section 4.1, RFC 3207, RFC 4954, RFC 3461).
#pragma once

#include "smtp/address.h"
#include "smtp/dsn_parameters.h"

#include <cstddef>
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

enum class Body : std::uint8_t { SevenBit, EightBitMime };

struct MailCommand {
  ReversePath reverse_path;
  std::optional<std::size_t> size;  // SIZE= (RFC 1870)
  Body body = Body::SevenBit;       // BODY= (RFC 6152)
  bool smtputf8 = false;            // RFC 6531
  Return ret = Return::Unspecified;
  std::string envelope_id;  // ENVID=, decoded from xtext
};

struct RcptCommand {
  Mailbox recipient;
  Notify notify;
  std::string original_recipient;  // ORCPT=, "rfc822;user@example" decoded from xtext
};

struct AuthCommand {
  std::string mechanism;  // upper case
  // "=" on the wire is an initial response that is empty (RFC 4954 section 4).
  std::optional<std::string> initial_response;  // still base64
};

struct DataCommand {};
struct RsetCommand {};
struct NoopCommand {};
struct QuitCommand {};
struct StartTlsCommand {};
struct HelpCommand {};
struct VrfyCommand {
  std::string argument;
};
struct ExpnCommand {};

using Command =
    std::variant<HelloCommand, MailCommand, RcptCommand, DataCommand, RsetCommand, NoopCommand,
                 QuitCommand, StartTlsCommand, AuthCommand, VrfyCommand, ExpnCommand, HelpCommand>;

// Each value has its reply in server_dialog.cc's table.
enum class CommandError {
  Unknown,             // 500 5.5.2
  ArgumentMissing,     // 501 5.5.4
  ArgumentForbidden,   // 501 5.5.4: "DATA now", "STARTTLS x"
  HelloName,           // 501 5.5.4
  PathSyntax,          // 501 5.1.7 or 5.1.3
  PathTooLong,         // 501 5.1.7 or 5.1.3
  PathNotAscii,        // 553 5.6.7
  PathDomain,          // 501 5.1.7 or 5.1.3: no domain, or a malformed one
  ParameterUnknown,    // 555 5.5.4
  ParameterDuplicate,  // 501 5.5.4
  ParameterMalformed,  // 501 5.5.4
  BareControl,         // 500 5.5.2: a NUL, bare CR or other control byte in the line
};

struct ParseContext {
  bool smtputf8 = false;  // RCPT within a transaction whose MAIL carried SMTPUTF8
};

// `line` is one command without its CRLF. Verbs and parameter names are read without regard to
// case, blanks at the end are dropped.
std::expected<Command, CommandError> parse_command(std::string_view line, ParseContext context);

// xtext of RFC 3461 section 4: nothing if `text` is not xtext.
std::optional<std::string> decode_xtext(std::string_view text);
std::string encode_xtext(std::string_view text);

}  // namespace signpost::smtp
