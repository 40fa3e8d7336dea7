#include "net/timers.h"

#include <utility>

namespace signpost::net {

void Timers::after(std::chrono::milliseconds delay, Task task) {
  const std::uint64_t id = next_++;
  auto shared = std::make_shared<Task>(std::move(task));
  auto timer = std::make_unique<Timer>(loop_, [this, id, shared] {
    loop_.defer([this, id] { timers_.erase(id); });
    (*shared)();
  });
  timer->start(delay);
  timers_.emplace(id, std::move(timer));
}

}  // namespace signpost::net
