#include "dkim/canonicalization.h"

#include "base/ascii.h"
#include "base/octet_pairs.h"

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

// Where relaxed canonicalization may change an octet, given the following one: a blank that
// is not a single space within a line. In a field, line ends go too.
constexpr auto kInBody = [](const auto& octet, const auto& following) {
  return octet == '\t' ||
         (octet == ' ' && (following == ' ' || following == '\t' || following == '\r'));
};
constexpr auto kInField = [](const auto& octet, const auto& following) {
  return octet == '\r' || kInBody(octet, following);
};

// The length of the part of `text` that is left alone: most text changes nowhere or rarely,
// and is passed on in stretches. REQUIRES: `text` does not end with a blank
template <typename MayChange>
std::size_t unchanged(std::string_view text, MayChange may_change) {
  return std::min(find_octet_pair(text, may_change), text.size());
}

std::size_t blanks(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && ascii::is_wsp(text[length])) ++length;
  return length;
}

// Neither blanks nor line ends, which then are those of empty lines or of folds.
std::string_view without_blanks_at_end(std::string_view text) {
  for (;;) {
    if (text.ends_with(kCrlf)) {
      text.remove_suffix(kCrlf.size());
    } else if (!text.empty() && ascii::is_wsp(text.back())) {
      text.remove_suffix(1);
    } else {
      return text;
    }
  }
}

// Drops the blanks and line ends that `text` begins with; true when there was a blank among them.
bool skip_folding(std::string_view& text) {
  bool blank = false;
  for (;;) {
    const std::size_t length = blanks(text);
    blank |= length != 0;
    text.remove_prefix(length);
    if (!text.starts_with(kCrlf)) return blank;
    text.remove_prefix(kCrlf.size());
  }
}

// Appends `text` with the line ends of folds dropped and each run of blanks made one space; blanks
// at both ends are gone (section 3.4.2).
void append_collapsed(std::string_view text, std::string& out) {
  text = without_blanks_at_end(text);
  skip_folding(text);
  while (!text.empty()) {
    const std::size_t length = unchanged(text, kInField);
    out += text.substr(0, length);
    text.remove_prefix(length);
    if (skip_folding(text)) {
      out += ' ';
    } else if (text.starts_with('\r')) {  // a bare one
      out += '\r';
      text.remove_prefix(1);
    }
  }
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

// Passes octets on in pieces of a few KB.
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
  void flush() {
    if (size_ != 0) sink_.append({buffer_.data(), size_});
    size_ = 0;
  }

 private:
  ByteSink& sink_;
  std::array<char, 4096> buffer_;
  std::size_t size_ = 0;
};

// Each run of blanks becomes one space, or nothing at the end of a line; empty lines at the end go
// (section 3.4.4).
void canonicalize_body_relaxed(std::string_view whole, ByteSink& sink) {
  std::string_view body = without_blanks_at_end(whole);
  if (body.empty()) return;
  std::size_t length = unchanged(body, kInBody);
  if (length == body.size()) {  // the common case: the body is one piece, with its last line end
    const bool ended = whole.substr(length).starts_with(kCrlf);
    sink.append(ended ? whole.substr(0, length + kCrlf.size()) : body);
    if (!ended) sink.append(kCrlf);
    return;
  }
  Pieces out(sink);
  for (;;) {
    out.put(body.substr(0, length));
    body.remove_prefix(length);
    if (body.empty()) break;
    body.remove_prefix(blanks(body));
    if (!body.starts_with(kCrlf)) out.put(" ");
    length = unchanged(body, kInBody);
  }
  out.put(kCrlf);
  out.flush();
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
