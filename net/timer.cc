#include "net/timer.h"

#include "net/uv_handle.h"

#include <algorithm>

namespace signpost::net {

struct Timer::Impl {
  uv_timer_t handle{};
  std::function<void()> callback;
};

Timer::Timer(Loop& loop, std::function<void()> callback) : impl_(new Impl) {
  check_uv(uv_timer_init(loop.handle(), &impl_->handle));
  impl_->handle.data = impl_;
  impl_->callback = std::move(callback);
}

Timer::~Timer() {
  // The callback may be on the stack, so the close callback destroys it together with the handle.
  uv_close(as_handle(&impl_->handle),
           [](uv_handle_t* handle) noexcept { delete static_cast<Impl*>(handle->data); });
}

void Timer::start(std::chrono::milliseconds delay) {
  // The loop's time dates from the start of the turn, or from the loop's creation until it runs; a
  // delay counted from there would be too short. A delay of zero that its own callback restarts
  // would keep libuv 1.44 in its timer phase forever.
  uv_update_time(impl_->handle.loop);
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.count(), 1));
  check_uv(uv_timer_start(
      &impl_->handle,
      [](uv_timer_t* handle) noexcept { static_cast<Impl*>(handle->data)->callback(); }, count, 0));
}

void Timer::stop() { uv_timer_stop(&impl_->handle); }

bool Timer::active() const { return uv_is_active(as_handle(&impl_->handle)) != 0; }

}  // namespace signpost::net
