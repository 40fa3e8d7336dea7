#include "bench/sink/busy.h"
#include "bench/sink/greylist.h"
#include "bench/sink/options.h"
#include "bench/sink/script.h"
#include "bench/sink/tally.h"

#include <gtest/gtest.h>

namespace signpost::bench {
namespace {

TEST(ScriptedRecipients, AreReadFromTheLocalPart) {
  EXPECT_EQ(scripted("tempfail-a@x.example").misdeed, Misdeed::TempFail);
  EXPECT_EQ(scripted("tempfail2-a@x.example").number, 2u);
  EXPECT_EQ(scripted("Bounce-a@x.example").misdeed, Misdeed::Bounce);
  EXPECT_EQ(scripted("tarpit30-a@x.example").number, 30u);
  EXPECT_EQ(scripted("dropdot@x.example").misdeed, Misdeed::None);
  EXPECT_EQ(scripted("bouncer-a@x.example").misdeed, Misdeed::None);
  EXPECT_EQ(scripted("tempfail99999999999999-a@x.example").misdeed, Misdeed::None);
}

class ScriptTest : public testing::Test {
 protected:
  SinkOptions options_;
  Attempts attempts_;
  Script script_{options_, attempts_, 1};
};

TEST_F(ScriptTest, TempFailsTheFirstTriesOfAnAddressOnly) {
  EXPECT_EQ(script_.recipient("tempfail2-a@x.example").code, 451);
  EXPECT_EQ(script_.recipient("TEMPFAIL2-A@x.example").code, 451);
  EXPECT_EQ(script_.recipient("tempfail2-a@x.example").code, 250);
  EXPECT_EQ(script_.recipient("tempfail2-b@x.example").code, 451);
}

TEST_F(ScriptTest, TakesTheWorstThatTheRecipientsOfAMessageAskFor) {
  DataFate fate;
  script_.data("databounce-a@x.example", fate);
  script_.data("datafail-b@x.example", fate);
  script_.data("tarpit2-c@x.example", fate);
  EXPECT_EQ(fate.code, 554);
  EXPECT_EQ(fate.delay, std::chrono::seconds(2));
  EXPECT_FALSE(fate.drop);
}

TEST_F(ScriptTest, SharesComeOutAsAskedAndTheSameForOneSeed) {
  options_.refuse_recipient = {0.25, 552};
  Script again(options_, attempts_, 1);
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    const int code = script_.recipient("a@x.example").code;
    EXPECT_EQ(code, again.recipient("a@x.example").code);
    refused += code == 552 ? 1 : 0;
  }
  EXPECT_NEAR(refused, 1000, 150);
}

TEST(BusyTimes, EndAfterSoManyRepliesAndSoLong) {
  using std::chrono::seconds;
  const Clock::time_point start{seconds(100)};
  Busy never{{}};
  EXPECT_FALSE(never.turns_away(5, start));

  Busy counted{{.after = 2, .replies = 3}};
  EXPECT_FALSE(counted.turns_away(1, start));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(counted.turns_away(2, start)) << i;
  EXPECT_FALSE(counted.turns_away(2, start));

  Busy timed{{.duration = seconds(10)}};
  EXPECT_TRUE(timed.turns_away(0, start));
  EXPECT_TRUE(timed.turns_away(0, start + seconds(9)));
  EXPECT_FALSE(timed.turns_away(0, start + seconds(10)));
}

TEST(Greylists, LetPassWhatWaitedSinceItsFirstTry) {
  using std::chrono::seconds;
  const Clock::time_point start{seconds(100)};
  Greylist list;
  const auto passes = [&](const char* sender, const char* recipient, seconds since) {
    return list.lets_pass("192.0.2.1", sender, recipient, seconds(10), start + since);
  };
  EXPECT_FALSE(passes("a@x.example", "b@y.example", seconds(0)));
  EXPECT_FALSE(passes("a@x.example", "B@Y.example", seconds(9)));
  EXPECT_TRUE(passes("a@x.example", "b@y.example", seconds(10)));
  EXPECT_FALSE(passes("a@x.example", "c@y.example", seconds(10)));
  EXPECT_FALSE(passes("", "b@y.example", seconds(10)));
  EXPECT_FALSE(list.lets_pass("192.0.2.2", "a@x.example", "b@y.example", seconds(0), start));
  EXPECT_TRUE(list.lets_pass("192.0.2.2", "a@x.example", "b@y.example", seconds(0), start));
}

TEST(SessionLimits, AreReadByTheirNames) {
  const auto limits = parse_session_limits("RCPTMAX=3 MAILMAX=5 RCPTDOMAINMAX=1");
  ASSERT_TRUE(limits);
  EXPECT_EQ(limits->mails, 5u);
  EXPECT_EQ(limits->recipients, 3u);
  EXPECT_EQ(limits->recipient_domains, 1u);
  for (const char* wrong : {"MAILMAX", "MAILMAX=0", "MAILMAX=x", "RCPT=3", "MAILMAX=1000000"}) {
    EXPECT_FALSE(parse_session_limits(wrong)) << wrong;
  }
}

TEST(Shares, AreReadWithTheirCode) {
  EXPECT_EQ(parse_share("0.5:452", 550)->code, 452);
  EXPECT_EQ(parse_share("1", 550)->code, 550);
  for (const char* wrong : {"", "x", "1.5", "-0.1", "0.5:", "0.5:200", "0.5:x", "0.5 ", "nan"}) {
    EXPECT_FALSE(parse_share(wrong, 550)) << wrong;
  }
}

TEST(IdSets, TellNewIdsFromSeenOnes) {
  IdSet ids;
  EXPECT_TRUE(ids.insert("a"));
  EXPECT_TRUE(ids.insert("b"));
  EXPECT_FALSE(ids.insert("a"));
}

TEST(Tallies, AreSummed) {
  Tally first;
  Tally second;
  first.add(Count::Messages, 2);
  second.add(Count::Messages, 3);
  const std::string text =
      counts_json({&first, &second}, {.all = 7, .of_one_address = 5}, std::chrono::seconds(1));
  EXPECT_NE(text.find("\"messages\": 5"), std::string::npos) << text;
  EXPECT_NE(text.find("\"connections_peak\": 7"), std::string::npos) << text;
  EXPECT_NE(text.find("\"address_peak\": 5"), std::string::npos) << text;
}

TEST(Presences, RememberTheMostAtOnce) {
  Presence presence;
  presence.enter("127.0.0.1:25");
  presence.enter("127.0.0.1:25");
  presence.enter("127.0.0.2:25");
  presence.leave("127.0.0.1:25");
  presence.enter("127.0.0.2:25");
  EXPECT_EQ(presence.peaks().all, 3U);
  EXPECT_EQ(presence.peaks().of_one_address, 2U);
}

}  // namespace
}  // namespace signpost::bench
