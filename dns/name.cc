#include "dns/name.h"

#include "base/ascii.h"

#include <algorithm>

namespace signpost::dns {

namespace {
constexpr std::size_t kMaxName = 253;  // 255 on the wire, RFC 1035 section 2.3.4
constexpr std::size_t kMaxLabel = 63;

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && std::ranges::all_of(label, [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_';
  });
}
}  // namespace

std::optional<std::string> canonical_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > kMaxName) return {};
  if (!std::ranges::all_of(ascii::split(name, '.'), is_label)) return {};
  return ascii::lower(name);
}

bool is_localhost(std::string_view canonical) {
  return canonical == "localhost" || canonical.ends_with(".localhost");
}

}  // namespace signpost::dns
