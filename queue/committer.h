// Makes queue changes durable. All changes waiting when the disk becomes free are written as one
// batch with one sync, so throughput grows with load while a lone change waits for nobody.
#pragma once

#include "base/result.h"
#include "queue/store.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace signpost::metrics {
class Registry;
}

namespace signpost::queue {

struct CommitterOptions {
  std::size_t max_group = 1024;  // changes in one write
  std::size_t max_group_bytes = 32 << 20;
  std::size_t max_backlog_bytes = 256 << 20;  // beyond: commit() answers Unavailable at once
};

// Owns the one thread that writes. Completions run on that thread in the order of the commits: they
// post to a loop and return. Only a change that the backlog has no room for is answered at once, on
// the caller's thread.
class Committer {
 public:
  using Done = std::move_only_function<void(Result<void>)>;

  // `store` and `registry` must outlive the committer.
  Committer(Store& store, metrics::Registry& registry, CommitterOptions options = {});
  ~Committer();  // writes what is waiting, then joins
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Any thread. After success the change survives a crash; after an error nothing of it is stored.
  // A group whose write fails is an error for each of its changes; later groups are tried anew.
  void commit(Change change, Done done);
  // The same for a change that the caller keeps, to commit it again if need be.
  void commit(std::shared_ptr<const Change> change, Done done);

  std::size_t backlog_bytes() const;  // any thread; for admission
  // Empty while the last write succeeded; else the storage error's words. Any thread; for /readyz.
  std::string last_error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::queue
