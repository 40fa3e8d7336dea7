// The MTA-STS policies of all domains that mail goes to, and what is being fetched.
#pragma once

#include "base/clock.h"
#include "base/enum_texts.h"
#include "base/lru_map.h"
#include "base/mutex.h"
#include "metrics/instruments.h"
#include "mta_sts/finding.h"
#include "mta_sts/policy_cache.h"
#include "mta_sts/policy_fetch.h"
#include "net/address.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::mta_sts {

// Shared by all workers, which ask it through their Discovery (discovery.h). Any thread, unless it
// says otherwise. Domains are A-label names in lower case.
class Policies {
 public:
  // A policy in use is fetched again after a day, or half of its max_age.
  static constexpr std::chrono::hours kRefresh{24};
  static constexpr std::chrono::minutes kSoonest{1};  // whatever the TXT record says
  // After a failure: before the next fetch that mail waits for, and before the next one that it
  // does not wait for.
  static constexpr std::chrono::minutes kRetry{5};
  static constexpr std::chrono::hours kRefreshRetry{1};
  // Without mail for so long a policy is not fetched again before there is some.
  static constexpr std::chrono::hours kInUse{30 * 24};
  // Under way. Beyond them a domain without a known policy has none for now: each takes a
  // descriptor, and look-ups of routes are bounded as well.
  static constexpr std::size_t kMostFetches = 250;
  static constexpr std::size_t kMostRefreshes = 50;  // mail that waits has the rest
  static constexpr std::size_t kMostFailures = 10'000;

  // Somebody who waits for fetches.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    // The fetch that it waits for has ended. Any thread, in a call of Policies: must not call back.
    virtual void ended(const std::string& domain) = 0;
  };

  // `clock` and `registry` must outlive it.
  Policies(const Clock& clock, metrics::Registry& registry, PolicyFetch fetch);
  ~Policies() { stop(); }
  Policies(const Policies&) = delete;
  Policies& operator=(const Policies&) = delete;

  // Gives up all fetches; nobody hears of them.
  void stop() EXCLUDES(mutex_);

  // What mail to `domain` does, whose TXT record has this id; nothing: it has none that is valid,
  // or cannot be looked up.
  struct Step {
    bool wait = false;   // `waiter` hears of the end of a fetch: then known() is the answer
    bool fetch = false;  // the caller finds the addresses of the policy host, then calls fetch()
                         // or failed()
    Finding finding{};   // the answer, unless `wait`
  };
  Step look(const std::string& domain, const std::optional<std::string>& id, Waiter& waiter);
  // The domains whose policies should be fetched again although no mail asks, at most `most`. The
  // caller does as after a Step with `fetch`.
  std::vector<std::string> take_due(std::size_t most);

  // REQUIRES: the caller was told to by look() or take_due(), and calls one of them once.
  void fetch(const std::string& domain, const std::vector<net::IpAddress>& addresses)
      EXCLUDES(mutex_);
  void failed(const std::string& domain, const FetchFault& fault) EXCLUDES(mutex_);
  void give_up(const std::string& domain);  // nobody can tell whether it would have failed

  // From now on `waiter` hears of nothing.
  void leave(Waiter& waiter);

  // What is known at once.
  Finding known(const std::string& domain) const;

  // For the file in which they are kept.
  struct Entry {
    std::string domain;
    SystemTime fetched;
    Policy policy;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  // Those that hold, the least recently used first.
  std::vector<Entry> entries();
  void restore(std::vector<Entry> entries);
  bool unsaved() const;  // since the last entries() or restore()
  void set_unsaved();

 private:
  struct Fetch {
    std::string id;
    std::vector<Waiter*> waiters;  // each once
  };
  struct LastFailure {
    Fault fault = Fault::None;
    std::string detail;
    SteadyTime at;
  };

  void fetched(const std::string& domain, PolicyText text) EXCLUDES(mutex_);
  void take(const std::string& domain, Policy policy) EXCLUDES(mutex_);
  bool has_failed(const std::string& domain, std::chrono::seconds within) const REQUIRES(mutex_);
  bool may_refresh(const std::string& domain) const REQUIRES(mutex_);
  Finding finding(const std::string& domain) const REQUIRES(mutex_);
  std::optional<Fetch> end_fetch(const std::string& domain) REQUIRES(mutex_);
  void count_modes() REQUIRES(mutex_);

  const Clock& clock_;
  std::array<std::unique_ptr<metrics::Gauge>, kTexts<Mode>.size()> modes_;
  std::array<std::unique_ptr<metrics::SharedCounter>, kTexts<Fault>.size()> results_;
  mutable Mutex mutex_;
  PolicyFetch fetch_ GUARDED_BY(mutex_);
  mutable PolicyCache cache_ GUARDED_BY(mutex_);
  mutable LruMap<std::string, LastFailure> failures_ GUARDED_BY(mutex_){kMostFailures};
  std::unordered_map<std::string, Fetch> fetches_ GUARDED_BY(mutex_);
  bool unsaved_ GUARDED_BY(mutex_) = false;
};

}  // namespace signpost::mta_sts
