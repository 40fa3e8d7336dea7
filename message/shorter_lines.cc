#include "message/shorter_lines.h"

#include "base/ascii.h"
#include "message/eight_bit.h"
#include "message/header_section.h"
#include "message/mime_entity.h"
#include "message/transfer_encoding.h"

#include <algorithm>
#include <utility>

namespace signpost::message {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::size_t kMostDepth = 20;  // of parts within parts
constexpr std::string_view kEncodingField = "Content-Transfer-Encoding";

// Quoted-printable keeps text legible and triples all other octets, base64 adds a third to
// everything.
bool is_mostly_text(std::string_view octets) {
  const auto others = std::ranges::count_if(octets, [](char c) {
    return (c & 0x80) != 0 || (ascii::is_control(c) && c != '\r' && c != '\n' && c != '\t');
  });
  return static_cast<std::size_t>(others) < octets.size() / 6;
}

enum class Delimiter { None, Opens, Closes };

// RFC 2046 section 5.1.1.
Delimiter delimiter(std::string_view line, std::string_view boundary) {
  if (!line.starts_with("--") || !line.substr(2).starts_with(boundary)) return Delimiter::None;
  line.remove_prefix(2 + boundary.size());
  const bool closes = line.starts_with("--");
  if (closes) line.remove_prefix(2);
  if (!std::ranges::all_of(line, ascii::is_wsp)) return Delimiter::None;
  return closes ? Delimiter::Closes : Delimiter::Opens;
}

// An entity is a header section with its body: the message, a part, or a message in a part.
class Shortener {
 public:
  explicit Shortener(std::string_view content) : content_(content) {
    out_.reserve(content.size() + content.size() / 8);
  }

  std::expected<std::string, Unrepaired> run() {
    bool done = entity(content_, true);
    if (done && find_overlong_line(out_)) done = give_up(content_, "of an unknown form");
    if (!done) return std::unexpected(unrepaired_);
    return std::move(out_);
  }

 private:
  // Each appends what it is given, repaired; false: it cannot be, and unrepaired_ says why.
  bool entity(std::string_view entity, bool is_message);
  bool fields(const HeaderSection& header, bool with_encoding);
  bool body(const HeaderSection& header, bool is_message);
  bool multipart(std::string_view body, std::string_view boundary);
  bool encode(const HeaderSection& header, bool is_message);
  bool outside_of_parts(std::string_view text);
  bool give_up(std::string_view within, std::string_view why);

  const std::string_view content_;
  std::string out_;
  std::size_t depth_ = 0;
  Unrepaired unrepaired_;
};

// REQUIRES: `within`, a view into the content, has an over-long line
bool Shortener::give_up(std::string_view within, std::string_view why) {
  const OverlongLine line = find_overlong_line(within).value_or(OverlongLine{0, within.size()});
  const auto offset = static_cast<std::size_t>(within.data() - content_.data());
  unrepaired_ = {{offset + line.start, line.size}, why};
  return false;
}

bool Shortener::entity(std::string_view entity, bool is_message) {
  if (!find_overlong_line(entity)) {
    out_ += entity;
    return true;
  }
  if (depth_ == kMostDepth) return give_up(entity, "in too many parts within parts");
  const HeaderSection header = HeaderSection::parse(entity);
  if (header.malformed()) return give_up(entity, "in a part with a header that cannot be read");
  ++depth_;
  bool done = true;
  if (find_overlong_line(header.body())) {
    done = body(header, is_message);
  } else {
    done = fields(header, true);
    out_ += entity.substr(header.text().size());
  }
  --depth_;
  return done;
}

bool Shortener::fields(const HeaderSection& header, bool with_encoding) {
  for (const HeaderField& field : header.fields()) {
    if (!with_encoding && field.is(kEncodingField)) continue;
    if (field.raw.size() <= kMaxLine) {
      out_ += field.raw;
      continue;
    }
    const auto folded = fold_overlong_lines(field.raw);
    if (!folded) return give_up(field.raw, "in a field without a blank to fold it at");
    out_ += *folded;
  }
  return true;
}

bool Shortener::body(const HeaderSection& header, bool is_message) {
  const BodyDescription description = describe_body(header);
  if (description.kind == BodyKind::Sealed) {
    return give_up(header.body(), "in a part that is signed or may not be encoded");
  }
  if (description.kind == BodyKind::Unclear) {
    return give_up(header.body(), "in a part whose Content-Type is not clear");
  }
  const bool identity = description.encoding == TransferEncoding::Identity;
  if (identity && description.kind == BodyKind::Leaf) return encode(header, is_message);
  if (!fields(header, true)) return false;
  out_ += kCrlf;
  if (description.kind == BodyKind::Multipart) {
    return multipart(header.body(), description.boundary);
  }
  if (identity) return entity(header.body(), true);
  switch (description.encoding) {
    case TransferEncoding::QuotedPrintable:
      return append_shorter_quoted_printable(out_, header.body()) ||
             give_up(header.body(), "in a part that is not valid quoted-printable");
    case TransferEncoding::Base64:
      return append_shorter_base64(out_, header.body()) ||
             give_up(header.body(), "in a part that is not valid base64");
    case TransferEncoding::Identity:
    case TransferEncoding::Unknown:
      break;
  }
  return give_up(header.body(), "in a part with an unknown Content-Transfer-Encoding");
}

bool Shortener::encode(const HeaderSection& header, bool is_message) {
  if (!fields(header, false)) return false;
  if (is_message && header.count("MIME-Version") == 0) out_ += "MIME-Version: 1.0\r\n";
  if (is_message && header.count("Content-Type") == 0 && has_eight_bit(header.body())) {
    // RFC 1428 section 3 has a name for an unknown charset.
    out_ += "Content-Type: text/plain; charset=";
    out_.append(ascii::is_utf8(header.body()) ? "utf-8" : "unknown-8bit").append(kCrlf);
  }
  const bool text = is_mostly_text(header.body());
  out_.append(kEncodingField).append(text ? ": quoted-printable" : ": base64");
  out_.append(kCrlf).append(kCrlf);
  if (text) {
    append_quoted_printable(out_, header.body());
  } else {
    append_base64(out_, header.body());
  }
  return true;
}

// No reader shows text before, between or after the parts, unless there are no parts.
bool Shortener::outside_of_parts(std::string_view text) {
  if (find_overlong_line(text)) return give_up(text, "outside of the parts of its multipart");
  out_ += text;
  return true;
}

bool Shortener::multipart(std::string_view body, std::string_view boundary) {
  bool in_part = false;
  std::size_t start = 0;  // of the part, or of the text before all of them
  for (std::size_t position = 0; position < body.size();) {
    const std::size_t line_end = std::min(body.find(kCrlf, position), body.size());
    const std::size_t next = std::min(line_end + kCrlf.size(), body.size());
    const Delimiter kind = delimiter(body.substr(position, line_end - position), boundary);
    if (kind != Delimiter::None) {
      // The CRLF before a delimiter belongs to it.
      const std::size_t end = std::max(start, position - std::min(position, kCrlf.size()));
      const std::string_view text = body.substr(start, end - start);
      if (in_part ? !entity(text, false) : !outside_of_parts(text)) return false;
      out_ += body.substr(end, next - end);
      start = next;
      in_part = true;
      if (kind == Delimiter::Closes) return outside_of_parts(body.substr(next));
    }
    position = next;
  }
  const std::string_view rest = body.substr(start);
  return in_part ? entity(rest, false) : outside_of_parts(rest);
}

}  // namespace

std::expected<std::string, Unrepaired> with_shorter_lines(std::string_view content) {
  return Shortener(content).run();
}

}  // namespace signpost::message
