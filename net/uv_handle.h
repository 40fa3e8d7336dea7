// How this folder reports what libuv refuses and owns what libuv must close. Included by .cc files
// of net/ only.
#pragma once

#include "base/check.h"

#include <uv.h>

namespace signpost::net {

template <typename Handle>
uv_handle_t* as_handle(Handle* handle) noexcept {
  return reinterpret_cast<uv_handle_t*>(handle);
}

// Setting up a handle fails only when the process is out of memory or descriptors for the loop
// itself: there is no going on from there.
inline void check_uv(int status) { CHECK(status == 0); }

}  // namespace signpost::net
