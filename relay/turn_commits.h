// The queue changes of one turn of a worker's loop, handed to the committer together when the turn
// is over: one wake-up there and one back, however many messages the turn brought.
#pragma once

#include "net/loop.h"
#include "queue/committer.h"

#include <functional>
#include <memory>
#include <vector>

namespace signpost::relay {

// The loop's thread only. A turn is short and its replies leave at its end anyway, so this costs no
// time.
class TurnCommits {
 public:
  using Done = std::move_only_function<void(bool stored)>;

  // Both must outlive it, and the answers to what was handed over. The loop no longer runs when it
  // is destroyed.
  TurnCommits(net::Loop& loop, queue::Committer& committer);
  TurnCommits(const TurnCommits&) = delete;
  TurnCommits& operator=(const TurnCommits&) = delete;

  // `done` runs in a later turn, in the order of the calls. `awaited`: a client waits for it, so it
  // is written as soon as the disk is free.
  enum class Awaited : bool { No, Yes };
  void add(std::shared_ptr<const queue::Change> change, Awaited awaited, Done done);

  // Nothing was added whose `done` has not run.
  bool idle() const { return unanswered_ == 0; }

  const queue::Committer& committer() const { return committer_; }  // for the disk's state

  void hand_over();  // runs at the end of each turn; the owner calls it before the last one

 private:
  net::Loop& loop_;
  queue::Committer& committer_;
  std::vector<std::shared_ptr<const queue::Change>> changes_;
  std::vector<Done> done_;
  std::size_t awaited_ = 0;
  std::size_t unanswered_ = 0;
};

}  // namespace signpost::relay
