#include "message/mime_entity.h"

#include "base/ascii.h"

#include <algorithm>
#include <string_view>

namespace signpost::message {

namespace {

constexpr std::size_t kMaxBoundary = 200;  // RFC 2046 section 5.1.1 has 70

// The value of the parameter `name`, its quotes removed; "" when there is none.
std::string parameter(std::string_view value, std::string_view name) {
  while (true) {
    const std::size_t semicolon = value.find(';');
    if (semicolon == std::string_view::npos) return {};
    value = ascii::trim(value.substr(semicolon + 1));
    const std::size_t equals = value.find_first_of("=;");
    if (equals == std::string_view::npos) return {};
    if (value[equals] == ';') continue;
    const bool wanted = ascii::equals_ignore_case(ascii::trim(value.substr(0, equals)), name);
    value = ascii::trim(value.substr(equals + 1));
    std::string text;
    if (value.starts_with('"')) {
      std::size_t at = 1;
      for (; at < value.size() && value[at] != '"'; ++at) {
        if (value[at] == '\\' && at + 1 < value.size()) ++at;
        text += value[at];
      }
      value.remove_prefix(std::min(at + 1, value.size()));
    } else {
      text = value.substr(0, value.find_first_of("; \t("));
    }
    if (wanted) return text;
  }
}

BodyKind kind_of(std::string_view type) {
  const auto is = [&](std::string_view other) { return type == other; };
  if (is("message/rfc822") || is("message/global")) return BodyKind::Message;
  // Signed: RFC 1847 section 2.1. The parts of a digest are messages without saying so, and what
  // else is a message allows no encoding (RFC 2046 section 5.2, RFC 3464 section 2).
  if (is("multipart/signed") || is("multipart/encrypted") || is("multipart/digest")) {
    return BodyKind::Sealed;
  }
  if (type.starts_with("multipart/")) return BodyKind::Multipart;
  return type.starts_with("message/") ? BodyKind::Sealed : BodyKind::Leaf;
}

TransferEncoding encoding_of(const HeaderSection& header) {
  constexpr std::string_view kName = "Content-Transfer-Encoding";
  const HeaderField* const field = header.first(kName);
  if (field == nullptr) return TransferEncoding::Identity;
  if (header.count(kName) > 1) return TransferEncoding::Unknown;
  const std::string name = ascii::lower(unfold(field->value));
  if (name == "7bit" || name == "8bit" || name == "binary") return TransferEncoding::Identity;
  if (name == "quoted-printable") return TransferEncoding::QuotedPrintable;
  return name == "base64" ? TransferEncoding::Base64 : TransferEncoding::Unknown;
}

}  // namespace

BodyDescription describe_body(const HeaderSection& header) {
  BodyDescription description{.encoding = encoding_of(header)};
  const HeaderField* const field = header.first("Content-Type");
  if (field == nullptr) return description;
  const std::string value = unfold(field->value);
  description.kind =
      kind_of(ascii::lower(ascii::trim(value.substr(0, value.find_first_of("; (")))));
  if (header.count("Content-Type") > 1) description.kind = BodyKind::Sealed;  // which one counts?
  if (description.kind == BodyKind::Multipart) {
    description.boundary = parameter(value, "boundary");
    if (description.boundary.empty() || description.boundary.size() > kMaxBoundary) {
      description.kind = BodyKind::Sealed;
    }
  }
  return description;
}

}  // namespace signpost::message
