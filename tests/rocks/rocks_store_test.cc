#include "rocks/rocks_store.h"

#include "rocks/codec.h"
#include "rocks/keys.h"
#include "tests/queue/samples.h"
#include "tests/rocks/raw_queue.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace signpost::rocks {
namespace {

using namespace std::chrono_literals;
using queue::samples::deferred;
using queue::samples::enqueue;
using queue::samples::id_at;
using queue::samples::job;
using queue::samples::kNoon;
using queue::samples::message;
using queue::samples::next_revision;

class RocksStoreTest : public testing::Test {
 protected:
  void SetUp() override { open(); }

  // Without compression: the samples would shrink to nothing.
  void open(Compression compression = Compression::None) {
    auto opened = open_store(path(), {.write_buffer_size = 4 << 20, .compression = compression});
    ASSERT_TRUE(opened) << opened.error().detail;
    store = std::move(*opened);
  }
  void reopen() {
    store.reset();
    open();
  }
  std::string path() const { return directory.path() + "/queue"; }

  void apply(const queue::Change& change) {
    const auto done = queue::samples::apply(*store, change);
    ASSERT_TRUE(done) << done.error().detail;
  }

  // Closes the queue: what is left in its files, by family and after all merging.
  void expect_nothing_left() {
    store.reset();
    RawQueue raw(path());
    EXPECT_EQ(raw.rows("content"), 0U);
    EXPECT_EQ(raw.rows("envelope"), 0U);
    EXPECT_EQ(raw.rows("job"), 0U);
    EXPECT_EQ(raw.rows("lane"), 0U);
    EXPECT_EQ(raw.data_files_after_compaction(), 0U);
  }

  test::TemporaryDirectory directory;
  std::unique_ptr<queue::Store> store;
};

const queue::Lane kLane{"domain0.example", "shop", ""};  // of job(id)

queue::MessageId id(int n) { return id_at(kNoon + std::chrono::microseconds(n)); }

// Reading and writing -----------------------------------------------------------------------------

TEST_F(RocksStoreTest, ContentOfAnySizeIsKept) {
  const std::vector<std::size_t> sizes{0, 2'047, 2'048, 20 << 20};
  int n = 0;
  std::map<queue::MessageId, std::string> sent;
  for (const std::size_t size : sizes) {
    auto made = std::make_shared<queue::Message>(*message(id(++n)));
    made->content = std::string(size, static_cast<char>('a' + n));
    sent[id(n)] = made->content;
    apply(enqueue(made, {job(id(n))}));
  }
  reopen();
  for (const auto& [each, content] : sent) EXPECT_TRUE(store->content(each).value() == content);
}

// Removing ----------------------------------------------------------------------------------------

TEST_F(RocksStoreTest, DeliveredMessageLeavesNothing) {
  for (int i = 0; i < 50; ++i) apply(enqueue(id(i), 1, 4'500));
  for (int i = 0; i < 50; ++i) apply(queue::samples::remove(job(id(i))));
  EXPECT_EQ(store->content(id(1)).error().code, Errc::NotFound);
  EXPECT_EQ(store->totals().ready, 0U);
  expect_nothing_left();
}

TEST_F(RocksStoreTest, DeliveredMessageLeavesNothingAfterAReopenInBetween) {
  for (int i = 0; i < 50; ++i) apply(enqueue(id(i), 1, 4'500));
  reopen();
  for (int i = 0; i < 50; ++i) apply(queue::samples::remove(job(id(i))));
  expect_nothing_left();
}

TEST_F(RocksStoreTest, MessageStaysUntilItsLastJobGoes) {
  apply(enqueue(id(1), 3, 4'500));
  apply(queue::samples::remove(job(id(1), 1)));
  EXPECT_TRUE(store->content(id(1)));
  reopen();  // the count is not in memory any more
  apply(queue::samples::remove(job(id(1), 0)));
  EXPECT_TRUE(store->content(id(1)));
  EXPECT_EQ(store->jobs_of(id(1)).value().size(), 1U);
  apply(queue::samples::remove(job(id(1), 2)));
  EXPECT_EQ(store->content(id(1)).error().code, Errc::NotFound);
  expect_nothing_left();
}

TEST_F(RocksStoreTest, LastJobsRemovedByOneGroupTakeTheMessageWithThem) {
  for (const bool forget : {false, true}) {
    apply(enqueue(id(1), 3));
    if (forget) reopen();
    std::vector<queue::Change> changes;
    for (std::uint16_t i = 0; i < 3; ++i) changes.push_back(queue::samples::remove(job(id(1), i)));
    const std::vector<const queue::Change*> group{&changes[2], &changes[0], &changes[1]};
    ASSERT_TRUE(store->apply(group));
    EXPECT_EQ(store->envelope(id(1)).error().code, Errc::NotFound);
  }
  expect_nothing_left();
}

TEST_F(RocksStoreTest, JobDeferredManyTimesLeavesNothing) {
  apply(enqueue(id(1), 1, 4'500));
  queue::Job before = job(id(1));
  for (int i = 0; i < 20; ++i) {
    queue::Job after = deferred(next_revision(before), kNoon + std::chrono::minutes(i));
    apply(queue::samples::replace(before, after));
    EXPECT_EQ(store->jobs_of(id(1)).value(), std::vector<queue::Job>{after});
    EXPECT_EQ(store->totals().deferred, 1U);
    EXPECT_EQ(store->totals().ready, 0U);
    if (i % 7 == 0) reopen();
    before = after;
  }
  apply(queue::samples::remove(before));
  expect_nothing_left();
}

// More than the store lets wait in memory before it writes the removals out.
TEST_F(RocksStoreTest, RemovalOfMuchOldMailLeavesNothing) {
  constexpr int kMessages = 21'000;
  constexpr int kGroup = 1'000;
  const auto in_groups = [&](auto change_of) {
    for (int first = 0; first < kMessages; first += kGroup) {
      std::vector<queue::Change> changes;
      for (int i = first; i < first + kGroup; ++i) changes.push_back(change_of(i));
      std::vector<const queue::Change*> group;
      for (const queue::Change& change : changes) group.push_back(&change);
      ASSERT_TRUE(store->apply(group));
    }
  };
  in_groups([](int i) { return enqueue(id(i), 1, 10); });
  reopen();
  EXPECT_EQ(store->totals().ready, static_cast<std::uint64_t>(kMessages));
  in_groups([](int i) { return queue::samples::remove(job(id(i))); });
  EXPECT_EQ(store->totals().ready, 0U);
  expect_nothing_left();
}

TEST_F(RocksStoreTest, ContentThatStaysIsCompressed) {
  for (const Compression compression : {Compression::Lz4, Compression::Zstd}) {
    store.reset();
    std::filesystem::remove_all(path());
    open(compression);
    for (int i = 0; i < 100; ++i) apply(enqueue(id(i), 1, i % 2 == 0 ? 20'000 : 1'000));
    store.reset();
    open(compression);  // now it is in data files
    std::uintmax_t octets = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      const std::string kind = entry.path().extension();
      if (kind == ".sst" || kind == ".blob") octets += entry.file_size();
    }
    EXPECT_LT(octets, 300'000U);
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(store->content(id(i)).value(),
                queue::samples::content_of(id(i), i % 2 == 0 ? 20'000 : 1'000));
    }
  }
}

TEST_F(RocksStoreTest, SpaceOfRemovedMailIsGivenBackWhenAsked) {
  const auto used = [&] {
    std::uintmax_t octets = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      const std::string kind = entry.path().extension();
      if (kind == ".log" || kind == ".sst" || kind == ".blob") octets += entry.file_size();
    }
    return octets;
  };
  for (int i = 0; i < 500; ++i) apply(enqueue(id(i), 1, 20'000));
  reopen();  // now it is in data files
  for (int i = 1; i < 500; ++i) apply(queue::samples::remove(job(id(i))));
  ASSERT_GT(used(), 9'000'000U);
  std::atomic<bool> cancelled{false};
  ASSERT_TRUE(store->reclaim_space(cancelled));
  EXPECT_LT(used(), 6'000'000U);
  EXPECT_EQ(store->content(id(0)).value(), queue::samples::content_of(id(0), 20'000));
}

TEST_F(RocksStoreTest, MeasuresItself) {
  using enum queue::EngineFigure;
  const double before = store->figure(MemoryBytes);
  EXPECT_GT(before, 0);
  apply(enqueue(id(0), 1, 200'000));
  EXPECT_GT(store->figure(MemoryBytes), before);
  std::atomic<bool> cancelled{false};
  ASSERT_TRUE(store->reclaim_space(cancelled));
  EXPECT_GT(store->figure(FileBytes), 100'000) << "blobs count";
  EXPECT_EQ(store->figure(WriteSlowdowns) + store->figure(WriteStops), 0);
  EXPECT_EQ(store->figure(WritesStopped), 0);
}

TEST_F(RocksStoreTest, ChangeThatComesTwiceChangesNothing) {
  apply(enqueue(id(1), 2));
  apply(queue::samples::remove(job(id(1), 0)));
  apply(queue::samples::remove(job(id(1), 0)));
  EXPECT_TRUE(store->content(id(1)));
  const queue::Job after = deferred(next_revision(job(id(1), 1)), kNoon);
  apply(queue::samples::replace(job(id(1), 1), after));
  apply(queue::samples::replace(job(id(1), 1), after));
  apply(queue::samples::remove(job(id(1), 1)));  // no longer what is stored
  EXPECT_EQ(store->jobs_of(id(1)).value(), std::vector<queue::Job>{after});
  const queue::Change last = queue::samples::remove(after);
  const std::vector<const queue::Change*> twice{&last, &last};
  ASSERT_TRUE(store->apply(twice));
  EXPECT_EQ(store->totals().deferred, 0U);
  expect_nothing_left();
}

// Lanes -------------------------------------------------------------------------------------------

// Lanes are longer than the steps after which a listing seeks, or shorter.
TEST_F(RocksStoreTest, LanesOfAnyLengthAreListedOnce) {
  int n = 0;
  std::set<std::string> expected;
  for (int length = 1; length < 12; ++length) {
    const std::string domain = "domain" + std::to_string(length) + ".example";
    expected.insert(domain);
    for (int i = 0; i < length; ++i) {
      queue::Job each = job(id(++n));
      each.lane.domain = domain;
      apply(enqueue(message(id(n)), {each}));
    }
  }
  reopen();
  const auto page = store->lanes({}, 100);
  ASSERT_TRUE(page);
  std::set<std::string> found;
  for (const queue::WaitingLane& each : page->lanes) found.insert(each.lane.domain);
  EXPECT_EQ(page->lanes.size(), expected.size());
  EXPECT_EQ(found, expected);
}

// Rows that a filter skips are bounded too: a page may be empty although more follow.
TEST_F(RocksStoreTest, PageOfAListingExaminesABoundedNumberOfRows) {
  constexpr int kMessages = 50;
  constexpr std::uint16_t kJobs = 1'200;
  for (int i = 0; i < kMessages; ++i) {
    std::vector<queue::Job> jobs;
    for (std::uint16_t number = 0; number < kJobs; ++number) {
      queue::Job each = job(id(i), number);
      if (i + 1 == kMessages && number + 1 == kJobs) each.lane.domain = "last.example";
      jobs.push_back(std::move(each));
    }
    apply(enqueue(message(id(i)), std::move(jobs)));
  }
  const auto first =
      store->jobs({.to = queue::AddressPattern::parse("last.example").value()}, {}, 10);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->jobs.empty());
  EXPECT_FALSE(first->end);
  const auto second =
      store->jobs({.to = queue::AddressPattern::parse("last.example").value()}, first->next, 10);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->jobs.size(), 1U);
  EXPECT_TRUE(second->end);
}

// Damage ------------------------------------------------------------------------------------------

TEST_F(RocksStoreTest, DamagedRowsAffectOnlyThemselves) {
  apply(enqueue(id(1), 2));
  apply(enqueue(message(id(2)), {deferred(job(id(2)), kNoon)}));
  apply(enqueue(message(id(3)), {deferred(job(id(3)), kNoon)}));
  store.reset();
  {
    RawQueue raw(path());
    raw.put("job", job_key(job(id(1), 0).ref), "\x01garbage");
    raw.put("job", job_key(job(id(2)).ref), "");
    raw.put("job", "short key", "x");
    raw.put("lane", "short key", "");
    raw.put("lane", lane_prefix(kLane) + "short key", "");
    raw.put("lane", lane_key(kLane, position_of(job(id(9)))), "");  // without its job
    raw.put("envelope", message_key(id(1)), "\x07");
  }
  open();
  EXPECT_EQ(store->totals().ready, 1U);
  EXPECT_EQ(store->totals().deferred, 1U);
  EXPECT_EQ(store->jobs({}, {}, 100).value().jobs.size(), 1U);  // the other has no envelope
  EXPECT_EQ(store->jobs_of(id(1)).value().size(), 1U);
  const auto due = store->claim_due(kLane, {}, kNoon + 1h, 100);
  ASSERT_TRUE(due);
  EXPECT_TRUE(due->end);
  EXPECT_EQ(due->jobs, std::vector<queue::Job>{deferred(job(id(3)), kNoon)});
  EXPECT_EQ(store->claims().size(), 1U);  // what cannot be read is nobody's
  EXPECT_EQ(store->lanes({}, 100).value().lanes.size(), 2U);
  EXPECT_EQ(store->envelope(id(1)).error().code, Errc::Corrupt);
  EXPECT_TRUE(store->content(id(1)));
  // A job that cannot be read is a job still: its message stays.
  apply(queue::samples::remove(job(id(1), 1)));
  EXPECT_TRUE(store->content(id(1)));
}

// All files of that kind get one octet changed in each 512.
int damage_files(const std::string& directory, const std::string& extension) {
  int damaged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != extension) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<std::streamoff>(entry.file_size());
    for (std::streamoff at = 600; at < size - 600; at += 512) {
      file.seekg(at);
      const int octet = file.get();
      file.seekp(at);
      file.put(static_cast<char>(octet ^ 0x55));
    }
    ++damaged;
  }
  return damaged;
}

TEST_F(RocksStoreTest, DamagedContentIsReportedAsCorruptNotDelivered) {
  apply(enqueue(id(1), 1, 50'000));
  reopen();  // moves it from the log to a blob file
  store.reset();
  ASSERT_GE(damage_files(path(), ".blob"), 1);
  open();
  ASSERT_TRUE(store->envelope(id(1)));
  EXPECT_EQ(store->content(id(1)).error().code, Errc::Corrupt);
}

TEST_F(RocksStoreTest, MissingContentFileIsReportedAsCorrupt) {
  apply(enqueue(id(1), 1, 50'000));
  reopen();
  for (const auto& entry : std::filesystem::directory_iterator(path())) {
    if (entry.path().extension() == ".blob") std::filesystem::remove(entry.path());
  }
  EXPECT_EQ(store->content(id(1)).error().code, Errc::Corrupt);
}

// Opening -----------------------------------------------------------------------------------------

TEST_F(RocksStoreTest, SecondOpenerIsRefusedWithAClearError) {
  const auto second = open_store(path(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::Unavailable);
  EXPECT_NE(second.error().detail.find("in use by another process"), std::string::npos);
  apply(enqueue(id(1)));  // and the first one is not disturbed
}

std::map<std::string, std::string> files_of(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

TEST_F(RocksStoreTest, NewerFormatIsRefusedAndLeftUntouched) {
  apply(enqueue(id(1)));
  store.reset();
  RawQueue(path()).put("default", "format", "3");
  const auto before = files_of(path());
  const auto opened = open_store(path(), {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::InvalidArgument);
  EXPECT_NE(opened.error().detail.find("has format 3, this program writes format 2"),
            std::string::npos)
      << opened.error().detail;
  EXPECT_TRUE(files_of(path()) == before);
}

TEST_F(RocksStoreTest, UnreadableOrMissingFormatIsRefusedWhenThereIsMail) {
  apply(enqueue(id(1)));
  store.reset();
  RawQueue(path()).put("default", "format", "one");
  EXPECT_EQ(open_store(path(), {}).error().code, Errc::InvalidArgument);
  RawQueue(path()).erase("default", "format");
  EXPECT_EQ(open_store(path(), {}).error().code, Errc::InvalidArgument);
}

TEST_F(RocksStoreTest, InterruptedFirstStartIsFinished) {
  store.reset();
  RawQueue(path()).erase("default", "format");
  open();
  store.reset();
  EXPECT_EQ(RawQueue(path()).rows("default"), 1U);
}

TEST_F(RocksStoreTest, NewDirectoryIsForTheOwnerOnly) {
  struct stat status{};
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(RocksStoreTest, DirectoryThatCannotBeMadeIsAnError) {
  std::ofstream(directory.path() + "/file") << "x";
  const auto opened = open_store(directory.path() + "/file/queue", {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().detail.find("/file/queue"), std::string::npos);
}

TEST_F(RocksStoreTest, EngineTellsItsVersionAndFormat) {
  EXPECT_EQ(store->engine_text().substr(0, 8), "RocksDB ");
  EXPECT_NE(store->engine_text().find("format 2"), std::string::npos);
}

}  // namespace
}  // namespace signpost::rocks
