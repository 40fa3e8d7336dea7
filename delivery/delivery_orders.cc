// How Delivery carries out the scheduler's orders.
#include "delivery/delivery.h"
#include "delivery/message_age.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace signpost::delivery {

namespace {

constexpr std::size_t kOverdueRows = 4096;       // examined per page
constexpr std::size_t kOverdueJobs = 256;        // settled per search
constexpr std::uint64_t kMostCounted = 100'000;  // jobs that wait for a site
constexpr std::chrono::seconds kLookAgain{1};    // when there may be more overdue jobs

// The index knows when a job was accepted, but not when its sender wanted it sent and delivered.
// One whose envelope cannot be read is left to those who report that.
bool is_overdue(const queue::Store& store, const queue::Job& job, const queue::RetrySchedule& retry,
                SystemTime now) {
  const auto envelope = store.envelope(job.ref.id);
  if (!envelope) return true;
  return now >= give_up_time(*envelope, retry) || notice_due(*envelope, job, retry, now);
}

// Beyond the time of the read there are jobs that were put off while the clock was ahead, and jobs
// that their senders want sent later (RFC 4865). The latter stay where they are, and the lane is
// read again when the first of them is due.
void leave_scheduled(queue::Store& store, SystemTime now, queue::ClaimedJobs& page) {
  std::optional<SystemTime> first;
  std::erase_if(page.jobs, [&](const queue::Job& job) {
    if (job.attempts > 0 || job.due <= now) return false;
    const auto envelope = store.envelope(job.ref.id);
    if (!envelope || envelope->release <= now) return false;
    store.claims().release(job.ref);
    first = std::min(first.value_or(job.due), job.due);
    return true;
  });
  if (!first) return;
  page.due = std::min(page.due.value_or(*first), *first);
  page.end = true;
}

}  // namespace

void Delivery::carry_out(Orders orders) {
  if (orders.empty()) return;
  for (queue::Lane& lane : orders.look_up) look_up(std::move(lane));
  for (Orders::Open& order : orders.open) {
    ConnectionShares::Connection connection{std::move(order.site), order.exit,
                                            std::move(order.account)};
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
  for (Orders::Away& away : orders.away) report_away(std::move(away));
  for (Orders::Back& back : orders.back) report_back(std::move(back));
  for (const std::string& site : orders.resumed) {
    context_.events.emit(relay::events::SiteResumed{.site = site});
  }
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
                      const bool is_news = !shared_.name_service.is_down();
                      shared_.scheduler.unroutable(name, found.error(), now(), orders, is_news);
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
      [&store = context_.store, &counts = shared_.counts, reading,
       schedule_now = context_.clock.schedule_now()] {
        for (const Orders::Read& order : reading->reads) {
          auto page = store.claim_due(order.lane, order.from, order.until, order.limit);
          if (!page) {
            log::emit(relay::events::QueueUnreadable{.detail = page.error().detail});
            reading->pages.emplace_back();
            continue;
          }
          if (order.until > schedule_now) leave_scheduled(store, schedule_now, *page);
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

// A lane that cannot be served is not read, but its mail ages: notices of delay are sent, and mail
// that has expired is given up, with the reason for the wait.
void Delivery::look_for_overdue(Orders::Overdue overdue) {
  struct Look {
    Orders::Overdue order;
    std::vector<queue::Job> jobs;
    std::vector<queue::JobRef> claimed;  // by others: they wait in a line, or are being delivered
  };
  auto look = std::make_shared<Look>();
  look->order = std::move(overdue);
  const queue::RetrySchedule retry = context_.settings->retry;
  const SystemTime system = context_.clock.system_now();
  struct Question {
    SystemTime accepted_until;
    bool notified;
  };
  std::vector<Question> questions{{system - retry.expire, true}};
  if (retry.delay_notice.count() > 0) questions.push_back({system - retry.delay_notice, false});
  context_.loop.run_blocking(
      [&store = context_.store, &counts = shared_.counts, look, retry, system,
       questions = std::move(questions)] {
        for (const Question& question : questions) {
          queue::LanePosition from;
          for (bool end = false; !end && look->jobs.size() + look->claimed.size() < kOverdueJobs;) {
            auto page = store.overdue(look->order.lane, from, look->order.until,
                                      question.accepted_until, question.notified, kOverdueRows);
            if (!page) break;
            for (const queue::JobRef& ref : page->jobs) {
              auto job = store.claim(ref);
              if (!job) continue;
              if (!*job) {
                auto stored = store.job(ref);
                if (stored && *stored && is_overdue(store, **stored, retry, system)) {
                  look->claimed.push_back(ref);
                }
                continue;
              }
              const bool held = (*job)->state == queue::JobState::Held;  // since the index was read
              if (held || !is_overdue(store, **job, retry, system)) {
                store.claims().release(ref);
                continue;
              }
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
        const bool more = look->jobs.size() + look->claimed.size() >= kOverdueJobs;
        for (queue::Job& job : look->jobs) {
          settler_.settle_untaken({std::move(job), nullptr}, look->order.why, facts);
        }
        auto waiting =
            shared_.scheduler.withdraw(look->order.lane, std::exchange(look->claimed, {}));
        const bool progress = !look->jobs.empty() || !waiting.empty();
        for (PendingJob& job : waiting) {
          settler_.settle_untaken(std::move(job), look->order.why, facts);
        }
        look->jobs.clear();
        if (!more || !progress) return;
        // There may be thousands more: a lane is down and all its mail has expired.
        context_.timers.after(kLookAgain,
                              [this, look] { look_for_overdue(std::move(look->order)); });
      });
}

// In the store, which has it all: no more of it is read than the index.
void Delivery::count_jobs(std::vector<queue::Lane> lanes, std::function<void(std::uint64_t)> then) {
  auto count = std::make_shared<std::uint64_t>(0);
  context_.loop.run_blocking(
      [&store = context_.store, lanes = std::move(lanes), count] {
        constexpr SystemTime kAny = SystemTime::max() - std::chrono::hours(1);
        for (const queue::Lane& lane : lanes) {
          queue::LanePosition from;
          for (bool end = false; !end && *count < kMostCounted;) {
            const auto page = store.overdue(lane, from, kAny, kAny, true, kOverdueRows);
            if (!page) break;
            *count += page->jobs.size();
            end = page->end;
            from = page->next;
          }
        }
      },
      [count, then = std::move(then)] { then(*count); });
}

void Delivery::report_away(Orders::Away away) {
  auto lanes = away.lanes;
  count_jobs(std::move(lanes), [this, away = std::move(away)](std::uint64_t jobs) {
    context_.events.emit(relay::events::SiteDown{
        .site = away.site,
        .domain = away.lanes.empty() ? std::string_view() : away.lanes.front().domain,
        .mx = away.facts.mx,
        .address = away.facts.address,
        .reply = away.why.reply.one_line(),
        .jobs = jobs});
  });
}

void Delivery::report_back(Orders::Back back) {
  auto lanes = std::move(back.lanes);
  count_jobs(std::move(lanes), [this, back = std::move(back)](std::uint64_t jobs) {
    context_.events.emit(relay::events::SiteUp{
        .site = back.site, .seconds = back.after.count(), .attempts = back.attempts, .jobs = jobs});
  });
}

// Jobs tried again since, or changed by an operator, keep their time.
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

}  // namespace signpost::delivery
