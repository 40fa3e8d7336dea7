// What the header of a MIME entity says about its body (RFC 2045).
#pragma once

#include "message/header_section.h"

#include <string>

namespace signpost::message {

enum class BodyKind {
  Leaf,       // text, an image, anything that readers take as octets
  Multipart,  // parts between boundaries
  Message,    // a message of its own
  Unclear,    // readers may interpret it differently: no boundary, or several
  Sealed,     // must stay as it is: signed, encrypted, or of a form that allows no encoding
};

enum class TransferEncoding {
  Identity,  // 7bit, 8bit, binary, or nothing said
  QuotedPrintable,
  Base64,
  Unknown,  // another one, or several that differ
};

struct BodyDescription {
  BodyKind kind = BodyKind::Leaf;
  TransferEncoding encoding = TransferEncoding::Identity;
  std::string boundary{};  // of a Multipart, which has one
};

BodyDescription describe_body(const HeaderSection& header);

}  // namespace signpost::message
