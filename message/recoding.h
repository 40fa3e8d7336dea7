// Encodes the parts of a message that its next transport cannot carry as they are: as
// quoted-printable or base64, so that their reader gets the same octets.
//
// RFC 6409 section 8.4 lets a submission server encode, and RFC 6152 section 3 and RFC 3030 section
// 3 ask a relay to. Text itself is never broken: a line break within HTML, JSON or a link changes
// what it says. A part that is encoded already, but in lines that are too long, gets shorter ones.
// All other parts stay byte for byte. What is signed or encrypted within the message must not
// change (RFC 1847 section 2.1), so a fault in it cannot be repaired.
#pragma once

#include "message/line_limit.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace signpost::message {

// RFC 2045 sections 2.7 and 2.8.
enum class Transport : std::uint8_t {
  EightBit,  // lines of at most kMaxLine octets, no NUL, CR and LF only together
  SevenBit,  // and no octet above 127 in a body; those in header fields stay
};

// Why a message stays as it is.
struct Unrecoded {
  OverlongLine line{};     // the line, or the one octet, that is at fault
  std::string_view why{};  // follows "the line is ", of static storage
};

// `content` as `transport` carries it, in one go: needs as much memory again. Date and the like are
// unchanged; MIME-Version and Content-Type are added where an encoded body needs them. The last
// line has its CRLF.
// REQUIRES: a header section that EightBit carries, and its blank line
std::expected<std::string, Unrecoded> recoded(std::string_view content, Transport transport);

// Whether there is a NUL, or a CR or LF by itself.
bool has_bare_octet(std::string_view text);

}  // namespace signpost::message
