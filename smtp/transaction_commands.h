// MAIL and RCPT with their parameters, and what can be wrong with a command.
#pragma once

#include "base/clock.h"
#include "smtp/address.h"
#include "smtp/dsn_parameters.h"
#include "smtp/transfer_requests.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace signpost::smtp {

enum class Body : std::uint8_t { SevenBit, EightBitMime, BinaryMime };

struct MailCommand {
  ReversePath reverse_path;
  std::optional<std::size_t> size;  // SIZE= (RFC 1870)
  Body body = Body::SevenBit;       // BODY= (RFC 6152, RFC 3030 section 3)
  bool smtputf8 = false;            // RFC 6531
  Return ret = Return::Unspecified;
  std::string envelope_id;                       // ENVID=, decoded from xtext
  std::optional<std::chrono::seconds> hold_for;  // HOLDFOR= (RFC 4865)
  std::optional<SystemTime> hold_until;          // HOLDUNTIL=, never together with it
  std::optional<DeliverBy> deliver_by;           // BY= (RFC 2852)
  int priority = 0;                              // MT-PRIORITY= (RFC 6710)
};

struct RcptCommand {
  Mailbox recipient;
  Notify notify;
  std::string original_recipient;  // ORCPT=, "rfc822;user@example" decoded from xtext
};

// Each value has its reply in server_dialog.cc's table.
enum class CommandError {
  Unknown,             // 500 5.5.2
  ArgumentMissing,     // 501 5.5.4
  ChunkMalformed,      // 501 5.5.4: "BDAT x", "BDAT 10 LAST now"
  ArgumentForbidden,   // 501 5.5.4: "DATA now", "STARTTLS x"
  HelloName,           // 501 5.5.4
  PathSyntax,          // 501 5.1.7 or 5.1.3
  PathTooLong,         // 501 5.1.7 or 5.1.3
  PathNotAscii,        // 553 5.6.7
  PathDomain,          // 501 5.1.7 or 5.1.3: no domain, or a malformed one
  ParameterUnknown,    // 555 5.5.4
  ParameterDuplicate,  // 501 5.5.4
  ParameterMalformed,  // 501 5.5.4
  AttributeUnknown,    // 501 5.5.4: of XCLIENT
  RequireTls,          // 555 5.5.4: REQUIRETLS, which is known but not offered
  BareControl,         // 500 5.5.2: a NUL, bare CR or other control byte in the line
};

struct ParseContext {
  bool smtputf8 = false;  // RCPT within a transaction whose MAIL carried SMTPUTF8
};

}  // namespace signpost::smtp
