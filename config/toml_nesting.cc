#include "config/toml_nesting.h"

#include <cstddef>
#include <string>
#include <vector>

namespace signpost::config {

namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Reads a file as far as nesting goes: brackets, braces, texts and comments.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<TomlOpening> run(TomlPosition place) {
    while (at_ < text_.size() && position_ < place) step();
    if (open_.empty()) return std::nullopt;
    return open_.back();
  }

 private:
  void step() {
    const char c = text_[at_];
    if (quote_ != 0) return step_in_text(c);
    if (comment_) {
      comment_ = c != '\n';
    } else if (c == '#') {
      comment_ = true;
    } else if (c == '"' || c == '\'') {
      return begin_text(c);
    } else if (c == '[') {
      open_.push_back({TomlOpening::Kind::List, position_, c});
    } else if (c == '{') {
      open_.push_back({TomlOpening::Kind::InlineTable, position_, c});
    } else if ((c == ']' || c == '}') && !open_.empty()) {
      open_.pop_back();
    }
    advance();
  }

  void begin_text(char quote) {
    long_ = text_.substr(at_).starts_with(std::string_view(quote == '"' ? "\"\"\"" : "'''"));
    quote_ = quote;
    if (long_) open_.push_back({TomlOpening::Kind::LongText, position_, quote});
    advance(long_ ? 3 : 1);
  }

  void step_in_text(char c) {
    if (c == '\\' && quote_ == '"') return advance(2);
    if (!long_ && (c == quote_ || c == '\n')) {
      quote_ = 0;
    } else if (long_ && c == quote_ && text_.substr(at_, 3) == std::string(3, quote_)) {
      // Up to two quotes may come before the three that end it.
      std::size_t quotes = 3;
      while (quotes < 5 && at_ + quotes < text_.size() && text_[at_ + quotes] == quote_) ++quotes;
      quote_ = 0;
      open_.pop_back();
      return advance(quotes);
    }
    advance();
  }

  void advance(std::size_t octets = 1) {
    for (; octets > 0 && at_ < text_.size(); --octets) {
      const char c = text_[at_++];
      if (c == '\n') {
        position_ = {position_.line + 1, 1};
      } else if (!continues_character(c)) {
        ++position_.column;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  TomlPosition position_{1, 1};
  std::vector<TomlOpening> open_;
  char quote_ = 0;  // of the text that we are in
  bool long_ = false;
  bool comment_ = false;
};

}  // namespace

std::optional<TomlOpening> opening_at(std::string_view text, TomlPosition place) {
  return Scanner(text).run(place);
}

}  // namespace signpost::config
