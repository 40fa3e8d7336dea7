#include "message/mime_entity.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::message {

namespace {

constexpr std::size_t kMaxBoundary = 200;  // RFC 2046 section 5.1.1 has 70

// The place after the quoted string that `text` begins with; nothing when it has no end.
std::optional<std::size_t> past_quoted(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return {};
}

// `value` with a blank for each comment (RFC 2045 sections 5.1 and 6.1). Nothing when a comment or
// a quoted string has no end, and when a reader that knows no comments would take a parameter from
// one.
std::optional<std::string> without_comments(std::string_view value) {
  std::string out;
  std::size_t depth = 0;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (c == '"' && depth == 0) {
      const auto length = past_quoted(value.substr(at));
      if (!length) return {};
      out += value.substr(at, *length);
      at += *length - 1;
    } else if (c == '(') {
      if (depth++ == 0) out += ' ';
    } else if (depth == 0) {
      out += c;
    } else if (c == ')') {
      --depth;
    } else if (c == ';') {
      return {};
    } else if (c == '\\') {
      ++at;
    }
  }
  if (depth > 0) return {};
  return out;
}

struct Parameter {
  std::string name;  // in lower case
  std::string text;  // without its quotes
};

// REQUIRES: no comments, all quoted strings have an end
std::vector<Parameter> parameters(std::string_view value) {
  std::vector<Parameter> all;
  for (std::size_t semicolon; (semicolon = value.find(';')) != std::string_view::npos;) {
    value = ascii::trim(value.substr(semicolon + 1));
    const std::size_t equals = value.find_first_of("=;");
    if (equals == std::string_view::npos) break;
    if (value[equals] == ';') continue;
    Parameter& parameter = all.emplace_back();
    parameter.name = ascii::lower(ascii::trim(value.substr(0, equals)));
    value = ascii::trim(value.substr(equals + 1));
    if (!value.starts_with('"')) {
      parameter.text = value.substr(0, value.find_first_of("; \t"));
      continue;
    }
    const std::size_t length = past_quoted(value).value_or(value.size());
    for (std::size_t at = 1; at + 1 < length; ++at) {
      if (value[at] == '\\') ++at;
      parameter.text += value[at];
    }
    value.remove_prefix(length);
  }
  return all;
}

// RFC 2231 section 4: "%" and two digits are one octet.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned octet = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
    if (error != std::errc() || digits.size() != 2 || end != digits.end()) return {};
    out += static_cast<char>(octet);
    at += 2;
  }
  return out;
}

// The text of an extended parameter. Its first section begins with a charset and a language.
std::optional<std::string> extended(std::string_view text, bool first) {
  if (first) {
    const std::size_t language = text.find('\'');
    const std::size_t start = text.find('\'', std::min(language, text.size() - 1) + 1);
    if (text.empty() || start == std::string_view::npos) return {};
    const std::string charset = ascii::lower(text.substr(0, language));
    if (!charset.empty() && charset != "us-ascii" && charset != "utf-8") return {};
    text.remove_prefix(start + 1);
  }
  return percent_decoded(text);
}

// The value of a parameter that RFC 2231 may have cut into sections, "name*0" and so on. Nothing
// when there is none, and when readers may differ: it is there twice, or in both forms.
std::optional<std::string> only_value(const std::vector<Parameter>& all, std::string_view name) {
  std::map<std::string_view, std::string_view> found;
  for (const Parameter& parameter : all) {
    std::string_view suffix = parameter.name;
    if (!suffix.starts_with(name)) continue;
    suffix.remove_prefix(name.size());
    if (!suffix.empty() && suffix.front() != '*') continue;
    const auto [place, fresh] = found.try_emplace(suffix, parameter.text);
    if (!fresh && place->second != parameter.text) return {};
  }
  if (found.size() == 1 && found.contains("")) return std::string(found.at(""));
  if (found.size() == 1 && found.contains("*")) return extended(found.at("*"), true);
  std::string out;
  for (std::size_t section = 0; section < found.size(); ++section) {
    const std::string plain = "*" + std::to_string(section);
    if (const auto at = found.find(plain); at != found.end()) {
      out += at->second;
    } else if (const auto coded = found.find(plain + '*'); coded != found.end()) {
      const auto text = extended(coded->second, section == 0);
      if (!text) return {};
      out += *text;
    } else {
      return {};
    }
  }
  return out;
}

BodyKind kind_of(std::string_view type) {
  const auto is = [&](std::string_view other) { return type == other; };
  if (is("message/rfc822") || is("message/global")) return BodyKind::Message;
  // Signed: RFC 1847 section 2.1. The parts of a digest are messages without saying so, and any
  // other message type allows no encoding (RFC 2046 section 5.2, RFC 3464 section 2).
  if (is("multipart/signed") || is("multipart/encrypted") || is("multipart/digest")) {
    return BodyKind::Sealed;
  }
  if (type.starts_with("multipart/")) return BodyKind::Multipart;
  return type.starts_with("message/") ? BodyKind::Sealed : BodyKind::Leaf;
}

// The value of all fields of this name, without comments; "" when there is none. Nothing when it is
// not clear, or they differ.
std::optional<std::string> only_text(const HeaderSection& header, std::string_view name) {
  std::optional<std::string> text;
  for (const HeaderField& field : header.fields()) {
    if (!field.is(name)) continue;
    auto plain = without_comments(unfold(field.value));
    if (!plain) return {};
    *plain = ascii::trim(*plain);
    if (text && *text != *plain) return {};
    text = std::move(plain);
  }
  return text.value_or("");
}

TransferEncoding encoding_of(const HeaderSection& header) {
  const auto text = only_text(header, "Content-Transfer-Encoding");
  if (!text) return TransferEncoding::Unknown;
  const std::string name = ascii::lower(*text);
  if (name.empty() && header.count("Content-Transfer-Encoding") == 0) {
    return TransferEncoding::Identity;
  }
  if (name == "7bit" || name == "8bit" || name == "binary") return TransferEncoding::Identity;
  if (name == "quoted-printable") return TransferEncoding::QuotedPrintable;
  return name == "base64" ? TransferEncoding::Base64 : TransferEncoding::Unknown;
}

}  // namespace

BodyDescription describe_body(const HeaderSection& header) {
  BodyDescription description{.encoding = encoding_of(header)};
  const auto value = only_text(header, "Content-Type");
  if (!value) {
    description.kind = BodyKind::Unclear;
    return description;
  }
  description.kind = kind_of(ascii::lower(ascii::trim(value->substr(0, value->find(';')))));
  if (description.kind == BodyKind::Multipart) {
    const std::string boundary = only_value(parameters(*value), "boundary").value_or("");
    if (boundary.empty() || boundary.size() > kMaxBoundary) {
      description.kind = BodyKind::Unclear;
    } else {
      description.boundary = boundary;
    }
  }
  return description;
}

}  // namespace signpost::message
