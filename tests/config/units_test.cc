#include "config/units.h"

#include "config/memory_limit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace signpost::config {
namespace {

using namespace std::chrono_literals;

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("4h"), 4h);
  EXPECT_EQ(parse_duration("5d"), 120h);
  EXPECT_EQ(parse_duration("0s"), 0s);
  for (const char* text : {"", "5", "m", "5 m", " 5m", "5m ", "-5m", "+5m", "5M", "1.5h", "1h30m",
                           "365001d", "99999999999999999999s", "18446744073709551615d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Units, DurationsAreWrittenInTheLargestWholeUnit) {
  EXPECT_EQ(duration_text(0ms), "0s");
  EXPECT_EQ(duration_text(250ms), "250ms");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(120s), "2m");
  EXPECT_EQ(duration_text(24h), "1d");
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("1024"), 1024u);
  EXPECT_EQ(parse_size("12B"), 12u);
  EXPECT_EQ(parse_size("64KB"), 64'000u);
  EXPECT_EQ(parse_size("64KiB"), 65'536u);
  EXPECT_EQ(parse_size("50MiB"), 50u << 20);
  EXPECT_EQ(parse_size("1GiB"), 1u << 30);
  for (const char* text :
       {"", "MiB", "-1", "1 MiB", "1mib", "1.5GiB", "5M", "9223372036854775808", "8388608TiB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
  EXPECT_EQ(size_text(50 << 20), "50MiB");
  EXPECT_EQ(size_text(1000), "1000B");
}

TEST(Units, Shares) {
  EXPECT_EQ(parse_share("50%"), 0.5);
  EXPECT_EQ(parse_share("0%"), 0.0);
  EXPECT_EQ(parse_share("100%"), 1.0);
  EXPECT_EQ(parse_share("0.5%"), 0.005);
  for (const char* text : {"", "%", "50", "-1%", "100.1%", "nan%", "inf%", "1e1%", "5 %", "5%%"}) {
    EXPECT_EQ(parse_share(text), std::nullopt) << text;
  }
}

class MemoryLimit : public testing::Test {
 protected:
  MemoryLimit() {
    std::string folder = testing::TempDir() + "memoryXXXXXX";
    root_ = mkdtemp(folder.data());
  }
  ~MemoryLimit() override { std::filesystem::remove_all(root_); }
  void write(const std::string& file, const std::string& text) {
    const auto path = root_ + file;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  std::string root_;
};

TEST_F(MemoryLimit, IsTheMachinesWithoutControlGroups) {
  const auto machine = memory_limit(root_);
  EXPECT_GT(machine, 1u << 20);
  write("/proc/self/cgroup", "0::/\nnonsense\n");
  write("/sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(memory_limit(root_), machine);
}

TEST_F(MemoryLimit, IsTheSmallestOnTheWayUp) {
  write("/proc/self/cgroup", "0::/system.slice/signpost.service\n");
  write("/sys/fs/cgroup/system.slice/signpost.service/memory.max", "max\n");
  write("/sys/fs/cgroup/system.slice/memory.max", "10485760\n");
  write("/sys/fs/cgroup/memory.max", "20971520\n");
  EXPECT_EQ(memory_limit(root_), 10'485'760u);
}

TEST_F(MemoryLimit, OfAContainerIsFoundWhenItsNameIsTheHosts) {
  write("/proc/self/cgroup", "0::/not/here\n");
  write("/sys/fs/cgroup/memory.max", "20971520\n");
  EXPECT_EQ(memory_limit(root_), 20'971'520u);
}

TEST_F(MemoryLimit, OfVersion1IsRead) {
  write("/proc/self/cgroup", "5:cpu,memory:/a\n4:pids:/a\n");
  write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "10485760\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memory_limit(root_), 10'485'760u);
}

}  // namespace
}  // namespace signpost::config
