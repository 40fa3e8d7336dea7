#include "relay/start_obstacles.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace signpost::relay {
namespace {

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

}  // namespace
}  // namespace signpost::relay
