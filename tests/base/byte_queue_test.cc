#include "base/byte_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

namespace signpost {
namespace {

TEST(ByteQueue, IsEmptyAtFirst) {
  ByteQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(queue.view(), "");
}

TEST(ByteQueue, GivesBackWhatWasAppendedInOrder) {
  ByteQueue queue;
  queue.append("one ");
  queue.append("");
  queue.append("two");
  EXPECT_EQ(queue.view(), "one two");
  queue.consume(4);
  EXPECT_EQ(queue.view(), "two");
  queue.append("!");
  EXPECT_EQ(queue.view(), "two!");
  queue.clear();
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueue, TakesWhatWasWrittenIntoItsRoom) {
  ByteQueue queue;
  queue.append("a");
  const auto room = queue.prepare(100);
  ASSERT_GE(room.size(), 100U);
  std::memcpy(room.data(), "bcd", 3);
  queue.commit(2);
  EXPECT_EQ(queue.view(), "abc");
  queue.commit(0);
  EXPECT_EQ(queue.view(), "abc");
}

TEST(ByteQueue, BehavesLikeAStringUnderAnyUse) {
  std::minstd_rand random(1);
  ByteQueue queue;
  std::string model;
  for (int round = 0; round < 20000; ++round) {
    if (random() % 2 == 0) {
      const std::string bytes(random() % 700, static_cast<char>('a' + round % 26));
      queue.append(bytes);
      model += bytes;
    } else {
      const std::size_t size = std::min<std::size_t>(random() % 900, model.size());
      queue.consume(size);
      model.erase(0, size);
    }
    if (random() % 50 == 0) queue.release();
    ASSERT_EQ(queue.view(), model);
  }
}

TEST(ByteQueue, KeepsItsContentWhenReleased) {
  ByteQueue queue;
  queue.append("kept");
  queue.release();
  EXPECT_EQ(queue.view(), "kept");
  queue.consume(4);
  queue.release();
  queue.append("new");
  EXPECT_EQ(queue.view(), "new");
}

TEST(ByteQueueDeathTest, StopsWhenMoreIsConsumedThanThereIs) {
  ByteQueue queue;
  queue.append("ab");
  EXPECT_DEATH(queue.consume(3), "broken invariant");
}

TEST(ByteQueueDeathTest, StopsWhenMoreIsCommittedThanThereIsRoom) {
  ByteQueue queue;
  const std::size_t room = queue.prepare(1).size();
  EXPECT_DEATH(queue.commit(room + 1), "broken invariant");
}

// What the queue's memory holds after its end.
std::string after_end(ByteQueue& queue) {
  const auto room = queue.prepare(1);
  return {room.begin(), room.end()};
}

TEST(ByteQueue, ConsumesSecretsWithoutATrace) {
  ByteQueue queue;
  queue.append("hunter2\n");
  queue.consume_secret(8);
  EXPECT_FALSE(after_end(queue).contains("hunter2"));
}

TEST(ByteQueue, MovesSecretsWithoutACopy) {
  ByteQueue queue;
  queue.append(std::string(400, 'x'));
  queue.append("hunter2");
  queue.consume(400);
  (void)queue.prepare(200);  // moves what is left to the front of the same memory
  EXPECT_EQ(queue.view(), "hunter2");
  EXPECT_FALSE(after_end(queue).contains("hunter2"));
}

}  // namespace
}  // namespace signpost
