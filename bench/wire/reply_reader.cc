#include "bench/wire/reply_reader.h"

#include "base/ascii.h"

#include <utility>

namespace signpost::bench {

namespace {

constexpr std::size_t kMaxLine = 2048;
constexpr std::size_t kMaxLines = 256;

}  // namespace

std::string_view Reply::queue_id() const {
  if (lines.empty()) return {};
  constexpr std::string_view kWords = "queued as ";
  const std::string_view text = lines.back();
  const auto at = text.find(kWords);
  if (at == std::string_view::npos) return {};
  return text.substr(at + kWords.size());
}

std::optional<Reply> ReplyReader::next(std::string_view input, std::size_t& consumed) {
  consumed = 0;
  while (!malformed_) {
    const std::string_view rest = input.substr(consumed);
    const auto end = rest.find("\r\n");
    if (end == std::string_view::npos) {
      malformed_ = rest.size() > kMaxLine;
      return {};
    }
    consumed += end + 2;
    if (!take_line(rest.substr(0, end))) {
      malformed_ = true;
      return {};
    }
    if (last_) return std::exchange(reply_, Reply{});
  }
  return {};
}

bool ReplyReader::take_line(std::string_view line) {
  if (line.size() < 3 || line.size() > kMaxLine || reply_.lines.size() >= kMaxLines) return false;
  int code = 0;
  for (const char c : line.substr(0, 3)) {
    if (!ascii::is_digit(c)) return false;
    code = code * 10 + (c - '0');
  }
  if (code < 200 || code > 599 || (reply_.code != 0 && reply_.code != code)) return false;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return false;
  last_ = line.size() == 3 || line[3] == ' ';
  reply_.code = code;
  reply_.lines.emplace_back(line.size() > 4 ? line.substr(4) : std::string_view{});
  return true;
}

}  // namespace signpost::bench
