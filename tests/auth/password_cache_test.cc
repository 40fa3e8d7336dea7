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
  cache.insert(cache.key_of("shop", "hash", "secret"), kStart);
  EXPECT_TRUE(cache.contains(cache.key_of("shop", "hash", "secret"), kStart));
  EXPECT_FALSE(cache.contains(cache.key_of("shop", "hash", "Secret"), kStart));
  EXPECT_FALSE(cache.contains(cache.key_of("shop", "other hash", "secret"),
                              kStart));  // users.toml has changed
  EXPECT_FALSE(cache.contains(cache.key_of("Shop", "hash", "secret"), kStart));
}

TEST(PasswordCache, PartsDoNotRunIntoEachOther) {
  PasswordCache cache;
  cache.insert(cache.key_of("ab", "c", "d"), kStart);
  EXPECT_FALSE(cache.contains(cache.key_of("a", "bc", "d"), kStart));
  EXPECT_FALSE(cache.contains(cache.key_of("ab", "cd", ""), kStart));
}

TEST(PasswordCache, ForgetsAfterItsLifetimeEvenWhenUsed) {
  PasswordCache cache(10, 60s);
  cache.insert(cache.key_of("shop", "hash", "secret"), kStart);
  EXPECT_TRUE(cache.contains(cache.key_of("shop", "hash", "secret"), kStart + 59s));
  EXPECT_FALSE(cache.contains(cache.key_of("shop", "hash", "secret"), kStart + 60s));
  EXPECT_FALSE(
      cache.contains(cache.key_of("shop", "hash", "secret"), kStart));  // it is gone, not only old
}

TEST(PasswordCache, InsertingAgainRenewsTheLifetime) {
  PasswordCache cache(10, 60s);
  cache.insert(cache.key_of("shop", "hash", "secret"), kStart);
  cache.insert(cache.key_of("shop", "hash", "secret"), kStart + 30s);
  EXPECT_TRUE(cache.contains(cache.key_of("shop", "hash", "secret"), kStart + 80s));
}

TEST(PasswordCache, LeastRecentlyUsedGoesFirst) {
  PasswordCache cache(2, 60s);
  cache.insert(cache.key_of("a", "hash", "secret"), kStart);
  cache.insert(cache.key_of("b", "hash", "secret"), kStart);
  EXPECT_TRUE(cache.contains(cache.key_of("a", "hash", "secret"), kStart));
  cache.insert(cache.key_of("c", "hash", "secret"), kStart);
  EXPECT_TRUE(cache.contains(cache.key_of("a", "hash", "secret"), kStart));
  EXPECT_FALSE(cache.contains(cache.key_of("b", "hash", "secret"), kStart));
  EXPECT_TRUE(cache.contains(cache.key_of("c", "hash", "secret"), kStart));
}

TEST(PasswordCache, RenewingAFullCacheEvictsNobody) {
  PasswordCache cache(2, 60s);
  cache.insert(cache.key_of("a", "hash", "secret"), kStart);
  cache.insert(cache.key_of("b", "hash", "secret"), kStart);
  cache.insert(cache.key_of("b", "hash", "secret"), kStart);
  EXPECT_TRUE(cache.contains(cache.key_of("a", "hash", "secret"), kStart));
}

TEST(PasswordCache, WithoutCapacityItRemembersNothing) {
  PasswordCache cache(0, 60s);
  cache.insert(cache.key_of("a", "hash", "secret"), kStart);
  EXPECT_FALSE(cache.contains(cache.key_of("a", "hash", "secret"), kStart));
}

TEST(PasswordCache, ServesSeveralThreads) {
  PasswordCache cache(8, 60s);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&cache] {
      for (int n = 0; n < 1000; ++n) {
        const std::string login = std::to_string(n % 16);
        cache.insert(cache.key_of(login, "hash", "secret"), kStart);
        EXPECT_FALSE(cache.contains(cache.key_of(login, "hash", "wrong"), kStart));
      }
    });
  }
}

}  // namespace
}  // namespace signpost::auth
