#include "dns/stream_question.h"

#include "net/loop.h"
#include "net/timer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

namespace signpost::dns {
namespace {

using std::chrono::milliseconds;

// Nobody listens there: it fails in a turn after that in which it was made.
std::vector<net::SocketAddress> nobody() { return {*net::SocketAddress::parse("127.0.0.1:1")}; }

TEST(StreamQuestion, ReportsThatNoServerHasAResponse) {
  net::Loop loop;
  int reports = 0;
  StreamQuestion question(loop, nobody(), {0, 1, 2, 3}, milliseconds(1000),
                          [&](std::optional<Octets> response) {
                            EXPECT_FALSE(response);
                            ++reports;
                            loop.stop();
                          });
  loop.run();
  EXPECT_EQ(reports, 1);
}

TEST(StreamQuestion, ReportsNothingOnceItIsCancelled) {
  net::Loop loop;
  bool reported = false;
  StreamQuestion question(loop, nobody(), {0, 1, 2, 3}, milliseconds(1000),
                          [&](std::optional<Octets>) { reported = true; });
  question.cancel();
  net::Timer enough(loop, [&] { loop.stop(); });
  enough.start(milliseconds(20));
  loop.run();
  EXPECT_FALSE(reported);
}

}  // namespace
}  // namespace signpost::dns
