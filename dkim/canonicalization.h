// Canonicalization of header fields and body (RFC 6376 section 3.4).
#pragma once

#include "base/byte_sink.h"

#include <expected>
#include <string>
#include <string_view>

namespace signpost::dkim {

enum class Canonicalization { Simple, Relaxed };

// c= of a signature: "relaxed/simple".
struct CanonicalizationPair {
  Canonicalization header = Canonicalization::Relaxed;
  Canonicalization body = Canonicalization::Relaxed;

  std::string text() const;
  // "relaxed" alone means "relaxed/simple" (section 3.5). The error is a sentence for the operator.
  static std::expected<CanonicalizationPair, std::string> parse(std::string_view text);
};

// Appends one field, `raw` with its final CRLF, to `out`. The final CRLF is kept; the field
// DKIM-Signature itself is hashed without it (section 3.7): drop it there.
void canonicalize_field(Canonicalization method, std::string_view raw, std::string& out);

// Gives the canonical body to `sink` in as few pieces as possible: in the usual case the pieces are
// views into `body` itself. An empty body is CRLF by simple and nothing by relaxed.
void canonicalize_body(Canonicalization method, std::string_view body, ByteSink& sink);

}  // namespace signpost::dkim
