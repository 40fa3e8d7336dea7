// Loops over all cases take a part of them under a sanitizer, which makes each several times as
// slow; the release build takes all.
#pragma once

#include <cstdint>

namespace signpost::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// Of `all`, or a part of it that is at least one.
constexpr std::uint64_t some_of(std::uint64_t all) { return kSanitized && all > 5 ? all / 5 : all; }

}  // namespace signpost::test
