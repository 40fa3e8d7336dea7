// A one-shot timer on a loop.
#pragma once

#include "net/loop.h"

#include <chrono>
#include <functional>
#include <memory>

namespace signpost::net {

// The loop's thread only. Its destruction stops it; no callback runs after that.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start(std::chrono::milliseconds delay);  // restarts a running timer
  void stop();
  bool active() const;

 private:
  struct Impl;
  Impl* impl_;  // the handle's close callback frees it
};

}  // namespace signpost::net
