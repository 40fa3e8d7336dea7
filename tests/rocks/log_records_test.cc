#include "rocks/salvage/log_records.h"

#include "base/concat.h"
#include "rocks/codec.h"
#include "rocks/keys.h"
#include "rocks/salvage/blob_records.h"
#include "rocks/salvage/log_remains.h"
#include "tests/queue/samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace signpost::rocks {
namespace {

constexpr std::size_t kBlock = 32 << 10;
constexpr char kFull = 1;
constexpr char kFirst = 2;
constexpr char kMiddle = 3;
constexpr char kLast = 4;

std::string record(char type, std::string_view octets) {
  const std::uint32_t crc = crc32c(type + std::string(octets));
  const std::uint32_t stored = ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
  std::string made;
  for (int i = 0; i < 4; ++i) made.push_back(static_cast<char>(stored >> (8 * i)));
  made.push_back(static_cast<char>(octets.size()));
  made.push_back(static_cast<char>(octets.size() >> 8));
  return made.append(1, type).append(octets);
}

// With a record of 'f's to the end of the block: nothing but a few octets is ever left empty.
std::string filled_up(const std::string& block) {
  return block + record(kFull, std::string(kBlock - block.size() - 7, 'f'));
}

std::string unused(std::size_t size) { return std::string(size, '\0'); }

struct Read {
  std::string records;
  bool goes_on;
};

Read read(std::string_view file) {
  LogReader reader;
  Read read;
  reader.read(file, read.records);
  read.goes_on = reader.goes_on_past_damage();
  return read;
}

TEST(Crc32c, KnownValues) {
  // RFC 3720 appendix B.4.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
}

TEST(LogReader, WholeLog) {
  const std::string head = filled_up(record(kFull, "one"));
  const std::string rest(kBlock - 7 - 6, 'x');
  const auto found = read(head + record(kFirst, rest) + unused(6) + record(kMiddle, rest) +
                          unused(6) + record(kLast, "end") + record(kFull, "two"));
  EXPECT_EQ(found.records, "one" + head.substr(17) + rest + rest + "end" + "two");
  EXPECT_FALSE(found.goes_on);
  EXPECT_FALSE(read("").goes_on);
}

TEST(LogReader, WriteThatACrashCutShortIsTheEnd) {
  const std::string whole = record(kFull, "one") + record(kFull, "two");
  for (std::size_t cut = 1; cut < 10; ++cut) {
    const auto found = read(whole.substr(0, whole.size() - cut));
    EXPECT_EQ(found.records, "one") << cut;
    EXPECT_FALSE(found.goes_on) << cut;
  }
  // Its parts may reach the disk in any order.
  const std::string part(kBlock - 7, 'x');
  std::string torn = record(kFirst, part) + record(kMiddle, part) + record(kLast, "end");
  torn[100] ^= 1;
  EXPECT_EQ(read(torn).records, "");
  EXPECT_FALSE(read(torn).goes_on);
}

TEST(LogReader, DamageWithMoreAfterIt) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{6}, std::size_t{8}}) {
    std::string log = record(kFull, "one") + record(kFull, "two") + record(kFull, "three");
    log[10 + at] ^= 1;
    const auto found = read(log);
    EXPECT_EQ(found.records, "onethree") << at;
    EXPECT_TRUE(found.goes_on) << at;
  }
  // A wrong length hides the rest of the block, not the next one.
  std::string log = filled_up(record(kFull, "one") + record(kFull, "two")) + record(kFull, "three");
  log[10 + 5] = '\x7f';
  EXPECT_EQ(read(log).records, "onethree");
  EXPECT_TRUE(read(log).goes_on);
}

TEST(LogReader, KnowsWhereTheWholeRecordsEnd) {
  const std::string head = filled_up(record(kFull, "one"));
  const std::string two = record(kFull, "two");
  const std::string torn =
      record(kFirst, std::string(kBlock - two.size() - 7, 'x')) + record(kLast, "three");
  const auto whole = [](std::string_view file) {
    LogReader reader;
    reader.read(file, [](std::string_view) {});
    return reader.whole();
  };
  EXPECT_EQ(whole(""), 0U);
  EXPECT_EQ(whole(head + two), head.size() + two.size());
  EXPECT_EQ(whole(head + two + torn), head.size() + two.size() + torn.size());
  for (const std::size_t at : {std::size_t{6}, std::size_t{100}, torn.size() - 1}) {
    std::string damaged = torn;
    damaged[at] ^= 1;
    EXPECT_EQ(whole(concat({head, two, damaged})), head.size() + two.size()) << at;
    EXPECT_EQ(whole(concat({head, two, damaged, two})), head.size() + two.size()) << at;
  }
  EXPECT_EQ(whole(head + two + torn.substr(0, torn.size() - 9) + std::string(9, '\0')),
            head.size() + two.size());
}

TEST(LogReader, DamageInOneFileWithMoreInTheNext) {
  LogReader reader;
  std::string records;
  std::string first = record(kFull, "one");
  first.back() ^= 1;
  reader.read(first, records);
  EXPECT_FALSE(reader.goes_on_past_damage());
  reader.read(record(kFull, "two"), records);
  EXPECT_TRUE(reader.goes_on_past_damage());
  EXPECT_EQ(records, "two");
}

TEST(LogReader, ZerosWhereARecordBeginsAreDamageIfMoreFollows) {
  const std::string two = unused(record(kFull, "two").size());
  for (const std::string& end :
       {record(kFull, "three"), unused(kBlock - 20) + record(kFull, "three")}) {
    const auto found = read(concat({record(kFull, "one"), two, end}));
    EXPECT_TRUE(found.goes_on);
    EXPECT_TRUE(found.records.starts_with("one"));
  }
  const auto ends = read(record(kFull, "one") + unused(kBlock));
  EXPECT_EQ(ends.records, "one");
  EXPECT_FALSE(ends.goes_on);
}

TEST(LogReader, DamagedLengthInTheLastBlockHidesNoRecord) {
  const std::string log = record(kFull, "one") + record(kFull, "two") + record(kFull, "three");
  for (const char length : {'\x7f', '\x00'}) {  // past the end, and within the block
    std::string damaged = log;
    damaged[10 + (length == 0 ? 4 : 5)] = length;
    EXPECT_TRUE(read(damaged).goes_on);
  }
  std::string last = log;
  last[20 + 5] = '\x7f';
  EXPECT_FALSE(read(last).goes_on);
}

bool is_doubtful(std::string_view log) {
  LogOutline outline;
  for (; !log.empty(); log.remove_prefix(std::min(log.size(), kBlock))) {
    outline.take(log.substr(0, kBlock));
  }
  return outline.doubtful();
}

TEST(LogOutline, DoubtsOnlyWhatMayHideRecords) {
  const std::string one = record(kFull, "one");
  const std::string rest(kBlock - 7 - 6, 'x');
  EXPECT_FALSE(is_doubtful(""));
  EXPECT_FALSE(is_doubtful(one + one));
  EXPECT_FALSE(is_doubtful(one + unused(kBlock)));
  EXPECT_FALSE(is_doubtful(record(kFirst, rest) + unused(6) + record(kLast, "end")));
  EXPECT_TRUE(is_doubtful(one + unused(10) + one));
  EXPECT_TRUE(is_doubtful(filled_up(one) + unused(kBlock) + one));
  EXPECT_TRUE(is_doubtful(one + one.substr(0, 9)));
}

TEST(WithoutBlockHeaders, LeavesWhatIsBetweenThem) {
  EXPECT_EQ(without_block_headers(""), "");
  EXPECT_EQ(without_block_headers("1234567"), "");
  const std::string part(kBlock - 7, 'x');
  EXPECT_EQ(without_block_headers(record(kFirst, part) + record(kLast, "end")), part + "end");
}

// Blobs -------------------------------------------------------------------------------------------

void append_number(std::string& out, std::uint64_t value, int octets) {
  for (int i = 0; i < octets; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::string blob(const queue::MessageId& id, std::string_view value) {
  const std::string key(message_key(id));
  std::string made;
  append_number(made, key.size(), 8);
  append_number(made, value.size(), 8);
  append_number(made, 0, 8);
  append_number(made, masked_crc32c(made), 4);
  append_number(made, masked_crc32c(key + std::string(value)), 4);
  return made.append(key).append(value);
}

std::map<queue::MessageId, std::string> blobs_in(std::string_view file) {
  std::map<queue::MessageId, std::string> found;
  find_blobs(file, [&](const queue::MessageId& id, std::size_t offset, std::size_t size) {
    if (blob_is_whole(file, offset, size)) found[id] = file.substr(offset, size);
  });
  return found;
}

TEST(FindBlobs, SkipsDamagedRecords) {
  const queue::MessageId one = queue::samples::id_at(queue::samples::kNoon, 1);
  const queue::MessageId two = queue::samples::id_at(queue::samples::kNoon, 2);
  const queue::MessageId three = queue::samples::id_at(queue::samples::kNoon, 3);
  const std::string file = std::string(30, 'h') + blob(one, "the first") + blob(two, "the second") +
                           blob(three, "") + std::string(32, 'f');
  const std::map<queue::MessageId, std::string> all{
      {one, "the first"}, {two, "the second"}, {three, ""}};
  EXPECT_EQ(blobs_in(file), all);
  EXPECT_TRUE(blobs_in(file.substr(0, 30)).empty());
  EXPECT_EQ(blobs_in(file.substr(0, file.size() - 40)).size(), 2U);
  for (std::size_t at = 30; at < 30 + 42 + 9; ++at) {  // any octet of the first one
    std::string damaged = file;
    damaged[at] ^= 0x10;
    auto rest = all;
    rest.erase(one);
    EXPECT_EQ(blobs_in(damaged), rest) << at;
  }
}

// Rows as RocksDB's write batch has them.
std::string number(std::size_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text.push_back(static_cast<char>(value | 0x80));
  return text + static_cast<char>(value);
}

std::string put(char family, std::string_view key, std::string_view value) {
  return std::string{'\x05', family} + number(key.size()) + std::string(key) +
         number(value.size()) + std::string(value);
}

std::string removal(char family, std::string_view key) {
  return std::string{'\x08', family} + number(key.size()) + std::string(key);
}

std::string rows_of(const queue::Message& message, const std::vector<queue::Job>& jobs) {
  const std::string_view key = message_key(message.envelope.id);
  std::string rows = put(1, key, message.content) + put(2, key, encode_envelope(message.envelope));
  for (const queue::Job& job : jobs) rows += put(3, job_key(job.ref), encode_job(job));
  return rows;
}

class SearchLogTest : public testing::Test {
 protected:
  const queue::MessageId id = queue::samples::id_at(queue::samples::kNoon);
  const std::shared_ptr<const queue::Message> message = queue::samples::message(id, 5'000, 2);
  const std::vector<queue::Job> jobs{queue::samples::job(id, 0), queue::samples::job(id, 1)};
  Remains remains;

  void search(const std::string& octets, bool certain = false) {
    search_log(octets, certain ? 0 : 1, certain, {}, remains);
  }
};

TEST_F(SearchLogTest, MessageIsRecognisedAmongOtherOctets) {
  const std::string octets =
      "\x05\x01\x0a junk \x05\x02" + rows_of(*message, jobs) + "\x05\x03\x10";
  search(octets);
  const Remains::Of& of = remains.messages.at(id);
  EXPECT_EQ(of.envelope, message->envelope);
  EXPECT_EQ(of.jobs, jobs);
  EXPECT_EQ(octets.substr(of.content_offset, of.content_size), message->content);
  EXPECT_FALSE(of.certain);
  EXPECT_FALSE(of.removed);
}

TEST_F(SearchLogTest, ContentsOfAWholeRecordAreCertain) {
  search(rows_of(*message, jobs), true);
  queue::Message other = *message;
  other.content = "something else";
  other.envelope.reverse_path = smtp::Mailbox::from_text("other@example.com");
  search(rows_of(other, jobs));
  const Remains::Of& of = remains.messages.at(id);
  EXPECT_TRUE(of.certain);
  EXPECT_EQ(of.envelope, message->envelope);
  EXPECT_EQ(of.source, 0U);
  EXPECT_EQ(of.content_size, message->content.size());
}

TEST_F(SearchLogTest, RemovalsAndLaterRevisionsCount) {
  const queue::Job later = queue::samples::next_revision(jobs[0]);
  search(rows_of(*message, jobs) + removal(3, job_key(jobs[0].ref)) +
         put(3, job_key(later.ref), encode_job(later)) + removal(3, job_key(jobs[1].ref)));
  EXPECT_EQ(remains.messages.at(id).jobs, std::vector<queue::Job>{later});
  EXPECT_FALSE(remains.messages.at(id).removed);
  search(removal(1, message_key(id)));
  EXPECT_TRUE(remains.messages.at(id).removed);
}

TEST_F(SearchLogTest, KeyAloneIsATrace) {
  search(put(2, message_key(id), "no envelope"));
  ASSERT_TRUE(remains.messages.contains(id));
  EXPECT_FALSE(remains.messages.at(id).envelope);
}

TEST_F(SearchLogTest, EnvelopeAloneIsEnoughToNameAMessage) {
  search(put(2, message_key(id), encode_envelope(message->envelope)));
  EXPECT_EQ(remains.messages.at(id).envelope, message->envelope);
  EXPECT_EQ(remains.messages.at(id).content_size, 0U);
  EXPECT_TRUE(remains.messages.at(id).jobs.empty());
}

}  // namespace
}  // namespace signpost::rocks
