// Over socket pairs: what is read, and what is left for the session.
#include "net/proxy_header_reader.h"

#include "base/check.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kLine = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 587\r\n";

class ProxyHeaderReaderTest : public testing::Test {
 protected:
  ProxyHeaderReaderTest() {
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()) == 0);
    peer_ = Descriptor(ends_[1]);
  }
  void read(std::chrono::milliseconds limit = 1min) {
    reader_ = std::make_unique<ProxyHeaderReader>(loop_, ends_[0], limit,
                                                  [this](Result<ProxyHeader> outcome) {
                                                    outcome_ = std::move(outcome);
                                                    loop_.stop();
                                                  });
  }
  void send(std::string_view octets) {
    ASSERT_EQ(::send(peer_.get(), octets.data(), octets.size(), 0),
              static_cast<ssize_t>(octets.size()));
  }
  void turn() {
    loop_.post([this] { loop_.defer([this] { loop_.stop(); }); });
    loop_.run();
  }
  std::string left() {
    const Descriptor fd(reader_->release());
    std::array<char, 100> octets;
    const ssize_t size = ::recv(fd.get(), octets.data(), octets.size(), 0);
    return {octets.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

  Loop loop_;
  std::array<int, 2> ends_{};
  Descriptor peer_;
  std::unique_ptr<ProxyHeaderReader> reader_;
  std::optional<Result<ProxyHeader>> outcome_;
};

TEST_F(ProxyHeaderReaderTest, WhatFollowsTheHeaderStaysInTheSocket) {
  send(std::string(kLine) + "EHLO x\r\n");
  read();
  loop_.run();
  ASSERT_TRUE(outcome_->has_value());
  EXPECT_EQ((*outcome_)->route->client.text(), "192.0.2.1:40000");
  EXPECT_EQ(left(), "EHLO x\r\n");
}

TEST_F(ProxyHeaderReaderTest, AHeaderMayComeInPieces) {
  read();
  for (const char octet : kLine.substr(0, kLine.size() - 1)) {
    send({&octet, 1});
    turn();
    ASSERT_FALSE(outcome_);
  }
  send("\nE");
  loop_.run();
  ASSERT_TRUE(outcome_->has_value());
  EXPECT_EQ(left(), "E");
}

TEST_F(ProxyHeaderReaderTest, AnythingElseIsAnError) {
  send("EHLO x\r\n");
  read();
  loop_.run();
  EXPECT_EQ(outcome_->error().code, Errc::Protocol);
}

TEST_F(ProxyHeaderReaderTest, ThePatienceEnds) {
  send("PROXY ");
  read(1ms);
  loop_.run();
  EXPECT_EQ(outcome_->error().code, Errc::TimedOut);
}

TEST_F(ProxyHeaderReaderTest, AnEndWithoutAnOctetHasNoWords) {
  peer_.reset();
  read();
  loop_.run();
  EXPECT_EQ(outcome_->error().code, Errc::PeerClosed);
  EXPECT_EQ(outcome_->error().detail, "");
}

TEST_F(ProxyHeaderReaderTest, AnEndWithinAHeaderHas) {
  send("PROXY TCP4");
  read();
  turn();
  peer_.reset();
  loop_.run();
  EXPECT_EQ(outcome_->error().code, Errc::PeerClosed);
  EXPECT_EQ(outcome_->error().detail, "closed within a PROXY header");
}

}  // namespace
}  // namespace signpost::net
