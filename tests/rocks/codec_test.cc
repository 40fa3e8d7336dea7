#include "rocks/codec.h"

#include "tests/queue/samples.h"

#include <gtest/gtest.h>

namespace signpost::rocks {
namespace {

using queue::samples::kNoon;

queue::Envelope full_envelope() {
  queue::Envelope envelope = queue::samples::message(queue::samples::id_at(kNoon))->envelope;
  envelope.size = 20'000'000'000;
  envelope.job_count = 1000;
  envelope.eight_bit = true;
  envelope.smtputf8 = true;
  envelope.notification = true;
  envelope.ret = smtp::Return::Headers;
  envelope.envelope_id = "QQ+2B314";
  return envelope;
}

queue::Job full_job() {
  queue::Job job = queue::samples::job(queue::samples::id_at(kNoon), 7);
  job.ref.revision = 4'000'000'000;
  job.state = queue::JobState::Deferred;
  job.attempts = 12;
  job.due = kNoon + std::chrono::microseconds(1);
  job.last_attempt = kNoon;
  job.last_reply = {.code = 451, .status = {4, 7, 1}, .text = "first line\nsecond \xc3\xa4"};
  job.last_remote = "mx.example";
  job.delay_notified = true;
  job.recipients.push_back({smtp::Mailbox::from_text("\xc3\xa4@d.example"),
                            {smtp::Notify::kSuccess | smtp::Notify::kDelay},
                            "rfc822;a@d.example"});
  return job;
}

TEST(Codec, EnvelopeComesBackAsItWas) {
  for (const queue::Envelope& envelope :
       {full_envelope(), queue::samples::message(queue::samples::id_at(kNoon))->envelope}) {
    const auto decoded = decode_envelope(envelope.id, encode_envelope(envelope));
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(*decoded, envelope);
  }
}

TEST(Codec, JobComesBackAsItWas) {
  queue::Job held = queue::samples::job(queue::samples::id_at(kNoon));
  held.state = queue::JobState::Held;
  held.recipients.clear();
  held.due = SystemTime(std::chrono::microseconds(-1));
  for (const queue::Job& job :
       {full_job(), queue::samples::job(queue::samples::id_at(kNoon)), held}) {
    const auto decoded = decode_job(job.ref, encode_job(job));
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(*decoded, job);
  }
}

// The bytes are what other versions will read: a change here is a new row version.
TEST(Codec, BytesDoNotChange) {
  queue::Envelope envelope;
  envelope.id = queue::samples::id_at(kNoon);
  envelope.reverse_path = smtp::Mailbox::from_text("a@b");
  envelope.login = "u";
  envelope.size = 300;
  envelope.received = SystemTime(std::chrono::microseconds(0x0102030405060708));
  envelope.eight_bit = true;
  EXPECT_EQ(encode_envelope(envelope),
            std::string("\x01\x01\x00\x01\xac\x02\x01\x02\x03\x04\x05\x06\x07\x08\x03"
                        "a@b\x01u\x00\x00\x00\x00",
                        24));
  queue::Job job;
  job.ref = {envelope.id, 0, 0};
  job.lane = {"b", "u", "r"};
  job.recipients.push_back({smtp::Mailbox::from_text("c@b"), {smtp::Notify::kNever}, ""});
  EXPECT_EQ(encode_job(job), std::string("\x02\x00\x00\x00"
                                         "\x00\x00\x00\x00\x00\x00\x00\x00"
                                         "\x00\x00\x00\x00\x00\x00\x00\x00"
                                         "\x01"
                                         "b\x01u\x01r\x00\x00\x00\x00\x00\x00\x01\x03"
                                         "c@b\x01\x00",
                                         39));
}

// Former versions stored domains as they were sent.
TEST(Codec, MailboxesInULabelsAreReadInALabels) {
  queue::Envelope envelope = full_envelope();
  envelope.reverse_path = smtp::Mailbox("a",
                                        "b\xc3\xbc"
                                        "cher.example");
  const auto read = decode_envelope(envelope.id, encode_envelope(envelope));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->reverse_path->text(), "a@xn--bcher-kva.example");
  queue::Job job = full_job();
  job.recipients = {{smtp::Mailbox("c",
                                   "b\xc3\xbc"
                                   "cher.example"),
                     {},
                     ""}};
  const auto read_job = decode_job(job.ref, encode_job(job));
  ASSERT_TRUE(read_job);
  EXPECT_EQ(read_job->recipients.at(0).mailbox.text(), "c@xn--bcher-kva.example");
}

TEST(Codec, JobOfFormatOneIsReadWithoutAccountAndRoute) {
  const queue::JobRef ref{queue::samples::id_at(kNoon), 3, 2};
  const std::string row(
      "\x01\x01\x01\x05"
      "\x00\x00\x00\x00\x00\x00\x00\x07"
      "\x00\x00\x00\x00\x00\x00\x00\x06"
      "\x01"
      "b\x00\x00\x00\x00\x00\x00\x01\x03"
      "c@b\x01\x00",
      35);
  EXPECT_TRUE(is_former_job(row));
  const auto job = decode_former_job(ref, row);
  ASSERT_TRUE(job) << job.error().detail;
  EXPECT_EQ(job->ref, ref);
  EXPECT_EQ(job->state, queue::JobState::Deferred);
  EXPECT_TRUE(job->delay_notified);
  EXPECT_EQ(job->attempts, 5U);
  EXPECT_EQ(job->due, SystemTime(std::chrono::microseconds(7)));
  EXPECT_EQ(job->lane, (queue::Lane{"b", "", ""}));
  ASSERT_EQ(job->recipients.size(), 1U);
  EXPECT_EQ(job->recipients[0].mailbox.text(), "c@b");
  EXPECT_EQ(*decode_any_job(ref, row), *job);
  EXPECT_FALSE(decode_job(ref, row));
  EXPECT_FALSE(decode_former_job(ref, encode_job(full_job())));
  EXPECT_EQ(*decode_any_job(full_job().ref, encode_job(full_job())), full_job());
}

queue::Envelope timed_envelope() {
  queue::Envelope envelope = full_envelope();
  envelope.release = kNoon + std::chrono::hours(3);
  envelope.held_for = true;
  envelope.deadline =
      queue::Deadline{kNoon + std::chrono::hours(5), smtp::DeliverBy::Mode::Return, true};
  envelope.priority = -9;
  return envelope;
}

TEST(Codec, WishesAboutTimeComeBackAsTheyWere) {
  std::vector<queue::Envelope> envelopes(4, full_envelope());
  envelopes[0] = timed_envelope();
  envelopes[1].release = kNoon;
  envelopes[2].deadline = queue::Deadline{kNoon};
  envelopes[3].priority = 9;
  for (const queue::Envelope& envelope : envelopes) {
    const auto decoded = decode_envelope(envelope.id, encode_envelope(envelope));
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(*decoded, envelope);
  }
  queue::Job job = full_job();
  job.deadline = true;
  EXPECT_EQ(decode_job(job.ref, encode_job(job)).value(), job);
}

// Older programs know the versions before: they leave such a message alone.
TEST(Codec, OnlyRowsWithWishesAboutTimeHaveTheNewVersions) {
  EXPECT_EQ(encode_envelope(full_envelope())[0], 1);
  EXPECT_EQ(encode_job(full_job())[0], 2);
  EXPECT_EQ(encode_envelope(timed_envelope())[0], 2);
  queue::Job job = full_job();
  job.deadline = true;
  EXPECT_EQ(encode_job(job)[0], 3);
  std::string row = encode_envelope(full_envelope());
  row[0] = 2;
  row += std::string(17, '\0') + '\x09';
  EXPECT_FALSE(decode_envelope(job.ref.id, row)) << "there is a shorter row that says the same";
}

TEST(Codec, OnlyJobsOfAPriorityHaveTheVersionsThatSayIt) {
  for (const bool deadline : {false, true}) {
    for (const int priority : {-9, -1, 1, 9}) {
      queue::Job job = full_job();
      job.deadline = deadline;
      job.lane.priority = priority;
      const std::string row = encode_job(job);
      EXPECT_EQ(row[0], deadline ? 5 : 4);
      EXPECT_EQ(decode_job(job.ref, row).value(), job);
    }
  }
  queue::Job job = full_job();
  job.lane.priority = 1;
  job.lane.route = "smtp://next.example";
  std::string row = encode_job(job);
  const std::size_t place = row.rfind(job.lane.route) + job.lane.route.size();
  ASSERT_EQ(row[place], 10);
  row[place] = 9;
  EXPECT_FALSE(decode_job(job.ref, row)) << "there is a shorter row that says the same";
  row[place] = 19;
  EXPECT_FALSE(decode_job(job.ref, row)) << "a priority above 9";
}

TEST(Codec, ContradictoryWishesAreCorrupt) {
  queue::Envelope envelope = full_envelope();
  envelope.priority = 1;
  const std::string row = encode_envelope(envelope);
  const std::size_t flags = row.size() - 18;
  ASSERT_EQ(row[flags], 0);
  for (const char wrong : {'\x01', '\x04', '\x08', '\x10'}) {  // no release, no deadline, unknown
    std::string changed = row;
    changed[flags] = wrong;
    EXPECT_FALSE(decode_envelope(envelope.id, changed)) << int(wrong);
  }
  std::string changed = row;
  changed.back() = 19;
  EXPECT_FALSE(decode_envelope(envelope.id, changed)) << "a priority above 9";
}

TEST(Codec, LaneWithAnOctetZeroIsCorrupt) {
  queue::Job job = full_job();
  job.lane.account = "0";
  std::string row = encode_job(job);
  row[row.find("\x01"
               "0") +
      1] = '\0';
  EXPECT_FALSE(decode_job(job.ref, row));
}

TEST(Codec, EveryCutIsCorrupt) {
  const queue::Job job = full_job();
  const std::string row = encode_job(job);
  for (std::size_t size = 0; size < row.size(); ++size) {
    const auto decoded = decode_job(job.ref, std::string_view(row).substr(0, size));
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().code, Errc::Corrupt);
  }
  const queue::Envelope envelope = timed_envelope();
  const std::string envelope_row = encode_envelope(envelope);
  for (std::size_t size = 0; size < envelope_row.size(); ++size) {
    ASSERT_FALSE(decode_envelope(envelope.id, std::string_view(envelope_row).substr(0, size)));
  }
}

TEST(Codec, BytesAfterTheRowAreCorrupt) {
  const queue::Job job = full_job();
  EXPECT_FALSE(decode_job(job.ref, encode_job(job) + '\0'));
  EXPECT_FALSE(decode_envelope(job.ref.id, encode_envelope(full_envelope()) + "x"));
}

TEST(Codec, NewerVersionIsNamed) {
  const queue::Job job = full_job();
  std::string row = encode_job(job);
  row[0] = 6;
  const auto decoded = decode_job(job.ref, row);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().detail.find("newer version of signpost (row version 6)"),
            std::string::npos);
  EXPECT_NE(decoded.error().detail.find(job.ref.id.text()), std::string::npos);
}

TEST(Codec, UnknownStatesAndFlagsAreCorrupt) {
  const queue::Job job = full_job();
  for (const auto& [offset, value] : {std::pair<std::size_t, char>{1, 3}, {2, 2}}) {
    std::string row = encode_job(job);
    row[offset] = value;
    EXPECT_FALSE(decode_job(job.ref, row)) << offset;
  }
  for (const auto& [offset, value] : {std::pair<std::size_t, char>{1, 8}, {2, 3}}) {
    std::string row = encode_envelope(full_envelope());
    row[offset] = value;
    EXPECT_FALSE(decode_envelope(job.ref.id, row)) << offset;
  }
}

TEST(Codec, NumberHasOneForm) {
  const queue::Job job = queue::samples::job(queue::samples::id_at(kNoon));
  std::string row = encode_job(job);
  ASSERT_EQ(row[3], 0);              // attempts
  row.replace(3, 1, "\x80\x00", 2);  // the same number, one octet longer
  EXPECT_FALSE(decode_job(job.ref, row));
}

TEST(Codec, CountThatTheRowCannotHoldIsRefusedBeforeMemoryIsTaken) {
  queue::Job job = queue::samples::job(queue::samples::id_at(kNoon));
  job.recipients.clear();
  std::string row = encode_job(job);
  row.back() = '\xff';
  row += std::string("\xff\xff\xff\xff\xff\xff\xff\xff\x01", 9);
  EXPECT_FALSE(decode_job(job.ref, row));
}

}  // namespace
}  // namespace signpost::rocks
