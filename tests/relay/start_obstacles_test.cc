#include "relay/start_obstacles.h"

#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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
