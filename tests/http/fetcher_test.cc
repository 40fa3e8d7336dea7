#include "http/fetcher.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>

namespace signpost::http {
namespace {

// Against a server: tests/mta_sts/policy_fetch_test.cc.
std::string error_of(Fetcher& fetcher, Request request) {
  std::promise<std::string> ended;
  auto result = ended.get_future();
  fetcher.fetch(std::move(request), [ended = std::move(ended)](Fetcher::Outcome outcome) mutable {
    ended.set_value(outcome ? "" : outcome.error().error.detail);
  });
  return result.get();
}

TEST(Fetcher, SaysThatNobodyListens) {
  Fetcher fetcher;
  const std::string error = error_of(
      fetcher,
      {.url = "https://host.example:9/", .use_proxy = false, .addresses = {"127.0.0.1", "::1"}});
  EXPECT_NE(error.find("host.example port 9"), std::string::npos) << error;
}

TEST(Fetcher, SpeaksHttpsOnly) {
  Fetcher fetcher;
  for (const std::string url : {"http://127.0.0.1:9/", "file:///etc/passwd"}) {
    const std::string error = error_of(fetcher, {.url = url, .use_proxy = false});
    EXPECT_NE(error.find("not supported or disabled"), std::string::npos) << error;
  }
}

TEST(Fetcher, MayEndWithoutHavingBegun) { const Fetcher fetcher; }

}  // namespace
}  // namespace signpost::http
