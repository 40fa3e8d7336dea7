// CHECK stops the process when an invariant is broken, in release builds too: a relay that has
// lost track of its own state must not go on to acknowledge mail.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace signpost {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace signpost

#define CHECK(condition) \
  (static_cast<bool>(condition) ? void() : ::signpost::check_failed(#condition, __FILE__, __LINE__))
