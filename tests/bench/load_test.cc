#include "bench/load/options.h"
#include "bench/load/page.h"
#include "bench/load/refusals.h"
#include "bench/load/report.h"
#include "bench/load/results.h"
#include "bench/load/schedule.h"
#include "bench/load/threshold.h"
#include "bench/load/timeline.h"
#include "bench/load/values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::bench {
namespace {

using namespace std::chrono_literals;

std::optional<LoadOptions> parsed(std::vector<std::string> words, int& exit_code) {
  words.insert(words.begin(), "signpost-load");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return parse_load_options(static_cast<int>(pointers.size()), pointers.data(), exit_code);
}

TEST(LoadSchedule, GivesEachMessageOnce) {
  Schedule schedule({.messages = 3}, Clock::now());
  EXPECT_EQ(schedule.claim()->number, 0u);
  EXPECT_EQ(schedule.claim()->number, 1u);
  EXPECT_EQ(schedule.claim()->number, 2u);
  EXPECT_FALSE(schedule.claim());
}

TEST(LoadSchedule, OfAnOpenLoopIsDueByTheClockAlone) {
  const auto start = Clock::now();
  Schedule schedule({.messages = 10, .stages = {{0s, 100}}}, start);
  EXPECT_EQ(schedule.claim()->due, start);
  EXPECT_EQ(schedule.claim()->due, start + 10ms);
  EXPECT_EQ(schedule.messages(), 10u);
}

TEST(LoadSchedule, FollowsItsStagesOneAfterTheOther) {
  const auto start = Clock::now();
  Schedule schedule({.stages = {{1s, 2}, {10s, 0}, {2s, 1}}, .length = 13s}, start);
  EXPECT_EQ(schedule.messages(), 4u);
  std::vector<Clock::duration> due;
  while (const auto slot = schedule.claim()) due.push_back(slot->due - start);
  EXPECT_EQ(due, (std::vector<Clock::duration>{0s, 500ms, 11s, 12s}));
}

TEST(LoadSchedule, IsOverWhenItsTimeIsUpOrWhenItIsStopped) {
  const auto now = Clock::now();
  EXPECT_TRUE(Schedule({.length = 1s}, now - 2s).over());
  EXPECT_FALSE(Schedule({.length = 1h}, now).over());
  // In an open loop, what is due at the very end may still begin.
  EXPECT_FALSE(Schedule({.stages = {{1h, 1}}, .length = 1h}, now - 1h - 100ms).over());
  Schedule stopped({.messages = 3}, now);
  EXPECT_FALSE(stopped.over());
  stopped.stop();
  EXPECT_TRUE(stopped.over());
}

TEST(LoadValues, AreTimesRatesAndStages) {
  EXPECT_EQ(parse_time("250ms"), 250ms);
  EXPECT_EQ(parse_time("1.5m"), 90s);
  EXPECT_EQ(parse_time("90"), 90s);
  EXPECT_DOUBLE_EQ(*parse_rate("600/min"), 10);
  EXPECT_EQ(parse_stage("30s:500/s")->length, 30s);
  for (const char* wrong : {"", "s", "-1s", "1x", "1s ", "inf", "1e99h"}) {
    EXPECT_FALSE(parse_time(wrong)) << wrong;
  }
  for (const char* wrong : {"", "30s", "30s:", "0s:5/s", "30s:fast", ":5/s"}) {
    EXPECT_FALSE(parse_stage(wrong)) << wrong;
  }
}

TEST(LoadOptions, ReadRatesAndDomains) {
  int exit_code = 0;
  const auto options = parsed(
      {"--to", "127.0.0.1:25", "--rate", "600/min", "--recipient-domains", "a.example,b.example"},
      exit_code);
  ASSERT_TRUE(options);
  ASSERT_EQ(options->plan.stages.size(), 1u);
  EXPECT_DOUBLE_EQ(options->plan.stages[0].rate, 10);
  EXPECT_EQ(options->plan.messages, 1000u);
  EXPECT_EQ(options->recipient_domains, (std::vector<std::string>{"a.example", "b.example"}));
}

TEST(LoadOptions, WithATimeAskForNoNumberOfMessages) {
  int exit_code = 0;
  const auto options = parsed({"--to", "127.0.0.1:25", "--duration", "5m"}, exit_code);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->plan.messages, kNoLimit);
  EXPECT_EQ(options->plan.length, 5min);
  EXPECT_TRUE(options->plan.stages.empty());
}

TEST(LoadOptions, RefuseWhatIsWrongWithExitCodeTwo) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{},
        {"--to", "127.0.0.1"},
        {"--to", "127.0.0.1:25", "--rate", "fast"},
        {"--to", "127.0.0.1:25", "--user", "shop", "--password-file", "/nonexistent"},
        {"--to", "127.0.0.1:25", "--id-prefix", "a b"},
        {"--to", "127.0.0.1:25", "--duration", "0s"},
        {"--to", "127.0.0.1:25", "--stage", "10s:0/s"},
        {"--to", "127.0.0.1:25", "--stage", "10s:5/s", "--rate", "5/s"},
        {"--to", "127.0.0.1:25", "--fail-if", "p99"},
        {"--to", "127.0.0.1:25", "--body", "/nonexistent"},
        {"--to", "127.0.0.1:25", "--starttls", "--implicit-tls"}}) {
    int exit_code = 0;
    EXPECT_FALSE(parsed(words, exit_code));
    EXPECT_EQ(exit_code, 2);
  }
}

TEST(LoadResults, SucceedOnlyIfEverythingWasAcknowledged) {
  Results results;
  const Summary summary{2, std::chrono::seconds(1)};
  results.acknowledged = 2;
  EXPECT_TRUE(all_well(results, summary));
  results.refused_recipients = 1;
  EXPECT_FALSE(all_well(results, summary));
  results.refused_recipients = 0;
  results.acknowledged = 1;  // one was never sent
  EXPECT_FALSE(all_well(results, summary));
}

// What `messages` planned messages come to, of which `acknowledged` were and `failed` were not.
Summary summary_of(Results& results, std::uint64_t acknowledged, std::uint64_t failed,
                   std::uint64_t planned, bool open_loop, Ended ended) {
  results.acknowledged = acknowledged;
  results.failed = failed;
  return summarize(results, planned, open_loop, ended, 1s);
}

TEST(LoadResults, OfATimedRunAreWellIfWhatWasBegunWasAcknowledged) {
  Results results;
  Summary summary = summary_of(results, 5, 0, kNoLimit, false, Ended::TimeIsUp);
  EXPECT_TRUE(all_well(results, summary));
  summary = summary_of(results, 5, 1, kNoLimit, false, Ended::TimeIsUp);
  EXPECT_FALSE(all_well(results, summary));
  summary = summary_of(results, 0, 0, kNoLimit, false, Ended::TimeIsUp);
  EXPECT_FALSE(all_well(results, summary)) << "nothing was sent";
  summary = summary_of(results, 5, 0, kNoLimit, false, Ended::Complete);
  results.given_up = 1;
  EXPECT_FALSE(all_well(results, summary)) << "a connection was given up";
}

TEST(LoadResults, OfAnOpenLoopCountWhatWasDueAndNotBegun) {
  Results results;
  Summary summary = summary_of(results, 5, 0, 6, true, Ended::TimeIsUp);
  EXPECT_FALSE(all_well(results, summary));
  EXPECT_NE(report_text(results, summary).find("1 messages were not begun"), std::string::npos);
  summary = summary_of(results, 5, 0, 6, true, Ended::Interrupted);
  EXPECT_TRUE(all_well(results, summary));
}

Reply reply(int code, std::string text) { return {code, {std::move(text)}}; }

TEST(LoadRefusals, OfOneKindAreCountedTogetherWithTheFirstOnesWords) {
  Refusals refusals;
  refusals.count("RCPT", reply(550, "5.1.1 <a1@x.example>: unknown"));
  refusals.count("RCPT", reply(450, "4.2.0 Greylisted, id 0ekl4hfn2m"));
  refusals.count("RCPT", reply(450, "4.2.0 Greylisted, id 1fkl4hfn2n"));
  refusals.count("MAIL", reply(450, "4.2.0 Greylisted, id 1fkl4hfn2n"));
  const auto kinds = refusals.kinds();
  ASSERT_EQ(kinds.size(), 3u);
  EXPECT_EQ(kinds[0].words, "450 4.2.0 Greylisted, id 0ekl4hfn2m");
  EXPECT_EQ(kinds[0].count, 2u);
  refusals.count("RCPT", reply(550, "5.1.1 <b2@y.example>: unknown"));
  refusals.count("RCPT", reply(550, "5.1.1 <c3@y.example>: unknown"));
  EXPECT_EQ(refusals.kinds()[0].words, "550 5.1.1 <a1@x.example>: unknown");
}

TEST(LoadRefusals, KeepTheTableSmallAndItsWordsPrintable) {
  Refusals refusals;
  refusals.count("RCPT", reply(550, "\x1b[2J" + std::string(5000, 'x')));
  EXPECT_EQ(refusals.kinds()[0].words.find('\x1b'), std::string::npos);
  EXPECT_LT(refusals.kinds()[0].words.size(), 300u);
  Refusals more;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) more.count("RCPT", reply(550, std::string{a, b}));
  }
  refusals.merge(more);
  std::uint64_t counted = refusals.others();
  for (const auto& kind : refusals.kinds()) counted += kind.count;
  EXPECT_EQ(counted, 26u * 26u + 1);
  EXPECT_LE(refusals.kinds().size(), 50u);
}

class LoadThreshold : public testing::Test {
 protected:
  // Whether the threshold is missed: "missed", "holds", or "wrong" if it is none.
  std::string verdict(std::string_view text, std::uint64_t planned = 100) {
    const auto threshold = Threshold::parse(text);
    if (!threshold) return "wrong";
    const Summary summary = summarize(results_, planned, false, Ended::Complete, 2s);
    return threshold->missed(results_, summary).empty() ? "holds" : "missed";
  }
  Results results_;
};

TEST_F(LoadThreshold, OnlyACountOfMessagesSaysHowManyMayFail) {
  for (const char* text : {"failed>1", "failed>1%", "errors>1"}) {
    EXPECT_TRUE(Threshold::parse(text)->judges_failures()) << text;
  }
  for (const char* text : {"refused>1", "rate<10/s", "p99>50ms", "acknowledged<10"}) {
    EXPECT_FALSE(Threshold::parse(text)->judges_failures()) << text;
  }
}

TEST_F(LoadThreshold, ComparesWhatWasMeasured) {
  for (int i = 0; i < 98; ++i) results_.reply.record(10ms);
  results_.transaction.record(3s);
  results_.acknowledged = 98;
  results_.failed = 2;
  EXPECT_EQ(verdict("p99>50ms"), "holds");
  EXPECT_EQ(verdict("p99>9ms"), "missed");
  EXPECT_EQ(verdict("reply.max<1s"), "missed");
  EXPECT_EQ(verdict("transaction.p50>2s"), "missed");
  EXPECT_EQ(verdict("failed>2"), "holds");
  EXPECT_EQ(verdict("failed>=2"), "missed");
  EXPECT_EQ(verdict("failed>1%"), "missed");
  EXPECT_EQ(verdict("failed>2%"), "holds");
  EXPECT_EQ(verdict("errors>1"), "missed");
  EXPECT_EQ(verdict("rate<49/s"), "holds");
  EXPECT_EQ(verdict("rate<50/s"), "missed");
  EXPECT_EQ(verdict("acknowledged<=98"), "missed");
}

TEST_F(LoadThreshold, OfATimeIsMissedWhenNothingWasMeasured) {
  EXPECT_EQ(verdict("p99>50ms"), "missed");
  EXPECT_EQ(verdict("failed>1%", 0), "missed");
}

TEST_F(LoadThreshold, CountsWhatWasNeverBegunAsFailed) {
  results_.acknowledged = 90;
  EXPECT_EQ(verdict("failed>9"), "missed");
}

TEST_F(LoadThreshold, IsRefusedWithAnUnknownNameOrUnit) {
  for (const char* wrong : {"", "p99", "p99>", "p99>50", "p98>50ms", "smtp.p99>1ms", "p99=1ms",
                            "failed>1ms", "failed>x", "rate<5%", ">5", "p99>>1ms"}) {
    EXPECT_EQ(verdict(wrong), "wrong") << wrong;
  }
}

TEST(LoadTimeline, TellsRateAndLatencyOfEachInterval) {
  const auto start = Clock::now();
  Timeline timeline(start);
  for (int i = 0; i < 9; ++i) timeline.acknowledged(start + 10ms, 1ms);
  timeline.acknowledged(start + 20ms, 80ms);
  timeline.failed(start + 250ms);
  const auto points = timeline.points(start + 260ms);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].acknowledged, 10u);
  EXPECT_NEAR(static_cast<double>(points[0].p50.count()), 1e6, 0.13e6);
  EXPECT_EQ(points[0].max, 80ms);
  EXPECT_EQ(points[1].acknowledged, 0u);
  EXPECT_EQ(points[2].failed, 1u);
  EXPECT_EQ(points[2].length, 60ms);
}

TEST(LoadTimeline, OfALongRunStaysSmallAndLosesNothing) {
  const auto start = Clock::now();
  Timeline hours(start);
  for (int i = 0; i < 36'000; ++i) hours.acknowledged(start + i * 1s, i == 30'000 ? 5s : 2ms);
  Timeline seconds(start);
  for (int i = 0; i < 10; ++i) seconds.acknowledged(start + i * 1s, 2ms);
  seconds.merge(hours);
  const auto points = seconds.points(start + 36'000s);
  EXPECT_LE(points.size(), 400u);
  std::uint64_t acknowledged = 0;
  std::chrono::nanoseconds max{0};
  for (const auto& point : points) {
    acknowledged += point.acknowledged;
    max = std::max(max, point.max);
  }
  EXPECT_EQ(acknowledged, 36'010u);
  EXPECT_EQ(max, 5s);
}

TEST(LoadPage, NeedsNothingButItselfAndEscapesWhatServersSaid) {
  Results results;
  const auto start = Clock::now();
  results.timeline = std::make_unique<Timeline>(start);
  results.timeline->acknowledged(start + 50ms, 1ms);
  const Summary summary = summary_of(results, 1, 0, 1, false, Ended::Complete);
  const std::string page = report_page(results, summary, false, "a <title>", "550 <script>");
  EXPECT_NE(page.find("550 &lt;script&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos);
  EXPECT_NE(page.find("<path class=\"p99\" d=\"M"), std::string::npos);
}

TEST(LoadResults, KeepTheErrorTableSmall) {
  Results results;
  for (int i = 0; i < 1000; ++i) results.count_error("error " + std::to_string(i));
  EXPECT_LE(results.errors.size(), 51u);
}

TEST(LoadResults, ReportTheRateInJson) {
  Results results;
  results.acknowledged = 10;
  const std::string report = report_json(results, {10, std::chrono::seconds(2)});
  EXPECT_NE(report.find("\"messages_per_second\": 5.0"), std::string::npos) << report;
}

}  // namespace
}  // namespace signpost::bench
