#include "bench/sink/greylist.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <utility>

namespace signpost::bench {

bool Greylist::lets_pass(std::string_view client, std::string_view sender,
                         std::string_view recipient, Clock::duration wait, Clock::time_point now) {
  std::string triple = ascii::lower(fmt::format("{} {} {}", client, sender, recipient));
  const MutexLock lock(mutex_);
  if (first_tries_.size() >= kMost && !first_tries_.contains(triple)) return true;
  const auto [first, fresh] = first_tries_.emplace(std::move(triple), now);
  return !fresh && now - first->second >= wait;
}

}  // namespace signpost::bench
