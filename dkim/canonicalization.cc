#include "dkim/canonicalization.h"

#include "base/ascii.h"

#include <cstring>
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

// Appends `text` with each run of blanks made one space and line ends of folds dropped; blanks at
// both ends are gone (section 3.4.2).
void append_collapsed(std::string_view text, std::string& out) {
  bool pending = false;
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\n') continue;
    if (ascii::is_wsp(c)) {
      pending = true;
      continue;
    }
    if (pending && out.size() != begin) out += ' ';
    pending = false;
    out += c;
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

// Where in `line` relaxed canonicalization changes something next: a run of blanks that is not one
// space between two others, or that ends the line. npos if nowhere.
std::size_t next_change(std::string_view line, std::size_t from) {
  for (std::size_t i = from; i < line.size(); ++i) {
    if (!ascii::is_wsp(line[i])) continue;
    if (line[i] == '\t' || i + 1 == line.size() || ascii::is_wsp(line[i + 1])) return i;
  }
  return std::string_view::npos;
}

// Collects what is unchanged into as few pieces as possible.
class RelaxedBody {
 public:
  explicit RelaxedBody(ByteSink& sink) : sink_(sink) {}

  void pass(std::string_view piece) {
    if (piece.empty()) return;
    if (!run_.empty() && run_.data() + run_.size() == piece.data()) {
      run_ = {run_.data(), run_.size() + piece.size()};
      return;
    }
    flush();
    run_ = piece;
  }
  void flush() {
    if (!run_.empty()) sink_.append(run_);
    run_ = {};
  }

 private:
  ByteSink& sink_;
  std::string_view run_;
};

void relax_line(std::string_view line, RelaxedBody& out) {
  std::size_t done = 0;
  for (std::size_t blank = next_change(line, 0); blank != std::string_view::npos;
       blank = next_change(line, done)) {
    std::size_t end = blank;
    while (end < line.size() && ascii::is_wsp(line[end])) ++end;
    out.pass(line.substr(done, blank - done));
    if (end != line.size()) out.pass(" ");
    done = end;
  }
  out.pass(line.substr(done));
}

std::string_view without_blanks_at_end(std::string_view line) {
  while (!line.empty() && ascii::is_wsp(line.back())) line.remove_suffix(1);
  return line;
}

// True when no blank in `body` has to change: no tab, no two blanks in a row, none before a CRLF.
// This is the common case, and the whole body is then one piece.
bool is_relaxed_already(std::string_view body) {
  if (std::memchr(body.data(), '\t', body.size()) != nullptr) return false;
  std::size_t at = 0;
  while (at < body.size()) {
    const auto* blank =
        static_cast<const char*>(std::memchr(body.data() + at, ' ', body.size() - at));
    if (blank == nullptr) return true;
    at = static_cast<std::size_t>(blank - body.data()) + 1;
    if (at == body.size() || body[at] == ' ' || body[at] == '\r') return false;
  }
  return true;
}

void canonicalize_body_relaxed(std::string_view body, ByteSink& sink) {
  if (body.empty()) return;
  if (is_relaxed_already(body)) {
    body = without_empty_lines_at_end(body);
    if (body.empty()) return;
    sink.append(body);
    if (!body.ends_with(kCrlf)) sink.append(kCrlf);
    return;
  }
  RelaxedBody out(sink);
  std::size_t empty_lines = 0;  // not given out yet: they may be the last ones
  while (!body.empty()) {
    const std::size_t end = body.find(kCrlf);
    const bool last = end == std::string_view::npos;
    const std::string_view line = body.substr(0, end);
    if (without_blanks_at_end(line).empty()) {
      ++empty_lines;
    } else {
      for (; empty_lines > 0; --empty_lines) out.pass(kCrlf);
      relax_line(line, out);
      out.pass(last ? kCrlf : body.substr(end, kCrlf.size()));
    }
    if (last) break;
    body.remove_prefix(end + kCrlf.size());
  }
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
