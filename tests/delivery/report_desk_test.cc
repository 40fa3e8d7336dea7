#include "delivery/report_desk.h"

#include <gtest/gtest.h>

#include <memory>

namespace signpost::delivery {
namespace {

using std::chrono::seconds;

queue::MessageId id(std::uint8_t number) {
  queue::MessageId id;
  id.octets[9] = number;
  return id;
}

TEST(ReportDesk, TheFirstOfAMessageSaysHowLongTheOthersMayTake) {
  ReportDesk<int> desk;
  EXPECT_EQ(desk.add(id(1), std::make_shared<int>(1), 1), seconds(5));
  EXPECT_EQ(desk.add(id(1), std::make_shared<int>(2), 1), std::nullopt);
  EXPECT_EQ(desk.add(id(2), std::make_shared<int>(3), 1), seconds(5));
  EXPECT_EQ(desk.waiting(id(1)), 2u);
  const auto batch = desk.take(id(1));
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(*batch[1], 2);
  EXPECT_TRUE(desk.take(id(1)).empty()) << "taken before";
  EXPECT_FALSE(desk.empty());
  EXPECT_EQ(desk.take_any().size(), 1u);
  EXPECT_TRUE(desk.empty() && desk.take_any().empty());
}

TEST(ReportDesk, IsFullByRecipients) {
  ReportDesk<int> desk;
  (void)desk.add(id(1), std::make_shared<int>(1), ReportDesk<int>::kMost - 1);
  EXPECT_FALSE(desk.full());
  (void)desk.add(id(2), std::make_shared<int>(2), 1);
  EXPECT_TRUE(desk.full());
  (void)desk.take(id(1));
  EXPECT_FALSE(desk.full());
}

TEST(ReportDesk, EachRoundOfAMessageWaitsLonger) {
  ReportDesk<int> desk;
  std::vector<seconds> delays;
  for (int round = 0; round < 6; ++round) {
    delays.push_back(desk.add(id(1), std::make_shared<int>(round), 1).value());
    (void)desk.take(id(1));
  }
  EXPECT_EQ(delays, (std::vector<seconds>{seconds(5), seconds(20), seconds(80), seconds(320),
                                          seconds(600), seconds(600)}));
  EXPECT_EQ(report_delay(1000), seconds(600));
}

}  // namespace
}  // namespace signpost::delivery
