#include "bench/wire/mail_data.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace signpost::bench {

std::string dot_stuffed(std::string_view content) {
  std::string out;
  out.reserve(content.size() + 16);
  bool line_start = true;
  for (std::size_t at = 0; at < content.size();) {
    if (line_start && content[at] == '.') out += '.';
    const std::size_t end = content.find("\r\n", at);
    const std::size_t next = end == std::string_view::npos ? content.size() : end + 2;
    out.append(content, at, next - at);
    at = next;
    line_start = true;
  }
  return out;
}

std::optional<ChunkSize> parse_chunk_size(std::string_view argument) {
  ChunkSize size;
  const char* const end = argument.data() + argument.size();
  const auto [rest, error] = std::from_chars(argument.data(), end, size.octets);
  const std::string_view word(rest, end);
  size.last = ascii::equals_ignore_case(word, " LAST");
  if (error != std::errc{} || !(word.empty() || size.last)) return {};
  return size;
}

std::size_t MailDataDecoder::feed(std::string_view input, std::string& content) {
  std::size_t at = 0;
  while (at < input.size() && state_ != State::Done) {
    const char c = input[at];
    switch (state_) {
      case State::LineStart:
        if (c == '.') {
          ++at;
          state_ = State::Dot;
        } else {
          state_ = State::Text;
        }
        break;
      case State::Text: {
        const std::size_t end = std::min(input.find('\r', at), input.size());
        content.append(input, at, end - at);
        at = end;
        if (at < input.size()) {
          ++at;
          state_ = State::Cr;
        }
        break;
      }
      case State::Cr:
        content += '\r';
        state_ = State::Text;
        if (c == '\n') {
          content += '\n';
          ++at;
          state_ = State::LineStart;
        }
        break;
      case State::Dot:  // the dot itself is transparency and is dropped
        state_ = State::Text;
        if (c == '\r') {
          ++at;
          state_ = State::DotCr;
        }
        break;
      case State::DotCr:
        if (c == '\n') {
          ++at;
          state_ = State::Done;
        } else {
          content += '\r';
          state_ = State::Text;
        }
        break;
      case State::Done:
        break;
    }
  }
  return at;
}

}  // namespace signpost::bench
