#include "relay/start_obstacles.h"

#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace signpost::relay {
namespace {

class QueueObstacles : public testing::Test {
 protected:
  std::string obstacle(bool makes_folder = false) const {
    config::Config config;
    config.file = "signpost.toml";
    config.data_dir = data_dir_;
    config.places = {{"data_dir", 2, 12}};
    const auto found = queue_obstacles(config, makes_folder);
    return found.empty() ? "" : found.front().text();
  }

  test::TemporaryDirectory folder_;
  std::string data_dir_ = folder_.file("data");
};

TEST_F(QueueObstacles, AFolderThatCanBeMadeOrWrittenIsNone) {
  EXPECT_EQ(obstacle(), "");
  std::filesystem::create_directories(data_dir_ + "/queue");
  std::ofstream(data_dir_ + "/queue/CURRENT") << "x";
  EXPECT_EQ(obstacle(), "");
}

TEST_F(QueueObstacles, AFolderBelowAFileIsNamed) {
  std::ofstream(folder_.file("file")) << "x";
  data_dir_ = folder_.file("file") + "/data";
  EXPECT_TRUE(obstacle().starts_with("signpost.toml:2:12: data_dir: " + data_dir_ +
                                     " does not exist and cannot be made: "))
      << obstacle();
  EXPECT_EQ(obstacle(true), "") << "whoever makes it says why not";
}

// Rights do not tell: root may do everything in /proc, and nothing can be made there.
TEST_F(QueueObstacles, AFileSystemThatTakesNoFoldersIsNamed) {
  data_dir_ = "/proc/signpost";
  EXPECT_TRUE(obstacle().starts_with(
      "signpost.toml:2:12: data_dir: /proc/signpost does not exist and cannot be made: "))
      << obstacle();
  EXPECT_EQ(obstacle(true), "");
  EXPECT_TRUE(folder_obstacle(data_dir_).contains("/proc/signpost does not exist"));
  data_dir_ = "/proc";
  EXPECT_TRUE(obstacle().contains("data_dir: /proc cannot be used: ")) << obstacle();
}

TEST_F(QueueObstacles, LookingLeavesNothingBehind) {
  EXPECT_EQ(folder_obstacle(data_dir_ + "/below"), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.file("")));
  std::filesystem::create_directories(data_dir_);
  EXPECT_EQ(obstacle(), "");
  EXPECT_TRUE(std::filesystem::is_empty(data_dir_));
}

TEST(DiskObstacles, LessSpaceThanIsToBeKeptIsNamed) {
  config::Config config;
  config.file = "signpost.toml";
  config.data_dir = testing::TempDir() + "there/is/none";
  config.places = {{"limits.disk_free", 7, 13}};
  config.limits.disk_free_bytes = 1;
  EXPECT_TRUE(disk_obstacles(config).empty());
  config.limits.disk_free_bytes = std::uint64_t{1'000'000'000'000'000};
  const std::string text = disk_obstacles(config).at(0).text();
  EXPECT_TRUE(text.starts_with("signpost.toml:7:13: limits.disk_free: /")) << text;
  EXPECT_TRUE(
      text.ends_with("B, less than the 1.0 PB to be kept: mail is refused with 452 until "
                     "there is more; make room, or write a smaller limits.disk_free"))
      << text;
  config.limits.disk_free_bytes = 0;
  config.limits.disk_free_share = 0.9999;
  EXPECT_TRUE(disk_obstacles(config).at(0).text().contains("less than the 99.99% ("));
}

TEST_F(QueueObstacles, WhatAnotherAccountLeftIsNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may do anything";
  std::filesystem::create_directories(data_dir_ + "/queue");
  std::ofstream(data_dir_ + "/queue/CURRENT") << "x";
  ::chmod((data_dir_ + "/queue/CURRENT").c_str(), 0400);
  EXPECT_TRUE(obstacle().contains("/queue/CURRENT cannot be used: Permission denied for the acc"));
  ::chmod(data_dir_.c_str(), 0500);
  EXPECT_TRUE(obstacle().contains(data_dir_ + " cannot be used: Permission denied for the acc"));
  ::chmod(data_dir_.c_str(), 0700);
}

}  // namespace
}  // namespace signpost::relay
