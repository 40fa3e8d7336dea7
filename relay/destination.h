// One next hop: the jobs that are ready for it, its connections and its limits. The only thing that
// workers share on the hot path.
#pragma once

#include "base/clock.h"
#include "relay/disposition.h"
#include "relay/next_hop.h"
#include "relay/outgoing_message.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::relay {

// A delivery session, named so that other threads can speak of it.
struct SessionRef {
  std::size_t worker = 0;
  std::uint64_t session = 0;
  friend bool operator==(const SessionRef&, const SessionRef&) = default;
};

// Any thread; a mutex is held for list operations only. A job stays in the list until a connected
// session takes it, so a connection that fails has lost nothing.
//
// A connection goes through: reserved (connecting) -> ready -> [idle ->] ended. Whoever is told to
// Open a connection has it reserved already and must end it with connection_ended().
class Destination {
 public:
  static constexpr std::size_t kMaxReady = 20'000;  // more are put back into the due index

  // `workers`: how many there are to spread the connections over.
  explicit Destination(NextHop hop, std::size_t workers = 1)
      : hop_(std::move(hop)), connections_of_(workers) {}

  struct Pushed {
    enum class Then {
      Wait,   // a session will come for it
      Open,   // a connection is to be opened, reserved for worker `open`
      Wake,   // the idle session `wake` is to be woken: it was taken off the idle list
      Defer,  // not taken: backing off after failures, `failure` says why
      Full,   // not taken: too many wait here
    };
    Then then = Then::Wait;
    SessionRef wake;
    std::size_t open = 0;
    Disposition failure;
  };
  // `job` is moved from unless the answer is Defer or Full. An idle session of `worker` is
  // preferred. `hop` brings the limits of the present configuration.
  Pushed push(PendingJob& job, const NextHop& hop, std::size_t worker, SteadyTime now);

  // For a ready session: the next job, or it is idle from now on and will be woken.
  std::optional<PendingJob> take_or_idle(const SessionRef& session);
  std::optional<PendingJob> take();
  // For a session that would begin it behind the message before, where it waits for that message's
  // reply: only what no session is free for. `quick`: that reply is near; else there must be more
  // jobs than sessions to come for them.
  std::optional<PendingJob> take_early(bool quick);
  // The peer lost what was begun early: never again.
  void forbid_early() { early_.store(false, std::memory_order_relaxed); }
  // The session's idle time is over. False: it has been woken and must look for a job.
  bool leave_idle(const SessionRef& session);

  void connection_ready();  // the session can carry mail

  struct Ended {
    std::vector<PendingJob> stranded;  // nobody will come for these: they share the failure
    std::optional<std::size_t> open;   // another one is reserved for this worker
  };
  // `was_ready`: connection_ready() was called. `failure`: why it never became ready; nothing when
  // it did, or when it was given up for reasons of our own.
  Ended connection_ended(const SessionRef& session, bool was_ready,
                         const std::optional<Disposition>& failure, SteadyTime now);

  void forgive();  // an operator wants it tried now: the back-off is forgotten

  NextHop hop() const;
  std::size_t ready() const;
  bool unused(SteadyTime now) const;  // no jobs, no connections, no back-off to remember

 private:
  bool may_open(SteadyTime now) const;
  std::size_t reserve(std::size_t preferred);  // a connection, for the worker that it returns
  void back_off(const Disposition& failure, SteadyTime now);

  mutable std::mutex mutex_;  // guards all below
  NextHop hop_;
  std::deque<PendingJob> ready_;
  std::vector<SessionRef> idle_;
  std::vector<std::size_t> connections_of_;  // by worker, connecting or connected
  std::size_t connecting_ = 0;
  std::size_t connected_ = 0;
  unsigned failures_ = 0;  // connections in a row that did not become ready
  SteadyTime not_before_{};
  Disposition last_failure_;

  std::atomic<bool> early_{true};
};

// All destinations with something to do. Any thread.
class Destinations {
 public:
  void set_workers(std::size_t count) { workers_ = count; }  // before the first is made
  std::shared_ptr<Destination> find_or_create(const NextHop& hop);
  void forget_unused(SteadyTime now);  // once a second or so
  void forgive_all();
  std::size_t size() const;

 private:
  std::size_t workers_ = 1;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Destination>> by_key_;
};

}  // namespace signpost::relay
