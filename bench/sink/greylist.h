// The first tries of signpost-sink's greylist.
#pragma once

#include "base/mutex.h"
#include "bench/wire/poller.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace signpost::bench {

// Any thread.
class Greylist {
 public:
  // Whether that client has tried to send from `sender` to `recipient` before, at least `wait` ago.
  bool lets_pass(std::string_view client, std::string_view sender, std::string_view recipient,
                 Clock::duration wait, Clock::time_point now);

 private:
  static constexpr std::size_t kMost = 1'000'000;  // further ones pass
  Mutex mutex_;
  std::unordered_map<std::string, Clock::time_point> first_tries_ GUARDED_BY(mutex_);
};

}  // namespace signpost::bench
