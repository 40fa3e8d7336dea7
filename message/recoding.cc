#include "message/recoding.h"

#include "base/ascii.h"
#include "base/octet_pairs.h"
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

// The first NUL, CR or LF that is not part of a CRLF; npos if there is none.
std::size_t find_bare_octet(std::string_view text) {
  if (text.starts_with('\n')) return 0;
  const std::size_t at = find_octet_pair(text, [](const auto& octet, const auto& following) {
    return octet == '\0' || (octet == '\r' && !(following == '\n')) ||
           (!(octet == '\r') && following == '\n');
  });
  if (at != std::string_view::npos) return text[at] == '\0' || text[at] == '\r' ? at : at + 1;
  const bool bare_end = text.ends_with('\0') || text.ends_with('\r');
  return bare_end ? text.size() - 1 : std::string_view::npos;
}

bool mentions_binary(std::string_view text) {
  constexpr std::string_view kBinary = "binary";
  return !std::ranges::search(text, kBinary, {}, ascii::to_lower).empty();
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
class Recoder {
 public:
  Recoder(std::string_view content, Transport transport)
      : content_(content), transport_(transport) {
    out_.reserve(content.size() + content.size() / 8);
  }

  std::expected<std::string, Unrecoded> run() {
    bool done = entity(content_, true);
    if (done && !out_.ends_with(kCrlf)) out_ += kCrlf;
    if (done && (find_overlong_line(out_) || has_bare_octet(out_))) {
      done = give_up(content_, "of an unknown form");
    }
    if (!done) return std::unexpected(unrecoded_);
    return std::move(out_);
  }

 private:
  bool is_fit(std::string_view text) const;
  bool is_misnamed(std::string_view encoding) const;

  // Each appends what it is given, as the transport carries it; false: it cannot, and unrecoded_
  // says why.
  bool entity(std::string_view entity, bool is_message);
  bool fields(const HeaderSection& header, bool with_encoding);
  bool field(const HeaderField& field);
  bool body(const HeaderSection& header, std::string_view rest, bool is_message);
  bool multipart(std::string_view body, std::string_view boundary);
  bool encode(const HeaderSection& header, bool is_message);
  bool shorten(std::string_view body, TransferEncoding encoding);
  bool outside_of_parts(std::string_view text);
  bool give_up(std::string_view within, std::string_view why);

  const std::string_view content_;
  const Transport transport_;
  std::string out_;
  std::size_t depth_ = 0;
  Unrecoded unrecoded_;
};

// Whether the transport carries `text`.
bool Recoder::is_fit(std::string_view text) const {
  return !find_overlong_line(text) && !has_bare_octet(text) &&
         !(transport_ == Transport::SevenBit && has_eight_bit(text));
}

// Whether what has this Content-Transfer-Encoding is named otherwise on the transport.
bool Recoder::is_misnamed(std::string_view encoding) const {
  const std::string name = ascii::lower(encoding);
  return name == "binary" || (name == "8bit" && transport_ == Transport::SevenBit);
}

// REQUIRES: `within` is a view into the content
bool Recoder::give_up(std::string_view within, std::string_view why) {
  const auto offset = static_cast<std::size_t>(within.data() - content_.data());
  OverlongLine line{0, within.size()};
  if (const auto overlong = find_overlong_line(within)) {
    line = *overlong;
  } else if (const std::size_t bare = find_bare_octet(within); bare != std::string_view::npos) {
    line = {bare, 1};
  }
  unrecoded_ = {{offset + line.start, line.size}, why};
  return false;
}

bool Recoder::entity(std::string_view entity, bool is_message) {
  const bool fit = is_fit(entity);
  const HeaderSection header = HeaderSection::parse(entity);
  const bool readable = depth_ < kMostDepth && !header.malformed();
  if (fit && !(readable && mentions_binary(entity))) {
    out_ += entity;
    return true;
  }
  if (depth_ == kMostDepth) return give_up(entity, "in too many parts within parts");
  if (header.malformed()) return give_up(entity, "in a part with a header that cannot be read");
  ++depth_;
  const bool done = body(header, entity.substr(header.text().size()), is_message);
  --depth_;
  return done;
}

bool Recoder::fields(const HeaderSection& header, bool with_encoding) {
  for (const HeaderField& each : header.fields()) {
    if (each.is(kEncodingField)) {
      if (!with_encoding) continue;
      if (is_misnamed(unfold(each.value))) {
        out_.append(each.name).append(transport_ == Transport::SevenBit ? ": 7bit" : ": 8bit");
        out_ += kCrlf;
        continue;
      }
    }
    if (!field(each)) return false;
  }
  return true;
}

bool Recoder::field(const HeaderField& field) {
  if (has_bare_octet(field.raw)) {
    return give_up(field.raw, "in a field that cannot be read");
  }
  if (field.raw.size() <= kMaxLine) {
    out_ += field.raw;
    return true;
  }
  const auto folded = fold_overlong_lines(field.raw);
  if (!folded) return give_up(field.raw, "in a field without a blank to fold it at");
  out_ += *folded;
  return true;
}

// `rest`: the blank line, if there is one, and the body.
bool Recoder::body(const HeaderSection& header, std::string_view rest, bool is_message) {
  const BodyDescription description = describe_body(header);
  const bool identity = description.encoding == TransferEncoding::Identity;
  const bool fit = is_fit(header.body());
  const bool holds_entities = description.kind == BodyKind::Multipart ||
                              (description.kind == BodyKind::Message && identity);
  if (fit && !holds_entities) {
    if (!fields(header, true)) return false;
    out_ += rest;
    return true;
  }
  if (description.kind == BodyKind::Sealed) {
    return give_up(header.body(), "in a part that is signed or may not be encoded");
  }
  if (description.kind == BodyKind::Unclear) {
    return give_up(header.body(), "in a part whose Content-Type is not clear");
  }
  if (identity && description.kind == BodyKind::Leaf) return encode(header, is_message);
  if (!fields(header, true)) return false;
  out_ += kCrlf;
  if (description.kind == BodyKind::Multipart) {
    return multipart(header.body(), description.boundary);
  }
  if (identity) return entity(header.body(), true);
  return shorten(header.body(), description.encoding);
}

// A body that is encoded already.
bool Recoder::shorten(std::string_view body, TransferEncoding encoding) {
  const bool foreign = has_bare_octet(body) || has_eight_bit(body);
  switch (encoding) {
    case TransferEncoding::QuotedPrintable:
      return (!foreign && append_shorter_quoted_printable(out_, body)) ||
             give_up(body, "in a part that is not valid quoted-printable");
    case TransferEncoding::Base64:
      return (!foreign && append_shorter_base64(out_, body)) ||
             give_up(body, "in a part that is not valid base64");
    case TransferEncoding::Identity:
    case TransferEncoding::Unknown:
      break;
  }
  return give_up(body, "in a part with an unknown Content-Transfer-Encoding");
}

bool Recoder::encode(const HeaderSection& header, bool is_message) {
  if (!fields(header, false)) return false;
  if (is_message && header.count("MIME-Version") == 0) out_ += "MIME-Version: 1.0\r\n";
  if (is_message && header.count("Content-Type") == 0 && has_eight_bit(header.body())) {
    // RFC 1428 section 3 has a name for an unknown charset.
    out_ += "Content-Type: text/plain; charset=";
    out_.append(ascii::is_utf8(header.body()) ? "utf-8" : "unknown-8bit").append(kCrlf);
  }
  // A reader of quoted-printable may take any line end for its own (RFC 2045 section 6.7, rule 4).
  const bool text = is_mostly_text(header.body()) && !has_bare_octet(header.body());
  out_.append(kEncodingField).append(text ? ": quoted-printable" : ": base64");
  out_.append(kCrlf).append(kCrlf);
  if (text) {
    append_quoted_printable(out_, header.body());
    const bool at_end =
        header.body().data() + header.body().size() == content_.data() + content_.size();
    if (at_end && !header.body().ends_with(kCrlf)) out_.append("=").append(kCrlf);
  } else {
    append_base64(out_, header.body());
  }
  return true;
}

// No reader shows text before, between or after the parts, unless there are no parts.
bool Recoder::outside_of_parts(std::string_view text) {
  if (!is_fit(text)) return give_up(text, "outside of the parts of its multipart");
  out_ += text;
  return true;
}

bool Recoder::multipart(std::string_view body, std::string_view boundary) {
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

bool has_bare_octet(std::string_view text) {
  return find_bare_octet(text) != std::string_view::npos;
}

std::expected<std::string, Unrecoded> recoded(std::string_view content, Transport transport) {
  return Recoder(content, transport).run();
}

}  // namespace signpost::message
