#include "auth/fetched_keys.h"

#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace signpost::auth {
namespace {

using namespace std::chrono_literals;

std::string document(std::size_t keys) {
  std::string text = "{\"keys\":[";
  for (std::size_t i = 0; i < keys; ++i) {
    if (i > 0) text += ',';
    text += R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
  }
  return text + "]}";
}

// The thread is not started: its steps are taken by hand.
class FetchedKeysTest : public testing::Test {
 protected:
  static constexpr FetchedKeys::Times kTimes{
      .refresh = 900s, .retry = 60s, .pause = 30s, .waiting = 2};

  void use(const std::string& url) { keys.configure(url, FetchedKeys::Thread::No); }
  std::size_t known() const { return keys.keys() ? keys.keys()->keys().size() : 0; }
  bool ask() {
    return keys.fetch_again([this] { ++told; });
  }

  test::ManualClock clock;
  Result<std::string> answer{document(1)};
  std::vector<std::string> asked;
  int told = 0;
  int succeeded = 0;
  int failed = 0;
  FetchedKeys keys{clock,
                   [this](const std::string& url, const std::atomic<bool>&) {
                     asked.push_back(url);
                     return answer;
                   },
                   [this](bool fetched) { ++(fetched ? succeeded : failed); }, kTimes};
};

TEST_F(FetchedKeysTest, AreFetchedAtOnceAndThenByTime) {
  EXPECT_FALSE(keys.fetch_if_due());
  use("https://id.example/keys");
  EXPECT_EQ(known(), 0U);
  EXPECT_FALSE(keys.current());
  EXPECT_TRUE(keys.fetch_if_due());
  EXPECT_EQ(known(), 1U);
  EXPECT_TRUE(keys.current());
  EXPECT_FALSE(keys.fetch_if_due());
  clock.advance(899s);
  EXPECT_FALSE(keys.fetch_if_due());
  clock.advance(1s);
  answer = document(2);
  EXPECT_TRUE(keys.fetch_if_due());
  EXPECT_EQ(known(), 2U);
  EXPECT_EQ(succeeded, 2);
}

TEST_F(FetchedKeysTest, StayWhileTheyCannotBeFetched) {
  use("https://id.example/keys");
  keys.fetch_if_due();
  clock.advance(900s);
  answer = fail(Errc::Unavailable, "nobody listens");
  EXPECT_TRUE(keys.fetch_if_due());
  EXPECT_EQ(known(), 1U);
  EXPECT_FALSE(keys.current());
  clock.advance(59s);
  EXPECT_FALSE(keys.fetch_if_due());
  clock.advance(1s);
  answer = Result<std::string>("<html>");
  EXPECT_TRUE(keys.fetch_if_due());
  EXPECT_EQ(known(), 1U);
  EXPECT_EQ(failed, 2);
  clock.advance(60s);
  answer = document(3);
  EXPECT_TRUE(keys.fetch_if_due());
  EXPECT_EQ(known(), 3U);
  EXPECT_TRUE(keys.current());
}

TEST_F(FetchedKeysTest, AreFetchedForATokenButNotTooOften) {
  EXPECT_FALSE(ask()) << "there is no URL";
  use("https://id.example/keys");
  EXPECT_TRUE(ask());  // the first fetch is due anyway
  keys.fetch_if_due();
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(ask()) << "they are fresh";
  clock.advance(30s);
  EXPECT_TRUE(ask());
  EXPECT_TRUE(ask());
  EXPECT_FALSE(ask()) << "too many wait";
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(keys.fetch_if_due());
  EXPECT_EQ(told, 3);
  EXPECT_EQ(asked.size(), 2U);
  clock.advance(30s);
  answer = fail(Errc::Unavailable, "nobody listens");
  EXPECT_TRUE(ask());
  keys.fetch_if_due();
  EXPECT_EQ(told, 4) << "whoever waits is told of a failure, too";
  EXPECT_FALSE(ask());
}

TEST_F(FetchedKeysTest, OfAnotherUrlAreOthers) {
  use("https://id.example/keys");
  keys.fetch_if_due();
  use("https://id.example/keys");
  EXPECT_EQ(known(), 1U) << "the same URL";
  EXPECT_TRUE(keys.fetch_if_due()) << "a reload fetches them again";
  EXPECT_FALSE(keys.fetch_if_due());
  clock.advance(30s);
  EXPECT_TRUE(ask());
  use("https://other.example/keys");
  EXPECT_EQ(told, 1);
  EXPECT_EQ(known(), 0U);
  EXPECT_TRUE(keys.fetch_if_due());
  EXPECT_EQ(asked.back(), "https://other.example/keys");
  use("");
  EXPECT_EQ(known(), 0U);
  EXPECT_FALSE(keys.fetch_if_due());
}

TEST_F(FetchedKeysTest, ThatComeTooLateAreOfNoInterest) {
  FetchedKeys* self = nullptr;
  FetchedKeys late{clock,
                   [&](const std::string&, const std::atomic<bool>&) {
                     if (self != nullptr)
                       self->configure("https://b.example/", FetchedKeys::Thread::No);
                     return answer;
                   },
                   [](bool) {}, kTimes};
  self = &late;
  late.configure("https://a.example/", FetchedKeys::Thread::No);
  EXPECT_TRUE(late.fetch_if_due());
  EXPECT_EQ(late.keys(), nullptr);
  self = nullptr;
  EXPECT_TRUE(late.fetch_if_due());
  EXPECT_NE(late.keys(), nullptr);
}

TEST(FetchedKeysThread, FetchesAndEnds) {
  std::atomic<int> fetches{0};
  FetchedKeys keys(
      real_clock(),
      [&](const std::string&, const std::atomic<bool>& cancelled) -> Result<std::string> {
        ++fetches;
        fetches.notify_one();
        while (!cancelled.load()) std::this_thread::yield();
        return fail(Errc::Unavailable, "cancelled");
      },
      [](bool) {});
  keys.configure("https://id.example/keys");
  fetches.wait(0);
  keys.stop();
  EXPECT_EQ(fetches.load(), 1);
  EXPECT_EQ(keys.keys(), nullptr);
}

}  // namespace
}  // namespace signpost::auth
