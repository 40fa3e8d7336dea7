// What the wrappers of libuv's handles share. Only .cc files of net/ include it.
#pragma once

#include "base/check.h"

#include <uv.h>

namespace signpost::net {

template <typename Handle>
uv_handle_t* as_handle(Handle* handle) noexcept {
  return reinterpret_cast<uv_handle_t*>(handle);
}

// Setting up a handle fails only when the process lacks memory or descriptors for the loop itself;
// the process cannot continue without one.
inline void check_uv(int status) { CHECK(status == 0); }

}  // namespace signpost::net
