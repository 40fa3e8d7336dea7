#include "bench/load/options.h"
#include "bench/load/results.h"
#include "bench/load/schedule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::bench {
namespace {

std::optional<LoadOptions> parsed(std::vector<std::string> words, int& exit_code) {
  words.insert(words.begin(), "signpost-load");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return parse_load_options(static_cast<int>(pointers.size()), pointers.data(), exit_code);
}

TEST(LoadSchedule, GivesEachMessageOnce) {
  Schedule schedule(3, 0, Clock::now());
  EXPECT_EQ(schedule.claim()->number, 0u);
  EXPECT_EQ(schedule.claim()->number, 1u);
  EXPECT_EQ(schedule.claim()->number, 2u);
  EXPECT_FALSE(schedule.claim());
}

TEST(LoadSchedule, OfAnOpenLoopIsDueByTheClockAlone) {
  const auto start = Clock::now();
  Schedule schedule(10, 100, start);
  EXPECT_EQ(schedule.claim()->due, start);
  EXPECT_EQ(schedule.claim()->due, start + std::chrono::milliseconds(10));
}

TEST(LoadOptions, ReadRatesAndDomains) {
  int exit_code = 0;
  const auto options = parsed(
      {"--to", "127.0.0.1:25", "--rate", "600/min", "--recipient-domains", "a.example,b.example"},
      exit_code);
  ASSERT_TRUE(options);
  EXPECT_DOUBLE_EQ(options->rate, 10);
  EXPECT_EQ(options->recipient_domains, (std::vector<std::string>{"a.example", "b.example"}));
}

TEST(LoadOptions, RefuseWhatIsWrongWithExitCodeTwo) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{},
        {"--to", "127.0.0.1"},
        {"--to", "127.0.0.1:25", "--rate", "fast"},
        {"--to", "127.0.0.1:25", "--user", "shop", "--password-file", "/nonexistent"},
        {"--to", "127.0.0.1:25", "--id-prefix", "a b"},
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
