// SMTP replies from the bytes of a server (RFC 5321 section 4.2), one at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::bench {

struct Reply {
  int code = 0;
  std::vector<std::string> lines;  // the text after the code and its separator

  bool positive() const { return code >= 200 && code < 400; }
  // The ID of "... queued as ID", empty if there is none.
  std::string_view queue_id() const;
};

class ReplyReader {
 public:
  // Takes one reply from the front of `input`; `consumed` is what it took. Nothing: it is not
  // complete yet, or malformed().
  std::optional<Reply> next(std::string_view input, std::size_t& consumed);
  bool malformed() const { return malformed_; }

 private:
  bool take_line(std::string_view line);

  Reply reply_;
  bool last_ = false;
  bool malformed_ = false;
};

}  // namespace signpost::bench
