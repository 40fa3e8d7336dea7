#include "smtp/mail_data.h"

#include "base/check.h"
#include "base/octet_pairs.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace signpost::smtp {

// Passes on stretches of input that need no change, each in one piece: most content needs none at
// all, and then a whole buffer goes to the sink at once.
class MailDataDecoder::Output {
 public:
  Output(const char* begin, ByteSink& sink) : begin_(begin), sink_(sink) {}

  // Passes on what arrived since the last cut, up to `end`; the input from `next` on follows later.
  void cut(const char* end, const char* next) {
    if (begin_ != end) sink_.append({begin_, end});
    begin_ = next;
  }
  void insert(std::string_view piece) { sink_.append(piece); }

 private:
  const char* begin_;
  ByteSink& sink_;
};

namespace {

const char* find(const char* begin, const char* end, char c) {
  if (begin == end) return nullptr;
  return static_cast<const char*>(std::memchr(begin, c, static_cast<std::size_t>(end - begin)));
}

const char* find_or_end(const char* begin, const char* end, char c) {
  const char* found = find(begin, end, c);
  return found != nullptr ? found : end;
}

// True when there is no NUL and no CR without its LF in `input`, except perhaps at its end.
bool is_clean(std::string_view input) {
  const auto odd = [](const auto& octet, const auto& following) {
    return octet == '\0' || (octet == '\r' && !(following == '\n'));
  };
  return find_octet_pair(input, odd) == std::string_view::npos && input.back() != '\0';
}

}  // namespace

void MailDataDecoder::end_line(bool crlf) {
  longest_line_ = std::max(longest_line_, line_length_);
  line_length_ = 0;
  at_line_start_ = true;
  after_crlf_ = crlf;
}

// One line's octets, or a part of them, without its line end. Here no CR is followed by LF.
// `clean`: there is neither CR nor NUL in it.
void MailDataDecoder::text(std::string_view text, bool clean, Output& output) {
  if (clean) {
    line_length_ += text.size();
    longest_line_ = std::max(longest_line_, line_length_);
    return;
  }
  const char* end = text.data() + text.size();
  const char* cr = find_or_end(text.data(), end, '\r');
  const char* nul = find_or_end(text.data(), end, '\0');
  line_length_ += text.size();
  while (cr != end || nul != end) {
    const char* bad = std::min(cr, nul);
    (bad == cr ? saw_bare_cr_ : saw_nul_) = true;
    output.cut(bad, bad + 1);
    --line_length_;
    if (bad == cr) {
      cr = find_or_end(bad + 1, end, '\r');
    } else {
      nul = find_or_end(bad + 1, end, '\0');
    }
  }
  longest_line_ = std::max(longest_line_, line_length_);
}

std::size_t MailDataDecoder::decode(std::string_view input, ByteSink& sink) {
  if (at_end_ || input.empty()) return 0;
  const char* position = input.data();
  const char* const end = position + input.size();
  Output output(position, sink);
  const bool clean = is_clean(input);
  while (position != end) {
    if (at_line_start_ && after_crlf_ && *position == '.' && !chunks_) {
      const std::string_view rest(position, end);
      if (rest == "." || rest == ".\r") break;  // not decided yet
      output.cut(position, position + 1);
      ++position;
      if (rest.starts_with(".\r\n")) {
        at_end_ = true;
        output.cut(position, position + 2);
        return static_cast<std::size_t>(position + 2 - input.data());
      }
    }
    at_line_start_ = false;
    const char* lf = find(position, end, '\n');
    const char* stop = lf != nullptr ? lf : end;
    const bool cr = stop != position && stop[-1] == '\r';
    // A CR at the end of the input waits for what follows it.
    const char* text_end = cr ? stop - 1 : stop;
    text({position, text_end}, clean, output);
    position = text_end;
    if (lf == nullptr) break;
    if (!cr) {
      saw_bare_lf_ = true;
      output.cut(lf, lf + 1);
      output.insert("\r\n");
    }
    end_line(cr);
    position = lf + 1;
  }
  output.cut(position, position);
  return static_cast<std::size_t>(position - input.data());
}

void MailDataDecoder::decode_chunk(std::string_view octets, ByteSink& sink) {
  if (octets.empty()) return;
  chunks_ = true;
  if (std::exchange(cr_waits_, false)) {
    if (octets.starts_with('\n')) {
      sink.append("\r\n");
      end_line(true);
      octets.remove_prefix(1);
    } else {
      saw_bare_cr_ = true;
    }
  }
  cr_waits_ = decode(octets, sink) < octets.size();  // of a chunk only a CR at its end is left
}

void MailDataDecoder::end_chunks(ByteSink& sink) {
  saw_bare_cr_ = saw_bare_cr_ || std::exchange(cr_waits_, false);
  if (at_line_start_) return;
  sink.append("\r\n");
  end_line(true);
}

void append_mail_data(std::string& out, std::string_view content) {
  out.reserve(out.size() + content.size() + content.size() / 64 + 8);
  DotStuffer stuffer(content);
  for (auto piece = stuffer.next(std::string_view::npos); !piece.empty();
       piece = stuffer.next(std::string_view::npos)) {
    out += piece;
  }
}

constexpr auto kDotBehindLineFeed = [](const auto& octet, const auto& following) {
  return octet == '\n' && following == '.';
};

// The piece ends after a dot that begins a line, and the next one begins with that same dot, so
// that the doubled dot needs no piece of its own.
std::string_view DotStuffer::next(std::size_t limit) {
  CHECK(limit >= 8);
  if (rest_.empty()) {
    if (finished_) return {};
    finished_ = true;
    return terminated_ ? ".\r\n" : "\r\n.\r\n";
  }
  const std::string_view window = rest_.substr(0, limit);
  const bool at_once = at_line_start_ && !stuffed_ && window.front() == '.';
  const std::size_t line_feed = at_once ? 0 : find_octet_pair(window, kDotBehindLineFeed);
  if (line_feed != std::string_view::npos) {
    const std::size_t dot = at_once ? 0 : line_feed + 1;
    stuffed_ = true;
    rest_.remove_prefix(dot);
    return window.substr(0, dot + 1);
  }
  stuffed_ = false;
  at_line_start_ = window.back() == '\n';
  rest_.remove_prefix(window.size());
  return window;
}

}  // namespace signpost::smtp
