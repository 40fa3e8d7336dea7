#include "delivery/delivery.h"

#include "base/random.h"
#include "delivery/message_loader.h"
#include "delivery/outgoing_message.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::hours kUnreadable{1};  // until a message that cannot be read is tried again
constexpr std::size_t kLanesAPage = 4096;
constexpr std::size_t kOverdueRows = 4096;  // examined per page
constexpr std::size_t kOverdueJobs = 256;   // settled per search
constexpr std::chrono::seconds kLongestLook{600};
constexpr std::chrono::seconds kLookAgain{1};  // when there may be more overdue jobs
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

void SharedDelivery::forgive(std::vector<queue::Lane> lanes) {
  workers.front()->post(
      [lanes = std::move(lanes)](Scheduler& asked, const Scheduler::Now& now, Orders& orders) {
        for (const queue::Lane& lane : lanes) asked.forgive(lane, now, orders);
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
  return {context_.clock.steady_now(), context_.clock.schedule_now(), Random::local().fraction()};
}

// Mail in ----------------------------------------------------------------------------------------

void Delivery::stored(std::shared_ptr<const queue::Message> message, std::vector<queue::Job> jobs) {
  const bool in_memory = context_.admission.may_hold(message->envelope.size);
  auto outgoing = std::make_shared<OutgoingMessage>(std::move(message), context_.admission);
  Orders orders;
  for (queue::Job& job : jobs) {
    PendingJob pending{std::move(job), outgoing};
    if (shared_.scheduler.accept(pending, in_memory, context_.worker, now(), orders)) continue;
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

// One worker for each message, whoever delivers its jobs.
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
}

void Delivery::settings_changed() {
  const queue::RetrySchedule& retry = context_.settings->retry;
  shared_.scheduler.set_schedule(std::max<std::chrono::seconds>(retry.longest_delay(), kUnreadable),
                                 overdue_interval(retry));
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

// Orders -----------------------------------------------------------------------------------------

void Delivery::carry_out(Orders orders) {
  if (orders.empty()) return;
  for (queue::Lane& lane : orders.look_up) look_up(std::move(lane));
  for (Orders::Open& order : orders.open) {
    ConnectionShares::Connection connection{std::move(order.site), std::move(order.account)};
    if (order.worker == context_.worker) {
      open(std::move(connection));
      continue;
    }
    Delivery& other = *shared_.workers[order.worker];
    other.context_.loop.post([&other, connection = std::move(connection)]() mutable {
      other.open(std::move(connection));
    });
  }
  for (const Orders::Wake& order : orders.wake) {
    if (order.session.worker == context_.worker) {
      wake(order.session);
      continue;
    }
    Delivery& other = *shared_.workers[order.session.worker];
    other.context_.loop.post([&other, session = order.session] { other.wake(session); });
  }
  if (!orders.read.empty()) read(std::move(orders.read));
  for (Orders::Settle& order : orders.settle) {
    settler_.settle_untaken(std::move(order.job), order.why, std::move(order.facts));
  }
  for (Orders::Overdue& order : orders.overdue) look_for_overdue(std::move(order));
  if (!orders.recall.empty()) recall(std::move(orders.recall));
  for (const PendingJob& pending : orders.released) {
    if (pending.job.state == queue::JobState::Deferred) shared_.counts.deferred.fetch_sub(1);
    context_.store.claims().release(pending.job.ref);
    waits(pending.job);
  }
}

void Delivery::look_up(queue::Lane lane) {
  router_.look_up(std::move(lane),
                  [this](const queue::Lane& name, std::expected<NextHop, Disposition> found) {
                    Orders orders;
                    if (found) {
                      shared_.scheduler.routed(name, *found, context_.worker, now(), orders);
                    } else {
                      shared_.scheduler.unroutable(name, found.error(), now(), orders);
                    }
                    carry_out(std::move(orders));
                  });
}

void Delivery::read(std::vector<Orders::Read> reads) {
  struct Reading {
    std::vector<Orders::Read> reads;
    std::vector<std::optional<queue::ClaimedJobs>> pages;
  };
  auto reading = std::make_shared<Reading>();
  reading->reads = std::move(reads);
  context_.loop.run_blocking(
      [&store = context_.store, &counts = shared_.counts, reading] {
        for (const Orders::Read& order : reading->reads) {
          auto page = store.claim_due(order.lane, order.from, order.until, order.limit);
          if (!page) {
            log::emit(relay::events::QueueUnreadable{.detail = page.error().detail});
            reading->pages.emplace_back();
            continue;
          }
          const auto deferred =
              std::ranges::count(page->jobs, queue::JobState::Deferred, &queue::Job::state);
          counts.deferred.fetch_add(deferred);
          reading->pages.emplace_back(std::move(*page));
        }
      },
      [this, reading] {
        Orders orders;
        for (std::size_t i = 0; i < reading->reads.size(); ++i) {
          shared_.scheduler.rows(reading->reads[i].lane, std::move(reading->pages[i]),
                                 context_.worker, now(), orders);
        }
        carry_out(std::move(orders));
      });
}

// A lane that cannot be served is not read, but its mail ages: notices of delay are sent, and what
// has expired is given up, with the reason for the wait.
void Delivery::look_for_overdue(Orders::Overdue overdue) {
  struct Look {
    Orders::Overdue order;
    std::vector<queue::Job> jobs;
  };
  auto look = std::make_shared<Look>();
  look->order = std::move(overdue);
  const queue::RetrySchedule& retry = context_.settings->retry;
  const SystemTime system = context_.clock.system_now();
  struct Question {
    SystemTime accepted_until;
    bool notified;
  };
  std::vector<Question> questions{{system - retry.expire, true}};
  if (retry.delay_notice.count() > 0) questions.push_back({system - retry.delay_notice, false});
  context_.loop.run_blocking(
      [&store = context_.store, &counts = shared_.counts, look, questions = std::move(questions)] {
        for (const Question& question : questions) {
          queue::LanePosition from;
          for (bool end = false; !end && look->jobs.size() < kOverdueJobs;) {
            auto page = store.overdue(look->order.lane, from, look->order.until,
                                      question.accepted_until, question.notified, kOverdueRows);
            if (!page) break;
            for (const queue::JobRef& ref : page->jobs) {
              auto job = store.claim(ref);
              if (!job || !*job) continue;
              if ((*job)->state == queue::JobState::Deferred) counts.deferred.fetch_add(1);
              look->jobs.push_back(std::move(**job));
            }
            end = page->end;
            from = page->next;
          }
        }
      },
      [this, look] {
        AttemptFacts facts;
        facts.attempted = false;
        for (queue::Job& job : look->jobs) {
          settler_.settle_untaken({std::move(job), nullptr}, look->order.why, facts);
        }
        if (look->jobs.size() < kOverdueJobs) return;
        // There may be thousands more: a lane is down and all its mail has expired.
        context_.timers.after(kLookAgain,
                              [this, look] { look_for_overdue(std::move(look->order)); });
      });
}

// Whatever was tried again since, or changed by an operator, keeps its time.
void Delivery::recall(std::vector<PutOff> put_off) {
  struct Recall {
    std::vector<PutOff> put_off;
    std::vector<queue::Job> found;
    std::vector<queue::Job> changed;
  };
  auto recall = std::make_shared<Recall>();
  recall->put_off = std::move(put_off);
  context_.loop.run_blocking(
      [&store = context_.store, recall] {
        for (const PutOff& each : recall->put_off) {
          auto job = store.claim(each.ref);
          if (!job || !*job) continue;
          const bool same =
              (*job)->state == queue::JobState::Deferred && (*job)->attempts == each.attempts;
          (same ? recall->found : recall->changed).push_back(std::move(**job));
        }
      },
      [this, recall] {
        for (const queue::Job& job : recall->changed) {
          context_.store.claims().release(job.ref);
          waits(job);
        }
        Orders orders;
        for (queue::Job& job : recall->found) {
          shared_.counts.deferred.fetch_add(1);
          shared_.scheduler.recalled({std::move(job), nullptr}, now(), orders);
        }
        carry_out(std::move(orders));
      });
}

// Sessions ---------------------------------------------------------------------------------------

void Delivery::open(ConnectionShares::Connection connection) {
  if (context_.draining.load(std::memory_order_relaxed)) {
    // The jobs stay in the queue for the next start.
    connection_ended(connection.site, {context_.worker, 0}, false, std::nullopt,
                     context_.clock.steady_now(), {});
    return;
  }
  const bool were_short = shares_.any_waiting();
  if (shares_.open(connection)) {
    start(std::move(connection));
  } else if (!were_short) {
    for (const auto& [id, each] : sessions_) each.session->hurry();
  }
}

void Delivery::start(ConnectionShares::Connection connection) {
  const std::uint64_t id = context_.next_session++;
  SessionHost& host = *this;
  auto session = std::make_unique<DeliverySession>(host, id, std::move(connection.site));
  DeliverySession& started = *session;
  sessions_.emplace(id, Session{std::move(session), std::move(connection.account)});
  started.start();
}

void Delivery::give_back_place(const net::IpAddress& address) {
  Orders orders;
  shared_.scheduler.give_back_place(address, context_.worker, now(), orders);
  carry_out(std::move(orders));
}

void Delivery::wake(const SessionRef& session) {
  // A session that has ended has reported to the scheduler, which opened another connection if it
  // needed one.
  const auto found = sessions_.find(session.session);
  if (found != sessions_.end()) found->second.session->wake();
}

std::optional<PendingJob> Delivery::take(const SitePtr& site, const SessionRef& session) {
  Orders orders;
  auto job = shared_.scheduler.take(site, session, now(), orders);
  carry_out(std::move(orders));
  return job;
}

std::optional<PendingJob> Delivery::take_early(const SitePtr& site, bool quick) {
  Orders orders;
  auto job = shared_.scheduler.take_early(site, quick, now(), orders);
  carry_out(std::move(orders));
  return job;
}

void Delivery::give_back(const SitePtr& site, PendingJob job) {
  Orders orders;
  shared_.scheduler.give_back(site, std::move(job), now(), orders);
  carry_out(std::move(orders));
}

void Delivery::connection_ready(Site& site) {
  Orders orders;
  shared_.scheduler.connection_ready(site, orders);
  carry_out(std::move(orders));
}

bool Delivery::leave_idle(Site& site, const SessionRef& session) {
  return shared_.scheduler.leave_idle(site, session);
}

void Delivery::connection_ended(const SitePtr& site, const SessionRef& session, bool was_ready,
                                const std::optional<Disposition>& failure, SteadyTime began,
                                const AttemptFacts& facts) {
  Orders orders;
  shared_.scheduler.connection_ended(site, session, was_ready, failure, began, now(), orders,
                                     facts);
  carry_out(std::move(orders));
}

void Delivery::prepare(PendingJob job, std::function<void(std::optional<PendingJob>)> then) {
  load_message(context_, std::move(job), [this, then = std::move(then)](Loaded loaded) {
    if (loaded.ready) {
      then(std::move(loaded.job));
      return;
    }
    switch (loaded.problem) {
      case NotReady::NoMemory: {
        Orders orders;
        shared_.scheduler.put_off(std::move(loaded.job), now(), orders);
        carry_out(std::move(orders));
        break;
      }
      case NotReady::Unreadable:
        context_.events.emit(relay::events::MessageUnreadable{.id = loaded.job.job.ref.id.text(),
                                                              .detail = loaded.detail});
        settler_.put_off(std::move(loaded.job), kUnreadable);
        break;
      case NotReady::Moved:
        settler_.move(std::move(loaded.job), std::move(loaded.detail));
        break;
    }
    then(std::nullopt);
  });
}

void Delivery::settle(PendingJob job, std::vector<Disposition> dispositions, AttemptFacts facts) {
  const bool cut_off = std::ranges::all_of(dispositions, [](const Disposition& each) {
    return each.outcome == Outcome::Delayed && each.reply.code == 0;
  });
  if (cut_off) shared_.scheduler.cut_off(job.job);
  settler_.settle(std::move(job), std::move(dispositions), std::move(facts));
}

void Delivery::count_transaction(int change) {
  shared_.counts.in_transaction.fetch_add(change, std::memory_order_relaxed);
}

void Delivery::retire(std::uint64_t session) {
  context_.loop.defer([this, session] {
    const auto retired = sessions_.extract(session);
    shares_.ended(retired.mapped().account);
    while (auto next = shares_.next()) start(std::move(*next));
  });
}

void Delivery::drain() {
  // Sessions only mark themselves, or retire through defer(): the map does not change here.
  for (const auto& [id, each] : sessions_) each.session->drain();
  settler_.drain();
}

void Delivery::cut() {
  timer_.reset();
  shares_.clear_waiting();
  sessions_.clear();
}

}  // namespace signpost::delivery
