// Patterns that recognize a receiver's reply by its code, its enhanced status and its words.
#pragma once

#include "base/result.h"
#include "providers/reply_class.h"
#include "smtp/reply.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::providers {

// The words of a reply in the form in which they are compared: lower case, one space for each run
// of blanks and line ends, and without anything that has an "@" in it: replies repeat the
// recipient's address, which may be called spam@ or full@ and says nothing of the reason. Only the
// first kMostText octets of a reply count.
class ReplyText {
 public:
  static constexpr std::size_t kMostText = 1024;

  explicit ReplyText(std::string_view text);
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

// "421", "45x", "4xx".
class CodePattern {
 public:
  static std::expected<CodePattern, std::string> parse(std::string_view text);
  bool matches(int code) const;

 private:
  std::array<char, 3> digits_{};
};

// "4.7.28", "5.7.606-649", "5.7.*", "*.1.1". A reply without an enhanced status matches none.
class StatusPattern {
 public:
  static std::expected<StatusPattern, std::string> parse(std::string_view text);
  bool matches(const smtp::EnhancedStatus& status) const;

 private:
  struct Range {
    std::uint16_t first = 0;
    std::uint16_t last = 999;
  };
  std::array<Range, 3> parts_{};
};

// Words that the text must have: "mailbox full". They begin and end where words of the text do,
// so that "rate" is not found in "moderate". "*" stands for any characters, or none: "spam*",
// "mailbox*full".
class TextPattern {
 public:
  static constexpr std::size_t kLongest = 200;  // octets

  static std::expected<TextPattern, std::string> parse(std::string_view text);
  // In time that grows with the text's length times the number of "*" in the pattern.
  bool matches(const ReplyText& text) const;

 private:
  std::vector<std::string> pieces_;  // between the "*"; none is empty
  bool open_begin_ = false;          // "*" comes first
  bool open_end_ = false;
};

// All that is given must match; of several statuses or texts, one.
struct ReplyPattern {
  struct Code {
    std::string text;  // as written
    CodePattern pattern;
  };
  struct Status {
    std::string text;
    StatusPattern pattern;
  };
  struct Text {
    std::string text;
    TextPattern pattern;
  };
  std::vector<Code> codes;
  std::vector<Status> statuses;
  std::vector<Text> texts;
  ReplyClass reply_class = ReplyClass::Other;
  bool slow = false;  // the reply asks for less mail, whoever it is for
  unsigned line = 0;  // where the file has it

  // `text`: of the same reply.
  bool matches(const smtp::Reply& reply, const ReplyText& text) const;
};

// What the code and the enhanced status alone say.
ReplyClass class_by_status(const smtp::Reply& reply);

}  // namespace signpost::providers
