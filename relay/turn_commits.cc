#include "relay/turn_commits.h"

#include <utility>

namespace signpost::relay {

TurnCommits::TurnCommits(net::Loop& loop, queue::Committer& committer)
    : loop_(loop), committer_(committer) {}

void TurnCommits::add(std::shared_ptr<const queue::Change> change, Awaited awaited, Done done) {
  if (changes_.empty()) loop_.defer([this] { hand_over(); });
  changes_.push_back(std::move(change));
  ++unanswered_;
  done_.push_back(std::move(done));
  if (awaited == Awaited::Yes) ++awaited_;
}

void TurnCommits::hand_over() {
  if (changes_.empty()) return;
  // The changes come back to be freed where they were made: memory that moves between threads
  // makes malloc wait.
  auto changes = std::exchange(changes_, {});
  committer_.commit({changes, std::exchange(awaited_, 0),
                     [this, &loop = loop_, changes = std::move(changes),
                      done = std::exchange(done_, {})](const Result<void>& result) mutable {
                       loop.post([this, changes = std::move(changes), done = std::move(done),
                                  stored = result.has_value()]() mutable {
                         for (Done& each : done) {
                           each(stored);
                           --unanswered_;
                         }
                       });
                     }});
}

}  // namespace signpost::relay
