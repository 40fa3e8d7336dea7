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

// Pure; belongs to one thread. All that waits here waits in the store as well, claimed: after a
// crash those jobs are tried again, and nothing is lost.
template <typename Work>
class ReportDesk {
 public:
  using Batch = std::vector<std::shared_ptr<Work>>;
  static constexpr std::size_t kMost = 20'000;      // recipients in all
  static constexpr std::size_t kMessages = 20'000;  // whose rounds are remembered

  bool full() const { return waiting_ >= kMost; }
  bool empty() const { return waiting_of_.empty(); }

  // `recipients`: how many `work` covers. REQUIRES: !full(). Returns when take() is due;
  // nothing when an earlier call did.
  std::optional<std::chrono::seconds> add(const queue::MessageId& id, std::shared_ptr<Work> work,
                                          std::size_t recipients) {
    Waiting& waiting = waiting_of_[id];
    waiting.batch.push_back(std::move(work));
    waiting.recipients += recipients;
    waiting_ += recipients;
    if (waiting.batch.size() > 1) return {};
    return report_delay(rounds_.at(id)++);
  }
  // How many works of this message wait.
  std::size_t waiting(const queue::MessageId& id) const {
    const auto found = waiting_of_.find(id);
    return found == waiting_of_.end() ? 0 : found->second.batch.size();
  }
  // The works of this message that wait; nothing when they were taken before.
  Batch take(const queue::MessageId& id) {
    auto node = waiting_of_.extract(id);
    if (node.empty()) return {};
    waiting_ -= node.mapped().recipients;
    return std::move(node.mapped().batch);
  }
  Batch take_any() { return empty() ? Batch{} : take(waiting_of_.begin()->first); }

 private:
  struct Waiting {
    Batch batch;
    std::size_t recipients = 0;
  };

  std::unordered_map<queue::MessageId, Waiting> waiting_of_;
  LruMap<queue::MessageId, unsigned> rounds_{kMessages};
  std::size_t waiting_ = 0;  // recipients
};

}  // namespace signpost::delivery
