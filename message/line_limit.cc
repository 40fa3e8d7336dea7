#include "message/line_limit.h"

#include "base/ascii.h"
#include "message/folded_field.h"
#include "message/header_line.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace signpost::message {

namespace {

constexpr std::string_view kCrlf = "\r\n";

// From the front of `text`, past its last CRLF; 0 if there is none.
std::size_t past_last_line_end(std::string_view text) {
  while (!text.empty()) {
    const void* const found = memrchr(text.data(), '\n', text.size());
    if (found == nullptr) return 0;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    if (at > 0 && text[at - 1] == '\r') return at + 1;
    text = text.substr(0, at);
  }
  return 0;
}

enum class ListKind { None, Addresses, MessageIds };

ListKind list_kind(std::string_view name) {
  constexpr std::array<std::string_view, 10> kAddresses = {
      "From",        "Sender",        "Reply-To",       "To", "Cc", "Resent-To", "Resent-Cc",
      "Resent-From", "Resent-Sender", "Resent-Reply-To"};
  const auto is = [&](std::string_view other) { return ascii::equals_ignore_case(name, other); };
  if (std::ranges::any_of(kAddresses, is)) return ListKind::Addresses;
  return is("References") || is("In-Reply-To") ? ListKind::MessageIds : ListKind::None;
}

// Cuts the lines of one field into chunks between which it may be folded.
class Chunks {
 public:
  explicit Chunks(ListKind kind) : kind_(kind) {}

  struct Chunk {
    std::string_view text;
    bool needs_blank = false;  // in front of it, if it begins a line
  };

  // Takes the next chunk off `line`. `prefix`: octets of the line that are not a word: the name
  // of the field.
  Chunk next(std::string_view& line, std::size_t prefix);

 private:
  bool after_separator(char before, char here);

  const ListKind kind_;
  // Within an address list: what encloses the current octet.
  bool quoted_ = false;
  bool escaped_ = false;
  bool in_angle_ = false;
  std::size_t comments_ = 0;
  bool separated_ = false;  // the chunk before ended with a separator
};

// Follows quotes, comments and angle brackets; Each `before` is examined once, in the order of the
// text.
bool Chunks::after_separator(char before, char here) {
  if (kind_ == ListKind::MessageIds) return before == '>' && here == '<';
  if (kind_ != ListKind::Addresses) return false;
  if (escaped_) {
    escaped_ = false;
    return false;
  }
  if (before == '\\') {
    escaped_ = quoted_ || comments_ > 0;
  } else if (quoted_) {
    quoted_ = before != '"';
  } else if (before == '(') {
    ++comments_;
  } else if (comments_ > 0) {
    if (before == ')') --comments_;
  } else if (before == '"') {
    quoted_ = true;
  } else if (before == '<' || before == '>') {
    in_angle_ = before == '<';
  } else {
    return before == ',' && !in_angle_;
  }
  return false;
}

Chunks::Chunk Chunks::next(std::string_view& line, std::size_t prefix) {
  bool word = false;
  std::size_t end = 0;
  bool separator = false;
  for (; end < line.size(); ++end) {
    const char here = line[end];
    const bool blank = ascii::is_wsp(here);
    if (end > 0) separator = after_separator(line[end - 1], here);
    if (word && separator && !blank) break;
    const bool last_blank = blank && end + 1 < line.size() && !ascii::is_wsp(line[end + 1]);
    if (word && last_blank && line[end - 1] != '\\') break;
    word = word || (!blank && end >= prefix);
  }
  const Chunk chunk{line.substr(0, end), separated_};
  separated_ = end < line.size() && separator && !ascii::is_wsp(line[end]);
  if (end == line.size() && end > 0) (void)after_separator(line[end - 1], '\0');
  line.remove_prefix(end);
  return chunk;
}

}  // namespace

std::optional<OverlongLine> find_overlong_line(std::string_view text) {
  const std::size_t start = skip_short_lines(text, 0);
  if (text.size() - start <= kMaxLine) return {};
  const std::size_t size = std::min(text.find(kCrlf, start), text.size()) - start;
  if (size <= kMaxLine) return {};
  return OverlongLine{start, size};
}

std::size_t skip_short_lines(std::string_view text, std::size_t start) {
  while (text.size() - start > kMaxLine) {
    const std::size_t step = past_last_line_end(text.substr(start, kMaxLine + kCrlf.size()));
    if (step == 0) break;
    start += step;
  }
  return start;
}

std::optional<std::string> fold_overlong_lines(std::string_view raw) {
  const std::size_t name = field_name_length(raw);
  Chunks chunks(list_kind(raw.substr(0, name)));
  std::size_t prefix = raw.find(':') + 1;
  std::string out;
  out.reserve(raw.size() + raw.size() / FoldedField::kWidth * 3);
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find(kCrlf), raw.size());
    std::string_view line = raw.substr(0, end);
    const bool overlong = end > kMaxLine;
    for (std::size_t column = 0; !line.empty();) {
      const Chunks::Chunk chunk = chunks.next(line, prefix);
      prefix = 0;
      const bool fold = overlong && column > 0 && column + chunk.text.size() > FoldedField::kWidth;
      if (fold) {
        out += kCrlf;
        if (chunk.needs_blank) out += ' ';
        column = chunk.needs_blank ? 1 : 0;
      }
      out += chunk.text;
      column += chunk.text.size();
      if (column > kMaxLine) return {};
    }
    out += raw.substr(end, kCrlf.size());
    raw.remove_prefix(std::min(end + kCrlf.size(), raw.size()));
  }
  return out;
}

}  // namespace signpost::message
