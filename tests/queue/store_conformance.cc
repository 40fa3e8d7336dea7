#include "tests/queue/store_conformance.h"

#include "tests/queue/samples.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace signpost::queue {

using namespace std::chrono_literals;
using samples::deferred;
using samples::enqueue;
using samples::held;
using samples::id_at;
using samples::job;
using samples::kNoon;
using samples::message;
using samples::next_revision;
using samples::remove;
using samples::replace;

namespace {

const Lane kLane{"domain0.example", "shop", ""};  // of job(id)

MessageId id(int n) { return id_at(kNoon + std::chrono::microseconds(n)); }

std::vector<JobRef> refs_of(const std::vector<Job>& jobs) {
  std::vector<JobRef> refs;
  for (const Job& each : jobs) refs.push_back(each.ref);
  return refs;
}

using Refs = std::vector<JobRef>;

AddressPattern to(std::string_view text) { return AddressPattern::parse(text).value(); }
LoginPattern login(std::string_view text) { return LoginPattern::parse(text).value(); }

}  // namespace

void StoreConformance::apply(const Change& change) {
  const auto done = samples::apply(store(), change);
  ASSERT_TRUE(done) << done.error().detail;
}

void StoreConformance::apply_group(const std::vector<Change>& changes) {
  std::vector<const Change*> group;
  for (const Change& change : changes) group.push_back(&change);
  const auto done = store().apply(group);
  ASSERT_TRUE(done) << done.error().detail;
}

std::vector<JobRef> StoreConformance::list(const JobFilter& filter, std::size_t limit) {
  std::vector<JobRef> refs;
  Cursor cursor;
  for (;;) {
    auto page = store().jobs(filter, cursor, limit);
    EXPECT_TRUE(page);
    if (!page) return refs;
    EXPECT_LE(page->jobs.size(), limit);
    for (const QueuedJob& each : page->jobs) {
      EXPECT_EQ(each.envelope.id, each.job.ref.id);
      refs.push_back(each.job.ref);
    }
    if (page->end) return refs;
    EXPECT_NE(page->next, cursor) << "the listing does not move on";
    if (page->next == cursor) return refs;
    cursor = page->next;
  }
}

std::vector<WaitingLane> StoreConformance::lanes(std::size_t limit) {
  std::vector<WaitingLane> all;
  Cursor cursor;
  for (;;) {
    auto page = store().lanes(cursor, limit);
    EXPECT_TRUE(page);
    if (!page) return all;
    EXPECT_LE(page->lanes.size(), limit);
    all.insert(all.end(), page->lanes.begin(), page->lanes.end());
    if (page->end) return all;
    EXPECT_NE(page->next, cursor) << "the listing does not move on";
    if (page->next == cursor) return all;
    cursor = page->next;
  }
}

std::vector<Job> StoreConformance::due(const Lane& lane, SystemTime until) {
  auto claimed = store().claim_due(lane, {}, until, 1000);
  EXPECT_TRUE(claimed);
  if (!claimed) return {};
  EXPECT_TRUE(claimed->end);
  for (const Job& each : claimed->jobs) store().claims().release(each.ref);
  return claimed->jobs;
}

// Messages ----------------------------------------------------------------------------------------

TEST_P(StoreConformance, WhatWasStoredIsReadAgain) {
  const auto sent = message(id(1), 4'500, 2);
  const std::vector<Job> jobs{job(id(1), 0), deferred(job(id(1), 1), kNoon + 1h)};
  apply(enqueue(sent, jobs));
  for (int pass = 0; pass < 2; ++pass) {
    const auto envelope = store().envelope(id(1));
    ASSERT_TRUE(envelope) << envelope.error().detail;
    EXPECT_EQ(*envelope, sent->envelope);
    EXPECT_EQ(store().content(id(1)).value(), sent->content);
    EXPECT_EQ(store().jobs_of(id(1)).value(), jobs);
    EXPECT_EQ(store().job(jobs[1].ref).value(), jobs[1]);
    reopen();
  }
}

TEST_P(StoreConformance, UnknownMessageIsNotFound) {
  apply(enqueue(id(2)));
  EXPECT_EQ(store().envelope(id(1)).error().code, Errc::NotFound);
  EXPECT_EQ(store().content(id(1)).error().code, Errc::NotFound);
  EXPECT_TRUE(store().jobs_of(id(1)).value().empty());
  EXPECT_EQ(store().job({id(1), 0, 0}).value(), std::nullopt);
  EXPECT_EQ(store().job({id(2), 1, 0}).value(), std::nullopt);
}

TEST_P(StoreConformance, GroupOfChangesIsApplied) {
  std::vector<Change> changes;
  for (int i = 0; i < 100; ++i) changes.push_back(enqueue(id(i), 2, 3'000));
  apply_group(changes);
  EXPECT_EQ(store().totals().ready, 200U);
  EXPECT_EQ(store().content(id(99)).value(), samples::content_of(id(99), 3'000));
}

TEST_P(StoreConformance, MessageStaysUntilItsLastJobGoes) {
  apply(enqueue(id(1), 3, 4'500));
  apply(remove(job(id(1), 1)));
  EXPECT_TRUE(store().content(id(1)));
  reopen();
  apply(remove(job(id(1), 0)));
  EXPECT_TRUE(store().content(id(1)));
  EXPECT_EQ(store().jobs_of(id(1)).value(), std::vector<Job>{job(id(1), 2)});
  apply(remove(job(id(1), 2)));
  EXPECT_EQ(store().content(id(1)).error().code, Errc::NotFound);
  EXPECT_EQ(store().envelope(id(1)).error().code, Errc::NotFound);
}

TEST_P(StoreConformance, LastJobsRemovedByOneGroupTakeTheMessageWithThem) {
  for (const bool forget : {false, true}) {
    apply(enqueue(id(1), 3));
    if (forget) reopen();
    apply_group({remove(job(id(1), 2)), remove(job(id(1), 0)), remove(job(id(1), 1))});
    EXPECT_EQ(store().envelope(id(1)).error().code, Errc::NotFound);
    EXPECT_TRUE(lanes().empty());
  }
}

TEST_P(StoreConformance, MessageThatComesAndGoesInOneGroupLeavesNothing) {
  apply_group({enqueue(id(1), 2), remove(job(id(1), 0)), remove(job(id(1), 1))});
  EXPECT_EQ(store().envelope(id(1)).error().code, Errc::NotFound);
  EXPECT_EQ(store().totals().ready, 0U);
  EXPECT_TRUE(lanes().empty());
}

TEST_P(StoreConformance, JobHasOneStoredVersion) {
  apply(enqueue(id(1)));
  Job before = job(id(1));
  for (int i = 0; i < 10; ++i) {
    const Job after = deferred(next_revision(before), kNoon + std::chrono::minutes(i));
    apply(replace(before, after));
    EXPECT_EQ(store().jobs_of(id(1)).value(), std::vector<Job>{after});
    EXPECT_EQ(store().job({id(1), 0, 0}).value(), after);
    EXPECT_EQ(due(kLane, kNoon + 10h), std::vector<Job>{after});
    if (i % 4 == 0) reopen();
    before = after;
  }
}

TEST_P(StoreConformance, NotificationIsStoredWithTheRemovalItReports) {
  apply(enqueue(id(1)));
  Change bounce = remove(job(id(1)));
  bounce.enqueued.push_back({message(id(2)), {job(id(2))}});
  apply(bounce);
  reopen();
  EXPECT_FALSE(store().envelope(id(1)));
  EXPECT_TRUE(store().envelope(id(2)));
  EXPECT_EQ(store().totals().ready, 1U);
}

TEST_P(StoreConformance, ChangeThatComesTwiceChangesNothing) {
  apply(enqueue(id(1), 2));
  apply(remove(job(id(1), 0)));
  apply(remove(job(id(1), 0)));
  EXPECT_TRUE(store().content(id(1)));
  const Job after = deferred(next_revision(job(id(1), 1)), kNoon);
  apply(replace(job(id(1), 1), after));
  apply(replace(job(id(1), 1), after));
  apply(remove(job(id(1), 1)));  // no longer what is stored
  EXPECT_EQ(store().jobs_of(id(1)).value(), std::vector<Job>{after});
  EXPECT_EQ(store().totals().deferred, 1U);
  EXPECT_EQ(lanes().size(), 1U);
  apply_group({remove(after), remove(after)});
  EXPECT_EQ(store().totals().deferred, 0U);
  EXPECT_TRUE(lanes().empty());
}

// Waiting jobs ------------------------------------------------------------------------------------

TEST_P(StoreConformance, JobsOfALaneComeByDueTimeThenByName) {
  Refs expected;
  for (int i = 0; i < 9; ++i) {
    // Later messages are due earlier; three at a time are due together.
    const Job each = deferred(job(id(i)), kNoon - std::chrono::seconds(i / 3));
    apply(enqueue(message(id(i)), {each}));
  }
  for (const int i : {6, 7, 8, 3, 4, 5, 0, 1, 2}) expected.push_back(job(id(i)).ref);
  EXPECT_EQ(refs_of(due(kLane, kNoon)), expected);
  reopen();
  EXPECT_EQ(refs_of(due(kLane, kNoon)), expected);
}

TEST_P(StoreConformance, ReadyJobsWaitFromTheirAcceptanceOn) {
  apply(enqueue(id(1)));
  EXPECT_TRUE(due(kLane, kNoon).empty());
  EXPECT_EQ(due(kLane, kNoon + 1us), std::vector<Job>{job(id(1))});
}

TEST_P(StoreConformance, DueTimeItselfIsDueAndTheNextMicrosecondIsNot) {
  apply(enqueue(message(id(1)), {deferred(job(id(1)), kNoon)}));
  EXPECT_TRUE(due(kLane, kNoon - 1us).empty());
  EXPECT_EQ(due(kLane, kNoon).size(), 1U);
  EXPECT_EQ(due(kLane, SystemTime::max()).size(), 1U);
}

TEST_P(StoreConformance, HeldJobsDoNotWait) {
  apply(enqueue(message(id(1)), {held(job(id(1)))}));
  EXPECT_TRUE(lanes().empty());
  EXPECT_TRUE(due(kLane, SystemTime::max()).empty());
  EXPECT_EQ(store().totals().held, 1U);
  Job released = next_revision(job(id(1)));
  apply(replace(held(job(id(1))), released));
  EXPECT_EQ(due(kLane, kNoon + 1h), std::vector<Job>{released});
  apply(replace(released, held(next_revision(released))));
  EXPECT_TRUE(lanes().empty());
}

TEST_P(StoreConformance, LaneIsTakenAPieceAtATime) {
  for (int i = 0; i < 25; ++i) apply(enqueue(id(i)));
  apply(enqueue(message(id(30)), {deferred(job(id(30)), kNoon + 1h)}));
  LanePosition from;
  Refs seen;
  for (int piece = 0; piece < 3; ++piece) {
    const auto claimed = store().claim_due(kLane, from, kNoon + 1s, 10);
    ASSERT_TRUE(claimed);
    EXPECT_EQ(claimed->jobs.size(), piece < 2 ? 10U : 5U);
    EXPECT_EQ(claimed->end, piece == 2);
    EXPECT_EQ(claimed->due,
              piece < 2 ? kNoon + std::chrono::microseconds(10 * (piece + 1)) : kNoon + 1h);
    for (const Job& each : claimed->jobs) {
      EXPECT_LT(position_of(each), claimed->next);
      EXPECT_TRUE(store().claims().contains(each.ref));
      seen.push_back(each.ref);
    }
    from = claimed->next;
  }
  EXPECT_EQ(seen.size(), 25U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  // The end of what is due: later acceptances lie after it, late ones before it.
  EXPECT_EQ(from, (LanePosition{kNoon + 1s + 1us, {}}));
  const auto rest = store().claim_due(kLane, from, kNoon + 1s, 10);
  ASSERT_TRUE(rest);
  EXPECT_TRUE(rest->jobs.empty() && rest->end);
  EXPECT_EQ(rest->due, kNoon + 1h);
  EXPECT_EQ(rest->next, from);
}

TEST_P(StoreConformance, LimitThatTheLastDueJobMeetsIsTheEnd) {
  apply(enqueue(id(1)));
  const auto claimed = store().claim_due(kLane, {}, kNoon + 1s, 1);
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->jobs.size(), 1U);
  EXPECT_TRUE(claimed->end);
  EXPECT_EQ(claimed->due, std::nullopt);
}

TEST_P(StoreConformance, UnknownLaneIsEmpty) {
  apply(enqueue(id(1)));
  const auto claimed = store().claim_due({"domain0.example", "sho", ""}, {}, kNoon + 1h, 10);
  ASSERT_TRUE(claimed);
  EXPECT_TRUE(claimed->jobs.empty() && claimed->end);
  EXPECT_EQ(claimed->due, std::nullopt);
}

TEST_P(StoreConformance, JobMayMoveToAnotherLane) {
  apply(enqueue(id(1)));
  Job after = next_revision(job(id(1)));
  after.lane.route = "smtp://[192.0.2.1]:25";
  apply(replace(job(id(1)), after));
  EXPECT_TRUE(due(kLane, kNoon + 1h).empty());
  EXPECT_EQ(due(after.lane, kNoon + 1h), std::vector<Job>{after});
  EXPECT_EQ(lanes().size(), 1U);
}

TEST_P(StoreConformance, CountsTheWaitingJobsOfEachLaneInPagesOfAnySize) {
  Lane other = kLane;
  other.domain = "zz.example";
  for (int i = 0; i < 7; ++i) apply(enqueue(id(i)));
  for (int i = 0; i < 2; ++i) {
    Job after = next_revision(job(id(i)));
    after.lane = other;
    apply(replace(job(id(i)), after));
  }
  Job held = next_revision(job(id(2)));
  held.state = JobState::Held;
  apply(replace(job(id(2)), held));
  for (const std::size_t limit : {1U, 2U, 3U, 100U}) {
    std::map<Lane, std::uint64_t> counts;
    Cursor cursor;
    for (bool end = false; !end;) {
      const auto page = store().count_waiting(cursor, limit);
      ASSERT_TRUE(page);
      for (const auto& [lane, jobs] : page->lanes) counts[lane] += jobs;
      ASSERT_TRUE(page->end || page->next != cursor) << "the count does not move on";
      end = page->end;
      cursor = page->next;
    }
    EXPECT_EQ(counts, (std::map<Lane, std::uint64_t>{{kLane, 4}, {other, 2}}));
  }
}

// Claims ------------------------------------------------------------------------------------------

TEST_P(StoreConformance, ClaimedJobsAreSkipped) {
  for (int i = 0; i < 5; ++i) apply(enqueue(id(i)));
  ASSERT_TRUE(store().claims().take(job(id(0)).ref));
  ASSERT_TRUE(store().claims().take(job(id(3)).ref));
  const auto claimed = store().claim_due(kLane, {}, kNoon + 1s, 3);
  ASSERT_TRUE(claimed);
  EXPECT_EQ(refs_of(claimed->jobs), (Refs{job(id(1)).ref, job(id(2)).ref, job(id(4)).ref}));
  EXPECT_EQ(store().claims().size(), 5U);
  store().claims().release(job(id(3)).ref);
  EXPECT_EQ(refs_of(due(kLane, kNoon + 1s)), Refs{job(id(3)).ref});
}

TEST_P(StoreConformance, ClaimGivesTheStoredVersion) {
  apply(enqueue(id(1)));
  const Job after = deferred(next_revision(job(id(1))), kNoon + 1h);
  apply(replace(job(id(1)), after));
  EXPECT_EQ(store().claim(job(id(1)).ref).value(), after);  // an older revision names it too
  EXPECT_EQ(store().claim(job(id(1)).ref).value(), std::nullopt);
  EXPECT_EQ(store().claims().size(), 1U);
}

TEST_P(StoreConformance, ClaimOfAMissingJobLeavesNoClaim) {
  apply(enqueue(id(1)));
  EXPECT_EQ(store().claim({id(2), 0, 0}).value(), std::nullopt);
  EXPECT_EQ(store().claim({id(1), 1, 0}).value(), std::nullopt);
  EXPECT_EQ(store().claims().size(), 0U);
}

TEST_P(StoreConformance, JobIsClaimedByOneOfManyThreads) {
  constexpr int kJobs = 500;
  std::vector<Change> changes;
  for (int i = 0; i < kJobs; ++i) changes.push_back(enqueue(id(i)));
  apply_group(changes);
  std::mutex mutex;
  std::map<JobRef, int> taken;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      LanePosition from;
      for (bool end = false; !end;) {
        const auto claimed = store().claim_due(kLane, from, kNoon + 1s, 7);
        if (!claimed) return;
        const std::lock_guard lock(mutex);
        for (const Job& each : claimed->jobs) ++taken[each.ref];
        from = claimed->next;
        end = claimed->end;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(taken.size(), static_cast<std::size_t>(kJobs));
  for (const auto& [ref, times] : taken) EXPECT_EQ(times, 1);
}

// One thread rewrites and removes jobs as their holder, others claim what is due: nobody gets a
// version that is not the stored one.
TEST_P(StoreConformance, NoStaleVersionIsHandedOut) {
  constexpr int kJobs = 20;
  std::vector<Change> changes;
  for (int i = 0; i < kJobs; ++i) changes.push_back(enqueue(id(i)));
  apply_group(changes);
  std::atomic<bool> done{false};
  std::atomic<int> stale{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!done) {
        const auto claimed = store().claim_due(kLane, {}, kNoon + 1h, 5);
        if (!claimed) continue;
        for (const Job& each : claimed->jobs) {
          const auto stored = store().job(each.ref);
          if (!stored || *stored != each) ++stale;
          store().claims().release(each.ref);
        }
      }
    });
  }
  for (int round = 1; round <= 6; ++round) {
    for (int i = 0; i < kJobs; ++i) {
      Result<std::optional<Job>> mine = std::nullopt;
      while (mine && !*mine) {
        std::this_thread::yield();
        mine = store().claim({id(i), 0, 0});
      }
      ASSERT_TRUE(mine);
      if (round == 6) {
        apply(remove(**mine));
      } else {
        apply(replace(**mine, deferred(next_revision(**mine), kNoon - std::chrono::hours(round))));
      }
      store().claims().release((*mine)->ref);
    }
  }
  done = true;
  for (std::thread& each : readers) each.join();
  EXPECT_EQ(stale, 0);
  EXPECT_EQ(store().claims().size(), 0U);
  EXPECT_TRUE(lanes().empty());
}

// Lanes -------------------------------------------------------------------------------------------

std::vector<Lane> names_of(const std::vector<WaitingLane>& all) {
  std::vector<Lane> names;
  for (const WaitingLane& each : all) names.push_back(each.lane);
  std::ranges::sort(names);
  return names;
}

TEST_P(StoreConformance, LanesAreDistinguishedWhateverTheirNames) {
  std::vector<Lane> expected{{"a.example", "b", "c"},   {"a.example", "bc", ""},
                             {"a.example", "", "bc"},   {"a.exampleb", "c", ""},
                             {"a.example", "b", ""},    {"a.example", "", ""},
                             {"", "a.example", "b"},    {"\xc3\xa4.example", "\xff\xff", "\xff"},
                             {"a.example", "@b", ""},   {"a.example", "b", "c\x02"},
                             {"a.example", "b", "", 1}, {"a.example", "b", "", -9},
                             {"a.example", "b", "c", 9}};
  int n = 0;
  for (const Lane& lane : expected) {
    for (int i = 0; i < 12; ++i) {
      Job each = deferred(job(id(++n)), kNoon + std::chrono::seconds(n));
      each.lane = lane;
      apply(enqueue(message(id(n)), {each}));
    }
  }
  std::ranges::sort(expected);
  for (const std::size_t limit : {1U, 3U, 100U}) EXPECT_EQ(names_of(lanes(limit)), expected);
  reopen();
  EXPECT_EQ(names_of(lanes()), expected);
  for (const Lane& lane : expected) {
    const auto jobs = due(lane, kNoon + 1h);
    EXPECT_EQ(jobs.size(), 12U);
    for (const Job& each : jobs) EXPECT_EQ(each.lane, lane);
  }
}

TEST_P(StoreConformance, ALaneKnowsWhenItsFirstJobIsDue) {
  for (const int i : {2, 1, 3}) {
    apply(enqueue(message(id(i)), {deferred(job(id(i)), kNoon + std::chrono::hours(i))}));
  }
  ASSERT_EQ(lanes().size(), 1U);
  EXPECT_EQ(lanes()[0].lane, kLane);
  EXPECT_EQ(lanes()[0].due, kNoon + 1h);
  apply(remove(deferred(job(id(1)), kNoon + 1h)));
  ASSERT_EQ(lanes().size(), 1U);
  EXPECT_EQ(lanes()[0].due, kNoon + 2h);
}

TEST_P(StoreConformance, ListingOfLanesContinuesWhenThePreviousLaneIsGone) {
  apply(enqueue(id(1), 3));  // domain0.example … domain2.example
  const auto first = store().lanes({}, 1);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->lanes.size(), 1U);
  EXPECT_FALSE(first->end);
  for (std::uint16_t i = 0; i < 3; ++i) {
    if (job(id(1), i).lane == first->lanes[0].lane) apply(remove(job(id(1), i)));
  }
  const auto rest = store().lanes(first->next, 10);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->lanes.size(), 2U);
  EXPECT_TRUE(rest->end);
}

// Overdue -----------------------------------------------------------------------------------------

TEST_P(StoreConformance, OverdueJobsAreThoseOldAndDueEnough) {
  for (int i = 0; i < 6; ++i) {
    apply(enqueue(message(id(i)), {deferred(job(id(i)), kNoon + std::chrono::hours(i))}));
  }
  // Due until 4 h, accepted until the third.
  const auto found = store().overdue(kLane, {}, kNoon + 4h, id(2).time(), true, 100);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->jobs, (Refs{job(id(0)).ref, job(id(1)).ref, job(id(2)).ref}));
  EXPECT_TRUE(found->end);
  const auto early = store().overdue(kLane, {}, kNoon + 1h, SystemTime::max(), true, 100);
  ASSERT_TRUE(early);
  EXPECT_EQ(early->jobs, (Refs{job(id(0)).ref, job(id(1)).ref}));
  EXPECT_EQ(store().claims().size(), 0U);
}

TEST_P(StoreConformance, OverdueLeavesOutWhoseSenderKnows) {
  Job notified = deferred(job(id(1)), kNoon);
  notified.delay_notified = true;
  apply(enqueue(message(id(1)), {notified}));
  apply(enqueue(message(id(2)), {deferred(job(id(2)), kNoon)}));
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(store().overdue(kLane, {}, kNoon, kNoon + 1h, false, 100).value().jobs,
              Refs{job(id(2)).ref});
    EXPECT_EQ(store().overdue(kLane, {}, kNoon, kNoon + 1h, true, 100).value().jobs,
              (Refs{job(id(1)).ref, job(id(2)).ref}));
    reopen();
  }
}

TEST_P(StoreConformance, OverdueHasThoseWithADeadlineWhateverTheirAge) {
  Job urgent = deferred(job(id(2)), kNoon);
  urgent.deadline = true;
  urgent.delay_notified = true;
  apply(enqueue(message(id(1)), {deferred(job(id(1)), kNoon)}));
  apply(enqueue(message(id(2)), {urgent}));
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(store().overdue(kLane, {}, kNoon, id(0).time(), true, 100).value().jobs,
              Refs{urgent.ref});
    EXPECT_TRUE(store().overdue(kLane, {}, kNoon, id(0).time(), false, 100).value().jobs.empty());
    EXPECT_TRUE(store().overdue(kLane, {}, kNoon - 1us, id(0).time(), true, 100)->jobs.empty());
    reopen();
  }
}

TEST_P(StoreConformance, OverdueExaminesALimitedNumberOfRows) {
  for (int i = 0; i < 10; ++i) apply(enqueue(id(i)));
  LanePosition from;
  Refs found;
  int pages = 0;
  for (bool end = false; !end; ++pages) {
    const auto page = store().overdue(kLane, from, kNoon + 1h, id(6).time(), true, 4);
    ASSERT_TRUE(page);
    ASSERT_LE(page->jobs.size(), 4U);
    found.insert(found.end(), page->jobs.begin(), page->jobs.end());
    from = page->next;
    end = page->end;
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(found.size(), 7U);
}

// Listings ----------------------------------------------------------------------------------------

TEST_P(StoreConformance, JobsAreListedInTheOrderOfAcceptance) {
  for (int i = 6; i >= 0; --i) apply(enqueue(id(i), 3));
  for (const std::size_t limit : {1U, 4U, 100U}) {
    const Refs all = list({}, limit);
    EXPECT_EQ(all.size(), 21U);
    EXPECT_TRUE(std::ranges::is_sorted(all));
  }
}

TEST_P(StoreConformance, ListingContinuesAfterRemovedJobs) {
  for (int i = 0; i < 4; ++i) apply(enqueue(id(i)));
  const auto first = store().jobs({}, {}, 2);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->jobs.size(), 2U);
  for (int i = 0; i < 3; ++i) apply(remove(job(id(i))));
  const auto rest = store().jobs({}, first->next, 10);
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->jobs.size(), 1U);
  EXPECT_EQ(rest->jobs[0].job, job(id(3)));
  EXPECT_TRUE(rest->end);
}

// Whoever changes one page after the other sees each job once.
TEST_P(StoreConformance, ListingGoesOnBehindWhatIsRewrittenMeanwhile) {
  for (int i = 0; i < 4; ++i) apply(enqueue(id(i)));
  const auto first = store().jobs({}, {}, 2);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->jobs.size(), 2U);
  for (int i = 0; i < 2; ++i)
    apply(replace(job(id(i)), deferred(next_revision(job(id(i))), kNoon)));
  const auto rest = store().jobs({}, first->next, 10);
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->jobs.size(), 2U);
  EXPECT_EQ(rest->jobs[0].job, job(id(2)));
  EXPECT_TRUE(rest->end);
}

TEST_P(StoreConformance, ListingEndsWithTheMessageThatIsTheLast) {
  for (int i = 0; i < 4; ++i) apply(enqueue(id(i), 2));
  const auto of = [](int n, std::uint16_t number) { return JobRef{id(n), number, 0}; };
  EXPECT_EQ(list({.until = id(1)}), (Refs{of(0, 0), of(0, 1), of(1, 0), of(1, 1)}));
  EXPECT_EQ(list({.until = id(1)}, 3), (Refs{of(0, 0), of(0, 1), of(1, 0), of(1, 1)}));
  EXPECT_EQ(list({.id = id(1), .until = id(0)}), Refs{});
}

TEST_P(StoreConformance, FilterMeansAllItsMembers) {
  auto other = std::make_shared<Message>(*message(id(2), 300, 2));
  other->envelope.reverse_path = smtp::Mailbox::from_text("Other@Example.COM");
  other->envelope.login = "billing";
  auto null_path = std::make_shared<Message>(*message(id(3)));
  null_path->envelope.reverse_path.reset();
  null_path->envelope.login = "";
  Job someone = job(id(2), 1);
  someone.lane.account = "billing";
  someone.recipients.push_back({smtp::Mailbox::from_text("Some.One@domain1.example"), {}, ""});
  Job bounce = deferred(job(id(3)), kNoon);
  bounce.lane.account = "@";
  apply(enqueue(id(1), 2));
  apply(enqueue(other, {held(job(id(2), 0)), someone}));
  apply(enqueue(null_path, {bounce}));

  const auto of = [](int n, std::uint16_t number) { return JobRef{id(n), number, 0}; };
  EXPECT_EQ(list({}).size(), 5U);
  EXPECT_EQ(list({.id = id(2)}), (Refs{of(2, 0), of(2, 1)}));
  EXPECT_EQ(list({.id = id(9)}), Refs{});
  EXPECT_EQ(list({.to = to("DOMAIN1.example")}), (Refs{of(1, 1), of(2, 1)}));
  EXPECT_EQ(list({.to = to("omain1.example")}), Refs{});
  EXPECT_EQ(list({.to = to("some.one@DOMAIN1.example")}), Refs{of(2, 1)});
  EXPECT_EQ(list({.to = to("one@domain1.example")}), Refs{});
  EXPECT_EQ(list({.login = login("shop")}), (Refs{of(1, 0), of(1, 1)}));
  EXPECT_EQ(list({.login = login("sho")}), Refs{});
  EXPECT_EQ(list({.login = login("s*p")}), (Refs{of(1, 0), of(1, 1)}));
  EXPECT_EQ(list({.login = login("*")}), (Refs{of(1, 0), of(1, 1), of(2, 0), of(2, 1)}));
  EXPECT_EQ(list({.to = to("*main1.*")}), (Refs{of(1, 1), of(2, 1)}));
  EXPECT_EQ(list({.to = to("some.*@*.example")}), Refs{of(2, 1)});
  EXPECT_EQ(list({.from = to("*")}).size(), 4U);
  EXPECT_EQ(list({.from = to("@*.com")}).size(), list({.from = to("*@example.com")}).size());
  EXPECT_EQ(list({.from = to("other@example.com")}), (Refs{of(2, 0), of(2, 1)}));
  EXPECT_EQ(list({.from_null = true}), Refs{of(3, 0)});
  EXPECT_EQ(list({.state = JobState::Held}), Refs{of(2, 0)});
  EXPECT_EQ(list({.state = JobState::Deferred}), Refs{of(3, 0)});
  EXPECT_EQ(
      list({.to = to("domain1.example"), .login = login("billing"), .state = JobState::Ready}),
      Refs{of(2, 1)});
  EXPECT_EQ(list({.id = id(1), .state = JobState::Held}), Refs{});
  EXPECT_EQ(list({.to = to("domain1.example")}, 1), (Refs{of(1, 1), of(2, 1)}));
}

TEST_P(StoreConformance, ADomainIsFoundInALabelsHoweverItIsStored) {
  Job now = job(id(1));
  now.lane.domain = "xn--bcher-kva.example";
  now.recipients = {{smtp::Mailbox::from_text("a@xn--bcher-kva.example"), {}, ""}};
  Job former = job(id(2));  // of a former version
  former.lane.domain = "bücher.example";
  former.recipients = {{smtp::Mailbox::from_text("a@bücher.example"), {}, ""}};
  apply(enqueue(message(id(1)), {now}));
  apply(enqueue(message(id(2)), {former}));
  EXPECT_EQ(list({.to = to("xn--bcher-kva.example")}), (Refs{now.ref, former.ref}));
  EXPECT_EQ(list({.to = to("a@xn--bcher-kva.example")}), (Refs{now.ref, former.ref}));
}

// The whole ---------------------------------------------------------------------------------------

TEST_P(StoreConformance, TotalsFollowTheChanges) {
  const auto expect = [&](std::uint64_t ready, std::uint64_t waiting, std::uint64_t kept) {
    const Totals totals = store().totals();
    EXPECT_EQ(totals.ready, ready);
    EXPECT_EQ(totals.deferred, waiting);
    EXPECT_EQ(totals.held, kept);
  };
  expect(0, 0, 0);
  apply(enqueue(id(1), 3));
  expect(3, 0, 0);
  const Job put_off = deferred(next_revision(job(id(1), 0)), kNoon);
  apply(replace(job(id(1), 0), put_off));
  apply(replace(job(id(1), 1), held(next_revision(job(id(1), 1)))));
  expect(1, 1, 1);
  reopen();
  expect(1, 1, 1);
  apply(remove(put_off));
  expect(1, 0, 1);
}

TEST_P(StoreConformance, OldestIsTheFirstMessageWithAJobInThatState) {
  EXPECT_EQ(store().oldest(JobState::Ready), std::nullopt);
  apply(enqueue(message(id(1)), {deferred(job(id(1)), kNoon)}));
  apply(enqueue(id(2)));
  apply(enqueue(id(3)));
  EXPECT_EQ(store().oldest(JobState::Deferred), id(1).time());
  EXPECT_EQ(store().oldest(JobState::Ready), id(2).time());
  EXPECT_EQ(store().oldest(JobState::Held), std::nullopt);
  apply(remove(job(id(2))));
  EXPECT_EQ(store().oldest(JobState::Ready), id(3).time());
  // A message whose clock was behind is found too.
  const MessageId old = id_at(kNoon - 24h);
  apply(enqueue(old));
  EXPECT_EQ(store().oldest(JobState::Ready), old.time());
  reopen();
  EXPECT_EQ(store().oldest(JobState::Ready), old.time());
}

TEST_P(StoreConformance, WhatIsBeingTriedAgainIsReadyAndKeepsItsAge) {
  apply(enqueue(message(id(1)), {deferred(job(id(1)), kNoon)}));
  ASSERT_TRUE(store().claims().take(job(id(1)).ref));
  EXPECT_EQ(store().oldest(JobState::Ready), id(1).time());
  EXPECT_EQ(store().oldest(JobState::Deferred), std::nullopt);
  apply(enqueue(id(2)));
  EXPECT_EQ(store().oldest(JobState::Ready), id(1).time());
  store().claims().release(job(id(1)).ref);
  EXPECT_EQ(store().oldest(JobState::Ready), id(2).time());
  EXPECT_EQ(store().oldest(JobState::Deferred), id(1).time());
}

TEST_P(StoreConformance, CountsTheRecipientsThatAreLeft) {
  EXPECT_EQ(store().totals().recipients, 0U);
  queue::Job two = job(id(1));
  two.recipients = {{smtp::Mailbox::from_text("a@one.example"), {}, ""},
                    {smtp::Mailbox::from_text("b@one.example"), {}, ""}};
  apply(enqueue(message(id(1)), {two}));
  apply(enqueue(id(2)));
  const std::uint64_t other = job(id(2)).recipients.size();
  EXPECT_EQ(store().totals().recipients, 2 + other);
  queue::Job one = two;
  ++one.ref.revision;
  one.recipients.pop_back();
  apply(replace(two, one));
  EXPECT_EQ(store().totals().recipients, 1 + other);
  reopen();
  EXPECT_EQ(store().totals().recipients, 1 + other);
  apply(remove(one));
  EXPECT_EQ(store().totals().recipients, other);
}

TEST_P(StoreConformance, JobThatLosesRecipientsKeepsItsPlace) {
  queue::Job two = deferred(job(id(1)), kNoon + std::chrono::hours(1));
  two.ref.revision = 1;
  two.attempts = 3;
  two.recipients.push_back({smtp::Mailbox("other", two.lane.domain), {}, ""});
  apply(enqueue(id(1)));
  apply(replace(job(id(1)), two));
  queue::Job one = two;
  ++one.ref.revision;
  one.recipients.pop_back();
  apply(replace(two, one));
  reopen();
  EXPECT_EQ(store().jobs_of(id(1)).value(), std::vector<queue::Job>{one});
  JobFilter filter;
  filter.to = to("other@" + two.lane.domain);
  EXPECT_EQ(store().jobs(filter, {}, 10).value().jobs.size(), 0U);
  filter.to = to("rcpt@" + two.lane.domain);
  EXPECT_EQ(store().jobs(filter, {}, 10).value().jobs.size(), 1U);
}

TEST_P(StoreConformance, EngineIsHealthyAndGivesSpaceBackWhenAsked) {
  for (int i = 0; i < 20; ++i) apply(enqueue(id(i), 1, 5'000));
  for (int i = 1; i < 20; ++i) apply(remove(job(id(i))));
  EXPECT_FALSE(store().health().needs_restart);
  std::atomic<bool> cancelled{false};
  EXPECT_TRUE(store().reclaim_space(cancelled));
  EXPECT_EQ(store().content(id(0)).value(), samples::content_of(id(0), 5'000));
  EXPECT_FALSE(store().engine_text().empty());
}

}  // namespace signpost::queue
