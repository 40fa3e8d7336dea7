#include "dkim/tag_list.h"

#include "base/ascii.h"

#include <algorithm>

namespace signpost::dkim {

namespace {

// tag-name of RFC 6376 section 3.2.
bool is_tag_name(std::string_view name) {
  return !name.empty() && ascii::is_alpha(name.front()) &&
         std::ranges::all_of(name, [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
  TagList list;
  while (!text.empty()) {
    const std::size_t end = text.find(';');
    const std::string_view spec = ascii::trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (spec.empty()) {
      // Only what follows the last semicolon may be empty.
      if (!ascii::trim(text).empty() || end == std::string_view::npos) {
        if (!list.tags_.empty() && ascii::trim(text).empty()) break;
        return fail(Errc::InvalidArgument, "an empty tag");
      }
      if (list.tags_.empty()) return fail(Errc::InvalidArgument, "an empty tag");
      continue;
    }
    const std::size_t equals = spec.find('=');
    if (equals == std::string_view::npos) {
      return fail(Errc::InvalidArgument, "a tag without \"=\"");
    }
    const std::string_view name = ascii::trim(spec.substr(0, equals));
    if (!is_tag_name(name)) return fail(Errc::InvalidArgument, "a malformed tag name");
    if (list.find(name)) {
      return fail(Errc::InvalidArgument, "the tag " + std::string(name) + " occurs twice");
    }
    list.tags_.emplace_back(name, ascii::trim(spec.substr(equals + 1)));
  }
  return list;
}

std::optional<std::string_view> TagList::find(std::string_view tag) const {
  const auto found = std::ranges::find(tags_, tag, &std::pair<std::string, std::string>::first);
  if (found == tags_.end()) return std::nullopt;
  return found->second;
}

std::string without_white_space(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (!ascii::is_wsp(c) && c != '\r' && c != '\n') out += c;
  }
  return out;
}

}  // namespace signpost::dkim
