// Text made of several parts.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace signpost {

// Written once, into one piece of memory: no copy of a secret part is left behind.
inline std::string concat(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view part : parts) text += part;
  return text;
}

}  // namespace signpost
