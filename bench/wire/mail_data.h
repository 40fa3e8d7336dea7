// Mail data on the wire (RFC 5321 section 4.5.2), the judge's own version: only CRLF is a line end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::bench {

// Doubles the dots at line starts. The terminating dot line is the caller's.
std::string dot_stuffed(std::string_view content);

// A BDAT's argument (RFC 3030 section 2).
struct ChunkSize {
  std::size_t octets = 0;
  bool last = false;
};
std::optional<ChunkSize> parse_chunk_size(std::string_view argument);

class MailDataDecoder {
 public:
  // Takes bytes from `input` and appends content to `content` until the end of data. Returns how
  // many it took; done() says whether the end was among them.
  std::size_t feed(std::string_view input, std::string& content);
  bool done() const { return state_ == State::Done; }
  void reset() { state_ = State::LineStart; }

 private:
  enum class State { LineStart, Text, Cr, Dot, DotCr, Done };
  State state_ = State::LineStart;
};

}  // namespace signpost::bench
