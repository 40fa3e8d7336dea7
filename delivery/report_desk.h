// Where the settlements of one message's jobs wait for each other, so that one report covers all
// recipients that failed at about the same time.
#pragma once

#include "base/lru_map.h"
#include "queue/message_id.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace signpost::delivery {

// How long the first of a message's settlements waits for others, the `round`-th time. Each wait is
// longer than the one before: many jobs that fail one by one give few reports.
std::chrono::seconds report_delay(unsigned round);

// Pure; one thread's. All that waits here waits in the store as well, claimed: a crash has those
// jobs tried again, and nothing is lost.
template <typename Work>
class ReportDesk {
 public:
  using Batch = std::vector<std::shared_ptr<Work>>;
  static constexpr std::size_t kMost = 20'000;      // jobs in all
  static constexpr std::size_t kMessages = 20'000;  // whose rounds are remembered

  bool full() const { return waiting_ >= kMost; }
  bool empty() const { return waiting_ == 0; }

  // REQUIRES: !full(). The time after which take() is due; nothing when that was said already.
  std::optional<std::chrono::seconds> add(const queue::MessageId& id, std::shared_ptr<Work> work) {
    Batch& batch = batches_[id];
    batch.push_back(std::move(work));
    ++waiting_;
    if (batch.size() > 1) return {};
    return report_delay(rounds_.at(id)++);
  }
  std::size_t waiting(const queue::MessageId& id) const {
    const auto found = batches_.find(id);
    return found == batches_.end() ? 0 : found->second.size();
  }
  // What waits of this message; nothing when it was taken before.
  Batch take(const queue::MessageId& id) {
    auto node = batches_.extract(id);
    if (node.empty()) return {};
    waiting_ -= node.mapped().size();
    return std::move(node.mapped());
  }
  Batch take_any() { return empty() ? Batch{} : take(batches_.begin()->first); }

 private:
  std::unordered_map<queue::MessageId, Batch> batches_;
  LruMap<queue::MessageId, unsigned> rounds_{kMessages};
  std::size_t waiting_ = 0;
};

}  // namespace signpost::delivery
