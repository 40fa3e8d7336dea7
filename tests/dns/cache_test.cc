#include "dns/cache.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

using std::chrono::seconds;

class CacheTest : public ::testing::Test {
 protected:
  void insert(const std::string& name, seconds ttl = seconds(100), Status status = Status::Ok) {
    auto answer = std::make_shared<Answer>();
    answer->status = status;
    answer->ttl = ttl;
    cache_.insert({RecordType::A, name}, answer, now_ + ttl);
  }
  bool has(const std::string& name) { return cache_.find({RecordType::A, name}, now_) != nullptr; }

  Cache cache_{3};
  SteadyTime now_{seconds(1000)};
};

TEST_F(CacheTest, KeepsAnAnswerUntilItExpires) {
  insert("a.example", seconds(1));
  now_ += std::chrono::milliseconds(999);
  EXPECT_TRUE(has("a.example"));
  now_ += std::chrono::milliseconds(1);
  EXPECT_FALSE(has("a.example"));
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(CacheTest, GivesTheRemainingTtl) {
  insert("a.example", seconds(100));
  EXPECT_EQ(cache_.find({RecordType::A, "a.example"}, now_)->ttl, seconds(100));
  now_ += std::chrono::milliseconds(30'001);
  EXPECT_EQ(cache_.find({RecordType::A, "a.example"}, now_)->ttl, seconds(69));
  now_ += std::chrono::milliseconds(69'500);
  EXPECT_EQ(cache_.find({RecordType::A, "a.example"}, now_)->ttl, seconds(0));
}

TEST_F(CacheTest, DistinguishesTypes) {
  insert("a.example");
  EXPECT_EQ(cache_.find({RecordType::Aaaa, "a.example"}, now_), nullptr);
}

TEST_F(CacheTest, DropsTheLeastRecentlyUsed) {
  insert("a.example");
  insert("b.example");
  insert("c.example");
  EXPECT_TRUE(has("a.example"));
  insert("d.example");
  EXPECT_EQ(cache_.size(), 3U);
  EXPECT_FALSE(has("b.example"));
  EXPECT_TRUE(has("a.example"));
  EXPECT_TRUE(has("c.example"));
  EXPECT_TRUE(has("d.example"));
}

TEST_F(CacheTest, ReplacesAnOlderAnswer) {
  insert("a.example", seconds(1), Status::Temporary);
  insert("b.example");
  insert("c.example");
  insert("a.example", seconds(100), Status::Ok);
  EXPECT_EQ(cache_.size(), 3U);
  now_ += seconds(50);
  ASSERT_TRUE(has("a.example"));
  EXPECT_EQ(cache_.find({RecordType::A, "a.example"}, now_)->status, Status::Ok);
}

TEST_F(CacheTest, AnAnswerOutlivesItsEntry) {
  insert("a.example", seconds(100), Status::NoData);
  const auto held = cache_.find({RecordType::A, "a.example"}, now_);
  insert("b.example");
  insert("c.example");
  insert("d.example");
  EXPECT_FALSE(has("a.example"));
  EXPECT_EQ(held->status, Status::NoData);
}

TEST_F(CacheTest, OfNoSizeKeepsNothing) {
  Cache none(0);
  none.insert({RecordType::A, "a.example"}, std::make_shared<Answer>(), now_ + seconds(1));
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace signpost::dns
