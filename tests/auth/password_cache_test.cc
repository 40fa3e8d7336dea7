#include "auth/password_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace signpost::auth {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart{};

TEST(PasswordCache, RemembersExactlyWhatWasInserted) {
  PasswordCache cache;
  cache.insert("shop", "hash", "secret", kStart);
  EXPECT_TRUE(cache.contains("shop", "hash", "secret", kStart));
  EXPECT_FALSE(cache.contains("shop", "hash", "Secret", kStart));
  EXPECT_FALSE(cache.contains("shop", "other hash", "secret", kStart));  // users.toml has changed
  EXPECT_FALSE(cache.contains("Shop", "hash", "secret", kStart));
}

TEST(PasswordCache, PartsDoNotRunIntoEachOther) {
  PasswordCache cache;
  cache.insert("ab", "c", "d", kStart);
  EXPECT_FALSE(cache.contains("a", "bc", "d", kStart));
  EXPECT_FALSE(cache.contains("ab", "cd", "", kStart));
}

TEST(PasswordCache, ForgetsAfterItsLifetimeEvenWhenUsed) {
  PasswordCache cache(10, 60s);
  cache.insert("shop", "hash", "secret", kStart);
  EXPECT_TRUE(cache.contains("shop", "hash", "secret", kStart + 59s));
  EXPECT_FALSE(cache.contains("shop", "hash", "secret", kStart + 60s));
  EXPECT_FALSE(cache.contains("shop", "hash", "secret", kStart));  // it is gone, not only old
}

TEST(PasswordCache, InsertingAgainRenewsTheLifetime) {
  PasswordCache cache(10, 60s);
  cache.insert("shop", "hash", "secret", kStart);
  cache.insert("shop", "hash", "secret", kStart + 30s);
  EXPECT_TRUE(cache.contains("shop", "hash", "secret", kStart + 80s));
}

TEST(PasswordCache, LeastRecentlyUsedGoesFirst) {
  PasswordCache cache(2, 60s);
  cache.insert("a", "hash", "secret", kStart);
  cache.insert("b", "hash", "secret", kStart);
  EXPECT_TRUE(cache.contains("a", "hash", "secret", kStart));
  cache.insert("c", "hash", "secret", kStart);
  EXPECT_TRUE(cache.contains("a", "hash", "secret", kStart));
  EXPECT_FALSE(cache.contains("b", "hash", "secret", kStart));
  EXPECT_TRUE(cache.contains("c", "hash", "secret", kStart));
}

TEST(PasswordCache, RenewingAFullCacheEvictsNobody) {
  PasswordCache cache(2, 60s);
  cache.insert("a", "hash", "secret", kStart);
  cache.insert("b", "hash", "secret", kStart);
  cache.insert("b", "hash", "secret", kStart);
  EXPECT_TRUE(cache.contains("a", "hash", "secret", kStart));
}

TEST(PasswordCache, WithoutCapacityItRemembersNothing) {
  PasswordCache cache(0, 60s);
  cache.insert("a", "hash", "secret", kStart);
  EXPECT_FALSE(cache.contains("a", "hash", "secret", kStart));
}

TEST(PasswordCache, ServesSeveralThreads) {
  PasswordCache cache(8, 60s);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&cache] {
      for (int n = 0; n < 1000; ++n) {
        const std::string login = std::to_string(n % 16);
        cache.insert(login, "hash", "secret", kStart);
        EXPECT_FALSE(cache.contains(login, "hash", "wrong", kStart));
      }
    });
  }
}

}  // namespace
}  // namespace signpost::auth
