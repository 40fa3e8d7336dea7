// tag=value lists, the form of DKIM-Signature fields and key records (RFC 6376 section 3.2).
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::dkim {

class TagList {
 public:
  static Result<TagList> parse(std::string_view text);  // duplicate tags are an error
  std::optional<std::string_view> find(
      std::string_view tag) const;  // value, blanks at ends removed
  const std::vector<std::pair<std::string, std::string>>& tags() const { return tags_; }

 private:
  std::vector<std::pair<std::string, std::string>> tags_;
};

// The value without any white space or folds, as p=, b= and bh= are read.
std::string without_white_space(std::string_view value);

}  // namespace signpost::dkim
