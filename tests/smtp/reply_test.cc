#include "smtp/reply.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::smtp {
namespace {

ByteQueue queue_of(std::string_view bytes) {
  ByteQueue queue;
  queue.append(bytes);
  return queue;
}

Reply whole_reply(std::string_view bytes) {
  ByteQueue in = queue_of(bytes);
  auto taken = take_reply(in);
  if (!taken || !*taken) {
    ADD_FAILURE() << "no reply in: " << bytes;
    return {};
  }
  EXPECT_TRUE(in.empty());
  return **taken;
}

ReplyError error_of(std::string_view bytes) {
  ByteQueue in = queue_of(bytes);
  auto taken = take_reply(in);
  if (taken) {
    ADD_FAILURE() << "no error in: " << bytes;
    return ReplyError{};
  }
  return taken.error();
}

std::string wire(const Reply& reply) {
  ByteQueue out;
  reply.append_to(out);
  return std::string(out.view());
}

std::string line_of(std::size_t length) { return std::string(length, 'x'); }

TEST(ReplyParser, ReadsOneLine) { EXPECT_EQ(whole_reply("250 Ok\r\n"), (Reply{250, {}, "Ok"})); }

TEST(ReplyParser, JoinsTheLinesOfOneReply) {
  EXPECT_EQ(whole_reply("220-mx.example ESMTP\r\n220-\r\n220 no spam\r\n"),
            (Reply{220, {}, "mx.example ESMTP\n\nno spam"}));
}

TEST(ReplyParser, ReadsACodeWithoutText) {
  EXPECT_EQ(whole_reply("250\r\n"), (Reply{250, {}, ""}));
  EXPECT_EQ(whole_reply("250 \r\n"), (Reply{250, {}, ""}));
}

TEST(ReplyParser, AcceptsLineFeedAlone) {
  EXPECT_EQ(whole_reply("250-a\n250 b\n"), (Reply{250, {}, "a\nb"}));
}

TEST(ReplyParser, WaitsForTheRestAtEveryOctet) {
  const std::string_view bytes = "550-5.1.1 no such\r\n550 5.1.1 user\r\n";
  ByteQueue in;
  for (const char c : bytes.substr(0, bytes.size() - 1)) {
    in.append({&c, 1});
    const auto taken = take_reply(in);
    ASSERT_TRUE(taken);
    EXPECT_FALSE(*taken);
  }
  in.append("\n");
  const auto taken = take_reply(in);
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ(**taken, (Reply{550, {5, 1, 1}, "no such\nuser"}));
}

TEST(ReplyParser, BlanksAtItsEndsAreNotText) {
  const std::string blanks(1200, ' ');
  EXPECT_EQ(whole_reply("550 " + blanks + "\r\n"), (Reply{550, {}, ""}));
  EXPECT_EQ(whole_reply("550 5.1.1 \t" + blanks + "\r\n"), (Reply{550, {5, 1, 1}, ""}));
  EXPECT_EQ(whole_reply("550- \r\n550-\r\n550 \t\r\n"), (Reply{550, {}, ""}));
  EXPECT_EQ(whole_reply("550-5.1.1 \r\n550-5.1.1  no\r\n550-\r\n550 5.1.1 such user \r\n"),
            (Reply{550, {5, 1, 1}, "no\n\nsuch user"}));
}

TEST(ReplyParser, LeavesWhatFollowsTheReply) {
  ByteQueue in = queue_of("250 one\r\n550 two\r\n35");
  EXPECT_EQ(take_reply(in)->value().code, 250);
  EXPECT_EQ(take_reply(in)->value().code, 550);
  EXPECT_FALSE(take_reply(in)->has_value());
  EXPECT_EQ(in.view(), "35");
}

TEST(ReplyParser, RejectsWhatIsNotAReplyCode) {
  for (const std::string_view bytes :
       {"HTTP/1.1 400 Bad Request\r\n", "25 Ok\r\n", "2500 Ok\r\n", "\r\n", "199 Ok\r\n",
        "600 Ok\r\n", "999 Ok\r\n", "-25 Ok\r\n", "+25 Ok\r\n", "250\tOk\r\n", "2 50 Ok\r\n",
        " 250 Ok\r\n", "250_Ok\r\n"}) {
    EXPECT_EQ(error_of(bytes), ReplyError::Malformed) << bytes;
  }
}

TEST(ReplyParser, RejectsCodeChangeInsideMultilineReply) {
  EXPECT_EQ(error_of("250-a\r\n550 b\r\n"), ReplyError::CodeChanged);
}

TEST(ReplyParser, BoundsALineBeforeItsEnd) {
  EXPECT_EQ(whole_reply("250 " + line_of(kMaxReplyLine - 4) + "\r\n").text.size(),
            kMaxReplyLine - 4);
  EXPECT_EQ(error_of("250 " + line_of(kMaxReplyLine - 3) + "\r\n"), ReplyError::TooLong);
  EXPECT_EQ(error_of(line_of(kMaxReplyLine + 1)), ReplyError::TooLong);
}

TEST(ReplyParser, BoundsAReplyOfManyLines) {
  std::string bytes;
  while (bytes.size() <= kMaxReplySize) bytes += "250-and more\r\n";
  EXPECT_EQ(error_of(bytes), ReplyError::TooLong);
}

TEST(ReplyParser, TakesTheEnhancedStatusFromEachLine) {
  EXPECT_EQ(whole_reply("550-5.7.1 Blocked,\r\n550 5.7.1 see our page\r\n"),
            (Reply{550, {5, 7, 1}, "Blocked,\nsee our page"}));
}

TEST(ReplyParser, TakesAnEnhancedStatusThatStandsOnSomeLinesOnly) {
  EXPECT_EQ(whole_reply("550-5.7.1 Blocked,\r\n550 see our page\r\n"),
            (Reply{550, {5, 7, 1}, "Blocked,\nsee our page"}));
}

TEST(ReplyParser, TakesAnEnhancedStatusWithoutText) {
  EXPECT_EQ(whole_reply("250 2.1.0\r\n"), (Reply{250, {2, 1, 0}, ""}));
}

TEST(ReplyParser, LeavesAStatusOfAnotherClassInTheText) {
  EXPECT_EQ(whole_reply("250 5.1.1 odd\r\n"), (Reply{250, {}, "5.1.1 odd"}));
  EXPECT_EQ(whole_reply("354 3.0.0 odd\r\n"), (Reply{354, {}, "3.0.0 odd"}));
}

TEST(ReplyParser, TakesTooManyRecipientsWithAnotherClass) {
  EXPECT_EQ(whole_reply("550 4.5.3 many\r\n"), (Reply{550, {4, 5, 3}, "many"}));
  EXPECT_EQ(whole_reply("452 5.5.3 many\r\n"), (Reply{452, {5, 5, 3}, "many"}));
  EXPECT_EQ(whole_reply("250 5.5.3 odd\r\n"), (Reply{250, {}, "5.5.3 odd"}));
  EXPECT_EQ(whole_reply("550 2.5.3 odd\r\n"), (Reply{550, {}, "2.5.3 odd"}));
  EXPECT_EQ(whole_reply("550 4.5.4 odd\r\n"), (Reply{550, {}, "4.5.4 odd"}));
}

TEST(ReplyParser, LeavesStatusesThatContradictEachOtherInTheText) {
  EXPECT_EQ(whole_reply("550-5.1.1 a\r\n550 5.7.1 b\r\n"), (Reply{550, {}, "5.1.1 a\n5.7.1 b"}));
}

TEST(ReplyParser, DoesNotMistakeAnAddressForAStatus) {
  EXPECT_EQ(whole_reply("550 5.6.7.8 is blocked\r\n"), (Reply{550, {}, "5.6.7.8 is blocked"}));
  EXPECT_EQ(whole_reply("550 5.1.1, sorry\r\n"), (Reply{550, {}, "5.1.1, sorry"}));
}

TEST(EnhancedStatus, ReadsThreeNumbers) {
  EXPECT_EQ(EnhancedStatus::parse("5.7.515"), (EnhancedStatus{5, 7, 515}));
  EXPECT_EQ((EnhancedStatus{4, 4, 2}).text(), "4.4.2");
  EXPECT_EQ(EnhancedStatus{}.text(), "");
}

TEST(EnhancedStatus, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "5", "5.1", "5.1.", "5..1", "5.1.1.1", "3.1.1", "5.1000.1", "5.01.1", "5.1.x", "5.-1.1",
        " 5.1.1", "55.1.1"}) {
    EXPECT_FALSE(EnhancedStatus::parse(text)) << text;
  }
}

TEST(Reply, IsWrittenWithItsStatusOnEachLine) {
  EXPECT_EQ(wire({250, {2, 1, 0}, "Ok"}), "250 2.1.0 Ok\r\n");
  EXPECT_EQ(wire({550, {5, 7, 1}, "a\nb"}), "550-5.7.1 a\r\n550 5.7.1 b\r\n");
  EXPECT_EQ(wire({250, {}, "mx.example\nPIPELINING"}), "250-mx.example\r\n250 PIPELINING\r\n");
}

TEST(Reply, WithoutTextIsItsCode) {
  EXPECT_EQ(wire({250, {}, ""}), "250\r\n");
  EXPECT_EQ(wire({250, {2, 0, 0}, ""}), "250 2.0.0\r\n");
}

TEST(Reply, CannotBeMadeToHoldAnotherLine) {
  EXPECT_EQ(wire({500, {5, 5, 2}, std::string("a\rb\0c", 5)}), "500 5.5.2 a?b?c\r\n");
}

TEST(Reply, IsAscii) {
  EXPECT_EQ(wire({550, {5, 7, 1}, "Not as <gr\u00fcn@shop.example>"}),
            "550 5.7.1 Not as <gr\\xc3\\xbcn@shop.example>\r\n");
}

TEST(Reply, ALineStaysWithinItsLimit) {
  std::string text = "\u00fc";
  for (int i = 0; i < 7; ++i) text += text;
  const std::string line = wire({550, {}, text + "."});
  EXPECT_LE(line.size(), 512U);
  EXPECT_TRUE(line.starts_with("550 \\xc3\\xbc")) << line;
  EXPECT_TRUE(line.ends_with("??.\r\n")) << line;
}

TEST(Reply, SurvivesTheWire) {
  for (const Reply& reply : {Reply{250, {2, 0, 0}, "queued"}, Reply{550, {5, 1, 1}, "a\n\nb"},
                             Reply{354, {}, "go"}, Reply{421, {4, 3, 2}, ""}}) {
    EXPECT_EQ(whole_reply(wire(reply)), reply);
  }
}

TEST(Reply, FitsOnOneLine) {
  EXPECT_EQ((Reply{550, {5, 1, 1}, "No such user"}).one_line(), "550 5.1.1 No such user");
  EXPECT_EQ((Reply{550, {}, "a\nb"}).one_line(), "550 a / b");
  EXPECT_EQ((Reply{0, {4, 4, 2}, "connection lost"}).one_line(), "4.4.2 connection lost");
  EXPECT_EQ((Reply{250, {}, ""}).one_line(), "250");
  EXPECT_EQ((Reply{550, {}, "a \n\n \n b"}).one_line(), "550 a / b");
  EXPECT_EQ((Reply{550, {5, 1, 1}, " \n "}).one_line(), "550 5.1.1");
}

TEST(Reply, BelongsToOneClass) {
  EXPECT_TRUE((Reply{250, {}, ""}).positive());
  EXPECT_TRUE((Reply{354, {}, ""}).intermediate());
  EXPECT_TRUE((Reply{450, {}, ""}).transient());
  EXPECT_TRUE((Reply{599, {}, ""}).permanent());
  const Reply none;
  EXPECT_FALSE(none.positive() || none.intermediate() || none.transient() || none.permanent());
}

}  // namespace
}  // namespace signpost::smtp
