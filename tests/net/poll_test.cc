#include "net/poll.h"

#include "net/address.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

namespace signpost::net {
namespace {

class PollTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_), 0);
  }
  void TearDown() override {
    ::close(fds_[0]);
    ::close(fds_[1]);
  }
  Loop loop_;
  int fds_[2] = {-1, -1};
};

TEST_F(PollTest, ReportsOnlyWantedEvents) {
  std::vector<std::string> seen;
  Poll poll(loop_, fds_[0], [&](Poll::Events events) {
    seen.push_back(std::string(events.readable ? "r" : "") + (events.writable ? "w" : ""));
    loop_.stop();
  });
  ASSERT_EQ(::send(fds_[1], "x", 1, 0), 1);
  poll.want({.writable = true});
  loop_.run();
  poll.want({.readable = true});
  loop_.run();
  poll.want({.readable = true, .writable = true});
  loop_.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"w", "r", "rw"}));
}

TEST_F(PollTest, IsSilentWhenNothingIsWanted) {
  int calls = 0;
  Poll poll(loop_, fds_[0], [&](Poll::Events) {
    ++calls;
    poll.want({});
    loop_.defer([&] { loop_.defer([&] { loop_.stop(); }); });
  });
  ASSERT_EQ(::send(fds_[1], "x", 1, 0), 1);
  poll.want({.readable = true});
  loop_.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(PollTest, MayBeDestroyedInItsCallback) {
  std::unique_ptr<Poll> poll;
  const auto token = std::make_shared<int>(7);
  int seen = 0;
  poll = std::make_unique<Poll>(loop_, fds_[0], [&, token](Poll::Events) {
    poll.reset();
    seen = *token;
    loop_.stop();
  });
  poll->want({.writable = true});
  loop_.run();
  EXPECT_EQ(seen, 7);
}

// libuv stops a handle at an error; a socket that survives its errors must still be watched.
TEST_F(PollTest, ContinuesAfterASocketError) {
  const auto loopback = SocketAddress::parse("127.0.0.1:0").value();
  sockaddr_storage native;
  socklen_t size = loopback.to_native(native);
  const int bound = ::socket(AF_INET, SOCK_DGRAM, 0);
  ASSERT_GE(bound, 0);
  ASSERT_EQ(::bind(bound, reinterpret_cast<sockaddr*>(&native), size), 0);
  size = sizeof native;
  ASSERT_EQ(::getsockname(bound, reinterpret_cast<sockaddr*>(&native), &size), 0);
  const int sender = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  ASSERT_GE(sender, 0);
  ASSERT_EQ(::connect(sender, reinterpret_cast<sockaddr*>(&native), size), 0);
  ::close(bound);  // nobody listens: each datagram comes back as an error

  int errors = 0;
  Poll poll(loop_, sender, [&](Poll::Events events) {
    char octet;
    if (!events.readable || ::recv(sender, &octet, 1, 0) >= 0 || errno != ECONNREFUSED) return;
    if (++errors == 2) {
      loop_.stop();
    } else {
      ASSERT_EQ(::send(sender, "x", 1, 0), 1);
    }
  });
  poll.want({.readable = true});
  ASSERT_EQ(::send(sender, "x", 1, 0), 1);
  loop_.run();
  EXPECT_EQ(errors, 2);
  ::close(sender);
}

}  // namespace
}  // namespace signpost::net
