#include "dkim/canonicalization.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <optional>

namespace signpost::dkim {

namespace {

constexpr std::string_view kCrlf = "\r\n";

std::string_view method_text(Canonicalization method) {
  return method == Canonicalization::Simple ? "simple" : "relaxed";
}

std::optional<Canonicalization> parse_method(std::string_view text) {
  if (ascii::equals_ignore_case(text, "simple")) return Canonicalization::Simple;
  if (ascii::equals_ignore_case(text, "relaxed")) return Canonicalization::Relaxed;
  return std::nullopt;
}

// Appends `text` with the line ends of folds dropped and each run of blanks made one space; blanks
// at both ends are gone (section 3.4.2).
void append_collapsed(std::string_view text, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + text.size());  // more than comes of it: no growing in the loop
  char* const first = out.data() + begin;
  char* next = first;
  bool blank = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (ascii::is_wsp(c)) {
      blank = true;
    } else if (c == '\r' && text.substr(i).starts_with(kCrlf)) {
      ++i;
    } else {
      if (blank && next != first) *next++ = ' ';
      blank = false;
      *next++ = c;
    }
  }
  out.resize(begin + static_cast<std::size_t>(next - first));
}

void canonicalize_field_relaxed(std::string_view raw, std::string& out) {
  const std::size_t colon = raw.find(':');
  if (colon == std::string_view::npos) {
    out += raw;
    return;
  }
  std::string_view name = raw.substr(0, colon);
  while (!name.empty() && ascii::is_wsp(name.back())) name.remove_suffix(1);
  for (const char c : name) out += ascii::to_lower(c);
  out += ':';
  append_collapsed(raw.substr(colon + 1), out);
  out += kCrlf;
}

// Without the empty lines at the end; the last line that is left keeps its CRLF.
std::string_view without_empty_lines_at_end(std::string_view body) {
  while (body.ends_with("\r\n\r\n")) body.remove_suffix(2);
  if (body == kCrlf) body = {};
  return body;
}

void canonicalize_body_simple(std::string_view body, ByteSink& sink) {
  body = without_empty_lines_at_end(body);
  if (!body.empty()) sink.append(body);
  if (!body.ends_with(kCrlf)) sink.append(kCrlf);
}

// Gives octets on in pieces of a few KB.
class Pieces {
 public:
  explicit Pieces(ByteSink& sink) : sink_(sink) {}

  void put(std::string_view octets) {
    while (!octets.empty()) {
      if (size_ == buffer_.size()) flush();
      const std::size_t taken = octets.copy(buffer_.data() + size_, buffer_.size() - size_);
      size_ += taken;
      octets.remove_prefix(taken);
    }
  }
  // Puts the octets at the start of `text` that are neither blank nor CR, as many as there is room
  // for, and says how many: a word is too short to be worth a search and a copy of its own.
  std::size_t put_plain(std::string_view text) {
    if (size_ == buffer_.size()) flush();
    const std::size_t most = std::min(text.size(), buffer_.size() - size_);
    const char* const from = text.data();
    char* const to = buffer_.data() + size_;
    std::size_t i = 0;
    for (; i < most && !ascii::is_wsp(from[i]) && from[i] != '\r'; ++i) to[i] = from[i];
    size_ += i;
    return i;
  }
  void flush() {
    if (size_ != 0) sink_.append({buffer_.data(), size_});
    size_ = 0;
  }

 private:
  ByteSink& sink_;
  std::array<char, 4096> buffer_;
  std::size_t size_ = 0;
};

// Blanks and line ends are owed until an octet follows that is neither: so those at the end of a
// line, and the empty lines at the end of the body, are never paid (section 3.4.4).
void relax(std::string_view body, ByteSink& sink) {
  Pieces out(sink);
  bool empty = true;
  bool blank = false;
  std::size_t line_ends = 0;
  while (!body.empty()) {
    if (ascii::is_wsp(body.front())) {
      blank = true;
      body.remove_prefix(1);
      continue;
    }
    if (body.starts_with(kCrlf)) {
      blank = false;
      ++line_ends;
      body.remove_prefix(kCrlf.size());
      continue;
    }
    for (; line_ends > 0; --line_ends) out.put(kCrlf);
    if (blank) out.put(" ");
    blank = false;
    std::size_t length = out.put_plain(body);
    if (length == 0) {  // a bare CR
      out.put(body.substr(0, 1));
      length = 1;
    }
    body.remove_prefix(length);
    empty = false;
  }
  if (!empty) out.put(kCrlf);
  out.flush();
}

// True when relaxed canonicalization changes `octet`, given the one that follows it. A bare CR
// behind a space is taken for a line end: what is in doubt is left to relax().
constexpr bool may_change(char octet, char following) {
  return octet == '\t' || (octet == ' ' && (following == ' ' || following == '\r'));
}

// True when no blank in `body` has to change: no tab, no two blanks in a row, none at the end of a
// line. This is the common case, and the whole body is then one piece.
bool is_relaxed_already(std::string_view body) {
  constexpr std::size_t kBlock = 64;  // of a fixed size, without a branch: the compiler uses SIMD
  std::size_t at = 0;
  for (; at + kBlock < body.size(); at += kBlock) {
    const char* const block = body.data() + at;
    unsigned char changes = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      changes |= static_cast<unsigned char>(
          (block[i] == '\t') |
          ((block[i] == ' ') & ((block[i + 1] == ' ') | (block[i + 1] == '\r'))));
    }
    if (changes != 0) return false;
  }
  for (; at < body.size(); ++at) {
    if (may_change(body[at], at + 1 < body.size() ? body[at + 1] : '\r')) return false;
  }
  return true;
}

void canonicalize_body_relaxed(std::string_view body, ByteSink& sink) {
  if (!is_relaxed_already(body)) return relax(body, sink);
  body = without_empty_lines_at_end(body);
  if (body.empty()) return;
  sink.append(body);
  if (!body.ends_with(kCrlf)) sink.append(kCrlf);
}

}  // namespace

std::string CanonicalizationPair::text() const {
  return std::string(method_text(header)).append("/").append(method_text(body));
}

std::expected<CanonicalizationPair, std::string> CanonicalizationPair::parse(
    std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto header = parse_method(text.substr(0, slash));
  const auto body = slash == std::string_view::npos ? Canonicalization::Simple
                                                    : parse_method(text.substr(slash + 1));
  if (!header || !body) {
    return std::unexpected(std::string("canonicalization is \"relaxed/relaxed\", ") +
                           "\"relaxed/simple\", \"simple/relaxed\" or \"simple/simple\"");
  }
  return CanonicalizationPair{*header, *body};
}

void canonicalize_field(Canonicalization method, std::string_view raw, std::string& out) {
  if (method == Canonicalization::Simple) {
    out += raw;
  } else {
    canonicalize_field_relaxed(raw, out);
  }
}

void canonicalize_body(Canonicalization method, std::string_view body, ByteSink& sink) {
  if (method == Canonicalization::Simple) {
    canonicalize_body_simple(body, sink);
  } else {
    canonicalize_body_relaxed(body, sink);
  }
}

}  // namespace signpost::dkim
