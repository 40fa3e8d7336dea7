#include "net/stream.h"

#include "tests/net/stream_fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <thread>

namespace signpost::net {
namespace {

using StreamTest = StreamFixture;
using Events = std::vector<std::string>;

TEST_F(StreamTest, CarriesBytesBothWays) {
  connect_pair();
  client_.send("EHLO\r\n");
  run_until([this] { return server_.received == "EHLO\r\n"; });
  server_.send("250 hello\r\n");
  run_until([this] { return client_.received == "250 hello\r\n"; });
  EXPECT_EQ(client_.events, (Events{"connected", "input"}));
  EXPECT_EQ(server_.events, (Events{"input"}));
  EXPECT_EQ(client_.stream->unsent(), 0U);
}

bool acknowledges_at_once(int fd) {
  int quick = -1;
  socklen_t size = sizeof quick;
  EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &quick, &size), 0);
  return quick == 1;
}

TEST_F(StreamTest, AcknowledgesAtOnceWhatItDoesNotAnswer) {
  connect_pair();
  std::string expected;
  // Some exchanges let the kernel believe that it may wait with an acknowledgement.
  const auto converse = [&] {
    server_.when_input = [this] { server_.send("250 hello\r\n"); };
    for (int i = 0; i < 5; ++i) {
      client_.send("EHLO\r\n");
      expected += "250 hello\r\n";
      run_until([&] { return client_.received == expected; });
    }
    server_.when_input = nullptr;
    server_.received.clear();
  };
  const auto send_half = [&] {
    client_.send("MAI");
    run_until([&] { return server_.received == "MAI"; });
    settle();
  };
  converse();
  ASSERT_FALSE(acknowledges_at_once(server_fd_))
      << "the kernel does not wait with acknowledgements";
  send_half();
  EXPECT_FALSE(acknowledges_at_once(server_fd_));

  server_.stream->acknowledge_at_once(true);
  converse();
  EXPECT_FALSE(acknowledges_at_once(server_fd_)) << "the reply carried the acknowledgement";
  send_half();
  EXPECT_TRUE(acknowledges_at_once(server_fd_));
}

TEST_F(StreamTest, KnowsBothAddresses) {
  connect_pair();
  EXPECT_EQ(client_.stream->peer(), address_);
  EXPECT_EQ(server_.stream->local(), address_);
  EXPECT_EQ(client_.stream->local(), server_.stream->peer());
}

TEST_F(StreamTest, ConnectsFromAGivenAddress) {
  listen();
  const IpAddress source = IpAddress::parse("127.0.0.9").value();
  client_.stream = std::move(Stream::connect(loop_, address_, &source, client_).value());
  run_until([this] { return server_.stream != nullptr; });
  EXPECT_EQ(server_.stream->peer().ip, source);
}

TEST_F(StreamTest, FailsAtOnceForLocalReasons) {
  const SocketAddress to = SocketAddress::parse("127.0.0.1:25").value();
  const IpAddress other_family = IpAddress::parse("::1").value();
  const auto mixed = Stream::connect(loop_, to, &other_family, client_);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().code, Errc::InvalidArgument);
  const IpAddress not_ours = IpAddress::parse("192.0.2.1").value();
  const auto unbound = Stream::connect(loop_, to, &not_ours, client_);
  ASSERT_FALSE(unbound);
  EXPECT_NE(unbound.error().detail.find("192.0.2.1"), std::string::npos);
  EXPECT_TRUE(client_.events.empty());
}

TEST_F(StreamTest, ReportsARefusedConnectionOnceAndLater) {
  listen();
  listener_.reset();  // the port is nobody's now
  client_.stream = std::move(Stream::connect(loop_, address_, nullptr, client_).value());
  EXPECT_TRUE(client_.events.empty()) << "the handler is called from within connect()";
  run_until([this] { return client_.closed.has_value(); });
  settle();
  EXPECT_EQ(client_.events, (Events{"closed"}));
  EXPECT_NE(client_.closed->detail.find("refused"), std::string::npos) << client_.closed->detail;
}

TEST_F(StreamTest, SendsWhatWasQueuedBeforeItWasConnected) {
  listen();
  client_.stream = std::move(Stream::connect(loop_, address_, nullptr, client_).value());
  client_.send("early");
  EXPECT_EQ(client_.stream->unsent(), 5U);
  run_until([this] { return server_.received == "early"; });
}

TEST_F(StreamTest, HandsOverWhatCameBeforeTheEnd) {
  const int raw = connect_raw();
  raw_send(raw, "last words");
  ::close(raw);
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.events, (Events{"input", "closed"}));
  EXPECT_EQ(server_.received, "last words");
  EXPECT_EQ(server_.closed->code, Errc::PeerClosed);
}

TEST_F(StreamTest, ReadsAReplyThatIsFollowedByAReset) {
  const int raw = connect_raw();
  server_.send("command that is never read");
  char octet;
  ASSERT_EQ(::recv(raw, &octet, 1, MSG_PEEK), 1);
  raw_send(raw, "421 bye\r\n");
  ::close(raw);  // with unread bytes: a reset
  server_.send("next command");
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.received, "421 bye\r\n");
  EXPECT_EQ(server_.count("closed"), 1);
}

TEST_F(StreamTest, AFailedSendIsReportedLaterAndOnce) {
  const int raw = connect_raw();
  const linger reset{1, 0};
  ::setsockopt(raw, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  ::close(raw);
  server_.send("to nobody");
  server_.send("to nobody again");
  EXPECT_TRUE(server_.events.empty());
  run_until([this] { return server_.closed.has_value(); });
  settle();
  EXPECT_EQ(server_.events, (Events{"closed"}));
  EXPECT_EQ(server_.closed->code, Errc::PeerClosed);
}

TEST_F(StreamTest, StopsReadingWhenNobodyConsumes) {
  const std::string sent = pattern(1 << 20);
  connect_pair();
  server_.consuming = false;
  client_.send(sent);
  run_until([this] { return server_.stream->input().size() >= Stream::kMaxInput; });
  settle();
  EXPECT_EQ(server_.stream->input().size(), Stream::kMaxInput);
  server_.consuming = true;
  server_.take();
  run_until([&] { return server_.received.size() == sent.size(); });
  EXPECT_TRUE(server_.received == sent);
  EXPECT_LE(server_.most_input, Stream::kMaxInput);
}

TEST_F(StreamTest, ReportsWhenThereIsRoomAgain) {
  small_buffers_ = true;
  connect_pair();
  client_.consuming = false;
  server_.send(pattern(1 << 20));
  EXPECT_GT(server_.stream->unsent(), Stream::kLowWater);
  settle();
  EXPECT_EQ(server_.count("writable"), 0);
  client_.consuming = true;
  client_.take();
  run_until([this] { return server_.count("writable") == 1; });
  EXPECT_LT(server_.stream->unsent(), Stream::kLowWater);
}

TEST_F(StreamTest, ReportsRoomThoughTheSocketTookAllAtOnce) {
  connect_pair();
  server_.stream->output().append(pattern(Stream::kLowWater));
  server_.stream->flush();
  ASSERT_EQ(server_.stream->unsent(), 0U);
  EXPECT_EQ(server_.count("writable"), 0) << "called from within flush()";
  run_until([this] { return server_.count("writable") == 1; });
}

TEST_F(StreamTest, SmallOutputIsNotReported) {
  connect_pair();
  server_.send("250 ok\r\n");
  run_until([this] { return !client_.received.empty(); });
  EXPECT_EQ(server_.count("writable"), 0);
}

TEST_F(StreamTest, ShutDownSendsTheRestFirst) {
  small_buffers_ = true;
  const std::string sent = pattern(1 << 20);
  connect_pair();
  server_.stream->output().append(sent);
  server_.stream->shut_down();
  EXPECT_GT(server_.stream->unsent(), 0U);
  run_until([this] { return client_.closed.has_value(); });
  EXPECT_TRUE(client_.received == sent);
  EXPECT_FALSE(server_.closed) << "the client has not closed yet";
  client_.stream.reset();
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.closed->code, Errc::PeerClosed);
  EXPECT_EQ(server_.count("closed"), 1);
}

TEST_F(StreamTest, ShutDownIgnoresWhatStillComes) {
  const int raw = connect_raw();
  server_.stream->output().append("221 bye\r\n");
  server_.stream->shut_down();
  raw_send(raw, std::string(100'000, 'x'));
  std::array<char, 32> reply;
  EXPECT_EQ(::recv(raw, reply.data(), reply.size(), MSG_WAITALL), 9);
  ::close(raw);
  run_until([this] { return server_.closed.has_value(); });
  EXPECT_EQ(server_.events, (Events{"closed"}));
}

TEST_F(StreamTest, AnswersAPeerThatHasClosedItsHalf) {
  const int raw = connect_raw();
  server_.when_input = [this] {
    server_.stream->output().append("221 bye\r\n");
    server_.stream->shut_down();
  };
  raw_send(raw, "QUIT\r\n");
  ::shutdown(raw, SHUT_WR);
  run_until([this] { return server_.closed.has_value(); });
  std::array<char, 32> reply;
  EXPECT_EQ(::recv(raw, reply.data(), reply.size(), MSG_WAITALL), 9);
  ::close(raw);
}

TEST_F(StreamTest, SendsLastWordsPastThePeersEnd) {
  small_buffers_ = true;
  const std::string words = pattern(1 << 20);
  const int raw = connect_raw();
  server_.stream->output().append(words);
  server_.stream->shut_down();
  ::shutdown(raw, SHUT_WR);
  settle();
  EXPECT_FALSE(server_.closed);
  std::string got;
  std::thread reader([&] {
    std::vector<char> buffer(1 << 16);
    for (ssize_t n; (n = ::recv(raw, buffer.data(), buffer.size(), 0)) > 0;) {
      got.append(buffer.data(), static_cast<std::size_t>(n));
    }
  });
  run_until([this] { return server_.closed.has_value(); });
  reader.join();
  EXPECT_TRUE(got == words);
  EXPECT_EQ(server_.closed->code, Errc::PeerClosed);
  ::close(raw);
}

TEST_F(StreamTest, MayBeDestroyedAfterEachOfItsEvents) {
  for (const std::string event : {"connected", "input", "writable", "closed"}) {
    SCOPED_TRACE(event);
    client_ = {};
    server_ = {};
    client_.after_each = server_.after_each = [this] { check(); };
    bool gone = false;
    const auto destroy = [this, &gone] {
      loop_.defer([this, &gone] {
        client_.stream.reset();
        gone = true;
        check();
      });
    };
    client_.when_connected = event == "connected" ? std::function<void()>(destroy) : nullptr;
    client_.when_input = event == "input" ? std::function<void()>(destroy) : nullptr;
    client_.when_writable = event == "writable" ? std::function<void()>(destroy) : nullptr;
    client_.when_closed = event == "closed" ? std::function<void()>(destroy) : nullptr;
    connect_pair();
    if (client_.stream && server_.stream) {
      client_.stream->output().append(pattern(Stream::kLowWater));
      client_.stream->flush();
      server_.send("something");
      server_.stream->shut_down();
    }
    run_until([&] { return gone; });
    EXPECT_GE(client_.count(event), 1);
    const Events before = client_.events;
    settle();
    EXPECT_EQ(client_.events, before);
  }
}

TEST_F(StreamTest, IsSilentWhenDestroyedBeforeADeferredCall) {
  connect_pair();
  client_.stream->output().append(pattern(Stream::kLowWater));
  client_.stream->flush();  // defers on_writable()
  const auto before = client_.events;
  client_.stream.reset();
  settle();
  EXPECT_EQ(client_.events, before);
}

}  // namespace
}  // namespace signpost::net
