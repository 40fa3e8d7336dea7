// A queue of format 1, made by the program that wrote that format, becomes one of format 2.
#include "rocks/carry_over.h"

#include "rocks/rocks_store.h"
#include "tests/queue/samples.h"
#include "tests/rocks/raw_queue.h"
#include "tests/support/power_loss_file_system.h"
#include "tests/support/sanitized.h"
#include "tests/support/temporary_directory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace signpost::rocks {
namespace {

namespace fs = std::filesystem;

const fs::path kVector = QUEUE_FORMAT_1;

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string_view text_of(queue::JobState state) {
  switch (state) {
    case queue::JobState::Ready:
      return "ready";
    case queue::JobState::Deferred:
      return "deferred";
    case queue::JobState::Held:
      return "held";
  }
  return "";
}

std::int64_t number_of(SystemTime time) { return time.time_since_epoch().count(); }

// A job as the program of format 1 printed it.
std::string line_of(const queue::QueuedJob& each, std::size_t octets) {
  const queue::Job& job = each.job;
  std::string to;
  for (const queue::Recipient& recipient : job.recipients) to += recipient.mailbox.text() + ",";
  return fmt::format(
      "{} job={} {} domain={} to={} attempts={} due={} told={} last={} reply={} remote={} "
      "from=<{}> login={} received={} octets={}",
      job.ref.id.text(), job.ref.number, text_of(job.state), job.lane.domain, to, job.attempts,
      job.state == queue::JobState::Deferred ? number_of(job.due) : 0, job.delay_notified ? 1 : 0,
      number_of(job.last_attempt), job.last_reply.code, job.last_remote,
      smtp::text_of(each.envelope.reverse_path), each.envelope.login,
      number_of(each.envelope.received), octets);
}

class CarryOverTest : public testing::Test {
 protected:
  void SetUp() override { restore(); }

  // The queue of format 1 again.
  void restore() {
    store.reset();
    for (const auto& entry : fs::directory_iterator(directory.path())) fs::remove_all(entry);
    fs::copy(kVector / "queue", path());
  }

  std::string path() const { return directory.path() + "/queue"; }

  void open(const Options& options = {}) {
    auto opened = open_store(path(), options);
    ASSERT_TRUE(opened) << opened.error().detail;
    store = std::move(*opened);
  }

  std::vector<queue::QueuedJob> jobs() {
    auto page = store->jobs({}, {}, 1000);
    EXPECT_TRUE(page && page->end);
    return page ? std::move(page->jobs) : std::vector<queue::QueuedJob>();
  }

  // All that was queued is, once, and waits as it did.
  void expect_carried_over() {
    std::vector<std::string> lines;
    std::set<std::pair<queue::MessageId, std::uint16_t>> waiting;
    for (const queue::QueuedJob& each : jobs()) {
      const auto content = store->content(each.job.ref.id);
      ASSERT_TRUE(content) << content.error().detail;
      EXPECT_TRUE(content->starts_with("Message-ID: <" + each.job.ref.id.text()));
      lines.push_back(line_of(each, content->size()));
      if (each.job.state == queue::JobState::Ready) {
        EXPECT_EQ(each.job.due, each.envelope.received);
      }
      EXPECT_EQ(store->job({each.job.ref.id, each.job.ref.number, 0}).value(), each.job);
      EXPECT_EQ(store->jobs_of(each.job.ref.id).value().size(), jobs_of(each.job.ref.id));
    }
    EXPECT_EQ(lines, expected);
    const auto page = store->lanes({}, 100);
    ASSERT_TRUE(page && page->end);
    for (const queue::WaitingLane& each : page->lanes) {
      const auto due = store->claim_due(each.lane, {}, SystemTime::max(), 100);
      ASSERT_TRUE(due);
      for (const queue::Job& job : due->jobs) {
        EXPECT_NE(job.state, queue::JobState::Held);
        EXPECT_EQ(job.lane, each.lane);
        EXPECT_TRUE(waiting.emplace(job.ref.id, job.ref.number).second);
      }
    }
    EXPECT_EQ(waiting.size(), 8U);  // all but the one that is held
    const queue::Totals totals = store->totals();
    EXPECT_EQ(totals.ready, 6U);
    EXPECT_EQ(totals.deferred, 2U);
    EXPECT_EQ(totals.held, 1U);
  }

  std::size_t jobs_of(const queue::MessageId& id) const {
    std::size_t count = 0;
    for (const std::string& line : expected) count += line.starts_with(id.text()) ? 1 : 0;
    return count;
  }

  const std::vector<std::string> expected = lines_of(kVector / "jobs.txt");
  test::TemporaryDirectory directory;
  std::unique_ptr<queue::Store> store;
};

TEST_F(CarryOverTest, EveryJobIsCarriedOver) {
  ASSERT_EQ(expected.size(), 9U);
  open();
  expect_carried_over();
  store.reset();
  open();
  expect_carried_over();
}

TEST_F(CarryOverTest, DamagedListOfFiles) {
  fs::remove(path() + "/CURRENT");
  open();
  expect_carried_over();
}

TEST_F(CarryOverTest, LaneIsTheLoginsElseTheSendersDomain) {
  open();
  std::map<std::string, std::set<std::string>> accounts;  // by reverse-path
  for (const queue::QueuedJob& each : jobs()) {
    accounts[std::string(smtp::text_of(each.envelope.reverse_path))].insert(each.job.lane.account);
    EXPECT_EQ(each.job.lane.route, "");
  }
  using Accounts = std::set<std::string>;
  EXPECT_EQ(accounts["bounces@Shop.example"], Accounts{"shop"});
  EXPECT_EQ(accounts["news@shop.example"], Accounts{"news"});
  EXPECT_EQ(accounts["cron@Host.Example"], Accounts{"@host.example"});
  EXPECT_EQ(accounts[""], Accounts{"@"});
  EXPECT_EQ(accounts["local"], Accounts{"@"});
}

TEST_F(CarryOverTest, NothingOfTheFormerFormatIsLeft) {
  open();
  const std::vector<queue::QueuedJob> all = jobs();
  for (const queue::QueuedJob& each : all) {
    ASSERT_TRUE(queue::samples::apply(*store, queue::samples::remove(each.job)));
  }
  store.reset();
  RawQueue raw(path());
  EXPECT_FALSE(raw.has("due"));
  EXPECT_EQ(raw.rows("default"), 1U);  // the format, no mark
  EXPECT_EQ(raw.all_rows(), 0U);
  EXPECT_EQ(raw.data_files_after_compaction(), 0U);
}

TEST_F(CarryOverTest, QueueThatIsCarriedOverSaysSoBeforeItIsChanged) {
  ASSERT_TRUE(begin_carry_over(path(), {}));
  {
    RawQueue raw(path());
    EXPECT_EQ(raw.get("default", "format"), "2");
    EXPECT_FALSE(raw.has("lane"));  // the first that an older program would stumble over
    EXPECT_EQ(raw.rows("job"), 9U);
  }
  open();
  expect_carried_over();
}

// The power fails at each write and sync on the way, and the next start continues.
TEST_F(CarryOverTest, PowerFailureAnywhereLosesNothingAndDoublesNothing) {
  std::mt19937_64 random(20'261'128);
  std::uint64_t cut_short = 0;
  constexpr std::uint64_t kStep = test::kSanitized ? 5 : 1;
  for (std::uint64_t operation = 0;; operation += kStep) {
    SCOPED_TRACE(operation);
    restore();
    const auto disk = std::make_shared<test::PowerLossFileSystem>();
    disk->fail_after(operation);
    Options options;
    options.carry_over_batch = 2;
    options.file_system = disk;
    const bool opened = open_store(path(), options).has_value();
    const bool failed = disk->failed();
    disk->restore(random);
    open(options);
    ASSERT_NE(store, nullptr);
    expect_carried_over();
    ASSERT_FALSE(HasFailure());
    if (!failed) {
      EXPECT_TRUE(opened);
      break;
    }
    ++cut_short;
  }
  EXPECT_GT(cut_short, test::some_of(20));
}

TEST_F(CarryOverTest, TwoFailuresInARowAreNoMore) {
  std::mt19937_64 random(7);
  for (std::uint64_t operation = 10; operation < 60; operation += 7) {
    SCOPED_TRACE(operation);
    restore();
    Options options;
    options.carry_over_batch = 1;
    const auto disk = std::make_shared<test::PowerLossFileSystem>();
    options.file_system = disk;
    for (const std::uint64_t more : {operation, operation / 2}) {
      disk->fail_after(more);
      (void)open_store(path(), options);
      disk->restore(random);
    }
    open(options);
    ASSERT_NE(store, nullptr);
    expect_carried_over();
    ASSERT_FALSE(HasFailure());
  }
}

std::map<std::string, std::string> files_in(const fs::path& queue) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(queue)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

// This program stands in for an older one: it too reads nothing but the default family before it
// knows the format, and ignores families that it does not know.
TEST_F(CarryOverTest, NewerFormatWithMoreFamiliesIsRefusedUntouched) {
  open();
  store.reset();
  {
    RawQueue raw(path());
    raw.put("default", "format", "3");
    raw.create("something-new");
    raw.put("something-new", "key", "value");
  }
  const auto before = files_in(path());
  const auto opened = open_store(path(), {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::InvalidArgument);
  EXPECT_NE(opened.error().detail.find("has format 3, this program writes format 2"),
            std::string::npos)
      << opened.error().detail;
  EXPECT_TRUE(files_in(path()) == before);
}

// Damage in a queue of format 1: what can be read is copied as format 2.
TEST_F(CarryOverTest, DamagedQueueIsCarriedOverWhileItIsSalvaged) {
  for (const bool begun : {false, true}) {
    SCOPED_TRACE(begun);
    restore();
    if (begun) {
      ASSERT_TRUE(begin_carry_over(path(), {}));
    }
    const fs::path blob = path() + "/000018.blob";
    ASSERT_TRUE(fs::exists(blob));
    {
      std::fstream file(blob, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(200);
      file.put('\xff');  // in the content of the second message
    }
    std::ofstream(path() + ".check") << '\n';
    open();
    ASSERT_NE(store, nullptr);
    const auto all = jobs();
    EXPECT_EQ(all.size(), 7U);  // without the two jobs of that message
    for (const queue::QueuedJob& each : all) {
      const auto content = store->content(each.job.ref.id);
      ASSERT_TRUE(content);
      EXPECT_TRUE(std::ranges::find(expected, line_of(each, content->size())) != expected.end())
          << line_of(each, content->size());
      EXPECT_NE(each.job.lane.account, "");
    }
    EXPECT_EQ(store->lanes({}, 100).value().lanes.size(), 6U);
  }
}

}  // namespace
}  // namespace signpost::rocks
