#include "delivery/delivery.h"

#include "delivery/message_loader.h"
#include "delivery/outgoing_message.h"
#include "delivery/receiver_limits.h"

#include <algorithm>
#include <future>
#include <map>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::hours kUnreadable{1};  // until a message that cannot be read is tried again
constexpr std::size_t kLanesAPage = 4096;
constexpr std::chrono::seconds kLongestLook{600};
constexpr std::chrono::seconds kFindAgain{1};

// How often lanes that cannot be served are searched: ten times before a notice or expiry is due.
std::chrono::seconds overdue_interval(const queue::RetrySchedule& retry) {
  std::chrono::seconds least = retry.expire;
  if (retry.delay_notice.count() > 0) least = std::min(least, retry.delay_notice);
  return std::clamp(least / 10, std::chrono::seconds(1), kLongestLook);
}

}  // namespace

void SharedDelivery::returned(std::vector<queue::Job> jobs) {
  if (jobs.empty()) return;
  workers.front()->post(
      [jobs = std::move(jobs)](Scheduler& asked, const Scheduler::Now& now, Orders& orders) {
        for (const queue::Job& job : jobs) asked.waits(job, now, orders);
      });
}

std::vector<queue::Job> SharedDelivery::withdraw(const std::vector<queue::Job>& jobs) {
  std::map<queue::Lane, std::vector<queue::JobRef>> lanes;
  for (const queue::Job& job : jobs) lanes[job.lane].push_back(job.ref);
  std::vector<queue::Job> withdrawn;
  for (auto& [lane, refs] : lanes) {
    for (PendingJob& each : scheduler.withdraw(lane, std::move(refs))) {
      if (each.job.state == queue::JobState::Deferred) counts.deferred.fetch_sub(1);
      withdrawn.push_back(std::move(each.job));
    }
  }
  return withdrawn;
}

void SharedDelivery::forgive(std::vector<queue::Lane> lanes) {
  workers.front()->post(
      [lanes = std::move(lanes)](Scheduler& asked, const Scheduler::Now& now, Orders& orders) {
        for (const queue::Lane& lane : lanes) asked.forgive(lane, now, orders);
      });
}

bool SharedDelivery::end(std::vector<Ended> jobs) {
  constexpr std::chrono::seconds kWait{10};
  if (jobs.empty()) return true;
  auto done = std::make_shared<std::promise<void>>();
  auto stored = done->get_future();
  std::shared_ptr<void> under_way(nullptr, [done = std::move(done)](void*) { done->set_value(); });
  workers.front()->end(std::move(jobs), std::move(under_way));
  return stored.wait_for(kWait) == std::future_status::ready;
}

bool SharedDelivery::pause(SitePause pause, const Scheduler::Now& now) {
  auto orders = std::make_shared<Orders>();
  const bool paused = scheduler.pause(std::move(pause), now, *orders);
  carry_out(std::move(orders));
  return paused;
}

bool SharedDelivery::resume(std::string_view site, const Scheduler::Now& now) {
  auto orders = std::make_shared<Orders>();
  const bool resumed = scheduler.resume(site, now, *orders);
  carry_out(std::move(orders));
  return resumed;
}

void SharedDelivery::carry_out(std::shared_ptr<Orders> orders) {
  if (orders->empty()) return;
  workers.front()->post(
      [orders = std::move(orders)](Scheduler&, const Scheduler::Now&, Orders& given) {
        given = std::move(*orders);
      });
}

Delivery::Delivery(relay::Context& context, SharedDelivery& shared, std::size_t connections)
    : context_(context),
      shared_(shared),
      shares_(connections),
      router_(context),
      settler_(
          context, shared.counts, shared.report_limits,
          {[this](std::shared_ptr<const queue::Message> message, std::vector<queue::Job> jobs) {
             stored(std::move(message), std::move(jobs));
           },
           [this](const queue::Job& job) { waits(job); },
           [this](const queue::MessageId& id, std::function<void(Settler&)> task) {
             at_desk(id, std::move(task));
           }}) {}

Delivery::~Delivery() = default;

Scheduler::Now Delivery::now() const {
  return {context_.clock.steady_now(), context_.clock.schedule_now(), context_.random.fraction()};
}

// Mail in ----------------------------------------------------------------------------------------

void Delivery::stored(std::shared_ptr<const queue::Message> message, std::vector<queue::Job> jobs) {
  const bool in_memory = context_.admission.may_hold(message->envelope.size);
  auto outgoing = std::make_shared<OutgoingMessage>(std::move(message), context_.admission);
  Orders orders;
  for (queue::Job& job : jobs) {
    PendingJob pending{std::move(job), outgoing};
    const bool held = pending.job.due > context_.clock.schedule_now();  // by its sender
    if (!held && shared_.scheduler.accept(pending, in_memory, context_.worker, now(), orders)) {
      continue;
    }
    context_.store.claims().release(pending.job.ref);
    shared_.scheduler.waits(pending.job, now(), orders);
  }
  carry_out(std::move(orders));
}

void Delivery::waits(const queue::Job& job) {
  Orders orders;
  shared_.scheduler.waits(job, now(), orders);
  carry_out(std::move(orders));
}

// One worker for each message, whichever workers deliver its jobs.
void Delivery::at_desk(const queue::MessageId& id, std::function<void(Settler&)> task) {
  const std::size_t count = shared_.workers.size();
  Delivery& other = *shared_.workers[std::hash<queue::MessageId>{}(id) % count];
  if (&other == this) {
    task(settler_);
    return;
  }
  other.context_.loop.post([&other, task = std::move(task)] { task(other.settler_); });
}

void Delivery::start_feeding() {
  timer_.emplace(context_.loop, [this] { tick(); });
  settings_changed();
  find_lanes({});
  tick();
  census_.emplace(context_, shared_.scheduler);
  slowed_.emplace(context_, shared_.scheduler);
}

void Delivery::settings_changed() {
  const queue::RetrySchedule& retry = context_.settings->retry;
  shared_.scheduler.set_schedule(std::max<std::chrono::seconds>(retry.longest_delay(), kUnreadable),
                                 overdue_interval(retry));
  shared_.scheduler.set_shares([settings = context_.settings](const queue::Lane& lane) {
    return share_of(*settings, lane);
  });
  Orders orders;
  shared_.scheduler.forget_routes(now(), orders);
  carry_out(std::move(orders));
}

void Delivery::post(std::function<void(Scheduler&, const Scheduler::Now&, Orders&)> ask) {
  context_.loop.post([this, ask = std::move(ask)] {
    Orders orders;
    ask(shared_.scheduler, now(), orders);
    carry_out(std::move(orders));
  });
}

void Delivery::end(std::vector<SharedDelivery::Ended> jobs, std::shared_ptr<void> under_way) {
  auto ended = std::make_shared<std::vector<SharedDelivery::Ended>>(std::move(jobs));
  context_.loop.post([this, ended = std::move(ended), under_way = std::move(under_way)] {
    AttemptFacts facts;
    facts.attempted = false;
    for (SharedDelivery::Ended& each : *ended) {
      if (each.job.state == queue::JobState::Deferred) shared_.counts.deferred.fetch_add(1);
      settler_.settle({std::move(each.job), nullptr}, std::move(each.dispositions), facts,
                      under_way);
    }
  });
}

void Delivery::find_hop(queue::Lane lane, Router::Done done) {
  context_.loop.post([this, lane = std::move(lane), done = std::move(done)]() mutable {
    router_.look_up(std::move(lane), std::move(done));
  });
}

void Delivery::find_lanes(queue::Cursor from) {
  struct Find {
    bool end = false;
    queue::Cursor next;
  };
  auto find = std::make_shared<Find>();
  find->next = std::move(from);
  context_.loop.run_blocking(
      [&store = context_.store, &scheduler = shared_.scheduler, find, at = now()] {
        auto page = store.lanes(find->next, kLanesAPage);
        if (!page) {
          log::emit(relay::events::QueueUnreadable{.detail = page.error().detail});
          return;
        }
        for (const queue::WaitingLane& lane : page->lanes) scheduler.waits(lane, at);
        find->end = page->end;
        find->next = std::move(page->next);
      },
      [this, find, before = find->next] {
        if (find->end) return;
        if (find->next != before) {
          find_lanes(std::move(find->next));
        } else {
          context_.timers.after(kFindAgain, [this, find] { find_lanes(std::move(find->next)); });
        }
      });
}

void Delivery::tick() {
  const Scheduler::Now at = now();
  Orders orders;
  const SteadyTime next = shared_.scheduler.tick(at, orders);
  carry_out(std::move(orders));
  if (timer_) timer_->start(std::chrono::ceil<std::chrono::milliseconds>(next - at.steady));
}

// Sessions ---------------------------------------------------------------------------------------

void Delivery::open(ConnectionShares::Connection connection) {
  if (!may_open(*connection.site)) {
    give_up(connection);
    return;
  }
  const bool were_short = shares_.any_waiting();
  if (shares_.open(connection)) {
    start(std::move(connection));
  } else if (!were_short) {
    for (const auto& [id, each] : sessions_) each.session->hurry();
  }
}

// Else the jobs stay in the queue: for the next start, or until the site is resumed.
bool Delivery::may_open(const Site& site) const {
  return !context_.draining.load(std::memory_order_relaxed) && !shared_.scheduler.is_paused(site);
}

void Delivery::give_up(const ConnectionShares::Connection& connection) {
  connection_ended(connection.site, {context_.worker, 0, connection.exit}, false, std::nullopt,
                   context_.clock.steady_now(), {}, false);
}

void Delivery::start(ConnectionShares::Connection connection) {
  const std::uint64_t id = context_.next_session++;
  SessionHost& host = *this;
  auto session = std::make_unique<DeliverySession>(
      host, SessionRef{context_.worker, id, connection.exit}, std::move(connection.site));
  DeliverySession& started = *session;
  sessions_.emplace(id, Session{std::move(session), std::move(connection.account)});
  started.start();
}

// An idle connection of another site to that address need not wait until its time is over.
bool Delivery::take_place(const SitePtr& site, const net::IpAddress& address) {
  if (shared_.scheduler.take_place(site, address, now())) return true;
  for (Delivery* worker : shared_.workers) {
    worker->context_.loop.post([worker, address] { worker->make_room_at(address); });
  }
  return false;
}

void Delivery::make_room_at(const net::IpAddress& address) {
  for (const auto& [id, each] : sessions_) {
    if (each.session->make_room_at(address)) return;
  }
}

void Delivery::give_back_place(const net::IpAddress& address) {
  Orders orders;
  shared_.scheduler.give_back_place(address, context_.worker, now(), orders);
  carry_out(std::move(orders));
}

bool Delivery::take_beside(const SitePtr& site, const SessionRef& session) {
  const std::string& account = sessions_.at(session.session).account;
  if (!shares_.open_beside(account)) return false;
  if (shared_.scheduler.take_beside(site, session)) return true;
  shares_.ended(account);
  return false;
}

void Delivery::give_back_beside(const SitePtr& site, const SessionRef& session) {
  context_.loop.defer(
      [this, account = sessions_.at(session.session).account] { share_ended(account); });
  Orders orders;
  shared_.scheduler.give_back_beside(site, session, now(), orders);
  carry_out(std::move(orders));
}

// Not from within a function of a session: it may start others.
void Delivery::share_ended(const std::string& account) {
  shares_.ended(account);
  while (auto next = shares_.next()) {
    if (shared_.scheduler.is_paused(*next->site)) {  // since it began to wait
      shares_.ended(next->account);
      give_up(*next);
    } else {
      start(std::move(*next));
    }
  }
}

void Delivery::wake(const SessionRef& session) {
  // A session that has ended has reported to the scheduler, which opened another connection if it
  // needed one.
  const auto found = sessions_.find(session.session);
  if (found != sessions_.end()) found->second.session->wake();
}

std::optional<PendingJob> Delivery::take(const SitePtr& site, const SessionRef& session,
                                         const ConnectionUse& use) {
  Orders orders;
  auto job = shared_.scheduler.take(site, session, use, now(), orders);
  if (job) context_.store.claims().set_active(job->job.ref, true);
  carry_out(std::move(orders));
  return job;
}

std::optional<PendingJob> Delivery::take_early(const SitePtr& site, const SessionRef& session,
                                               const ConnectionUse& use, bool quick) {
  Orders orders;
  auto job = shared_.scheduler.take_early(site, session, use, quick, now(), orders);
  if (job) context_.store.claims().set_active(job->job.ref, true);
  carry_out(std::move(orders));
  return job;
}

void Delivery::give_back(const SitePtr& site, const SessionRef& session, PendingJob job) {
  Orders orders;
  context_.store.claims().set_active(job.job.ref, false);
  context_.metrics.put_off(relay::PutOffReason::Limit).add();
  shared_.scheduler.give_back(site, session, std::move(job), now(), orders);
  carry_out(std::move(orders));
}

void Delivery::connection_ready(Site& site, const SessionRef& session) {
  Orders orders;
  shared_.scheduler.connection_ready(site, session, now(), orders);
  carry_out(std::move(orders));
}

void Delivery::answered(const SitePtr& site, const SessionRef& session, const smtp::Reply& reply,
                        SteadyTime began, const AttemptFacts& facts) {
  if (!facts.providers) return;  // no host has said it
  const providers::Providers& providers = *facts.providers;
  // Whatever the reply answers: a pattern that is slow asks for less mail to anybody.
  const auto* const pattern =
      providers.read(providers.named(facts.provider), reply, providers::ReplyScope::Sender).pattern;
  if (pattern == nullptr || !pattern->slow) return;
  const auto reduced = shared_.scheduler.asked_for_less(site, session, began, now());
  if (!reduced) return;
  context_.events.emit(relay::events::SiteSlowed{.session = facts.session,
                                                 .site = reduced->site,
                                                 .mx = facts.mx,
                                                 .reply = reply.one_line(),
                                                 .share = reduced->percent,
                                                 .connections = reduced->connections});
}

bool Delivery::leave_idle(Site& site, const SessionRef& session) {
  return shared_.scheduler.leave_idle(site, session);
}

void Delivery::connection_ended(const SitePtr& site, const SessionRef& session, bool was_ready,
                                const std::optional<Disposition>& failure, SteadyTime began,
                                const AttemptFacts& facts, bool paid) {
  Orders orders;
  shared_.scheduler.connection_ended(site, session, was_ready, failure, began, now(), orders, facts,
                                     paid);
  carry_out(std::move(orders));
}

void Delivery::unused(Site& site, const SessionRef& session, std::size_t transactions) {
  shared_.scheduler.unused(site, session, transactions);
}

void Delivery::prepare(const SitePtr& site, const SessionRef& session, PendingJob job,
                       std::function<void(std::optional<PendingJob>)> then) {
  load_message(context_, std::move(job),
               [this, site, session, then = std::move(then)](Loaded loaded) {
                 if (loaded.ready) {
                   then(std::move(loaded.job));
                   return;
                 }
                 unused(*site, session, std::exchange(loaded.job.tokens, 0));
                 context_.store.claims().set_active(loaded.job.job.ref, false);
                 switch (loaded.problem) {
                   case NotReady::NoMemory: {
                     context_.metrics.put_off(relay::PutOffReason::Memory).add();
                     Orders orders;
                     shared_.scheduler.put_off(std::move(loaded.job), now(), orders);
                     carry_out(std::move(orders));
                     break;
                   }
                   case NotReady::Unreadable:
                     context_.events.emit(relay::events::MessageUnreadable{
                         .id = loaded.job.job.ref.id.text(), .detail = loaded.detail});
                     context_.metrics.put_off(relay::PutOffReason::Unreadable).add();
                     settler_.put_off(std::move(loaded.job), kUnreadable);
                     break;
                   case NotReady::Moved:
                     context_.metrics.put_off(relay::PutOffReason::RouteChanged).add();
                     settler_.move(std::move(loaded.job), std::move(loaded.detail));
                     break;
                 }
                 then(std::nullopt);
               });
}

void Delivery::settle(PendingJob job, std::vector<Disposition> dispositions, AttemptFacts facts) {
  const bool cut_off = std::ranges::all_of(dispositions, [](const Disposition& each) {
    return each.outcome == Outcome::Delayed && (each.reply.code == 0 || means_not_now(each.reply));
  });
  if (cut_off) shared_.scheduler.cut_off(job.job);
  context_.store.claims().set_active(job.job.ref, false);
  settler_.settle(std::move(job), std::move(dispositions), std::move(facts));
}

void Delivery::retire(std::uint64_t session) {
  context_.loop.defer([this, session] {
    const auto retired = sessions_.extract(session);
    if (retired.empty()) return;  // cut() was faster
    share_ended(retired.mapped().account);
  });
}

void Delivery::drain() {
  // Sessions only mark themselves, or retire through defer(): the map does not change here.
  for (const auto& [id, each] : sessions_) each.session->drain();
  settler_.drain();
}

void Delivery::cut() {
  timer_.reset();
  census_.reset();
  slowed_.reset();
  shares_.clear_waiting();
  for (const auto& [id, each] : sessions_) each.session->cut();
  sessions_.clear();
}

}  // namespace signpost::delivery
