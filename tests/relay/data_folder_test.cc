#include "relay/data_folder.h"

#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace signpost::relay {
namespace {

class DataFolder : public testing::Test {
 protected:
  std::string obstacle(bool makes_folder = false) const {
    config::Config config;
    config.file = "signpost.toml";
    config.data_dir = data_dir_;
    config.places = {{"data_dir", 2, 12}};
    const FolderFindings found = examine_data_folder(config, makes_folder);
    EXPECT_EQ(found.unknown, "");
    return found.obstacle.empty() ? ""
                                  : config::error_at(config, "data_dir", found.obstacle).text();
  }

  test::TemporaryDirectory folder_;
  std::string data_dir_ = folder_.file("data");
};

TEST_F(DataFolder, AFolderThatCanBeMadeOrWrittenIsNone) {
  EXPECT_EQ(obstacle(), "");
  std::filesystem::create_directories(data_dir_ + "/queue");
  std::ofstream(data_dir_ + "/queue/CURRENT") << "x";
  EXPECT_EQ(obstacle(), "");
}

TEST_F(DataFolder, AFolderBelowAFileIsNamed) {
  std::ofstream(folder_.file("file")) << "x";
  data_dir_ = folder_.file("file") + "/data";
  EXPECT_TRUE(obstacle().starts_with("signpost.toml:2:12: data_dir: " + data_dir_ +
                                     " does not exist and cannot be made: "))
      << obstacle();
  EXPECT_EQ(obstacle(true), "") << "whoever makes it says why not";
}

// Rights do not tell: root may do everything in /proc, and nothing can be made there.
TEST_F(DataFolder, AFileSystemThatTakesNoFoldersIsNamed) {
  data_dir_ = "/proc/signpost";
  EXPECT_TRUE(obstacle().starts_with(
      "signpost.toml:2:12: data_dir: /proc/signpost does not exist and cannot be made: "))
      << obstacle();
  EXPECT_EQ(obstacle(true), "");
  EXPECT_TRUE(folder_obstacle(data_dir_).contains("/proc/signpost does not exist"));
  data_dir_ = "/proc";
  EXPECT_TRUE(obstacle().contains("data_dir: /proc cannot be used: ")) << obstacle();
}

TEST_F(DataFolder, LookingLeavesNothingBehind) {
  EXPECT_EQ(folder_obstacle(data_dir_ + "/below"), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.file("")));
  std::filesystem::create_directories(data_dir_);
  EXPECT_EQ(obstacle(), "");
  EXPECT_TRUE(std::filesystem::is_empty(data_dir_));
}

TEST_F(DataFolder, ThatOthersMayChangeIsRefusedAndThatTheyMayReadIsDoubted) {
  std::filesystem::create_directories(data_dir_);
  ::chmod(data_dir_.c_str(), 0777);
  EXPECT_TRUE(obstacle().contains("every account of this machine may remove and replace the mail"));
  EXPECT_TRUE(obstacle().ends_with("run chmod o-rwx " + data_dir_));
  EXPECT_EQ(folder_exposure(data_dir_), "") << "said once";
  ::chmod(data_dir_.c_str(), 0755);
  EXPECT_EQ(obstacle(), "");
  EXPECT_TRUE(folder_exposure(data_dir_).contains("may look into " + data_dir_));
  for (const mode_t mode : {0750U, 0711U, 0770U}) {
    ::chmod(data_dir_.c_str(), mode);
    EXPECT_EQ(folder_intrusion(data_dir_) + folder_exposure(data_dir_), "") << std::oct << mode;
  }
  EXPECT_EQ(folder_intrusion(data_dir_ + "/none") + folder_exposure(data_dir_ + "/none"), "");
}

TEST_F(DataFolder, WhatAnotherAccountLeftIsNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may do anything";
  std::filesystem::create_directories(data_dir_ + "/queue");
  std::ofstream(data_dir_ + "/queue/CURRENT") << "x";
  ::chmod((data_dir_ + "/queue/CURRENT").c_str(), 0400);
  EXPECT_TRUE(obstacle().contains("/queue/CURRENT cannot be used: Permission denied for the acc"));
  EXPECT_TRUE(obstacle().ends_with("run chmod -R u+rwX " + data_dir_)) << obstacle();
  ::chmod(data_dir_.c_str(), 0500);
  EXPECT_TRUE(obstacle().contains(data_dir_ + " cannot be used: Permission denied for the acc"));
  ::chmod(data_dir_.c_str(), 0700);
}

}  // namespace
}  // namespace signpost::relay
