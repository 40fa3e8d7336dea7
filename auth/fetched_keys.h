// The keys of an issuer of tokens that are fetched from a URL: now and then, and when a token names
// one that is not among them.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "jwt/key_set.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace signpost::auth {

// Shared by all workers; any thread, unless it says otherwise. Fetches on a thread of its own,
// which exists from the first URL on. Keys stay in force while they cannot be fetched.
class FetchedKeys {
 public:
  struct Times {
    std::chrono::seconds refresh{15 * 60};  // after a success
    std::chrono::seconds retry{60};         // after a failure
    std::chrono::seconds pause{30};         // between fetches at least, whatever tokens ask for
    std::size_t waiting = 256;              // that wait for a fetch to end, at most
  };
  // Blocks; the document, or why there is none. `cancelled` becomes true when nobody needs it.
  using Fetch = std::function<Result<std::string>(const std::string& url,
                                                  const std::atomic<bool>& cancelled)>;
  using Done = std::move_only_function<void()>;

  // `counted` hears on the fetching thread of each fetch whether it succeeded. `clock` must outlive
  // it, and be the real one if configure() is given a URL.
  FetchedKeys(const Clock& clock, Fetch fetch, std::function<void(bool succeeded)> counted,
              const Times& times);
  FetchedKeys(const Clock& clock, Fetch fetch, std::function<void(bool succeeded)> counted)
      : FetchedKeys(clock, std::move(fetch), std::move(counted), Times{}) {}
  ~FetchedKeys() { stop(); }
  FetchedKeys(const FetchedKeys&) = delete;
  FetchedKeys& operator=(const FetchedKeys&) = delete;

  // From where; "": nowhere. Another URL than before forgets the keys. One thread at a time.
  // Without a thread of its own somebody else takes its steps: for tests.
  enum class Thread { No, Yes };
  void configure(const std::string& url, Thread thread = Thread::Yes);
  void stop();  // Those who wait are dropped without an answer.

  // Null until the first fetch has succeeded.
  std::shared_ptr<const jwt::KeySet> keys() const;
  // Whether the last fetch has succeeded: a key that is not in keys() does not exist.
  bool current() const;
  // Fetches them now. `done` runs when that has ended, with or without new keys, on the fetching
  // thread, or on that of a configure() with another URL. False: not so soon after the last time,
  // or too many wait; `done` is not called then.
  bool fetch_again(Done done);

  // One step of the thread; false when none is due. For tests.
  bool fetch_if_due();

 private:
  enum class Outcome { None, Succeeded, Failed };

  void work();
  void fetch() EXCLUDES(mutex_);
  bool is_due(SteadyTime now) const REQUIRES(mutex_);
  // Whether it is news.
  bool take(std::shared_ptr<const jwt::KeySet> keys, std::string document) REQUIRES(mutex_);
  bool take_failure(const std::string& reason) REQUIRES(mutex_);

  const Clock& clock_;
  const Fetch fetch_;
  const std::function<void(bool)> counted_;
  const Times times_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::string url_ GUARDED_BY(mutex_);
  std::shared_ptr<const jwt::KeySet> keys_ GUARDED_BY(mutex_);
  std::string document_ GUARDED_BY(mutex_);  // of keys_
  std::string reason_ GUARDED_BY(mutex_);    // of the last failure
  Outcome last_ GUARDED_BY(mutex_) = Outcome::None;
  std::optional<SteadyTime> began_ GUARDED_BY(mutex_);  // the last fetch
  bool fetching_ GUARDED_BY(mutex_) = false;
  SteadyTime due_ GUARDED_BY(mutex_){};
  std::vector<Done> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::atomic<bool> cancelled_{false};
  std::thread thread_;  // used by the thread that starts and stops
};

}  // namespace signpost::auth
