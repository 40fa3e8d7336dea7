// Makes queue changes durable. All changes waiting when the disk becomes free are written as one
// group with one sync, so throughput grows with load while a lone change is written at once. A
// removal, which no client waits for, is written along with the next change that one waits for.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "queue/store.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace signpost::metrics {
class Registry;
}

namespace signpost::queue {

struct CommitterOptions {
  std::size_t max_group = 1024;  // changes in one write, give or take one batch
  std::size_t max_group_bytes = 32 << 20;
  std::size_t max_backlog_bytes = 256 << 20;  // beyond: commit() answers Unavailable at once
  // Longest time a removal waits for company; a crash meanwhile redelivers.
  std::chrono::microseconds soon{5000};
  // After a write that at least `crowd` callers waited for, the next one begins no sooner than
  // `pause` after it began: fewer, larger groups serve a crowd better.
  std::size_t crowd = 6;
  std::chrono::microseconds pause{3000};
  // A write slower than this is reported as failing until it returns.
  std::chrono::milliseconds too_long{10'000};
  // After a failed write the store is tried again, even without a change: clients that stay away
  // because /readyz is red would otherwise never learn that the disk has room again.
  std::chrono::milliseconds try_again{1000};
};

// Owns the one thread that writes. Completions run on that thread in the order of the commits: they
// post to a loop and return. A batch that the backlog has no room for is answered at once, on the
// caller's thread.
class Committer {
 public:
  using Done = std::move_only_function<void(Result<void>)>;

  // Changes that are written in one group and answered together.
  struct Batch {
    std::vector<std::shared_ptr<const Change>> changes;  // in this order; at least one
    std::size_t awaited = 1;                             // how many of them a client waits for
    Done done;
  };

  // `store`, `registry` and `clock` must outlive the committer.
  Committer(Store& store, metrics::Registry& registry, CommitterOptions options = {},
            const Clock& clock = real_clock());
  ~Committer();  // writes what is waiting, then joins
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Any thread. After success the changes survive a crash; after an error none of them is
  // stored. A group whose write fails is an error for each of its batches; later groups are tried
  // anew.
  void commit(Batch batch);
  void commit(Change change, Done done);  // an awaited one

  std::size_t backlog_bytes() const;  // any thread; for admission
  // Changes that it has stored; any thread. While this stays the same, so does the queue.
  std::uint64_t stored() const;
  std::size_t most_backlog_bytes() const;
  bool hangs() const;  // any thread: a write has been taking longer than `too_long`
  // What is wrong with writing, for /readyz; empty while the last write succeeded and none takes
  // too long. Any thread.
  std::string last_error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::queue
