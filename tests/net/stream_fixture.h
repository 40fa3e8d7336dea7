// Two ends of a connection on one loop, and what happened to them.
#pragma once

#include "base/check.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/timer.h"
#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace signpost::net {

// A handler that records, and that a test gives something to do at each event.
class Recorder : public StreamHandler {
 public:
  void on_connected() override { happened("connected", when_connected); }
  void on_secured(const TlsFacts& tls) override {
    facts = tls;
    happened("secured", when_secured);
  }
  void on_ticket(const TlsTicket& ticket) override {
    tickets.push_back(ticket);
    happened("ticket", nullptr);
  }
  void on_input() override {
    most_input = std::max(most_input, stream->input().size());
    if (consuming) take();
    happened("input", when_input);
  }
  void on_writable() override { happened("writable", when_writable); }
  void on_closed(const Error& error) override {
    if (consuming) take();
    closed = error;
    happened("closed", when_closed);
  }

  void take() {
    received += stream->input().view();
    stream->input().consume(stream->input().size());
    stream->resume_reading();
  }
  void send(std::string_view bytes) {
    stream->output().append(bytes);
    stream->flush();
  }
  int count(const std::string& event) const {
    int times = 0;
    for (const std::string& seen : events) times += seen == event ? 1 : 0;
    return times;
  }

  std::unique_ptr<Stream> stream;
  std::vector<std::string> events;
  std::string received;
  std::optional<Error> closed;
  std::optional<TlsFacts> facts;
  std::vector<TlsTicket> tickets;
  bool consuming = true;
  std::size_t most_input = 0;
  std::function<void()> when_connected, when_secured, when_input, when_writable, when_closed;
  std::function<void()> after_each;

 private:
  void happened(const std::string& event, const std::function<void()>& then) {
    EXPECT_FALSE(inside_) << "a handler is called from within another one";
    EXPECT_TRUE(events.empty() || events.back() != "closed") << event << " after closed";
    inside_ = true;
    events.push_back(event);
    if (then) then();
    inside_ = false;
    if (after_each) after_each();
  }
  bool inside_ = false;
};

class StreamFixture : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kLimit{10};

  StreamFixture() {
    client_.after_each = server_.after_each = [this] { check(); };
  }

  void run_until(std::function<bool()> done) {
    if (done()) return;
    done_ = std::move(done);
    Timer limit(loop_, [this] {
      ADD_FAILURE() << "what was waited for did not happen";
      loop_.stop();
    });
    limit.start(kLimit);
    loop_.run();
    done_ = nullptr;
  }

  // Lets everything happen that can happen without anybody's doing.
  void settle() {
    for (int i = 0; i < 5; ++i) {
      loop_.post([this] { loop_.defer([this] { loop_.stop(); }); });
      loop_.run();
    }
  }

  // Both ends as Streams, over TCP.
  void connect_pair() {
    listen();
    auto stream = Stream::connect(loop_, address_, nullptr, client_);
    ASSERT_TRUE(stream) << stream.error().detail;
    client_.stream = std::move(*stream);
    run_until([this] { return server_.stream && client_.count("connected") == 1; });
  }

  void listen() {
    auto fd = open_listening_socket(SocketAddress::parse("127.0.0.1:0").value());
    ASSERT_TRUE(fd) << fd.error().detail;
    listener_ = std::make_unique<Listener>(loop_, *fd, [this](int accepted, const SocketAddress&) {
      if (small_buffers_) shrink(accepted);
      server_fd_ = accepted;
      server_.stream = std::make_unique<Stream>(loop_, accepted, server_);
      check();
    });
    address_ = listener_->local();
  }

  // The server end as a Stream; the other end is returned, for the test to do with as it likes.
  int connect_raw() {
    listen();
    sockaddr_storage native;
    const socklen_t size = address_.to_native(native);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&native), size), 0);
    run_until([this] { return server_.stream != nullptr; });
    return fd;
  }

  static void shrink(int fd) {
    const int size = 8192;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }

  static void raw_send(int fd, std::string_view bytes) {
    ASSERT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  void check() {
    if (done_ && done_()) loop_.stop();
  }

  // TLS

  void make_contexts(TlsVersion minimum = TlsVersion::Tls12,
                     const test::TestCertificate& pair = test::make_certificate({"DNS:mail.example",
                                                                                 "IP:127.0.0.1"})) {
    const auto certificate = Certificate::from_pem(pair.certificate).value();
    auto server = TlsServerContext::create(*certificate, pair.key, minimum);
    ASSERT_TRUE(server) << server.error().detail;
    server_context_ = std::move(*server);
    auto client = TlsClientContext::create({.authorities = certificate.get()});
    ASSERT_TRUE(client) << client.error().detail;
    client_context_ = std::move(*client);
  }

  void secure_pair(const std::string& host = "mail.example") { secure_pair({host, {host}}); }

  void secure_pair(const TlsExpectation& expected, const TlsTicket* resumed = nullptr) {
    ASSERT_NO_FATAL_FAILURE(connect_pair());
    server_.stream->start_tls_server(*server_context_);
    client_.stream->start_tls_client(*client_context_, expected, resumed);
    run_until([this] { return server_.stream->secured() && client_.stream->secured(); });
    ASSERT_TRUE(server_.stream->secured());
    ASSERT_TRUE(client_.stream->secured());
  }

  test::TemporaryDirectory directory_;
  std::shared_ptr<const TlsServerContext> server_context_;
  std::shared_ptr<const TlsClientContext> client_context_;
  Loop loop_;
  std::unique_ptr<Listener> listener_;
  SocketAddress address_;
  bool small_buffers_ = false;
  Recorder client_;
  Recorder server_;
  int server_fd_ = -1;  // server_.stream owns it

 private:
  std::function<bool()> done_;
};

// Bytes that are not all alike, so that lost and doubled ones show.
inline std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace signpost::net
