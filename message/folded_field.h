// Writes one header field, folded between words (RFC 5322 section 2.2.3) before one space, which is
// what readers keep of a fold.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::message {

class FoldedField {
 public:
  static constexpr std::size_t kWidth = 77;  // octets of a line, unless one word is longer

  explicit FoldedField(std::string_view name);

  FoldedField& word(std::string_view word);    // never broken: REQUIRES no line end in it
  FoldedField& text(std::string_view text);    // words between blanks; runs of blanks become one
  FoldedField& new_line();                     // the next word begins a line
  FoldedField& attach(std::string_view text);  // follows the last word without a blank

  std::string finish();  // the whole field, final CRLF included; the last call

 private:
  std::string field_;
  std::size_t column_;
  bool new_line_ = false;
  bool empty_ = true;
};

}  // namespace signpost::message
