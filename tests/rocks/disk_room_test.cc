#include "rocks/disk_room.h"

#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace signpost::rocks {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

TEST(DiskRoom, ALargeDiskChangesNothing) {
  const Options usual;
  const Options fitted = fit_to_disk(usual, 4096 * kMiB);
  EXPECT_EQ(fitted.write_buffer_size, usual.write_buffer_size);
  EXPECT_EQ(fitted.max_log_size, usual.max_log_size);
  EXPECT_EQ(fitted.blob_file_size, usual.blob_file_size);
}

TEST(DiskRoom, OnASmallDiskTheStoreTakesAPart) {
  for (const std::uint64_t size : {48 * kMiB, 96 * kMiB, 300 * kMiB, 1000 * kMiB}) {
    const Options fitted = fit_to_disk({}, size);
    EXPECT_GE(fitted.write_buffer_size, kMiB);
    // Memtables that are full and being written, the log of both, and a file that is rewritten.
    EXPECT_LE(2 * fitted.write_buffer_size + fitted.max_log_size + 2 * fitted.blob_file_size,
              size / 8)
        << size;
  }
}

TEST(DiskRoom, WhatMemoryMadeSmallerStaysSmall) {
  EXPECT_EQ(fit_to_disk({.write_buffer_size = 4 * kMiB}, 1 << 30).write_buffer_size, 4 * kMiB);
}

TEST(DiskRoom, ALogThatTheDiskHasRoomForIsWrittenOut) {
  EXPECT_FALSE(fit_to_room({}, {.size = 1000 * kMiB, .free = 300 * kMiB}, 100 * kMiB).frugal);
}

TEST(DiskRoom, WithoutRoomItStaysInMemory) {
  const Options frugal = fit_to_room({}, {.size = 1000 * kMiB, .free = 50 * kMiB}, 100 * kMiB);
  EXPECT_TRUE(frugal.frugal);
  EXPECT_GE(frugal.write_buffer_size, 200 * kMiB);
  EXPECT_GE(frugal.max_log_size, 200 * kMiB);
}

TEST(DiskRoom, TheReserveIsRealSpaceAndUsedOnlyWhenTheDiskIsFull) {
  const test::TemporaryDirectory directory;
  const std::string queue = directory.path() + "/queue";
  std::filesystem::create_directory(queue);
  keep_reserve(queue);
  const std::string file = queue + ".reserve";
  ASSERT_TRUE(std::filesystem::exists(file));
  EXPECT_GE(std::filesystem::file_size(file), kMiB);
  EXPECT_LE(std::filesystem::file_size(file), 16 * kMiB);
  EXPECT_FALSE(use_reserve(queue));
  EXPECT_TRUE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace signpost::rocks
