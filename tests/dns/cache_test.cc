#include "dns/cache.h"

#include "dns/answer.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

using std::chrono::seconds;

class CacheTest : public ::testing::Test {
 protected:
  void insert(const std::string& name, seconds ttl = seconds(100), Status status = Status::Ok) {
    auto outcome = std::make_shared<Outcome>();
    outcome->status = status;
    cache_.insert({kTypeA, name}, outcome, now_ + ttl);
  }
  bool has(const std::string& name) { return cache_.find({kTypeA, name}, now_) != nullptr; }

  Cache cache_{3};
  SteadyTime now_{seconds(1000)};
};

TEST_F(CacheTest, KeepsAnOutcomeUntilItsTimeIsOver) {
  insert("a.example", seconds(1));
  now_ += std::chrono::milliseconds(999);
  EXPECT_TRUE(has("a.example"));
  now_ += std::chrono::milliseconds(1);
  EXPECT_FALSE(has("a.example"));
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(CacheTest, TellsTypesApart) {
  insert("a.example");
  EXPECT_EQ(cache_.find({kTypeAaaa, "a.example"}, now_), nullptr);
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

TEST_F(CacheTest, ReplacesAnOlderOutcome) {
  insert("a.example", seconds(1), Status::Temporary);
  insert("b.example");
  insert("c.example");
  insert("a.example", seconds(100), Status::Ok);
  EXPECT_EQ(cache_.size(), 3U);
  now_ += seconds(50);
  ASSERT_TRUE(has("a.example"));
  EXPECT_EQ(cache_.find({kTypeA, "a.example"}, now_)->status, Status::Ok);
}

TEST_F(CacheTest, AnOutcomeOutlivesItsEntry) {
  insert("a.example", seconds(100), Status::NoData);
  const auto held = cache_.find({kTypeA, "a.example"}, now_);
  insert("b.example");
  insert("c.example");
  insert("d.example");
  EXPECT_FALSE(has("a.example"));
  EXPECT_EQ(held->status, Status::NoData);
}

TEST_F(CacheTest, OfNoSizeKeepsNothing) {
  Cache none(0);
  none.insert({kTypeA, "a.example"}, std::make_shared<Outcome>(), now_ + seconds(1));
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace signpost::dns
