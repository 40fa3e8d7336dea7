#include "dkim/tag_list.h"

#include "base/ascii.h"

#include <algorithm>

namespace signpost::dkim {

namespace {

constexpr std::size_t kMaxTags = 64;  // a dozen are known, and each is compared with the others

// tag-name of RFC 6376 section 3.2.
bool is_tag_name(std::string_view name) {
  return !name.empty() && ascii::is_alpha(name.front()) &&
         std::ranges::all_of(name, [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
  TagList list;
  for (;;) {
    const std::size_t end = text.find(';');
    const bool last = end == std::string_view::npos;
    const std::string_view spec = ascii::trim(text.substr(0, end));
    if (last && spec.empty() && !list.tags_.empty()) return list;  // "a=1;" is well-formed
    if (spec.empty()) return fail(Errc::InvalidArgument, "an empty tag");
    const std::size_t equals = spec.find('=');
    if (equals == std::string_view::npos) {
      return fail(Errc::InvalidArgument, "a tag without \"=\"");
    }
    const std::string_view name = ascii::trim(spec.substr(0, equals));
    if (!is_tag_name(name)) return fail(Errc::InvalidArgument, "a malformed tag name");
    if (list.find(name)) {
      return fail(Errc::InvalidArgument, "the tag " + std::string(name) + " occurs twice");
    }
    if (list.tags_.size() == kMaxTags) return fail(Errc::InvalidArgument, "too many tags");
    list.tags_.emplace_back(name, ascii::trim(spec.substr(equals + 1)));
    if (last) return list;
    text.remove_prefix(end + 1);
  }
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
