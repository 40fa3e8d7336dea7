#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace signpost::log {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kTime = "2026-01-02T03:04:05.000006Z";

std::string text(std::initializer_list<Field> fields) {
  return format_line(Format::Text, Level::Info, kTime, "event", fields);
}
std::string json(std::initializer_list<Field> fields) {
  return format_line(Format::Json, Level::Info, kTime, "event", fields);
}

TEST(LogLine, IsTimeLevelEventAndFields) {
  EXPECT_EQ(text({{"id", "A1"}, {"tries", 3}, {"tls", true}}),
            "2026-01-02T03:04:05.000006Z info event id=A1 tries=3 tls=true");
  EXPECT_EQ(text({}), "2026-01-02T03:04:05.000006Z info event");
}

TEST(LogLine, IsOneObjectInJson) {
  EXPECT_EQ(json({{"id", "A1"}, {"tries", -3}, {"tls", false}}),
            R"({"time":"2026-01-02T03:04:05.000006Z","level":"info","event":"event",)"
            R"("id":"A1","tries":-3,"tls":false})");
}

TEST(LogLine, NamesEachLevel) {
  const auto line = [](Level level) { return format_line(Format::Text, level, "t", "e", {}); };
  EXPECT_EQ(line(Level::Debug), "t debug e");
  EXPECT_EQ(line(Level::Info), "t info e");
  EXPECT_EQ(line(Level::Warning), "t warning e");
  EXPECT_EQ(line(Level::Error), "t error e");
}

TEST(LogLine, NeedsNoTime) {
  EXPECT_EQ(format_line(Format::Text, Level::Info, "", "e", {{"id", "A1"}}), "info e id=A1");
}

TEST(LogLine, LeavesEmptyTextOut) {
  EXPECT_EQ(text({{"a", ""}, {"b", "x"}}), text({{"b", "x"}}));
  EXPECT_EQ(json({{"a", ""}, {"b", "x"}}), json({{"b", "x"}}));
}

TEST(LogLine, QuotesTextThatCouldBeTakenForMoreFields) {
  EXPECT_EQ(text({{"reply", "250 Ok"}}).substr(kTime.size()), R"( info event reply="250 Ok")");
  EXPECT_EQ(text({{"reply", "a=b"}}).substr(kTime.size()), R"( info event reply="a=b")");
  EXPECT_EQ(text({{"reply", "say \"x\""}}).substr(kTime.size()),
            R"( info event reply="say \"x\"")");
}

TEST(LogLine, NeverHoldsALineEndOrControlOctetOfAPeer) {
  constexpr std::string_view evil = "a\r\n2026 error forged\0\x1b[2J\xff"sv;
  for (const std::string& line : {text({{"reply", evil}}), json({{"reply", evil}})}) {
    EXPECT_TRUE(std::ranges::all_of(line, [](char c) {
      return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
    })) << line;
  }
}

TEST(LogLine, EscapesForJson) {
  EXPECT_TRUE(json({{"reply", "a\"b\\c\n"}}).ends_with(R"("reply":"a\"b\\c\\x0a"})"))
      << json({{"reply", "a\"b\\c\n"}});
}

TEST(LogLine, BoundsTheTextOfAField) {
  EXPECT_LT(text({{"reply", std::string(100000, 'x')}}).size(), 3000U);
}

// What is logged between start() and stop(), line by line.
class LogTest : public testing::Test {
 protected:
  LogTest() { EXPECT_EQ(::pipe(pipe_.data()), 0); }
  ~LogTest() override {
    stop();
    if (pipe_[1] >= 0) ::close(pipe_[1]);
    ::close(pipe_[0]);
    start(Options{});  // standard error again for the next test
    stop();
  }

  void start_with(Level level, std::size_t queue_bytes = 1 << 20) {
    start({.level = level, .format = Format::Text, .fd = pipe_[1], .queue_bytes = queue_bytes});
  }

  std::vector<std::string> stop_and_read() {
    stop();
    return read_all();
  }

  std::vector<std::string> read_all() {
    ::close(std::exchange(pipe_[1], -1));
    std::string bytes;
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = ::read(pipe_[0], buffer.data(), buffer.size())) > 0;) {
      bytes.append(buffer.data(), static_cast<std::size_t>(got));
    }
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
      lines.push_back(bytes.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }

  std::array<int, 2> pipe_{-1, -1};
};

TEST_F(LogTest, GivesTheJournalThePriority) {
  start({.level = Level::Debug, .format = Format::Text, .fd = pipe_[1], .to_journal = true});
  for (const Level level : {Level::Debug, Level::Info, Level::Warning, Level::Error}) {
    log(level, "event", {{"id", "A1"}});
  }
  EXPECT_EQ(stop_and_read(),
            (std::vector<std::string>{"<7>debug event id=A1", "<6>info event id=A1",
                                      "<4>warning event id=A1", "<3>error event id=A1"}));
}

TEST_F(LogTest, KeepsTheTimeOfJsonForTheJournal) {
  start({.level = Level::Info, .format = Format::Json, .fd = pipe_[1], .to_journal = true});
  log(Level::Info, "event", {{"id", "A1"}});
  const auto lines = stop_and_read();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with(R"(<6>{"time":"2)")) << lines[0];
}

TEST_F(LogTest, WritesAllThatWasQueuedBeforeItStops) {
  start_with(Level::Info);
  for (int i = 0; i < 100; ++i) log(Level::Info, "tick", {{"n", i}});
  const auto lines = stop_and_read();
  ASSERT_EQ(lines.size(), 100U);
  EXPECT_TRUE(lines.front().ends_with(" info tick n=0")) << lines.front();
  EXPECT_TRUE(lines.back().ends_with(" info tick n=99")) << lines.back();
}

TEST_F(LogTest, StampsTheTimeInUtc) {
  start_with(Level::Info);
  log(Level::Info, "tick", {});
  const auto lines = stop_and_read();
  ASSERT_EQ(lines.size(), 1U);
  ASSERT_EQ(lines[0].size(), kTime.size() + std::string_view(" info tick").size());
  EXPECT_EQ(lines[0][10], 'T');
  EXPECT_EQ(lines[0][kTime.size() - 1], 'Z');
}

TEST_F(LogTest, SkipsEventsBelowItsLevel) {
  start_with(Level::Warning);
  EXPECT_FALSE(enabled(Level::Info));
  EXPECT_TRUE(enabled(Level::Error));
  log(Level::Debug, "no", {});
  log(Level::Info, "no", {});
  log(Level::Warning, "yes", {});
  log(Level::Error, "yes", {});
  EXPECT_EQ(stop_and_read().size(), 2U);
}

TEST_F(LogTest, TakesNewOptionsWhileItRuns) {
  start_with(Level::Error);
  log(Level::Info, "no", {});
  start_with(Level::Info);
  log(Level::Info, "yes", {});
  EXPECT_EQ(stop_and_read().size(), 1U);
}

TEST_F(LogTest, WritesDirectlyAfterItWasStopped) {
  start_with(Level::Info);
  stop();
  log(Level::Info, "late", {});
  EXPECT_EQ(read_all().size(), 1U);
}

TEST_F(LogTest, CountsAndReportsWhatDoesNotFit) {
  start_with(Level::Info, 200);
  const std::uint64_t before = dropped();
  log(Level::Info, "large", {{"text", std::string(300, 'x')}});
  log(Level::Info, "large", {{"text", std::string(300, 'x')}});
  EXPECT_EQ(dropped(), before + 2);
  log(Level::Info, "small", {});
  const auto lines = stop_and_read();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].ends_with(" info small")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with(" warning log_dropped lines=2")) << lines[1];
}

TEST_F(LogTest, ReportsWhatDidNotFitWhenItStopsAtLast) {
  start_with(Level::Info, 200);
  log(Level::Info, "large", {{"text", std::string(300, 'x')}});
  const auto lines = stop_and_read();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].ends_with(" warning log_dropped lines=1")) << lines[0];
}

TEST_F(LogTest, KeepsLinesOfManyThreadsWhole) {
  start_with(Level::Info);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) log(Level::Info, "tick", {{"thread", t}, {"n", i}});
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = stop_and_read();
  EXPECT_EQ(lines.size(), 200U);
  for (const auto& line : lines)
    EXPECT_NE(line.find(" info tick thread="), std::string::npos) << line;
}

TEST(LogDeathTest, StopsThoughNobodyReads) {
  const auto log_to_nobody = [] {
    std::array<int, 2> pipe{-1, -1};
    if (::pipe(pipe.data()) != 0) ::_exit(1);
    start({.fd = pipe[1]});
    for (int i = 0; i < 500; ++i) log(Level::Info, "tick", {{"text", std::string(300, 'x')}});
    stop();
    log(Level::Info, "tick", {});
    stop();
    ::_exit(0);
  };
  EXPECT_EXIT(log_to_nobody(), testing::ExitedWithCode(0), "");
}

TEST_F(LogTest, MayBeStoppedWhileOthersLog) {
  start_with(Level::Info);
  std::thread other([] {
    for (int i = 0; i < 200; ++i) log(Level::Info, "tick", {{"n", i}});
  });
  stop();
  other.join();
  EXPECT_EQ(read_all().size(), 200U);
}

}  // namespace
}  // namespace signpost::log
