// What a delivery session asks of the worker's Delivery, which owns it.
#pragma once

#include "base/clock.h"
#include "delivery/dead_addresses.h"
#include "delivery/disposition.h"
#include "delivery/pending_job.h"
#include "delivery/scheduler.h"
#include "delivery/settlement.h"
#include "delivery/tls_sessions.h"
#include "net/address.h"
#include "relay/context.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace signpost::delivery {

// Belongs to one worker; its thread only.
class SessionHost {
 public:
  virtual ~SessionHost() = default;

  virtual relay::Context& context() = 0;
  virtual NextHop hop(const Site& site) const = 0;
  // Of this machine. Holds until the next call.
  virtual const std::vector<net::IpAddress>& local_addresses() = 0;
  virtual DeadAddresses& dead_addresses() = 0;
  virtual TlsSessions& tls_sessions() = 0;

  // Passed on to the scheduler: see the functions of these names there.
  virtual bool take_place(const SitePtr& site, const net::IpAddress& address) = 0;
  virtual void give_back_place(const net::IpAddress& address) = 0;
  // A connection beside the one that `session` has, of all limits but those of addresses.
  virtual bool take_beside(const SitePtr& site, const SessionRef& session) = 0;
  virtual void give_back_beside(const SitePtr& site, const SessionRef& session) = 0;
  virtual bool must_make_room(const Site& site, const SessionRef& session,
                              const std::optional<net::IpAddress>& address) const = 0;
  virtual bool is_away(const Site& site) const = 0;
  virtual void connection_ready(Site& site, const SessionRef& session) = 0;
  virtual std::optional<PendingJob> take(const SitePtr& site, const SessionRef& session,
                                         const ConnectionUse& use) = 0;
  virtual std::optional<PendingJob> take_early(const SitePtr& site, const SessionRef& session,
                                               const ConnectionUse& use, bool quick) = 0;
  virtual void give_back(const SitePtr& site, const SessionRef& session, PendingJob job) = 0;
  virtual void forbid_early(Site& site) = 0;
  // What a host of the site answered to what was begun at `began`. If it asks for less mail, the
  // site is sent less; see Scheduler::asked_for_less().
  virtual void answered(const SitePtr& site, const SessionRef& session, const smtp::Reply& reply,
                        SteadyTime began, const AttemptFacts& facts) = 0;
  virtual bool leave_idle(Site& site, const SessionRef& session) = 0;
  virtual void connection_ended(const SitePtr& site, const SessionRef& session, bool was_ready,
                                const std::optional<Disposition>& failure, SteadyTime began,
                                const AttemptFacts& facts, bool paid) = 0;

  // Reads the envelope and content of `job` unless they are in memory, then calls `then`, perhaps
  // at once: with the job, ready to be sent, or with nothing when it cannot go now (there is no
  // memory for it, its message cannot be read, or its route has changed) and has been put aside.
  virtual void prepare(const SitePtr& site, const SessionRef& session, PendingJob job,
                       std::function<void(std::optional<PendingJob>)> then) = 0;
  // So many transactions of a job that was taken were not begun.
  virtual void unused(Site& site, const SessionRef& session, std::size_t transactions) = 0;
  // The end of an attempt: `dispositions[i]` is that of the job's i-th recipient.
  virtual void settle(PendingJob job, std::vector<Disposition> dispositions,
                      AttemptFacts facts) = 0;

  // Sites are queueing for connections: idle sessions should close.
  virtual bool short_of_connections() const = 0;
  // The session has ended. It is destroyed when its functions have returned.
  virtual void retire(std::uint64_t session) = 0;
};

}  // namespace signpost::delivery
