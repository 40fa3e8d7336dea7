#include "metrics/registry.h"

#include "metrics/instruments.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

namespace signpost::metrics {
namespace {

constexpr std::array kBounds = {1.0, 10.0};

// The sample lines of an exposition: "name{labels}" -> value.
std::map<std::string, std::string> samples(const Registry& registry) {
  std::map<std::string, std::string> result;
  std::istringstream in(registry.text());
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    const std::size_t blank = line.rfind(' ');
    EXPECT_TRUE(result.emplace(line.substr(0, blank), line.substr(blank + 1)).second)
        << "twice: " << line;
  }
  return result;
}

TEST(Registry, AddsUpInstrumentsOfOneNameAndLabelSet) {
  Registry registry;
  const Description description{"signpost_mail_total", "Mail."};
  Counter first(registry, description, {{"result", "ok"}, {"kind", "a"}});
  Counter second(registry, description, {{"kind", "a"}, {"result", "ok"}});  // the order is free
  SharedCounter other(registry, description, {{"kind", "b"}, {"result", "ok"}});
  first.add(2);
  second.add(3);
  other.add(7);
  const auto read = samples(registry);
  EXPECT_EQ(read.size(), 2u);
  EXPECT_EQ(read.at(R"(signpost_mail_total{kind="a",result="ok"})"), "5");
  EXPECT_EQ(read.at(R"(signpost_mail_total{kind="b",result="ok"})"), "7");
}

TEST(Registry, CountersNeverFallWhenAnInstrumentGoes) {
  Registry registry;
  const Description counted{"signpost_mail_total", "Mail."};
  const Description measured{"signpost_wait_seconds", "Waits."};
  Counter stays(registry, counted);
  stays.add(1);
  {
    Counter goes(registry, counted);
    goes.add(4);
    Histogram waits(registry, measured, kBounds);
    waits.observe(5, 2);
  }
  EXPECT_EQ(samples(registry).at("signpost_mail_total"), "5");
  Histogram waits(registry, measured, kBounds);
  waits.observe(100);
  const auto read = samples(registry);
  EXPECT_EQ(read.at(R"(signpost_wait_seconds_bucket{le="10"})"), "2");
  EXPECT_EQ(read.at("signpost_wait_seconds_count"), "3");
  EXPECT_EQ(read.at("signpost_wait_seconds_sum"), "110");
}

TEST(Registry, ALevelGoesWithItsGauge) {
  Registry registry;
  const Description description{"signpost_sessions", "Sessions."};
  Gauge stays(registry, description);
  stays.set(2);
  {
    Gauge goes(registry, description);
    goes.set(40);
    EXPECT_EQ(samples(registry).at("signpost_sessions"), "42");
  }
  EXPECT_EQ(samples(registry).at("signpost_sessions"), "2");
}

TEST(Registry, HistogramBucketsAreCumulativeAndEndAtInfinity) {
  Registry registry;
  Histogram histogram(registry, {"signpost_wait_seconds", "Waits."}, kBounds, {{"phase", "a"}});
  for (const double value : {0.5, 5.0, 6.0, 50.0}) histogram.observe(value);
  const auto read = samples(registry);
  EXPECT_EQ(read.at(R"(signpost_wait_seconds_bucket{phase="a",le="1"})"), "1");
  EXPECT_EQ(read.at(R"(signpost_wait_seconds_bucket{phase="a",le="10"})"), "3");
  EXPECT_EQ(read.at(R"(signpost_wait_seconds_bucket{phase="a",le="+Inf"})"), "4");
  EXPECT_EQ(read.at(R"(signpost_wait_seconds_count{phase="a"})"), "4");
  EXPECT_EQ(read.at(R"(signpost_wait_seconds_sum{phase="a"})"), "61.5");
}

TEST(Registry, AsksGaugeCallbacksAtEachScrape) {
  Registry registry;
  double depth = 3;
  registry.add_gauge({"signpost_depth", "Depth."}, {{"state", "x"}}, [&] { return depth; });
  EXPECT_EQ(samples(registry).at(R"(signpost_depth{state="x"})"), "3");
  depth = 9.5;
  EXPECT_EQ(samples(registry).at(R"(signpost_depth{state="x"})"), "9.5");
}

TEST(Registry, AsksForCountsThatOthersKeep) {
  Registry registry;
  int kept = 3;
  registry.add_counter({"signpost_kept_total", "Kept by others."}, {},
                       [&kept] { return static_cast<double>(kept); });
  EXPECT_NE(registry.text().find("# TYPE signpost_kept_total counter"), std::string::npos);
  EXPECT_EQ(samples(registry)["signpost_kept_total"], "3");
  kept = 4;
  EXPECT_EQ(samples(registry)["signpost_kept_total"], "4");
}

TEST(Registry, ACallbackMayRegisterAnInstrument) {
  Registry registry;
  std::unique_ptr<Counter> late;
  registry.add_gauge({"signpost_depth", "Depth."}, {}, [&] {
    late = std::make_unique<Counter>(registry, Description{"signpost_late_total", "Late."});
    return 1.0;
  });
  EXPECT_EQ(samples(registry).size(), 1u);
  EXPECT_EQ(samples(registry).count("signpost_late_total"), 1u);
}

TEST(Registry, FamiliesAreSortedByName) {
  Registry registry;
  Gauge b(registry, {"signpost_b", "Is b."});
  Counter a(registry, {"signpost_a_total", "Is a."});
  Histogram c(registry, {"signpost_c_seconds", "Is c."}, kBounds);
  const auto families = registry.families();
  ASSERT_EQ(families.size(), 3u);
  EXPECT_EQ(families[0].name, "signpost_a_total");
  EXPECT_EQ(families[0].type, "counter");
  EXPECT_EQ(families[0].help, "Is a.");
  EXPECT_EQ(families[1].type, "gauge");
  EXPECT_EQ(families[2].type, "histogram");
}

// The rules of `promtool check metrics` that a registry can break.
TEST(Registry, HelpAndTypeStandOncePerFamilyBeforeItsSamples) {
  Registry registry;
  const Description description{"signpost_mail_total", "Mail. Worry when it stops."};
  Counter one(registry, description, {{"kind", "a"}});
  Counter two(registry, description, {{"kind", "b"}});
  Histogram waits(registry, {"signpost_wait_seconds", "Waits."}, kBounds);
  std::istringstream in(registry.text());
  std::map<std::string, int> helps;
  std::map<std::string, int> types;
  std::string family;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string hash, keyword;
    if (line.starts_with("# ")) {
      words >> hash >> keyword >> family;
      ++(keyword == "HELP" ? helps : types)[family];
      EXPECT_TRUE(keyword == "HELP" || keyword == "TYPE");
    } else {
      EXPECT_TRUE(line.starts_with(family)) << line;
    }
  }
  EXPECT_EQ(helps,
            (std::map<std::string, int>{{"signpost_mail_total", 1}, {"signpost_wait_seconds", 1}}));
  EXPECT_EQ(types, helps);
  EXPECT_NE(registry.text().find("# HELP signpost_mail_total Mail. Worry when it stops.\n"
                                 "# TYPE signpost_mail_total counter\n"),
            std::string::npos);
}

TEST(Registry, EscapesLabelValues) {
  Registry registry;
  Counter counter(registry, {"signpost_mail_total", "Mail."}, {{"kind", "a\"b\\c\nd"}});
  EXPECT_NE(registry.text().find(R"(signpost_mail_total{kind="a\"b\\c\nd"} 0)"), std::string::npos);
}

TEST(Registry, ScrapesWhileWritersWriteAndInstrumentsComeAndGo) {
  Registry registry;
  const Description description{"signpost_mail_total", "Mail."};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    Counter counter(registry, description);
    while (!stop.load(std::memory_order_relaxed)) counter.add();
  });
  double last = 0;
  for (int i = 0; i < 200; ++i) {
    Counter brief(registry, description);
    brief.add();
    const auto read = samples(registry);
    const double now = std::stod(read.at("signpost_mail_total"));
    EXPECT_GE(now, last);
    last = now;
  }
  stop = true;
  writer.join();
}

TEST(RegistryDeathTest, RefusesASecondMeaningOfAName) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  Registry registry;
  Counter counter(registry, {"signpost_mail_total", "Mail."}, {{"kind", "a"}});
  EXPECT_DEATH(Counter(registry, {"signpost_mail_total", "Mail."}), "broken invariant");
  EXPECT_DEATH(Counter(registry, {"signpost_mail_total", "Mail."}, {{"sort", "a"}}),
               "broken invariant");
  EXPECT_DEATH(Counter(registry, {"signpost_mail_total", "Other."}, {{"kind", "a"}}),
               "broken invariant");
  Gauge gauge(registry, {"signpost_level", "Level."});
  EXPECT_DEATH(Histogram(registry, {"signpost_level", "Level."}, kBounds), "broken invariant");
}

TEST(RegistryDeathTest, RefusesLabelsThatAreNotDescribed) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  static constexpr LabelDescription kLabels[] = {{"kind", {}, "anything"}, {"result", {}, "too"}};
  const Description description{"signpost_mail_total", "Mail.", kLabels};
  Registry registry;
  Counter counter(registry, description, {{"result", "ok"}, {"kind", "a"}});
  EXPECT_DEATH(Counter(registry, description), "broken invariant");
  EXPECT_DEATH(Counter(registry, description, {{"kind", "a"}}), "broken invariant");
  EXPECT_DEATH(Counter(registry, description, {{"kind", "a"}, {"sort", "a"}}), "broken invariant");
}

TEST(RegistryDeathTest, RefusesNamesThatPromtoolWouldRefuse) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  Registry registry;
  EXPECT_DEATH(Counter(registry, {"signpost_mail", "Mail."}), "broken invariant");
  EXPECT_DEATH(Gauge(registry, {"signpost_mail_total", "Mail."}), "broken invariant");
  EXPECT_DEATH(Gauge(registry, {"signpost_mail_count", "Mail."}), "broken invariant");
  EXPECT_DEATH(Gauge(registry, {"signpost-mail", "Mail."}), "broken invariant");
  EXPECT_DEATH(Gauge(registry, {"signpost_mail", ""}), "broken invariant");
  EXPECT_DEATH(Gauge(registry, {"signpost_mail", "Mail."}, {{"le", "1"}}), "broken invariant");
  EXPECT_DEATH(Gauge(registry, {"signpost_mail", "Mail."}, {{"a", "1"}, {"a", "2"}}),
               "broken invariant");
}

}  // namespace
}  // namespace signpost::metrics
