// Finds an octet by its value and the next one's, in long texts with few or no such pairs.
#pragma once

#include <cstddef>
#include <experimental/simd>
#include <string_view>

namespace signpost {

// The position of the first octet of `text` for which matches(octet, following) holds, npos if
// there is none. The last octet, which nothing follows, is not examined. `matches` is called with
// two octets or with two vectors of them (signed char), so it may only use ==, &&, || and !.
template <typename Matches>
std::size_t find_octet_pair(std::string_view text, Matches matches) {
  namespace simd = std::experimental;
  using Octets = simd::native_simd<signed char>;
  const auto* const octets = reinterpret_cast<const signed char*>(text.data());
  std::size_t at = 0;
  for (; at + Octets::size() < text.size(); at += Octets::size()) {
    const Octets here(octets + at, simd::element_aligned);
    const Octets following(octets + at + 1, simd::element_aligned);
    const auto found = matches(here, following);
    if (simd::any_of(found)) return at + static_cast<std::size_t>(simd::find_first_set(found));
  }
  for (; at + 1 < text.size(); ++at) {
    if (matches(text[at], text[at + 1])) return at;
  }
  return std::string_view::npos;
}

}  // namespace signpost
