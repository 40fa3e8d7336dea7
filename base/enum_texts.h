// Enumerations whose values have names outside of the program: in log fields, metric labels, JSON.
//
// Such an enumeration counts from 0 and has, in its own namespace, a function that lists the names
// in the order of its enumerators:
//
//   enum class TlsDirection { In, Out };
//   constexpr std::array<std::string_view, 2> texts_of(TlsDirection) { return {"in", "out"}; }
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace signpost {

template <typename T>
concept NamedEnum = std::is_enum_v<T> && requires { texts_of(T{}); };

// All names, by enumerator.
template <NamedEnum T>
inline constexpr auto kTexts = texts_of(T{});

template <NamedEnum T>
constexpr std::string_view text_of(T value) {
  return kTexts<T>[static_cast<std::size_t>(value)];
}

}  // namespace signpost
