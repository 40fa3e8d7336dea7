#include "bench/wire/crc32.h"
#include "bench/wire/latency.h"
#include "bench/wire/ledger.h"
#include "bench/wire/load_message.h"
#include "bench/wire/mail_data.h"
#include "bench/wire/output.h"
#include "bench/wire/reply_reader.h"
#include "bench/wire/socket.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace signpost::bench {
namespace {

// The content that a decoder sees in `wire`, fed in pieces of `step` octets; "(open)" without an
// end.
std::string decoded(std::string_view wire, std::size_t step = 1000) {
  MailDataDecoder decoder;
  std::string content;
  for (std::size_t at = 0; at < wire.size() && !decoder.done(); at += step) {
    const std::string_view piece = wire.substr(at, step);
    std::size_t taken = 0;
    while (taken < piece.size() && !decoder.done()) {
      taken += decoder.feed(piece.substr(taken), content);
    }
  }
  return decoder.done() ? content : "(open)";
}

TEST(MailData, EndsAtADotAloneAndDropsTheStuffedDots) {
  EXPECT_EQ(decoded("a\r\n..b\r\n.\r\n"), "a\r\n.b\r\n");
  EXPECT_EQ(decoded(".\r\n"), "");
  EXPECT_EQ(decoded("...\r\n.\r\n"), "..\r\n");
}

TEST(MailData, KnowsNoOtherLineEndThanCrLf) {
  for (const std::string_view trick :
       {"a\n.\nb", "a\n.\r\nb", "a\r.\rb", "a\r\n.\nb", "a\r\n.\rb", "a\r.\r\nb"}) {
    EXPECT_EQ(decoded(std::string(trick)), "(open)") << testing::PrintToString(trick);
  }
}

TEST(MailData, IsTheSameHoweverTheBytesArrive) {
  const std::string wire = "x\r\r\n..\r\n.a\r\n\r\n.\r\n";
  for (std::size_t step = 1; step < wire.size(); ++step)
    EXPECT_EQ(decoded(wire, step), decoded(wire));
}

TEST(ChunkSizes, AreReadWithAndWithoutLast) {
  EXPECT_EQ(parse_chunk_size("10")->octets, 10u);
  EXPECT_FALSE(parse_chunk_size("10")->last);
  EXPECT_TRUE(parse_chunk_size("0 last")->last);
  for (const char* wrong : {"", "x", "-1", "1x", "1 LAST x", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_chunk_size(wrong)) << wrong;
  }
}

TEST(Endpoints, NameUnixSockets) {
  EXPECT_EQ(resolve("unix:/run/relay/submit")->text(), "unix:/run/relay/submit");
  EXPECT_FALSE(resolve("unix:"));
  EXPECT_FALSE(resolve("unix:/" + std::string(200, 'x')));
}

TEST(LoadMessages, HaveNoStuffingInChunks) {
  const std::vector<std::string> bodies = {".\n.x\n"};
  std::string data;
  std::string chunks;
  LoadMessages(bodies, "text/plain", "a@x.example").append(data, "id", "b@y.example", 0, "");
  LoadMessages(bodies, "text/plain", "a@x.example", Transfer::Chunks)
      .append(chunks, "id", "b@y.example", 0, "");
  EXPECT_TRUE(data.ends_with("\r\n\r\n..\r\n..x\r\n"));
  EXPECT_TRUE(chunks.ends_with("\r\n\r\n.\r\n.x\r\n"));
  EXPECT_TRUE(judge(chunks).intact);
}

TEST(MailData, StuffingAndDecodingAreInverse) {
  for (const std::string content :
       {"", "\r\n", ".\r\n", "a\r\n.\r\n..b\r\n", "..\r\n.", "\n.\r\n"}) {
    const std::string end = content.empty() || content.ends_with("\r\n") ? "" : "\r\n";
    EXPECT_EQ(decoded(dot_stuffed(content) + end + ".\r\n"), content + end);
  }
}

TEST(Replies, AreReadAcrossPiecesAndLines) {
  ReplyReader reader;
  std::size_t consumed = 0;
  EXPECT_FALSE(reader.next("250-mx.example\r\n250-PIPE", consumed));
  EXPECT_EQ(consumed, 16u);
  const auto reply = reader.next("250-PIPELINING\r\n250 SIZE 10\r\n354 rest", consumed);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 250);
  EXPECT_EQ(reply->lines, (std::vector<std::string>{"mx.example", "PIPELINING", "SIZE 10"}));
  EXPECT_EQ(consumed, 29u);
}

TEST(Replies, NameTheQueueId) {
  ReplyReader reader;
  std::size_t consumed = 0;
  EXPECT_EQ(reader.next("250 2.0.0 Ok: queued as 4XyZ\r\n", consumed)->queue_id(), "4XyZ");
  EXPECT_EQ(reader.next("250 2.0.0 Ok\r\n", consumed)->queue_id(), "");
}

TEST(Replies, AreRefusedWhenMalformed) {
  for (const std::string_view text :
       {"25 x\r\n", "hello\r\n", "250x\r\n", "199 x\r\n", "250-a\r\n251 b\r\n"}) {
    ReplyReader reader;
    std::size_t consumed = 0;
    EXPECT_FALSE(reader.next(text, consumed)) << text;
    EXPECT_TRUE(reader.malformed()) << text;
  }
}

TEST(Crc32, AgreesWithTheStandardCheckValue) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc32(""), 0u);
}

TEST(LatencyPercentiles, AreWithinTwoPercentAndNeverAboveTheMaximum) {
  Latency latency;
  for (int i = 1; i <= 10'000; ++i) latency.record(std::chrono::microseconds(i));
  const auto near = [](std::chrono::nanoseconds got, std::chrono::nanoseconds wanted) {
    return got >= wanted &&
           static_cast<double>(got.count()) <= 1.02 * static_cast<double>(wanted.count());
  };
  EXPECT_TRUE(near(latency.percentile(0.5), std::chrono::microseconds(5000)));
  EXPECT_TRUE(near(latency.percentile(0.99), std::chrono::microseconds(9900)));
  EXPECT_EQ(latency.percentile(1), latency.max());
  EXPECT_EQ(latency.max(), std::chrono::microseconds(10'000));
}

TEST(LatencyPercentiles, OfMergedRunsAreThoseOfAllTheirValues) {
  Latency low;
  Latency high;
  for (int i = 0; i < 99; ++i) low.record(std::chrono::milliseconds(1));
  high.record(std::chrono::seconds(1));
  low.merge(high);
  EXPECT_EQ(low.count(), 100u);
  EXPECT_LT(low.percentile(0.9), std::chrono::milliseconds(2));
  EXPECT_EQ(low.percentile(0.999), std::chrono::seconds(1));
}

class LoadMessage : public testing::Test {
 protected:
  static std::string make(std::size_t size, std::uint64_t number) {
    const LoadMessages messages(size, "load@load.example", 7);
    std::string wire;
    messages.append(wire, "run-1", "rcpt@rcpt.example", number, "Thu, 01 Jan 1970 00:00:00 +0000");
    return decoded(wire + ".\r\n");
  }
};

TEST_F(LoadMessage, NamesItselfAndIsIntact) {
  for (std::uint64_t number = 0; number < 70; ++number) {
    const std::string content = make(4096, number);
    const LoadVerdict verdict = judge(content);
    EXPECT_EQ(verdict.id, "run-1");
    EXPECT_TRUE(verdict.intact);
  }
}

TEST_F(LoadMessage, HasAboutTheSizeThatWasAskedFor) {
  for (const std::size_t size : {1000u, 4096u, 100'000u}) {
    EXPECT_NEAR(static_cast<double>(make(size, 0).size()), static_cast<double>(size), 60);
  }
}

TEST_F(LoadMessage, IsSeenToBeDamagedWhenOneOctetChanges) {
  std::string content = make(2000, 3);
  content[content.size() - 10] ^= 1;
  EXPECT_FALSE(judge(content).intact);
}

TEST_F(LoadMessage, FromElsewhereHasNoId) {
  EXPECT_EQ(judge("Subject: x\r\n\r\nX-Load-Id: in the body\r\n").id, "");
}

TEST_F(LoadMessage, CarriesBodiesOfFilesInTurnWithLineEndsOfTheWire) {
  const LoadMessages messages({"Gr\xc3\xbc\xc3\x9f"
                               "e\n.\nb",
                               "two\r\n"},
                              "text/html", "load@load.example");
  EXPECT_TRUE(messages.eight_bit());
  const auto content = [&](std::uint64_t number) {
    std::string wire;
    messages.append(wire, "run-1", "rcpt@rcpt.example", number, "Thu, 01 Jan 1970 00:00:00 +0000");
    return decoded(wire + ".\r\n");
  };
  EXPECT_TRUE(
      content(0).ends_with("\r\n\r\nGr\xc3\xbc\xc3\x9f"
                           "e\r\n.\r\nb\r\n"))
      << content(0);
  EXPECT_TRUE(content(1).ends_with("\r\n\r\ntwo\r\n"));
  EXPECT_NE(content(1).find("Content-Type: text/html\r\n"), std::string::npos);
  EXPECT_TRUE(judge(content(0)).intact && judge(content(1)).intact);
}

class OutputTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/outputXXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(OutputTest, ReplacesAFileAndSaysWhenItCannot) {
  const std::string file = folder_ + "/counts";
  EXPECT_TRUE(write_file(file, "a longer text"));
  EXPECT_TRUE(write_file(file, "text"));
  EXPECT_EQ(*read_file(file, 4), "text");
  EXPECT_EQ(read_file("/dev/zero", 4).error().detail, "/dev/zero has more than 4 octets");
  EXPECT_FALSE(write_file(folder_ + "/missing/counts", "text"));
  const auto full = write_file("/dev/full", "text");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().detail, "/dev/full: No space left on device");
}

TEST_F(OutputTest, OfALedgerThatIsFullIsAnError) {
  auto ledger = Ledger::open("/dev/full");
  ASSERT_TRUE(ledger);
  EXPECT_FALSE(ledger->append("a line\n"));
  EXPECT_TRUE(ledger->append(""));
}

TEST(Endpoints, AreReadFromText) {
  EXPECT_EQ(resolve("127.0.0.2:2525")->text(), "127.0.0.2:2525");
  EXPECT_EQ(resolve("[::1]:25")->text(), "[::1]:25");
  EXPECT_FALSE(resolve("127.0.0.1"));
  EXPECT_FALSE(resolve("127.0.0.1:"));
}

}  // namespace
}  // namespace signpost::bench
