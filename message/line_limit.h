// The most octets that a line of a message may have (RFC 5322 section 2.1.1), and header fields
// that keep to it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::message {

inline constexpr std::size_t kMaxLine = 998;  // without its CRLF

// A line within a text, without its CRLF. Lines end with CRLF, the last one may lack it.
struct OverlongLine {
  std::size_t start = 0;
  std::size_t size = 0;
};

// The first line of more than kMaxLine octets. Examines a few octets in a thousand, so checking
// every message costs next to nothing.
std::optional<OverlongLine> find_overlong_line(std::string_view text);

// The same for a text that arrives in pieces: skips lines from `start`, where one begins, and
// returns where to go on. What is skipped has no overlong line.
std::size_t skip_short_lines(std::string_view text, std::size_t start);

// `raw`, a whole field with its CRLF, with over-long lines folded: at blanks, which changes nothing
// for a reader (RFC 5322 section 2.2.3), in address lists after commas and in lists of message ids
// between two of them as well. Other lines stay as they are. Nothing when a line cannot be folded.
std::optional<std::string> fold_overlong_lines(std::string_view raw);

}  // namespace signpost::message
