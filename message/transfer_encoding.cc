#include "message/transfer_encoding.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "message/line_limit.h"

#include <algorithm>

namespace signpost::message {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::size_t kWidth = 76;  // RFC 2045 section 6.7, rule 5, and section 6.8

// "=" and two digits for one octet.
std::string escaped(char octet) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(octet);
  return {'=', kHex[value >> 4], kHex[value & 15]};
}

bool is_plain(char c) { return (c >= ' ' && c < 0x7f && c != '=') || c == '\t'; }

// Writes tokens as lines of quoted-printable, with a soft line break where a line gets too long.
class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) {}

  // Writes octets that need no encoding from the front of `rest`, as far as the line has room, and
  // returns how many: a fast path for token(), for all but the last octet of a line.
  std::size_t plain(std::string_view rest) {
    if (is_guarded(rest)) return 0;
    const std::string_view most = rest.substr(0, std::min(kWidth - 1 - column_, rest.size() - 1));
    const auto end = std::ranges::find_if_not(most, is_plain);
    const auto length = static_cast<std::size_t>(end - most.begin());
    out_ += most.substr(0, length);
    column_ += length;
    return length;
  }
  // `rest` begins with the token: at the start of a line the following octets matter too.
  // `last`: the line ends after it.
  void token(std::string_view token, std::string_view rest, bool last) {
    std::string instead;
    if (is_guarded(rest)) token = instead = escaped(rest.front());
    // One octet is kept for the "=" of a soft line break, unless the line ends here.
    if (column_ > 0 && column_ + token.size() > kWidth - (last ? 0 : 1)) {
      out_ += "=\r\n";
      column_ = 0;
      if (is_guarded(rest)) token = instead = escaped(rest.front());
    }
    out_ += token;
    column_ += token.size();
  }
  void end_line() {
    out_ += kCrlf;
    column_ = 0;
  }

 private:
  bool is_guarded(std::string_view rest) const {
    return column_ == 0 && (rest.starts_with("--") || rest.starts_with("From "));
  }

  std::string& out_;
  std::size_t column_ = 0;
};

void append_encoded_line(LineWriter& lines, std::string_view line) {
  while (!line.empty()) {
    line.remove_prefix(lines.plain(line));
    const char octet = line.front();
    const bool last = line.size() == 1;
    // A blank at the end of a line would be lost in transit.
    const bool plain = is_plain(octet) && !(last && ascii::is_wsp(octet));
    lines.token(plain ? line.substr(0, 1) : std::string_view(escaped(octet)), line, last);
    line.remove_prefix(1);
  }
}

bool is_hex(char c) {
  return ascii::is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

// A line of quoted-printable again, its soft line break at the end included. Blanks at its end stay
// there, on one line: readers that drop them (RFC 2045 section 6.7, rule 3) would keep those that
// came before a soft line break. After one, readers interpret them differently.
bool append_wrapped_line(LineWriter& lines, std::string_view line) {
  const std::size_t blanks = line.size() - (line.find_last_not_of(" \t") + 1);
  while (!line.empty()) {
    std::size_t length = 1;
    if (line.front() == '=' && line.size() > 1) {
      if (line.size() < 3 || !is_hex(line[1]) || !is_hex(line[2])) return false;
      length = 3;
    }
    if (blanks > 0 && length + blanks >= line.size()) {
      lines.token(line.substr(0, kMaxLine), line, true);
      return true;
    }
    lines.token(line.substr(0, length), line, length == line.size());
    line.remove_prefix(length);
  }
  return true;
}

// Calls each(line), and after each that has its CRLF ended().
template <typename Each, typename Ended>
bool for_each_line(std::string_view text, Each each, Ended ended) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(kCrlf), text.size());
    if (!each(text.substr(0, end))) return false;
    if (end < text.size()) ended();
    text.remove_prefix(std::min(end + kCrlf.size(), text.size()));
  }
  return true;
}

}  // namespace

void append_quoted_printable(std::string& out, std::string_view octets) {
  LineWriter lines(out);
  (void)for_each_line(
      octets,
      [&](std::string_view line) {
        append_encoded_line(lines, line);
        return true;
      },
      [&] { lines.end_line(); });
}

void append_base64(std::string& out, std::string_view octets) {
  constexpr std::size_t kOctets = kWidth / 4 * 3;
  for (; !octets.empty(); octets.remove_prefix(std::min(kOctets, octets.size()))) {
    out.append(base64::encode(octets.substr(0, kOctets))).append(kCrlf);
  }
}

bool append_shorter_quoted_printable(std::string& out, std::string_view text) {
  LineWriter lines(out);
  return for_each_line(
      text, [&](std::string_view line) { return append_wrapped_line(lines, line); },
      [&] { lines.end_line(); });
}

bool append_shorter_base64(std::string& out, std::string_view text) {
  const auto allowed = [](char c) {
    return ascii::is_alnum(c) || std::string_view("+/=\r\n \t").contains(c);
  };
  if (!std::ranges::all_of(text, allowed)) return false;
  return for_each_line(
      text,
      [&](std::string_view line) {
        while (line.size() > kWidth) {
          out.append(line.substr(0, kWidth)).append(kCrlf);
          line.remove_prefix(kWidth);
        }
        out += line;
        return true;
      },
      [&] { out += kCrlf; });
}

}  // namespace signpost::message
