#include "net/poll.h"

#include "net/uv_handle.h"

#include <utility>

namespace signpost::net {

struct Poll::Impl {
  uv_poll_t handle{};
  std::function<void(Events)> callback;
  int wanted = 0;
  bool closing = false;

  void arm();
  void ready(int status, int events);
};

void Poll::Impl::arm() {
  if (wanted == 0) {
    check_uv(uv_poll_stop(&handle));
    return;
  }
  check_uv(uv_poll_start(&handle, wanted, [](uv_poll_t* h, int status, int events) noexcept {
    static_cast<Impl*>(h->data)->ready(status, events);
  }));
}

void Poll::Impl::ready(int status, int events) {
  if (status == 0) {
    callback({(events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0});
    return;
  }
  // libuv stops a handle whose descriptor has an error pending. The owner finds the error by
  // reading or writing, and may continue to use the descriptor: so the handle starts again.
  callback({true, true});
  if (!closing) arm();
}

Poll::Poll(Loop& loop, int fd, std::function<void(Events)> callback) : impl_(new Impl) {
  check_uv(uv_poll_init(loop.handle(), &impl_->handle, fd));
  impl_->handle.data = impl_;
  impl_->callback = std::move(callback);
}

Poll::~Poll() {
  impl_->closing = true;
  // The callback may be on the stack, so the close callback destroys it together with the handle.
  uv_close(as_handle(&impl_->handle),
           [](uv_handle_t* handle) noexcept { delete static_cast<Impl*>(handle->data); });
}

void Poll::want(Events events) {
  const int wanted = (events.readable ? UV_READABLE : 0) | (events.writable ? UV_WRITABLE : 0);
  if (std::exchange(impl_->wanted, wanted) != wanted) impl_->arm();
}

}  // namespace signpost::net
