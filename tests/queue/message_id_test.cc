#include "queue/message_id.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace signpost::queue {
namespace {

constexpr SystemTime kNow{std::chrono::microseconds(1'700'000'000'123'456)};

TEST(MessageId, TextIsSixteenDigitsOfBase32AndComesBack) {
  MessageIdGenerator generator;
  for (int i = 0; i < 1000; ++i) {
    const MessageId id = generator.next(kNow);
    const std::string text = id.text();
    ASSERT_EQ(text.size(), 16U);
    ASSERT_EQ(text.find_first_not_of("0123456789abcdefghijklmnopqrstuv"), std::string::npos);
    ASSERT_EQ(MessageId::parse(text), id);
  }
}

TEST(MessageId, TextOfKnownOctets) {
  MessageId id;
  EXPECT_EQ(id.text(), "0000000000000000");
  id.octets.fill(0xff);
  EXPECT_EQ(id.text(), "vvvvvvvvvvvvvvvv");
  id.octets = {0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf};
  EXPECT_EQ(id.text(), "0123456789abcdef");
}

TEST(MessageId, OtherTextIsNotAnId) {
  EXPECT_FALSE(MessageId::parse(""));
  EXPECT_FALSE(MessageId::parse("012345678901234"));
  EXPECT_FALSE(MessageId::parse("01234567890123456"));
  EXPECT_FALSE(MessageId::parse("012345678901234w"));
  EXPECT_FALSE(MessageId::parse("012345678901234V"));
  EXPECT_FALSE(MessageId::parse("0123456789012-45"));
}

TEST(MessageId, HoldsTheTimeOfAcceptance) {
  MessageIdGenerator generator;
  EXPECT_EQ(generator.next(kNow).time(), kNow);
}

TEST(MessageId, OctetsAndTextSortByTime) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 200; ++i) {
    MessageIdGenerator generator;
    ids.push_back(generator.next(kNow + std::chrono::microseconds(i)));
  }
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  EXPECT_TRUE(std::ranges::is_sorted(ids, {}, &MessageId::text));
}

TEST(MessageId, RisesWhileTheClockStandsStillOrGoesBack) {
  MessageIdGenerator generator;
  MessageId last = generator.next(kNow);
  for (int i = 0; i < 1000; ++i) {
    const MessageId next = generator.next(kNow - std::chrono::seconds(i));
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(MessageId, TimeBeforeTheEpochIsTakenAsTheEpoch) {
  MessageIdGenerator generator;
  EXPECT_LT(generator.next(SystemTime(std::chrono::seconds(-5))).time(),
            SystemTime(std::chrono::seconds(1)));
}

TEST(MessageId, FollowsFromTheRandomNumbersThatAGeneratorIsGiven) {
  MessageIdGenerator one{Random(7)};
  MessageIdGenerator same{Random(7)};
  EXPECT_EQ(one.next(kNow), same.next(kNow));
  EXPECT_EQ(one.next(kNow), same.next(kNow));
}

TEST(MessageId, GeneratorsDoNotMeetInTheSameMicrosecond) {
  std::unordered_set<MessageId> ids;
  for (int i = 0; i < 100; ++i) {
    MessageIdGenerator generator;
    ids.insert(generator.next(kNow));
  }
  EXPECT_EQ(ids.size(), 100U);
}

}  // namespace
}  // namespace signpost::queue
