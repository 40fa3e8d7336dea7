#include "admin/http_response_head.h"

#include <gtest/gtest.h>

namespace signpost::admin {
namespace {

using namespace std::chrono_literals;

const SystemTime kTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 1} + 9h + 5min + 7s};

TEST(ResponseHead, SaysWhatTheBodyIsAndThatNobodyKeepsIt) {
  EXPECT_EQ(response_head({200, "text/plain", "ok\n"}, Persistence::Kept, kTime),
            "HTTP/1.1 200 OK\r\n"
            "Date: Sun, 01 Nov 2026 09:05:07 GMT\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 3\r\n"
            "Cache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "\r\n");
}

TEST(ResponseHead, HasTheFieldsOfTheResponse) {
  const std::string head =
      response_head({405, "application/json", "{}", {{"Allow", "GET, HEAD"}, {"A", "b"}}},
                    Persistence::Kept, kTime);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 405 Method Not Allowed\r\n")) << head;
  EXPECT_TRUE(head.ends_with("\r\nAllow: GET, HEAD\r\nA: b\r\n\r\n")) << head;
}

TEST(ResponseHead, TellsWhetherTheConnectionIsKept) {
  const auto says = [](Persistence persistence, std::string_view word) {
    return response_head({}, persistence, kTime).contains("\r\nConnection: " + std::string(word));
  };
  EXPECT_FALSE(says(Persistence::Kept, ""));
  EXPECT_TRUE(says(Persistence::KeptAsToldHttp10, "keep-alive\r\n"));
  EXPECT_TRUE(says(Persistence::Closed, "close\r\n"));
}

}  // namespace
}  // namespace signpost::admin
