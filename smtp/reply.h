// SMTP replies (RFC 5321 section 4.2) with enhanced status codes (RFC 2034, RFC 3463).
#pragma once

#include "base/byte_queue.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::smtp {

// class "." subject "." detail of RFC 3463; {0,0,0} means that none was given.
struct EnhancedStatus {
  std::uint16_t class_digit = 0;
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;

  bool present() const { return class_digit != 0; }
  std::string text() const;  // "5.1.1", "" when not present
  static std::optional<EnhancedStatus> parse(std::string_view text);  // the whole of `text`
  friend auto operator<=>(const EnhancedStatus&, const EnhancedStatus&) = default;
};

// One reply, ours or a peer's. In a reply of several lines `text` holds them joined by '\n',
// without reply code and enhanced status, and without blanks at its ends.
struct Reply {
  int code = 0;  // 0: there was no reply (connection lost, time-out, local decision)
  EnhancedStatus status;
  std::string text;

  bool positive() const { return code >= 200 && code < 300; }
  bool intermediate() const { return code >= 300 && code < 400; }
  bool transient() const { return code >= 400 && code < 500; }
  bool permanent() const { return code >= 500 && code < 600; }

  // "550 5.1.1 No such user", on one line (lines joined by " / ", blank ones left out). For logs
  // and DSNs.
  std::string one_line() const;

  // Appends it as it goes over the wire: the status on each line, CRLF, "\xc3" for non-ASCII.
  void append_to(ByteQueue& out) const;

  friend bool operator==(const Reply&, const Reply&) = default;
};

enum class ReplyError {
  Malformed,    // not three digits, a code out of 200..599, or a wrong separator
  CodeChanged,  // a line of a multiline reply with another code (section 4.2.1)
  TooLong,      // a line of more than kMaxReplyLine octets, or a reply of more than kMaxReplySize
};

inline constexpr std::size_t kMaxReplyLine = 4096;
inline constexpr std::size_t kMaxReplySize = 32 * 1024;

// Takes one whole reply from the front of `in`. Nothing while it is incomplete: call again when
// more bytes have arrived. After an error the connection cannot be used further. A line end may be
// CRLF or LF.
std::expected<std::optional<Reply>, ReplyError> take_reply(ByteQueue& in);

}  // namespace signpost::smtp
