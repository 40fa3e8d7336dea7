// A name server of the test's own on loopback: it answers as scripted, over UDP and, if wanted,
// TCP.
#pragma once

#include "net/address.h"
#include "net/poll.h"
#include "tests/dns/packet.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace signpost::dns {

struct AskedQuestion {
  unsigned id = 0;
  unsigned flags = 0;
  std::string name;  // in lower case
  unsigned type = 0;
  std::string spelled{};  // the name as it was asked for
  unsigned port = 0;      // that it came from; 0: over TCP
  bool has_edns = false;

  bool over_tcp() const { return port == 0; }
};

class NameServer {
 public:
  // An empty answer: silence. The answer's id is set by the server, and the case of its question is
  // that of the query.
  using Script = std::function<std::string(const AskedQuestion&)>;

  NameServer(net::Loop& loop, Script script) : loop_(loop), script_(std::move(script)) {
    std::tie(fd_, address_) = listen_on("127.0.53.1:0", SOCK_DGRAM);
    poll_ = std::make_unique<net::Poll>(loop, fd_, [this](net::Poll::Events) { serve(); });
    poll_->want({.readable = true});
  }
  ~NameServer() {
    poll_.reset();
    ::close(fd_);
    listener_poll_.reset();
    for (auto& [fd, poll] : connections_) {
      poll.reset();
      ::close(fd);
    }
    if (listener_ >= 0) ::close(listener_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  const net::SocketAddress& address() const { return address_; }
  std::vector<AskedQuestion> asked;
  std::size_t asked_over_tcp = 0;
  bool closes_silently = false;  // without an answer a connection is closed
  bool keeps_case = true;        // false: answers in lower case, whatever it was asked for

  // Sent before each answer over UDP, as they are.
  std::function<std::vector<std::string>(const AskedQuestion&)> forgeries;

  // Listens for TCP on the same port. A query comes in one piece.
  void serve_tcp() {
    std::tie(listener_, std::ignore) = listen_on(address_.text(), SOCK_STREAM);
    EXPECT_EQ(::listen(listener_, 64), 0);
    listener_poll_ = std::make_unique<net::Poll>(loop_, listener_, [this](net::Poll::Events) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      ASSERT_GE(fd, 0);
      std::unique_ptr<net::Poll>& poll = connections_[fd];
      poll = std::make_unique<net::Poll>(loop_, fd,
                                         [this, fd](net::Poll::Events) { serve_stream(fd); });
      poll->want({.readable = true});
    });
    listener_poll_->want({.readable = true});
  }

 private:
  static std::pair<int, net::SocketAddress> listen_on(const std::string& address, int type) {
    const int fd = ::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (type == SOCK_STREAM) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_storage native;
    socklen_t size = net::SocketAddress::parse(address)->to_native(native);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&native), size), 0);
    size = sizeof native;
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&native), &size), 0);
    return {fd, net::SocketAddress::from_native(native)};
  }

  void hang_up(int fd) {
    connections_.erase(fd);
    ::close(fd);
  }

  void serve_stream(int fd) {
    std::array<char, 2048> buffer;
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0) return hang_up(fd);
    std::string_view left(buffer.data(), static_cast<std::size_t>(size));
    while (left.size() > 2) {
      const std::size_t length = word(std::string(left.substr(0, 2)), 0);
      const std::string query(left.substr(2, length));
      left.remove_prefix(std::min(left.size(), length + 2));
      ++asked_over_tcp;
      std::string answer = answer_to(read(query), query);
      if (answer.empty() && closes_silently) return hang_up(fd);
      answer.insert(0, u16(static_cast<unsigned>(answer.size())));
      EXPECT_EQ(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer.size()));
    }
  }

  std::string answer_to(const AskedQuestion& question, const std::string& query) {
    std::string answer = script_(question);
    if (answer.empty()) return answer;
    answer.replace(0, 2, query, 0, 2);
    const std::size_t name = wire_name(question.name).size();
    const std::string in_answer = answer.substr(12, name);
    if (keeps_case && ascii::equals_ignore_case(in_answer, query.substr(12, name))) {
      answer.replace(12, name, query, 12, name);
    }
    return answer;
  }

  void serve() {
    std::array<char, 2048> buffer;
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    const ssize_t size = ::recvfrom(fd_, buffer.data(), buffer.size(), 0,
                                    reinterpret_cast<sockaddr*>(&peer), &peer_size);
    if (size < 12) return;
    const std::string query(buffer.data(), static_cast<std::size_t>(size));
    asked.push_back(read(query));
    asked.back().port = net::SocketAddress::from_native(peer).port;
    if (forgeries) {
      for (const std::string& forged : forgeries(asked.back())) {
        (void)::sendto(fd_, forged.data(), forged.size(), 0, reinterpret_cast<sockaddr*>(&peer),
                       peer_size);
      }
    }
    const std::string answer = answer_to(asked.back(), query);
    if (answer.empty()) return;
    (void)::sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer),
                   peer_size);  // a lost answer shows as a time-out
  }

  static unsigned word(const std::string& bytes, std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes.at(at)) << 8) |
           static_cast<unsigned char>(bytes.at(at + 1));
  }

  static AskedQuestion read(const std::string& query) {
    AskedQuestion question{.id = word(query, 0), .flags = word(query, 2), .name = {}};
    std::size_t at = 12;
    while (const auto length = static_cast<unsigned char>(query.at(at))) {
      if (!question.spelled.empty()) question.spelled += '.';
      question.spelled += query.substr(at + 1, length);
      at += length + 1U;
    }
    question.name = ascii::lower(question.spelled);
    question.type = word(query, at + 1);
    question.has_edns = word(query, 10) != 0;
    return question;
  }

  net::Loop& loop_;
  Script script_;
  int fd_ = -1;
  net::SocketAddress address_;
  std::unique_ptr<net::Poll> poll_;
  int listener_ = -1;
  std::unique_ptr<net::Poll> listener_poll_;
  std::map<int, std::unique_ptr<net::Poll>> connections_;
};

}  // namespace signpost::dns
