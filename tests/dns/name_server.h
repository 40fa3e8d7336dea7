// A name server of the test's own on loopback: it answers as it is told, over UDP only.
#pragma once

#include "net/address.h"
#include "net/poll.h"
#include "tests/dns/packet.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace signpost::dns {

struct AskedQuestion {
  unsigned id = 0;
  unsigned flags = 0;
  std::string name;
  unsigned type = 0;
};

class NameServer {
 public:
  // An empty answer: silence. The answer's id is set by the server.
  using Script = std::function<std::string(const AskedQuestion&)>;

  NameServer(net::Loop& loop, Script script) : script_(std::move(script)) {
    fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_storage native;
    socklen_t size = net::SocketAddress::parse("127.0.0.1:0")->to_native(native);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&native), size), 0);
    size = sizeof native;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&native), &size), 0);
    address_ = net::SocketAddress::from_native(native);
    poll_ = std::make_unique<net::Poll>(loop, fd_, [this](net::Poll::Events) { serve(); });
    poll_->want({.readable = true});
  }
  ~NameServer() {
    poll_.reset();
    ::close(fd_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  const net::SocketAddress& address() const { return address_; }
  std::vector<AskedQuestion> asked;

 private:
  void serve() {
    std::array<char, 2048> buffer;
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    const ssize_t size = ::recvfrom(fd_, buffer.data(), buffer.size(), 0,
                                    reinterpret_cast<sockaddr*>(&peer), &peer_size);
    if (size < 12) return;
    const std::string query(buffer.data(), static_cast<std::size_t>(size));
    asked.push_back(read(query));
    std::string answer = script_(asked.back());
    if (answer.empty()) return;
    answer.replace(0, 2, query, 0, 2);
    (void)::sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer),
                   peer_size);  // a lost answer shows as a time-out
  }

  static unsigned word(const std::string& bytes, std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes.at(at)) << 8) |
           static_cast<unsigned char>(bytes.at(at + 1));
  }

  static AskedQuestion read(const std::string& query) {
    AskedQuestion question{word(query, 0), word(query, 2), "", 0};
    std::size_t at = 12;
    while (const auto length = static_cast<unsigned char>(query.at(at))) {
      if (!question.name.empty()) question.name += '.';
      question.name += query.substr(at + 1, length);
      at += length + 1U;
    }
    question.type = word(query, at + 1);
    return question;
  }

  Script script_;
  int fd_ = -1;
  net::SocketAddress address_;
  std::unique_ptr<net::Poll> poll_;
};

}  // namespace signpost::dns
