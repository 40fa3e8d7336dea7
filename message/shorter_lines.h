// Repairs a message whose body has lines of more than kMaxLine octets, as newsletters and reports
// in one line of HTML have: receivers reject those permanently with 500.
//
// RFC 6409 section 8.4 lets a submission server encode. The part that holds such a line is encoded
// as quoted-printable or base64, so that its reader gets the same octets; one that is already
// encoded, but in lines that are too long, gets shorter ones. The text itself is never broken: a
// line break within HTML, JSON or a link changes what it says. All other parts stay byte for byte.
// What is signed or encrypted within the message must not change (RFC 1847 section 2.1), so it
// cannot be repaired.
#pragma once

#include "message/line_limit.h"

#include <expected>
#include <string>
#include <string_view>

namespace signpost::message {

// Why a message with an over-long line stays as it is.
struct Unrepaired {
  OverlongLine line{};     // in the content
  std::string_view why{};  // follows "the line is ", of static storage
};

// `content` with no over-long line, in one go: needs as much memory again. Date and the like are
// unchanged; MIME-Version and Content-Type are added where an encoded body needs them.
// REQUIRES: a header section that has no over-long line, its blank line, CRLF at the end
std::expected<std::string, Unrepaired> with_shorter_lines(std::string_view content);

}  // namespace signpost::message
