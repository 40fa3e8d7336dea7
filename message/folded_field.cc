#include "message/folded_field.h"

#include "base/ascii.h"

#include <algorithm>
#include <utility>

namespace signpost::message {

FoldedField::FoldedField(std::string_view name) : field_(name), column_(name.size() + 1) {
  field_ += ':';
}

FoldedField& FoldedField::word(std::string_view word) {
  // The first line must not be left without a word: some parsers lose such fields.
  const bool fold = !empty_ && (new_line_ || column_ + 1 + word.size() > kWidth);
  field_ += fold ? "\r\n " : " ";
  column_ = (fold ? 0 : column_) + 1 + word.size();
  field_ += word;
  new_line_ = false;
  empty_ = false;
  return *this;
}

FoldedField& FoldedField::text(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::ranges::find_if(text, ascii::is_wsp);
    const auto length = static_cast<std::size_t>(end - text.begin());
    if (length != 0) word(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return *this;
}

FoldedField& FoldedField::new_line() {
  new_line_ = true;
  return *this;
}

FoldedField& FoldedField::attach(std::string_view text) {
  field_ += text;
  column_ += text.size();
  return *this;
}

std::string FoldedField::finish() {
  field_ += "\r\n";
  return std::move(field_);
}

}  // namespace signpost::message
