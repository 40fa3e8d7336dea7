// What a receiver may be sent at once: connections and transactions, of one site or of all sites
// that an operator of mail hosts has, and which sites wait for some of it.
#pragma once

#include "base/clock.h"
#include "delivery/observed_rate.h"
#include "delivery/site_turns.h"
#include "delivery/throttle.h"
#include "relay/rate_limit.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace signpost::delivery {

struct Site;

// Pure: time comes from the caller. Guarded by the scheduler's mutex.
//
// Connections: opened -> ended. A session that must close because there are more than may be is
// leaving from then on.
// Transactions take tokens of the rate. A session that is woken for one has it promised until it
// asks for its job: no other session can take it meanwhile.
class Allowance {
 public:
  // Messages that a connection carries before it makes room for a site without one.
  static constexpr std::size_t kTurn = 10;

  // `group`: what its sites have in common, "google"; "" if they are one site.
  explicit Allowance(std::string group) : group_(std::move(group)) {}

  const std::string& group() const { return group_; }
  bool is_shared() const { return !group_.empty(); }

  void set(std::size_t connections, const std::optional<relay::Rate>& rate, SteadyTime now);

  // The receiver asks for less: half of the connections, and half of the rate or, without one, of
  // what it has been sent lately. See Throttle::reduce().
  bool reduce(SteadyTime began, SteadyTime now);
  // What is given back with time comes into force. True: there is more than before.
  bool restore(SteadyTime now);
  unsigned share() const { return share_; }  // of Throttle::kWhole
  bool is_reduced() const { return share_ < Throttle::kWhole; }

  // Transactions of a day, of a source in its warm-up; nothing: no such limit.
  struct Daily {
    std::shared_ptr<std::uint64_t> sent;  // so far, perhaps by others too
    std::uint64_t most = 0;
    SteadyTime ends{};
    std::uint64_t left() const { return most - std::min(most, *sent); }
  };
  void set_daily(std::optional<Daily> daily) { daily_ = std::move(daily); }
  const std::optional<Daily>& daily() const { return daily_; }
  // A source that is to be used before others, for as long as it may send.
  bool is_new() const { return daily_ && daily_->left() > 0; }

  // --- connections ---
  std::size_t connections() const;  // that may be open now
  std::size_t open() const { return open_; }
  bool is_full() const { return open_ >= connections(); }
  bool is_exceeded() const { return open_ - leaving_ > connections(); }
  // Sites that wait without a connection get one before others get more than their part. Whether a
  // site with so many connections has its part, or more than that, while one waits.
  bool has_part(std::size_t of_site) const { return !starving.empty() && of_site >= part(); }
  bool exceeds_part(std::size_t of_site) const {
    return starving.size() > leaving_ && of_site > part();
  }
  // Whether a connection that has carried so many messages, and would go on with such mail, makes
  // room for a site that waits without one.
  bool must_yield(std::size_t messages, const LaneShare& mail) const;
  // A site's first connection is opened, its last one has ended: it waits no longer as what it was.
  void site_opened(const Site& site);
  void site_ended(const Site& site);
  bool waits_for_connection(const Site& site) const {
    return starving.contains(site) || for_more.contains(site);
  }
  bool any_waits_for_connection() const { return !starving.empty() || !for_more.empty(); }
  void waits_no_longer(const Site& site);  // for a connection
  void opened() { ++open_; }
  void ended(bool was_leaving);
  void leaves() { ++leaving_; }
  void stays() { --leaving_; }

  // --- transactions ---
  // How many may begin now beside the promised ones.
  std::size_t available(SteadyTime now);
  // Whether one may. A job of many transactions may have used up what was promised.
  bool has_any(SteadyTime now) {
    return rate_.available(now) > 0 && (!daily_ || daily_->left() > 0);
  }
  void promise() { ++promised_; }
  void redeem() { --promised_; }
  // REQUIRES: has_any()
  void take(SteadyTime now, std::size_t count);
  void give_back(std::size_t count);
  SteadyTime next(SteadyTime now);
  bool is_unused(SteadyTime now);  // a newly made one would allow no less

  // --- who waits ---
  SiteTurns starving;  // for a connection, and has none
  SiteTurns for_more;  // for another connection
  SiteTurns for_tokens;
  std::optional<SteadyTime> next_token;  // when the timer for the first of them goes off
  // Sites that have idle sessions, which make room for others.
  std::unordered_map<const Site*, std::shared_ptr<Site>> with_idle;

 private:
  void apply(SteadyTime now);
  std::size_t part() const;

  std::string group_;
  std::size_t limit_ = 1;
  std::optional<relay::Rate> whole_rate_;  // configured
  std::optional<relay::Rate> pace_;        // what was sent before the receiver asked for less
  relay::RateLimit rate_;
  ObservedRate observed_;
  Throttle throttle_;
  std::optional<Daily> daily_;
  unsigned share_ = Throttle::kWhole;  // in force
  std::size_t open_ = 0;
  std::size_t leaving_ = 0;
  std::size_t sites_ = 0;  // that have connections
  std::size_t promised_ = 0;
};

}  // namespace signpost::delivery
