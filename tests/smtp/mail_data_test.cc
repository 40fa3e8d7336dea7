#include "smtp/mail_data.h"

#include "tests/support/mail_data_reference.h"

#include <gtest/gtest.h>

#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace signpost::smtp {

static void PrintTo(const DecodedMailData& decoded, std::ostream* out) {
  *out << testing::PrintToString(decoded.content) << " rest "
       << testing::PrintToString(decoded.rest) << " end " << decoded.at_end << " bare_lf "
       << decoded.bare_lf << " bare_cr " << decoded.bare_cr << " nul " << decoded.nul << " longest "
       << decoded.longest_line;
}

namespace {

class StringSink final : public ByteSink {
 public:
  void append(std::string_view piece) override {
    EXPECT_FALSE(piece.empty());
    content += piece;
    ++pieces;
  }
  std::string content;
  int pieces = 0;
};

using Decoded = DecodedMailData;

// Offers `pieces` one after the other, together with what was left before.
Decoded decode(const std::vector<std::string>& pieces) {
  MailDataDecoder decoder;
  StringSink sink;
  std::string pending;
  for (const std::string& piece : pieces) {
    pending += piece;
    pending.erase(0, decoder.decode(pending, sink));
    EXPECT_TRUE(decoder.at_end() || pending.size() <= 2) << "kept more than a few octets";
  }
  return {sink.content,          pending,           decoder.at_end(),      decoder.saw_bare_lf(),
          decoder.saw_bare_cr(), decoder.saw_nul(), decoder.longest_line()};
}

std::vector<std::string> octets(std::string_view text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

TEST(MailDataDecoder, FindsTheEndAndLeavesWhatFollows) {
  const Decoded decoded = decode({"Subject: a\r\n\r\nbody\r\n.\r\nMAIL FROM:<>\r\n"});
  EXPECT_TRUE(decoded.at_end);
  EXPECT_EQ(decoded.content, "Subject: a\r\n\r\nbody\r\n");
  EXPECT_EQ(decoded.rest, "MAIL FROM:<>\r\n");
  EXPECT_EQ(decoded.longest_line, 10u);
}

TEST(MailDataDecoder, TakesNothingAfterTheEnd) {
  MailDataDecoder decoder;
  StringSink sink;
  EXPECT_EQ(decoder.decode(".\r\n", sink), 3u);
  EXPECT_TRUE(decoder.at_end());
  EXPECT_EQ(decoder.decode("more\r\n", sink), 0u);
  EXPECT_EQ(sink.content, "");
}

TEST(MailDataDecoder, RemovesDotStuffing) {
  EXPECT_EQ(decode({"..\r\n...\r\n.a\r\na.\r\n.\r\n"}).content, ".\r\n..\r\na\r\na.\r\n");
}

TEST(MailDataDecoder, EndsOnCrlfDotCrlfAlone) {
  // RFC 5321 section 4.1.1.4; each of these is somebody's idea of an end of data.
  const std::vector<std::string> lookalikes = {"\n.\n",
                                               "\n.\r\n",
                                               "\r\n.\n",
                                               "\r.\r",
                                               "\r\n.\r",
                                               "\n.\r",
                                               "\r.\n",
                                               "\r.\r\n",
                                               "\r\n.\r\r\n",
                                               "\r\n\r.\r\n",
                                               std::string("\r\n\0.\r\n", 6),
                                               std::string("\r\n.\0\r\n", 6),
                                               "\r\n..\r\n",
                                               "\r\n. \r\n"};
  for (const std::string& lookalike : lookalikes) {
    const std::string input = "a" + lookalike + "MAIL FROM:<evil@example.com>\r\n";
    EXPECT_FALSE(decode({input}).at_end) << testing::PrintToString(lookalike);
    EXPECT_FALSE(decode(octets(input)).at_end) << testing::PrintToString(lookalike);
    EXPECT_TRUE(decode({input + ".\r\n"}).at_end) << testing::PrintToString(lookalike);
  }
}

TEST(MailDataDecoder, MakesABareLfALineEndWithoutUnstuffingAfterIt) {
  const Decoded decoded = decode({"a\n.\n..b\r\n.\r\n"});
  EXPECT_EQ(decoded.content, "a\r\n.\r\n..b\r\n");
  EXPECT_TRUE(decoded.bare_lf);
}

TEST(MailDataDecoder, DropsAndReportsBareCrAndNul) {
  const Decoded decoded = decode({std::string("a\rb\r\rc\0d\0\r\n.\r\n", 15)});
  EXPECT_EQ(decoded.content, "abcd\r\n");
  EXPECT_TRUE(decoded.bare_cr);
  EXPECT_TRUE(decoded.nul);
  EXPECT_TRUE(decoded.at_end);
  EXPECT_EQ(decoded.longest_line, 4u);
}

TEST(MailDataDecoder, PassesUnchangedContentOnInOnePiece) {
  std::string content;
  for (int i = 0; i < 1000; ++i) content += "a line like all the others.\r\n";
  MailDataDecoder decoder;
  StringSink sink;
  EXPECT_EQ(decoder.decode(content, sink), content.size());
  EXPECT_EQ(sink.content, content);
  EXPECT_EQ(sink.pieces, 1);
  EXPECT_EQ(decoder.longest_line(), 27u);
}

TEST(MailDataDecoder, CountsALineThatComesInPieces) {
  EXPECT_EQ(decode({"abc", "def\r", "\nx\r\n"}).longest_line, 6u);
}

// Input made of what matters to the decoder.
std::string random_data(std::mt19937& random) {
  static const std::vector<std::string> kParts = {".",
                                                  "..",
                                                  "\r\n",
                                                  "\r",
                                                  "\n",
                                                  "\r\n.",
                                                  ".\r\n",
                                                  "a",
                                                  "some text",
                                                  "\r\n..",
                                                  std::string("\0", 1)};
  std::string data;
  for (auto n = random() % 40; n != 0; --n) data += kParts[random() % kParts.size()];
  if (random() % 2 == 0) data += "\r\n.\r\nRSET\r\n";
  return data;
}

std::vector<std::string> random_split(std::string_view data, std::mt19937& random) {
  std::vector<std::string> pieces;
  while (!data.empty()) {
    const std::size_t size = std::min<std::size_t>(data.size(), 1 + random() % 9);
    pieces.emplace_back(data.substr(0, size));
    data.remove_prefix(size);
  }
  return pieces;
}

TEST(MailDataDecoder, DoesWhatTheReferenceDoesHoweverTheInputIsSplit) {
  std::mt19937 random(20);
  for (int round = 0; round < 20000; ++round) {
    const std::string data = random_data(random);
    const Decoded expected = reference_decoded(data);
    ASSERT_EQ(decode({data}), expected) << testing::PrintToString(data);
    ASSERT_EQ(decode(random_split(data, random)), expected) << testing::PrintToString(data);
    ASSERT_EQ(decode(octets(data)), expected) << testing::PrintToString(data);
  }
}

std::string stuffed(std::string_view content, std::size_t limit) {
  DotStuffer stuffer(content);
  std::string data;
  for (auto piece = stuffer.next(limit); !piece.empty(); piece = stuffer.next(limit)) {
    EXPECT_LE(piece.size(), limit);
    data += piece;
  }
  EXPECT_TRUE(stuffer.done());
  EXPECT_EQ(stuffer.next(limit), "");
  return data;
}

std::string random_content(std::mt19937& random) {
  static const std::vector<std::string> kParts = {".", "..",       "\r\n",     "\r\n.",
                                                  "a", "a dot. b", "\r\n\r\n", "text of a line"};
  std::string content;
  for (auto n = random() % 40; n != 0; --n) content += kParts[random() % kParts.size()];
  return content;
}

TEST(DotStuffer, DoublesDotsAtLineStartsAndEndsTheData) {
  EXPECT_EQ(stuffed("", 100), ".\r\n");
  EXPECT_EQ(stuffed("a\r\n", 100), "a\r\n.\r\n");
  EXPECT_EQ(stuffed("a", 100), "a\r\n.\r\n");
  EXPECT_EQ(stuffed(".", 100), "..\r\n.\r\n");
  EXPECT_EQ(stuffed(".\r\n..\r\na.b\r\n", 100), "..\r\n...\r\na.b\r\n.\r\n");
}

TEST(DotStuffer, HandsOutTheContentItselfInLargePieces) {
  std::string content(100000, 'a');
  content += "\r\n.b.c\r\n";
  DotStuffer stuffer(content);
  EXPECT_EQ(stuffer.next(64 << 10).size(), 64u << 10);
  EXPECT_EQ(stuffer.next(64 << 10).size(), 100000u + 3 - (64 << 10));  // up to the dot
  EXPECT_EQ(stuffer.next(64 << 10), ".b.c\r\n");
  EXPECT_FALSE(stuffer.done());
  EXPECT_EQ(stuffer.next(64 << 10), ".\r\n");
  EXPECT_TRUE(stuffer.done());
}

TEST(DotStuffer, DoesWhatTheReferenceDoesInPiecesOfAnySize) {
  std::mt19937 random(21);
  for (int round = 0; round < 20000; ++round) {
    const std::string content = random_content(random);
    const std::string expected = reference_stuffed(content);
    ASSERT_EQ(stuffed(content, 8 + random() % 30), expected) << testing::PrintToString(content);
    std::string appended = "before ";
    append_mail_data(appended, content);
    ASSERT_EQ(appended, "before " + expected) << testing::PrintToString(content);
  }
}

TEST(DotStuffer, IsUndoneByTheDecoder) {
  std::mt19937 random(22);
  for (int round = 0; round < 20000; ++round) {
    std::string content = random_content(random);
    if (!content.empty() && !content.ends_with("\r\n")) content += "\r\n";
    const std::string data = stuffed(content, 8 + random() % 30);
    const Decoded decoded = decode(random_split(data, random));
    ASSERT_EQ(decoded.content, content);
    ASSERT_TRUE(decoded.at_end);
    ASSERT_FALSE(decoded.bare_lf || decoded.bare_cr || decoded.nul);
  }
}

}  // namespace
}  // namespace signpost::smtp
