// Readiness of a file descriptor that a library or the caller owns.
#pragma once

#include "net/loop.h"

#include <functional>
#include <memory>

namespace signpost::net {

// The loop's thread only. Does not own the descriptor; destroy the Poll before closing it.
class Poll {
 public:
  struct Events {
    bool readable = false;
    bool writable = false;
  };
  Poll(Loop& loop, int fd, std::function<void(Events)> callback);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  void want(Events events);  // neither: stops. Cheap when nothing changes.

 private:
  struct Impl;
  Impl* impl_;
};

}  // namespace signpost::net
