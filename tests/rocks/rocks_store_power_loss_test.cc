// The promise of a 250, kept through a power failure: what a successful apply() stored is there
// when the store is opened again, and of the group under way at the failure all or nothing.
//
// SIGNPOST_SEED replays a run, SIGNPOST_ROUNDS makes it longer.
#include "rocks/rocks_store.h"
#include "tests/queue/samples.h"
#include "tests/support/power_loss_file_system.h"
#include "tests/support/sanitized.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace signpost::rocks {
namespace {

using queue::samples::id_at;
using queue::samples::kNoon;
using Unsynced = test::PowerLossFileSystem::Unsynced;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// What a store should hold: jobs by message and number.
using Model = std::map<queue::MessageId, std::map<std::uint16_t, queue::Job>>;

// A relay's life in small: messages come, jobs are delivered or deferred, power fails.
class Life {
 public:
  enum class Cut { Anywhere, AtSyncOfManifest, BeforeDeletions };

  explicit Life(std::uint64_t seed, bool sync = true, Cut cut = Cut::Anywhere)
      : random_(seed), sync_(sync), cut_(cut) {}

  // Until the power fails. Afterwards the store holds before(), or before() with the last group.
  void live() {
    auto store = open();
    ASSERT_NE(store, nullptr);
    if (cut_ == Cut::Anywhere) {
      disk_->fail_after(20 + random_() % 400);
    } else {
      disk_->fail_at_sync_of("MANIFEST-", 1 + random_() % 8);
      if (cut_ == Cut::BeforeDeletions) disk_->put_off_deletions();
    }
    while (!disk_->failed()) {
      before_ = model_;
      const std::vector<queue::Change> group = next_group();
      std::vector<const queue::Change*> changes;
      for (const queue::Change& change : group) changes.push_back(&change);
      if (!store->apply(changes)) break;
      before_ = model_;
      acknowledged_ += group.size();
    }
  }

  // The fate of the acknowledged changes: the first difference, or "".
  std::string compare(Unsynced unsynced = Unsynced::AtRandom) {
    disk_->restore(random_, unsynced);
    auto store = open();
    if (store == nullptr) return "the store cannot be opened";
    const auto found = dump(*store);
    if (!found) return found.error().detail;
    const std::string missing = difference(*found, before_, *store);
    if (missing.empty()) {
      model_ = before_;
      return "";
    }
    const std::string otherwise = difference(*found, model_, *store);
    if (otherwise.empty()) before_ = model_;
    return otherwise.empty() ? "" : missing + "; with the group under way: " + otherwise;
  }

  std::size_t acknowledged() const { return acknowledged_; }

  // Some start found the queue damaged.
  bool was_salvaged() const {
    const std::filesystem::directory_iterator all(directory_.path());
    return std::ranges::any_of(all, [](const auto& entry) {
      return entry.path().filename().string().starts_with("queue.damaged-");
    });
  }

 private:
  std::unique_ptr<queue::Store> open() {
    Options options;
    options.write_buffer_size = 32 << 10;  // memtables are written out all the time
    options.sync = sync_;
    options.file_system = disk_;
    auto store = open_store(directory_.path() + "/queue", options);
    EXPECT_TRUE(store) << store.error().detail << '\n' << disk_->history(directory_.path());
    return store ? std::move(*store) : nullptr;
  }

  std::vector<queue::Change> next_group() {
    std::vector<queue::Change> group;
    for (std::size_t n = 1 + random_() % 6; n > 0; --n) {
      if (model_.empty() || random_() % 2 == 0) {
        group.push_back(accept());
      } else {
        group.push_back(attempt());
      }
    }
    return group;
  }

  queue::Change accept() {
    const queue::MessageId id = id_at(kNoon + std::chrono::microseconds(next_++));
    const auto jobs = static_cast<std::uint16_t>(1 + random_() % 3);
    queue::Change change = queue::samples::enqueue(id, jobs, 100 + random_() % 6000);
    for (const queue::Job& job : change.enqueued[0].jobs) model_[id][job.ref.number] = job;
    return change;
  }

  queue::Change attempt() {
    auto message = model_.begin();
    std::advance(message, static_cast<std::ptrdiff_t>(random_() % model_.size()));
    auto job = message->second.begin();
    const queue::Job before = job->second;
    if (random_() % 4 == 0) {
      const queue::Job after = queue::samples::deferred(
          queue::samples::next_revision(before), kNoon + std::chrono::seconds(random_() % 1000));
      job->second = after;
      return queue::samples::replace(before, after);
    }
    message->second.erase(job);
    if (message->second.empty()) model_.erase(message);
    return queue::samples::remove(before);
  }

  static Result<Model> dump(const queue::Store& store) {
    Model found;
    queue::Cursor from;
    for (;;) {
      auto page = store.jobs({}, from, 100);
      if (!page) return Failure(std::move(page).error());
      for (queue::QueuedJob& each : page->jobs) {
        const queue::JobRef ref = each.job.ref;
        found[ref.id][ref.number] = std::move(each.job);
      }
      if (page->end) return found;
      from = page->next;
    }
  }

  static std::string difference(const Model& found, const Model& wanted,
                                const queue::Store& store) {
    for (const auto& [id, jobs] : wanted) {
      const auto message = found.find(id);
      if (message == found.end()) return id.text() + " is missing";
      if (message->second.size() != jobs.size()) return id.text() + " has other jobs";
      for (const auto& [number, job] : jobs) {
        const auto stored = message->second.find(number);
        if (stored == message->second.end() || stored->second.ref != job.ref) {
          return id.text() + " has another job";
        }
      }
      const auto content = store.content(id);
      if (!content || !content->starts_with("Message-ID: <" + id.text())) {
        return id.text() + " has no content";
      }
      if (!store.envelope(id)) return id.text() + " has no envelope";
    }
    for (const auto& [id, jobs] : found) {
      if (!wanted.contains(id)) return id.text() + " came back";
    }
    return "";
  }

  std::mt19937_64 random_;
  const bool sync_;
  const Cut cut_;
  test::TemporaryDirectory directory_;
  const std::shared_ptr<test::PowerLossFileSystem> disk_ =
      std::make_shared<test::PowerLossFileSystem>();
  Model model_;   // with all that was asked for
  Model before_;  // with all that was acknowledged
  std::int64_t next_ = 0;
  std::size_t acknowledged_ = 0;
};

TEST(RocksStorePowerLoss, WhatWasAcknowledgedIsThereAndWhatWasUnderWayIsWhole) {
  const std::uint64_t seed = number_from("SIGNPOST_SEED", std::random_device()());
  const std::uint64_t rounds = number_from("SIGNPOST_ROUNDS", test::some_of(10));
  const testing::ScopedTrace trace(__FILE__, __LINE__, "SIGNPOST_SEED=" + std::to_string(seed));
  Life life(seed, true);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    life.live();
    ASSERT_EQ(life.compare(), "") << "in round " << round;
  }
  std::printf("SIGNPOST_SEED=%llu: %llu failures, %zu acknowledged changes\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(rounds),
              life.acknowledged());
  EXPECT_GT(life.acknowledged(), rounds);
}

// A few lives that end while RocksDB's list of files is written; what that left of the list.
void lose_power_at_the_manifest(Unsynced unsynced, Life::Cut cut = Life::Cut::AtSyncOfManifest) {
  const std::uint64_t seed = number_from("SIGNPOST_SEED", std::random_device()());
  const testing::ScopedTrace trace(__FILE__, __LINE__, "SIGNPOST_SEED=" + std::to_string(seed));
  Life life(seed, true, cut);
  for (int round = 0; round < 3; ++round) {
    life.live();
    ASSERT_EQ(life.compare(unsynced), "") << "in round " << round;
  }
  EXPECT_GT(life.acknowledged(), 3U);
  EXPECT_TRUE(unsynced == Unsynced::Garbled || !life.was_salvaged());
}

TEST(RocksStorePowerLoss, HalfOfAWriteToTheManifestIsNotDamage) {
  lose_power_at_the_manifest(Unsynced::Torn);
}

// A file that others have replaced holds rows that were removed since, and nobody misses them.
TEST(RocksStorePowerLoss, FilesThatWereReplacedAndNotYetDeletedAreNotMissedFromTheManifest) {
  lose_power_at_the_manifest(Unsynced::Torn, Life::Cut::BeforeDeletions);
}

TEST(RocksStorePowerLoss, ZerosAtTheEndOfTheManifestAreNotDamage) {
  lose_power_at_the_manifest(Unsynced::Zeros);
}

// More than a disk does, which writes a sector or leaves it: whole records after damaged ones.
TEST(RocksStorePowerLoss, GarbageInTheManifestLosesNothing) {
  lose_power_at_the_manifest(Unsynced::Garbled);
}

TEST(RocksStorePowerLoss, AFailedWriteNeedsARestart) {
  const auto disk = std::make_shared<test::PowerLossFileSystem>();
  const test::TemporaryDirectory directory;
  Options options;
  options.file_system = disk;
  auto store = open_store(directory.path() + "/queue", options);
  ASSERT_TRUE(store);
  ASSERT_TRUE(queue::samples::apply(**store, queue::samples::enqueue(id_at(kNoon))));
  EXPECT_FALSE((*store)->health().needs_restart);
  disk->fail_after(0);
  // The first failure may be one that passes, which the next write finds out.
  for (int i = 1; i <= 2; ++i) {
    EXPECT_FALSE(queue::samples::apply(
        **store, queue::samples::enqueue(id_at(kNoon + std::chrono::seconds(i)))));
  }
  EXPECT_TRUE((*store)->health().needs_restart);
}

// The first test would notice: without the sync acknowledged changes are lost, unless the power
// fails right after RocksDB has synced for its own reasons.
TEST(RocksStorePowerLoss, WithoutTheSyncAcknowledgedChangesAreLost) {
  constexpr std::uint64_t kLives = 20;  // each with at least an even chance
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= kLives && !lost; ++seed) {
    Life life(seed, false);
    life.live();
    lost = !life.compare().empty();
  }
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace signpost::rocks
