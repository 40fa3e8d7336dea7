// A queue with damage in each of its files: what can be read is kept, what cannot is named.
#include "rocks/rocks_store.h"
#include "rocks/salvage/log_records.h"
#include "tests/queue/samples.h"
#include "tests/rocks/raw_queue.h"
#include "tests/support/sanitized.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::rocks {
namespace {

namespace fs = std::filesystem;
using queue::samples::id_at;
using queue::samples::kNoon;

constexpr int kMessages = 400;
constexpr std::size_t kRecordHeader = 7;  // of a log and of a MANIFEST

queue::MessageId id(int n) { return id_at(kNoon + std::chrono::seconds(n)); }

std::string octets_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Octets at `offset` (negative: from the end) become others.
void damage(const fs::path& file, std::ptrdiff_t offset, std::size_t size = 4) {
  std::string octets = octets_of(file);
  const auto length = static_cast<std::ptrdiff_t>(octets.size());
  const std::ptrdiff_t at = offset < 0 ? length + offset : offset;
  ASSERT_LT(at + static_cast<std::ptrdiff_t>(size), length + 1) << file;
  for (std::size_t i = 0; i < size; ++i) octets[static_cast<std::size_t>(at) + i] ^= 0x55;
  std::ofstream(file, std::ios::binary | std::ios::trunc) << octets;
}

void overwrite(const fs::path& file, std::size_t offset, std::string_view octets) {
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(offset));
  out << octets;
}

// Where the records of a log of one block begin.
std::vector<std::size_t> records_of(std::string_view log) {
  std::vector<std::size_t> begins;
  for (std::size_t at = 0; at + kRecordHeader <= log.size();) {
    begins.push_back(at);
    at += kRecordHeader + static_cast<std::uint8_t>(log[at + 4]) +
          std::size_t{static_cast<std::uint8_t>(log[at + 5])} * 256;
  }
  return begins;
}

class RocksSalvageTest : public testing::Test {
 protected:
  std::string path() const { return directory.path() + "/queue"; }

  void open() {
    Options options;
    options.sync = false;  // what a close leaves is the same, and hundreds of syncs take seconds
    auto opened = open_store(path(), options);
    ASSERT_TRUE(opened) << opened.error().detail;
    store = std::move(*opened);
  }

  // A closed queue of 400 messages in its log: the even ones of 5,000 octets, the odd ones short;
  // each tenth was deferred once.
  void fill() {
    open();
    for (int n = 0; n < kMessages; ++n) {
      ASSERT_TRUE(queue::samples::apply(
          *store, queue::samples::enqueue(id(n), 2, n % 2 == 0 ? 5'000 : 300)));
      if (n % 10 != 0) continue;
      const queue::Job before = queue::samples::job(id(n));
      ASSERT_TRUE(queue::samples::apply(
          *store, queue::samples::replace(
                      before, queue::samples::deferred(queue::samples::next_revision(before),
                                                       kNoon + std::chrono::hours(n)))));
    }
    store.reset();
  }

  // The same with all of it in data files: opening writes the log's rows out.
  void fill_data_files() {
    fill();
    open();
    store.reset();
  }

  std::vector<fs::path> files(const std::string& extension) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path())) {
      if (entry.path().extension() == extension) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }

  // The data file of `family` with the most rows.
  fs::path data_file(const std::string& family) const {
    return path() + "/" + RawQueue(path()).largest_data_file(family);
  }

  // Where the damaged queue went; "" if there is none.
  std::string kept() const {
    for (const auto& entry : fs::directory_iterator(directory.path())) {
      if (entry.path().filename().string().starts_with("queue.damaged-")) return entry.path();
    }
    return "";
  }

  fs::path manifest() const { return manifest_in(path()); }
  static fs::path manifest_in(const std::string& queue) {
    for (const auto& entry : fs::directory_iterator(queue)) {
      if (entry.path().filename().string().starts_with("MANIFEST-")) return entry.path();
    }
    return "";
  }

  std::string largest(const std::string& extension) const {
    const auto all = files(extension);
    return std::ranges::max(all, {}, [](const fs::path& file) { return fs::file_size(file); })
        .filename();
  }

  std::string report() const { return octets_of(kept() + "/missing.txt"); }

  // The jobs in the index of those that wait.
  std::size_t waiting() {
    std::size_t count = 0;
    const auto page = store->lanes({}, 100);
    EXPECT_TRUE(page && page->end);
    if (!page) return 0;
    for (const queue::WaitingLane& each : page->lanes) {
      const auto claimed = store->claim_due(each.lane, {}, SystemTime::max(), 10'000);
      EXPECT_TRUE(claimed);
      if (!claimed) continue;
      count += claimed->jobs.size();
      for (const queue::Job& job : claimed->jobs) store->claims().release(job.ref);
    }
    return count;
  }

  // Every message is whole in the queue, named as incomplete, or not there at all; which ones are
  // not there.
  std::set<int> missing_messages() {
    std::set<int> missing;
    std::size_t incomplete = 0;
    for (int n = 0; n < kMessages; ++n) {
      const auto content = store->content(id(n));
      const auto envelope = store->envelope(id(n));
      const auto jobs = store->jobs_of(id(n));
      EXPECT_TRUE(jobs);
      if (!content && !envelope && jobs && jobs->empty()) {
        missing.insert(n);
        continue;
      }
      EXPECT_TRUE(content && envelope && jobs) << n;
      if (jobs && jobs->size() != 2) {
        EXPECT_EQ(jobs->size(), 1U);
        EXPECT_TRUE(report().contains("incomplete: " + id(n).text())) << n;
        ++incomplete;
      }
      if (content) {
        EXPECT_EQ(*content, queue::samples::content_of(id(n), n % 2 == 0 ? 5'000 : 300));
      }
      if (n % 10 == 0 && jobs && !jobs->empty()) {
        EXPECT_EQ((*jobs)[0].state, queue::JobState::Deferred);
      }
    }
    const queue::Totals totals = store->totals();
    EXPECT_EQ(totals.ready + totals.deferred + incomplete,
              2 * (static_cast<std::size_t>(kMessages) - missing.size()));
    EXPECT_EQ(waiting(), totals.ready + totals.deferred);
    return missing;
  }

  // The queue was damaged, and is whole again.
  void expect_nothing_missing() {
    EXPECT_NE(kept(), "");
    EXPECT_TRUE(missing_messages().empty());
    EXPECT_FALSE(report().contains("missing: ")) << report();
    EXPECT_TRUE(report().contains("400 messages are in the new queue, 0 are named")) << report();
    EXPECT_FALSE(fs::exists(path() + ".salvage"));
  }

  // Some are missing, not many, and each is named, with its recipients as far as `recipients` says.
  void expect_few_missing_and_named(int at_most, bool named = true) {
    const std::set<int> missing = missing_messages();
    EXPECT_FALSE(missing.empty());
    EXPECT_LE(missing.size(), static_cast<std::size_t>(at_most));
    const std::string text = report();
    for (const int n : missing) {
      EXPECT_EQ(text.contains("missing: " + id(n).text()), named) << n << '\n' << text;
    }
    // It works as a queue, and is not found damaged again.
    ASSERT_TRUE(queue::samples::apply(*store, queue::samples::enqueue(id(1'000'000))));
    store.reset();
    const std::string before = kept();
    open();
    EXPECT_TRUE(store->content(id(1'000'000)));
    EXPECT_EQ(kept(), before);
    EXPECT_FALSE(fs::exists(path() + ".salvage"));
  }

  test::TemporaryDirectory directory;
  std::unique_ptr<queue::Store> store;
};

TEST_F(RocksSalvageTest, DamageInTheMiddleOfTheLogCostsOnlyWhatItHits) {
  fill();
  ASSERT_EQ(files(".log").size(), 1U);
  damage(files(".log")[0], 500'000);
  open();
  expect_few_missing_and_named(10);
  const std::string text = report();
  EXPECT_TRUE(
      text.contains("from <sender@example.com> to rcpt@domain0.example, rcpt@domain1.example"))
      << text;
}

TEST_F(RocksSalvageTest, ContentOfAMissingMessageIsKeptWhereItCanBeRead) {
  fill();
  const fs::path log = files(".log")[0];
  const std::size_t envelope = octets_of(log).find("Message-ID: <" + id(100).text());
  ASSERT_NE(envelope, std::string::npos);
  damage(log, static_cast<std::ptrdiff_t>(envelope) - 30, 1);  // in front of the row
  open();
  ASSERT_TRUE(missing_messages().contains(100)) << report();
  // The line may be in several blocks of the log: what is found is the whole content.
  EXPECT_EQ(octets_of(kept() + "/" + id(100).text() + ".eml"),
            queue::samples::content_of(id(100), 5'000));
}

TEST_F(RocksSalvageTest, UnfinishedEndOfTheLogIsNotDamage) {
  fill();
  damage(files(".log")[0], -10);
  open();
  EXPECT_EQ(kept(), "");
  EXPECT_EQ(missing_messages(), std::set<int>{kMessages - 1});
}

// RocksDB takes them for room that was never used.
TEST_F(RocksSalvageTest, ZerosWhereARecordOfTheLogBegins) {
  fill();
  overwrite(files(".log")[0], 10 * kLogBlockSize, std::string(512, '\0'));
  open();
  expect_few_missing_and_named(15);
}

TEST_F(RocksSalvageTest, ZerosAtTheEndOfTheLogAreNotDamage) {
  fill();
  const fs::path log = files(".log")[0];
  fs::resize_file(log, fs::file_size(log) + 100'000);
  open();
  EXPECT_EQ(kept(), "");
  EXPECT_TRUE(missing_messages().empty());
}

TEST_F(RocksSalvageTest, LengthInTheLastBlockOfTheLog) {
  fill();
  open();
  constexpr int kFirst = 5000;
  constexpr int kMore = 10;
  for (int n = 0; n < kMore; ++n) {
    ASSERT_TRUE(queue::samples::apply(*store, queue::samples::enqueue(id(kFirst + n))));
  }
  store.reset();
  const fs::path log = files(".log").back();
  const auto records = records_of(octets_of(log));
  ASSERT_EQ(records.size(), static_cast<std::size_t>(kMore));
  constexpr int kDamaged = 6;
  overwrite(log, records[kDamaged] + 5, "\x7f");
  open();
  for (int n = 0; n < kMore; ++n) {
    const bool there = store->content(id(kFirst + n)).has_value();
    EXPECT_EQ(there, n < kDamaged) << n;
    EXPECT_NE(there, report().contains("missing: " + id(kFirst + n).text())) << n;
  }
}

TEST_F(RocksSalvageTest, LogThatIsGone) {
  fill_data_files();
  for (const fs::path& log : files(".log")) fs::remove(log);
  open();
  expect_nothing_missing();
  EXPECT_TRUE(report().contains("the log of the queue in " + path() + " is gone")) << report();
}

TEST_F(RocksSalvageTest, QueueReachedByALink) {
  fill_data_files();
  fs::create_directory(directory.path() + "/disk");
  fs::rename(path(), directory.path() + "/disk/queue");
  fs::create_symlink("disk/queue", path());
  damage(manifest(), 100, 100);
  open();
  EXPECT_TRUE(missing_messages().empty());
  EXPECT_TRUE(fs::is_symlink(path()));
  EXPECT_FALSE(fs::exists(directory.path() + "/disk/queue.salvage"));
  EXPECT_EQ(std::ranges::distance(fs::directory_iterator(directory.path() + "/disk")), 2);
}

TEST_F(RocksSalvageTest, WhatWasRemovedStaysRemoved) {
  fill();
  open();
  std::vector<int> delivered;
  for (int n = 1; n < kMessages; n += 10) {
    for (const std::uint16_t number : {std::uint16_t{0}, std::uint16_t{1}}) {
      ASSERT_TRUE(queue::samples::apply(
          *store, queue::samples::remove(queue::samples::job(id(n), number))));
    }
    delivered.push_back(n);
  }
  ASSERT_TRUE(queue::samples::apply(*store, queue::samples::enqueue(id(5000))));
  ASSERT_TRUE(queue::samples::apply(*store, queue::samples::enqueue(id(5001))));
  store.reset();
  const fs::path log = files(".log").back();
  const std::size_t at = octets_of(log).find("Message-ID: <" + id(5000).text());
  damage(log, static_cast<std::ptrdiff_t>(at), 1);
  open();
  EXPECT_FALSE(store->content(id(5000)));
  EXPECT_TRUE(store->content(id(5001)));  // in the same block of the log
  for (const int n : delivered) EXPECT_FALSE(store->content(id(n)));
  for (const int n : delivered) EXPECT_FALSE(report().contains(id(n).text())) << report();
  EXPECT_TRUE(report().contains("missing: " + id(5000).text())) << report();
}

TEST_F(RocksSalvageTest, BlockOfJobs) {
  fill_data_files();
  damage(data_file("job"), 20'000);
  open();
  expect_few_missing_and_named(40);
  EXPECT_TRUE(report().contains("unreadable: its recipients")) << report();
  EXPECT_TRUE(report().contains("unreadable: jobs after")) << report();
}

// The index of waiting jobs is made anew from the jobs.
TEST_F(RocksSalvageTest, BlockOfTheIndexOfLanes) {
  fill_data_files();
  damage(data_file("lane"), 100);
  open();
  EXPECT_NE(kept(), "");
  EXPECT_TRUE(missing_messages().empty());
}

TEST_F(RocksSalvageTest, IndexThatBecomesUnreadableNeedsARestart) {
  fill_data_files();
  open();
  EXPECT_FALSE(store->health().needs_restart);
  for (const fs::path& each : files(".sst")) damage(each, 100);  // what is open is read again
  bool failed = false;
  for (int n = 0; n < 20 && !failed; ++n) {
    failed = !store->jobs({}, {}, 10'000) || !store->lanes({}, 10'000);
  }
  EXPECT_TRUE(failed);
  const queue::Job job = queue::samples::job(id(0));
  EXPECT_FALSE(store->claim_due(job.lane, {}, SystemTime::max(), 10'000));
  EXPECT_EQ(store->claims().size(), 0U);  // of what was read before the damage
  EXPECT_TRUE(store->health().needs_restart);
  EXPECT_TRUE(fs::exists(path() + ".check"));
}

TEST_F(RocksSalvageTest, BlockOfEnvelopes) {
  fill_data_files();
  damage(data_file("envelope"), 20'000);
  open();  // the start reads jobs only
  EXPECT_EQ(kept(), "");
  int unreadable = 0;
  for (int n = 0; n < kMessages; ++n) {
    const auto envelope = store->envelope(id(n));
    if (envelope) continue;
    EXPECT_EQ(envelope.error().code, Errc::Corrupt);
    ++unreadable;
  }
  EXPECT_GT(unreadable, 0);
  store.reset();
  open();
  expect_few_missing_and_named(60);
  EXPECT_TRUE(report().contains("unreadable: its envelope")) << report();
}

// The contents of 2 KiB and more are in blob files, which name what they hold.
TEST_F(RocksSalvageTest, BlockOfTheIndexOfContents) {
  fill_data_files();
  damage(data_file("content"), 500, 2'000);
  std::ofstream(path() + ".check") << '\n';
  open();
  EXPECT_NE(kept(), "");
  const auto missing = missing_messages();
  EXPECT_FALSE(missing.empty());
  for (const int n : missing) EXPECT_EQ(n % 2, 1) << "a message of 5,000 octets";
}

TEST_F(RocksSalvageTest, BlobFoundByAMerge) {
  fill_data_files();
  const auto blobs = files(".blob");
  ASSERT_FALSE(blobs.empty());
  damage(blobs[0], static_cast<std::int64_t>(fs::file_size(blobs[0]) / 2));
  open();  // nothing has read it yet
  EXPECT_EQ(kept(), "");
  store.reset();
  std::ofstream(path() + ".check") << '\n';  // what a failed merge leaves
  open();
  expect_few_missing_and_named(2);
  EXPECT_TRUE(report().contains("unreadable: its content")) << report();
  EXPECT_FALSE(fs::exists(path() + ".check"));
}

TEST_F(RocksSalvageTest, CheckOfAWholeQueueChangesNothing) {
  fill_data_files();
  std::ofstream(path() + ".check") << '\n';
  open();
  EXPECT_EQ(kept(), "");
  EXPECT_FALSE(fs::exists(path() + ".check"));
  EXPECT_TRUE(missing_messages().empty());
}

// With its index gone a data file cannot be read at all; the others can.
TEST_F(RocksSalvageTest, FooterOfADataFile) {
  fill_data_files();
  for (const std::string family : {"job", "envelope", "content"}) {
    SCOPED_TRACE(family);
    const fs::path file = data_file(family);
    const std::string before = octets_of(file);
    damage(file, -40, 40);
    open();
    const auto missing = missing_messages();
    EXPECT_FALSE(missing.empty());
    EXPECT_TRUE(report().contains("unreadable: the file " + file.filename().string())) << report();
    for (const int n : missing) EXPECT_TRUE(report().contains("missing: " + id(n).text())) << n;
    store.reset();
    // Back to the queue before the damage.
    const std::string damaged = kept();
    fs::remove_all(path());
    fs::rename(damaged, path());
    std::ofstream(path() + "/" + file.filename().string(), std::ios::binary) << before;
  }
  open();
  EXPECT_TRUE(missing_messages().empty());
}

TEST_F(RocksSalvageTest, DataFileThatIsGone) {
  fill_data_files();
  fs::remove(data_file("job"));
  open();
  EXPECT_FALSE(missing_messages().empty());
  EXPECT_TRUE(report().contains("unreadable: the file ")) << report();
}

TEST_F(RocksSalvageTest, BlobFileThatIsGone) {
  fill_data_files();
  for (const fs::path& file : files(".blob")) fs::remove(file);
  std::ofstream(path() + ".check") << '\n';
  open();
  const auto missing = missing_messages();
  EXPECT_EQ(missing.size(), static_cast<std::size_t>(kMessages / 2));  // those of 5,000 octets
  EXPECT_FALSE(missing.contains(1));
}

// The list of files is made anew from the files.
TEST_F(RocksSalvageTest, ManifestInTheMiddle) {
  fill_data_files();
  damage(manifest(), 100, 100);
  open();
  expect_nothing_missing();
  EXPECT_TRUE(report().contains("unreadable: the list of files")) << report();
}

// What looks like the end that a crash leaves, wherever it begins: it may list files whose rows are
// nowhere else.
TEST_F(RocksSalvageTest, ManifestFromAnyRecordToTheEnd) {
  fill_data_files();
  const std::string whole = directory.path() + "/whole";
  fs::rename(path(), whole);
  const std::string list = octets_of(manifest_in(whole));
  std::vector<std::size_t> ends{0};
  LogReader().read(list, [&](std::string_view record) {
    ends.push_back(ends.back() + kRecordHeader + record.size());
  });
  ASSERT_EQ(ends.back(), list.size());
  ends.pop_back();
  constexpr std::size_t kStep = test::kSanitized ? 10 : 2;  // of either kind of damage
  for (std::size_t i = 0; i < ends.size(); i += kStep) {
    SCOPED_TRACE(ends[i]);
    fs::copy(whole, path());
    if (i % 4 == 0) {
      damage(manifest(), static_cast<std::ptrdiff_t>(ends[i]), list.size() - ends[i]);
    } else {
      fs::resize_file(manifest(), ends[i] + kRecordHeader + 1);
    }
    open();
    EXPECT_TRUE(missing_messages().empty());
    store.reset();
    fs::remove_all(path());
    if (!kept().empty()) fs::remove_all(kept());
  }
}

// It looks whole, and RocksDB removes the data files that it does not list.
TEST_F(RocksSalvageTest, ManifestThatEndsBeforeTheLastFilesWereListed) {
  fill();
  open();
  const std::size_t opened = fs::file_size(manifest());
  ASSERT_TRUE(queue::samples::apply(*store, queue::samples::enqueue(id(5000))));
  std::atomic<bool> cancelled{false};
  ASSERT_TRUE(store->reclaim_space(cancelled));
  store.reset();
  const std::string whole = directory.path() + "/whole";
  fs::rename(path(), whole);
  std::size_t end = 0;
  std::vector<std::size_t> ends;
  LogReader().read(octets_of(manifest_in(whole)), [&](std::string_view record) {
    ends.push_back(end += kRecordHeader + record.size());
  });
  std::erase_if(ends, [&](std::size_t each) { return each < opened; });
  ASSERT_GE(ends.size(), 5U);
  for (const std::size_t cut : {ends.front(), ends[ends.size() / 2], ends.end()[-2], ends.back()}) {
    SCOPED_TRACE(cut);
    fs::copy(whole, path());
    fs::resize_file(manifest(), cut);
    open();
    EXPECT_EQ(kept().empty(), cut == ends.back());
    EXPECT_TRUE(store->content(id(5000)));
    EXPECT_EQ(store->totals().ready, 2 * kMessages - kMessages / 10 + 1);
    store.reset();
    fs::remove_all(path());
    if (!kept().empty()) fs::remove_all(kept());
  }
}

TEST_F(RocksSalvageTest, ManifestThatIsGone) {
  fill_data_files();
  fs::remove(manifest());
  open();
  expect_nothing_missing();
}

TEST_F(RocksSalvageTest, CurrentThatIsGoneOrNamesNothing) {
  for (const bool gone : {false, true}) {
    SCOPED_TRACE(gone);
    fill_data_files();
    if (gone) {
      fs::remove(path() + "/CURRENT");
    } else {
      damage(path() + "/CURRENT", 0, 16);
    }
    open();
    expect_nothing_missing();
    store.reset();
    fs::remove_all(path());
    fs::remove_all(kept());
  }
}

// No data file names the families.
TEST_F(RocksSalvageTest, ManifestOfAQueueThatIsAllInTheLog) {
  fill();
  damage(manifest(), 20, 20);
  open();
  expect_nothing_missing();
}

TEST_F(RocksSalvageTest, WithoutAManifestWhatWasRemovedStaysRemoved) {
  fill_data_files();
  open();
  for (const std::uint16_t number : {std::uint16_t{0}, std::uint16_t{1}}) {
    ASSERT_TRUE(
        queue::samples::apply(*store, queue::samples::remove(queue::samples::job(id(7), number))));
  }
  const queue::Job before = queue::samples::job(id(9));
  ASSERT_TRUE(queue::samples::apply(
      *store, queue::samples::replace(
                  before, queue::samples::deferred(queue::samples::next_revision(before),
                                                   kNoon + std::chrono::hours(9)))));
  store.reset();
  damage(manifest(), 100, 100);
  open();
  EXPECT_EQ(missing_messages(), std::set<int>{7});
  EXPECT_FALSE(report().contains("missing: ")) << report();
  const auto jobs = store->jobs_of(id(9));
  ASSERT_TRUE(jobs);
  ASSERT_EQ(jobs->size(), 2U);
  EXPECT_EQ((*jobs)[0].state, queue::JobState::Deferred);
  EXPECT_EQ((*jobs)[0].due, kNoon + std::chrono::hours(9));
}

TEST_F(RocksSalvageTest, ManifestAndADataFile) {
  fill_data_files();
  damage(manifest(), 100, 100);
  damage(path() + "/" + largest(".sst"), -40, 40);
  open();
  const auto missing = missing_messages();
  EXPECT_FALSE(missing.empty());
  EXPECT_TRUE(report().contains("unreadable: the file ")) << report();
  for (const int n : missing) EXPECT_TRUE(report().contains("missing: " + id(n).text())) << n;
}

// The salvage of a salvage, interrupted at each of its last steps.
TEST_F(RocksSalvageTest, InterruptedWhileTheQueuesAreSwappedItIsFinished) {
  for (const bool moved_away : {false, true}) {
    for (const bool moved_in : {false, true}) {
      if (moved_in && !moved_away) continue;
      SCOPED_TRACE(testing::Message() << moved_away << moved_in);
      fill();
      const std::string old = path() + ".damaged-20260101T000000Z";
      const std::string workplace = path() + ".salvage";
      fs::create_directory(workplace);
      fs::copy(path(), workplace + "/queue");
      damage(files(".log")[0], 500'000);
      std::ofstream(workplace + "/plan") << old;
      std::ofstream(workplace + "/missing.txt") << "what is missing\n";
      if (moved_away) fs::rename(path(), old);
      if (moved_in) fs::rename(workplace + "/queue", path());
      open();
      EXPECT_TRUE(missing_messages().empty());
      EXPECT_EQ(kept(), old);
      EXPECT_EQ(report(), "what is missing\n");
      EXPECT_FALSE(fs::exists(workplace));
      store.reset();
      fs::remove_all(path());
      fs::remove_all(old);
    }
  }
}

TEST_F(RocksSalvageTest, UnfinishedSalvageIsBegunAnew) {
  fill();
  fs::create_directories(path() + ".salvage/queue");
  std::ofstream(path() + ".salvage/queue/CURRENT") << "nothing";
  damage(files(".log")[0], 500'000);
  open();
  expect_few_missing_and_named(10);
}

}  // namespace
}  // namespace signpost::rocks
