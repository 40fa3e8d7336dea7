// How many connections signpost-sink has, and had at once at most.
#pragma once

#include "base/mutex.h"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace signpost::bench {

// Any thread.
class Presence {
 public:
  struct Peaks {
    std::uint64_t all = 0;             // connections at once
    std::uint64_t of_one_address = 0;  // to the address of the sink that had the most
  };

  // `local`: the address of the sink that the client connected to.
  void enter(const std::string& local);
  void leave(const std::string& local);
  Peaks peaks() const;

 private:
  mutable Mutex mutex_;
  std::uint64_t now_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::uint64_t> now_by_address_ GUARDED_BY(mutex_);
  Peaks peaks_ GUARDED_BY(mutex_);
};

}  // namespace signpost::bench
