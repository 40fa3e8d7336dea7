// Bodies written in the transfer encodings of RFC 2045, in lines of at most 76 octets. No line
// that begins here could be taken for a boundary or begins with "From ".
#pragma once

#include <string>
#include <string_view>

namespace signpost::message {

// Octets as quoted-printable. CRLF is a line end, anything else that is not plain ASCII is encoded.
void append_quoted_printable(std::string& out, std::string_view octets);

// Octets as base64, the last line with its CRLF.
void append_base64(std::string& out, std::string_view octets);

// Quoted-printable whose lines are too long, with soft line breaks. False, with part of it
// appended, when it is not quoted-printable.
[[nodiscard]] bool append_shorter_quoted_printable(std::string& out, std::string_view text);

// Base64 whose lines are too long. False, with nothing appended, when it is not base64.
[[nodiscard]] bool append_shorter_base64(std::string& out, std::string_view text);

}  // namespace signpost::message
