#include "tests/delivery/delivery_world.h"

#include "base/check.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace signpost::test {

using delivery::Orders;
using delivery::Outcome;
using delivery::PendingJob;

namespace {

constexpr std::chrono::seconds kIdle{5};  // then a session without work closes

void apply(queue::Store& store, const queue::Change& change) {
  const queue::Change* const one = &change;
  CHECK(store.apply({&one, 1}).has_value());
}

queue::Job make_job(const queue::MessageId& id, const queue::Lane& lane, std::size_t recipients) {
  queue::Job job;
  job.ref.id = id;
  job.lane = lane;
  for (std::size_t i = 0; i < recipients; ++i) {
    job.recipients.push_back({smtp::Mailbox(std::to_string(i), lane.domain), {}, ""});
  }
  return job;
}

void store_job(queue::Store& store, const queue::Job& job, SystemTime received) {
  auto message = std::make_shared<queue::Message>();
  message->envelope.id = job.ref.id;
  message->envelope.received = received;
  queue::Change change;
  change.enqueued.push_back({std::move(message), {job}});
  apply(store, change);
}

}  // namespace

Result<void> CountingStore::apply(std::span<const queue::Change* const> changes_now) {
  for (const queue::Change* change : changes_now) {
    changes += change->removed.size() + change->replaced.size();
  }
  return MemoryStore::apply(changes_now);
}

Result<queue::ClaimedJobs> CountingStore::claim_due(const queue::Lane& lane,
                                                    const queue::LanePosition& from,
                                                    SystemTime until, std::size_t limit) {
  ++reads;
  if (unreadable) return fail(Errc::Io, "the disk does not answer");
  auto claimed = MemoryStore::claim_due(lane, from, until, limit);
  if (claimed) jobs_read += claimed->jobs.size();
  return claimed;
}

DeliveryWorld::DeliveryWorld(delivery::Scheduler::Limits limits, std::size_t workers)
    : scheduler(workers, limits) {
  scheduler.set_schedule(std::chrono::hours(2), std::chrono::seconds(600));
}

// Mail --------------------------------------------------------------------------------------------

queue::Job DeliveryWorld::submit(const queue::Lane& lane, std::size_t recipients, bool in_memory,
                                 std::chrono::seconds urgency) {
  queue::Job job = make_job(ids_.next(clock.system_now()), lane, recipients);
  job.due = clock.schedule_now() - urgency;
  CHECK(store.claims().take(job.ref));
  store_job(store, job, clock.system_now());
  PendingJob pending{job, nullptr};
  Orders orders;
  if (!scheduler.accept(pending, in_memory, 0, now(), orders)) {
    store.claims().release(job.ref);
    scheduler.waits(job, now(), orders);
  }
  carry_out(std::move(orders));
  return job;
}

void DeliveryWorld::submit_many(const queue::Lane& lane, std::size_t count, bool in_memory) {
  for (std::size_t i = 0; i < count; ++i) (void)submit(lane, 1, in_memory);
}

queue::Job DeliveryWorld::leave(const queue::Lane& lane, SystemTime due) {
  queue::Job job = make_job(ids_.next(clock.system_now()), lane, 1);
  job.state = queue::JobState::Deferred;
  job.due = due;
  store_job(store, job, clock.system_now());
  return job;
}

void DeliveryWorld::restart() {
  const auto page = store.lanes({}, 1'000'000);
  CHECK(page && page->end);
  for (const queue::WaitingLane& lane : page->lanes) scheduler.waits(lane, now());
}

void DeliveryWorld::settle(const PendingJob& pending, Outcome outcome, const std::string& site,
                           const smtp::Reply& said) {
  const queue::Job& job = pending.job;
  if (!store.claims().contains(job.ref) || gone_.contains(job.ref.id)) ++twice;
  queue::Change change;
  if (outcome == Outcome::Delayed) {
    queue::Job after = job;
    ++after.ref.revision;
    ++after.attempts;
    after.state = queue::JobState::Deferred;
    after.last_reply = said;
    after.due = clock.schedule_now() + (delay ? delay(job) : std::chrono::seconds(60));
    change.replaced.push_back({job, after});
    apply(store, change);
    store.claims().release(job.ref);
    order([&](const auto& at, Orders& orders) { scheduler.waits(after, at, orders); });
    return;
  }
  gone_.insert(job.ref.id);
  change.removed.push_back(job);
  apply(store, change);
  store.claims().release(job.ref);
  if (outcome == Outcome::Failed) {
    failed.push_back(job.ref);
  } else {
    delivered.push_back({job.ref, job.lane, job.due, clock.steady_now(), site, ""});
  }
}

// Orders ------------------------------------------------------------------------------------------

void DeliveryWorld::order(
    const std::function<void(const delivery::Scheduler::Now&, Orders&)>& ask) {
  Orders orders;
  ask(now(), orders);
  carry_out(std::move(orders));
}

void DeliveryWorld::carry_out(Orders orders) {
  for (queue::Lane& lane : orders.look_up) {
    ++looked_up;
    act([this, lane = std::move(lane)] { look_up(lane); });
  }
  for (Orders::Open& each : orders.open) {
    ++opened[each.site->hop.key];
    act([this, each] { open(each); });
  }
  for (const Orders::Wake& each : orders.wake) {
    act([this, id = each.session.session] {
      const auto session = sessions_.find(id);
      if (session != sessions_.end() && session->second.idle_since) take(session->second);
    });
  }
  for (const Orders::Read& each : orders.read) {
    act([this, each] {
      auto page = store.claim_due(each.lane, each.from, each.until, each.limit);
      const std::size_t jobs = page ? page->jobs.size() : 0;
      std::optional<queue::ClaimedJobs> found;
      if (page) found = std::move(*page);
      in_actions_ += jobs;
      act([this, lane = each.lane, found = std::move(found), jobs] {
        in_actions_ -= jobs;
        order([&](const auto& at, Orders& more) { scheduler.rows(lane, found, 1, at, more); });
      });
    });
  }
  for (Orders::Settle& each : orders.settle) {
    ++charged;
    if (each.facts.known) ++no_news;
    ++in_actions_;
    act([this, each] {
      --in_actions_;
      settle(each.job, each.why.outcome, "", each.why.reply);
    });
  }
  std::ranges::move(orders.away, std::back_inserter(away));
  std::ranges::move(orders.back, std::back_inserter(back));
  std::ranges::move(orders.resumed, std::back_inserter(resumed));
  for (const delivery::PutOff& each : orders.recall) {
    act([this, each] {
      auto job = store.claim(each.ref);
      if (!job || !*job) return;
      queue::Job found = std::move(**job);
      if (found.attempts != each.attempts) {
        store.claims().release(found.ref);
        order([&](const auto& at, Orders& more) { scheduler.waits(found, at, more); });
        return;
      }
      order([&](const auto& at, Orders& more) {
        scheduler.recalled({std::move(found), nullptr}, at, more);
      });
    });
  }
  overdue.insert(overdue.end(), orders.overdue.begin(), orders.overdue.end());
  for (const PendingJob& each : orders.released) {
    ++in_actions_;
    act([this, job = each.job] {
      --in_actions_;
      store.claims().release(job.ref);
      order([&](const auto& at, Orders& more) { scheduler.waits(job, at, more); });
    });
  }
}

void DeliveryWorld::run() {
  while (!actions_.empty()) {
    const std::size_t index = choose ? choose(actions_.size()) : 0;
    const auto chosen = actions_.begin() + static_cast<std::ptrdiff_t>(index);
    const auto action = std::move(*chosen);
    actions_.erase(chosen);
    action();
  }
}

void DeliveryWorld::look_up(const queue::Lane& lane) {
  const auto trouble = unroutable.find(lane.domain);
  if (trouble != unroutable.end()) {
    order([&](const auto& at, Orders& orders) {
      scheduler.unroutable(lane, trouble->second, at, orders);
    });
    return;
  }
  const auto known = sites.find(lane.domain);
  delivery::NextHop hop;
  hop.key = known == sites.end() ? "mx:" + lane.domain : known->second;
  hop.hosts = {{"mx.example", 10}};
  hop.connections = receiver(hop.key).connections;
  hop.rate = receiver(hop.key).rate;
  hop.group = receiver(hop.key).group;
  hop.sources = receiver(hop.key).sources;
  order([&](const auto& at, Orders& orders) { scheduler.routed(lane, hop, 0, at, orders); });
}

void DeliveryWorld::pass(std::chrono::microseconds time, std::chrono::microseconds step) {
  run();
  const SteadyTime end = clock.steady_now() + time;
  for (;;) {
    SteadyTime next;
    order([&](const auto& at, Orders& orders) { next = scheduler.tick(at, orders); });
    run();
    end_idle();
    if (clock.steady_now() >= end) return;
    const SteadyTime last = std::min(end, clock.steady_now() + step);
    next = step > kStep ? last : std::min(next, last);
    clock.advance(std::chrono::ceil<std::chrono::microseconds>(next - clock.steady_now()));
  }
}

// Sessions ----------------------------------------------------------------------------------------

void DeliveryWorld::open(const Orders::Open& order) {
  const std::uint64_t id = next_session_++;
  Session& session = sessions_[id];
  session.site = order.site;
  session.key = order.site->hop.key;
  session.ref = {order.worker, id, order.exit};
  session.source = order.site->hop.sources[order.exit].name;
  session.began = clock.steady_now();
  if (const std::string& address = receiver(session.key).address; !address.empty()) {
    const auto parsed = net::IpAddress::parse(address);
    if (!scheduler.take_place(session.site, *parsed, now())) {
      act([this, id] { end(id, std::nullopt); });
      return;
    }
    session.place = parsed;
    std::size_t& most_to = most_open_to[address];
    most_to = std::max(most_to, open_to(address));
  }
  std::size_t& most = most_open[session.key];
  most = std::max(most, open(session.key));
  if (!receiver(session.key).hangs) {
    act([this, id] { connected(id); });
  }
}

void DeliveryWorld::connect_all() {
  for (const auto& [id, session] : sessions_) {
    if (!session.ready) act([this, number = id] { connected(number); });
  }
}

void DeliveryWorld::fail_one(const std::string& site, const delivery::Disposition& why) {
  for (const auto& [id, session] : sessions_) {
    if (session.ready || session.key != site) continue;
    act([this, number = id, why] { end(number, why); });
    return;
  }
}

void DeliveryWorld::connected(std::uint64_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.ready) return;  // it was asked for twice
  Session& session = found->second;
  if (receiver(session.key).refuses ||
      receiver(session.key).refuses_from.contains(session.source)) {
    end(id, later());
    return;
  }
  if (receiver(session.key).bars.contains(session.source)) {
    end(id, delivery::local(Outcome::Failed, {5, 7, 1}, "not from there"));
    return;
  }
  session.ready = true;
  order([&](const auto& now, Orders& orders) {
    scheduler.connection_ready(*session.site, session.ref, now, orders);
  });
  take(session);
}

void DeliveryWorld::take(Session& session) {
  session.idle_since.reset();
  order([&](const auto& at, Orders& orders) {
    session.job =
        scheduler.take(session.site, session.ref, {session.messages, session.place}, at, orders);
  });
  if (session.job && no_memory && no_memory(session.job->job)) {
    PendingJob pending = std::move(*session.job);
    session.job.reset();
    order(
        [&](const auto& at, Orders& orders) { scheduler.put_off(std::move(pending), at, orders); });
    take(session);
    return;
  }
  if (session.job) ++session.messages;
  if (!session.job) {
    session.idle_since = clock.steady_now();
    const bool leaves = scheduler.must_make_room(*session.site, session.ref, session.place);
    if (leaves && scheduler.leave_idle(*session.site, session.ref)) {
      act([this, id = session.ref.session] { end(id, std::nullopt); });
    }
  } else if (!receiver(session.key).slow) {
    act([this, id = session.ref.session] { finish(id); });
  }
}

void DeliveryWorld::finish(std::uint64_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || !found->second.job) return;  // it ended meanwhile
  Session& session = found->second;
  const PendingJob pending = std::move(*session.job);
  session.job.reset();
  if (receiver(session.key).turns_away) {
    scheduler.cut_off(pending.job);
    settle(pending, Outcome::Delayed, session.key);
    end(id, later(), true);
    return;
  }
  const Outcome outcome = reply ? reply(pending.job) : Outcome::Delivered;
  const std::size_t before = delivered.size();
  settle(pending, outcome, session.key);
  if (delivered.size() > before) delivered.back().source = session.source;
  take(session);
}

std::size_t DeliveryWorld::answer(const std::string& site) {
  std::size_t count = 0;
  for (const auto& [id, session] : sessions_) {
    if (session.key != site || !session.job) continue;
    ++count;
    act([this, number = id] { finish(number); });
  }
  run();
  return count;
}

void DeliveryWorld::end(std::uint64_t id, const std::optional<delivery::Disposition>& failure,
                        bool paid) {
  const Session session = std::move(sessions_.at(id));
  sessions_.erase(id);
  if (session.place) {
    order([&](const auto& at, Orders& orders) {
      scheduler.give_back_place(*session.place, session.ref.worker, at, orders);
    });
  }
  order([&](const auto& at, Orders& orders) {
    scheduler.connection_ended(session.site, session.ref, session.ready, failure, session.began, at,
                               orders, {}, paid);
  });
  if (!session.job) return;
  order([&](const auto& at, Orders& orders) {
    scheduler.give_back(session.site, session.ref, *session.job, at, orders);
  });
}

void DeliveryWorld::end_connections() {
  std::vector<std::uint64_t> ready;
  for (const auto& [id, session] : sessions_) {
    if (session.ready) ready.push_back(id);
  }
  for (const std::uint64_t id : ready) end(id, std::nullopt);
}

bool DeliveryWorld::ask_for_less(const std::string& site, const std::string& source) {
  const auto session = std::ranges::find_if(sessions_, [&](const auto& each) {
    return each.second.key == site && (source.empty() || each.second.source == source);
  });
  CHECK(session != sessions_.end());
  return scheduler
      .asked_for_less(session->second.site, session->second.ref, clock.steady_now(), now())
      .has_value();
}

void DeliveryWorld::end_idle() {
  std::vector<std::uint64_t> over;
  for (const auto& [id, session] : sessions_) {
    const bool idle =
        session.idle_since && (clock.steady_now() >= *session.idle_since + kIdle ||
                               scheduler.must_make_room(*session.site, session.ref, session.place));
    if (idle && scheduler.leave_idle(*session.site, session.ref)) over.push_back(id);
  }
  for (const std::uint64_t id : over) end(id, std::nullopt);
  run();
}

// What is seen ------------------------------------------------------------------------------------

std::size_t DeliveryWorld::held() const {
  std::size_t count = in_actions_;
  for (const auto& [id, session] : sessions_) count += session.job ? 1 : 0;
  return count;
}

std::size_t DeliveryWorld::open(const std::string& site) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(sessions_, [&](const auto& each) { return each.second.key == site; }));
}

std::size_t DeliveryWorld::open_to(const std::string& address) const {
  return static_cast<std::size_t>(std::ranges::count_if(sessions_, [&](const auto& each) {
    return each.second.place == net::IpAddress::parse(address);
  }));
}

std::size_t DeliveryWorld::open_from(const std::string& source) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      sessions_, [&](const auto& each) { return each.second.source == source; }));
}

std::size_t DeliveryWorld::sent_from(const std::string& source) const {
  return static_cast<std::size_t>(std::ranges::count(delivered, source, &Delivered::source));
}

std::size_t DeliveryWorld::attempts(const queue::Job& job) const {
  const auto stored = store.job(job.ref);
  CHECK(stored && *stored);
  return (*stored)->attempts;
}

std::size_t DeliveryWorld::count(const std::string& account) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      delivered, [&](const Delivered& each) { return each.lane.account == account; }));
}

}  // namespace signpost::test
