#include "smtp/reply.h"

#include "base/ascii.h"
#include "base/check.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace signpost::smtp {

namespace {

// One line of a reply: code, separator, text.
struct ReplyLine {
  int code = 0;
  bool last = true;
  std::string_view text;
};

std::optional<ReplyLine> parse_line(std::string_view line) {
  constexpr std::size_t kCodeLength = 3;
  ReplyLine parsed;
  const char* const end = line.data() + std::min(line.size(), kCodeLength);
  const auto [rest, error] = std::from_chars(line.data(), end, parsed.code);
  if (error != std::errc{} || rest != line.data() + kCodeLength) return std::nullopt;
  if (parsed.code < 200 || parsed.code > 599) return std::nullopt;
  // A code alone is a whole last line (RFC 5321 section 4.2).
  if (line.size() == kCodeLength) return parsed;
  const char separator = line[kCodeLength];
  if (separator != ' ' && separator != '-') return std::nullopt;
  parsed.last = separator == ' ';
  parsed.text = line.substr(kCodeLength + 1);
  return parsed;
}

// The enhanced status at the front of a line, and how many octets it and the following blank take.
struct Prefix {
  EnhancedStatus status;
  std::size_t length = 0;
};

// RFC 2034 section 4: the class must agree with the reply code. But a status of too many recipients
// means the same with any class, and without it they would be refused for good.
bool belongs_to(const EnhancedStatus& status, int code) {
  const int class_digit = code / 100;
  if (status.class_digit == class_digit) return true;
  return status.subject == 5 && status.detail == 3 && class_digit > 3 && status.class_digit > 3;
}

std::optional<Prefix> status_prefix(std::string_view text, int code) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const auto status = EnhancedStatus::parse(text.substr(0, end));
  if (!status || !belongs_to(*status, code)) return std::nullopt;
  return Prefix{*status, std::min(end + 1, text.size())};
}

// The status on which all lines that carry one agree; not present when two differ.
EnhancedStatus common_status(int code, const std::vector<std::string_view>& lines) {
  EnhancedStatus common;
  for (const std::string_view line : lines) {
    const auto prefix = status_prefix(line, code);
    if (!prefix) continue;
    if (common.present() && common != prefix->status) return {};
    common = prefix->status;
  }
  return common;
}

Reply assemble(int code, const std::vector<std::string_view>& lines) {
  Reply reply{code, common_status(code, lines), {}};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    if (reply.status.present()) {
      if (const auto prefix = status_prefix(line, code)) line.remove_prefix(prefix->length);
    }
    if (i != 0) reply.text += '\n';
    reply.text += line;
  }
  // Blanks and blank lines at the ends mean nothing. Some receivers pad their replies.
  const std::string_view words = ascii::trim(reply.text);
  if (words.size() != reply.text.size()) reply.text = std::string(words);
  return reply;
}

// A text may repeat what a client said: it must not be able to end the line, and a client need not
// understand more than ASCII. Other octets are "\xc3" while the line stays within its limit (RFC
// 5321 section 4.5.3.1.5), then "?".
void append_in_ascii(std::string& line, std::string_view words) {
  constexpr std::size_t kMostOctets = 510;  // without CRLF
  constexpr std::size_t kEscaped = 4;
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t at = 0; at < words.size(); ++at) {
    const char c = words[at];
    const std::size_t rest = words.size() - at - 1;
    const bool is_eight_bit = (c & 0x80) != 0;
    if ((c >= ' ' && c <= '~') || c == '\t') {
      line += c;
    } else if (is_eight_bit && line.size() + kEscaped + rest <= kMostOctets) {
      const auto octet = static_cast<unsigned char>(c);
      line.append("\\x").append({kHex[octet >> 4], kHex[octet & 15]});
    } else {
      line += '?';
    }
  }
}

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::string EnhancedStatus::text() const {
  if (!present()) return {};
  return std::to_string(class_digit) + '.' + std::to_string(subject) + '.' + std::to_string(detail);
}

std::optional<EnhancedStatus> EnhancedStatus::parse(std::string_view text) {
  // The part before the next dot, or what is left: one to three digits without leading zeros (RFC
  // 3463 section 2).
  const auto number = [&text](bool last) -> std::optional<std::uint16_t> {
    const std::size_t end = last ? text.size() : text.find('.');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view digits = text.substr(0, end);
    text.remove_prefix(last ? end : end + 1);
    if (digits.empty() || digits.size() > 3) return std::nullopt;
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    std::uint16_t value = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || rest != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const auto class_digit = number(false);
  const auto subject = class_digit ? number(false) : std::nullopt;
  const auto detail = subject ? number(true) : std::nullopt;
  if (!detail) return std::nullopt;
  if (*class_digit != 2 && *class_digit != 4 && *class_digit != 5) return std::nullopt;
  return EnhancedStatus{*class_digit, *subject, *detail};
}

std::string Reply::one_line() const {
  std::string out;
  const auto add = [&out](std::string_view word) {
    if (word.empty()) return;
    if (!out.empty()) out += ' ';
    out += word;
  };
  if (code != 0) add(std::to_string(code));
  add(status.text());
  std::string joined;
  for (const std::string_view each : ascii::split(text, '\n')) {
    const std::string_view line = ascii::trim(each);
    if (line.empty()) continue;
    if (!joined.empty()) joined += " / ";
    joined += line;
  }
  add(joined);
  return out;
}

void Reply::append_to(ByteQueue& out) const {
  CHECK(code >= 200 && code <= 599);
  const std::string number = std::to_string(code);
  const std::string status_text = status.text();
  std::string line;
  line.reserve(128);
  for (std::string_view rest = text;;) {
    const std::size_t end = rest.find('\n');
    const bool last = end == std::string_view::npos;
    const std::string_view words = rest.substr(0, end);
    line = number;
    if (!last) line += '-';
    if (last && !(status_text.empty() && words.empty())) line += ' ';
    line += status_text;
    if (!status_text.empty() && !words.empty()) line += ' ';
    append_in_ascii(line, words);
    line += "\r\n";
    out.append(line);
    if (last) return;
    rest.remove_prefix(end + 1);
  }
}

std::expected<std::optional<Reply>, ReplyError> take_reply(ByteQueue& in) {
  const std::string_view bytes = in.view();
  std::vector<std::string_view> lines;
  int code = 0;
  std::size_t taken = 0;
  for (;;) {
    const std::string_view rest = bytes.substr(taken);
    const std::size_t end = rest.find('\n');
    const bool complete = end != std::string_view::npos;
    const std::string_view line = without_cr(rest.substr(0, end));
    taken += complete ? end + 1 : rest.size();
    // Judged before the line is complete, so that what is kept stays bounded.
    if (line.size() > kMaxReplyLine || taken > kMaxReplySize) {
      return std::unexpected(ReplyError::TooLong);
    }
    if (!complete) return std::nullopt;

    const auto parsed = parse_line(line);
    if (!parsed) return std::unexpected(ReplyError::Malformed);
    if (!lines.empty() && parsed->code != code) return std::unexpected(ReplyError::CodeChanged);
    code = parsed->code;
    lines.push_back(parsed->text);
    if (!parsed->last) continue;
    Reply reply = assemble(code, lines);
    in.consume(taken);
    return reply;
  }
}

}  // namespace signpost::smtp
