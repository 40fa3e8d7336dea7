#include "net/listener.h"

#include "base/check.h"
#include "base/log.h"
#include "net/timer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace signpost::net {
namespace {

const SocketAddress kAnyPort = SocketAddress::parse("127.0.0.1:0").value();

int open_client(const SocketAddress& to) {
  sockaddr_storage native;
  const socklen_t size = to.to_native(native);
  const int fd = ::socket(native.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&native), size), 0);
  return fd;
}

TEST(Listener, HandsOverReadySocketsAndTheirPeers) {
  Loop loop;
  int client = -1;
  int accepted = -1;
  SocketAddress seen;
  Listener listener(loop, open_listening_socket(kAnyPort).value(),
                    [&](int fd, const SocketAddress& peer) {
                      accepted = fd;
                      seen = peer;
                      loop.stop();
                    });
  client = open_client(listener.local());
  loop.run();
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  ASSERT_EQ(::getsockname(client, reinterpret_cast<sockaddr*>(&native), &size), 0);
  EXPECT_EQ(seen, SocketAddress::from_native(native));
  EXPECT_NE(::fcntl(accepted, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(accepted, F_GETFD) & FD_CLOEXEC, 0);
  int no_delay = 0;
  size = sizeof no_delay;
  ::getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
  EXPECT_NE(no_delay, 0);
  ::close(client);
  ::close(accepted);
}

TEST(Listener, AcceptsManyConnectionsAtOnce) {
  constexpr std::size_t kClients = 200;  // more than one turn takes
  Loop loop;
  std::vector<int> fds;
  Listener listener(loop, open_listening_socket(kAnyPort).value(),
                    [&](int fd, const SocketAddress&) {
                      fds.push_back(fd);
                      if (fds.size() == 2 * kClients) loop.stop();
                    });
  for (std::size_t i = 0; i < kClients; ++i) fds.push_back(open_client(listener.local()));
  loop.run();
  EXPECT_EQ(fds.size(), 2 * kClients);
  for (const int fd : fds) ::close(fd);
}

TEST(Listener, MayBeDestroyedInItsCallback) {
  Loop loop;
  std::unique_ptr<Listener> listener;
  const auto token = std::make_shared<int>(7);
  int seen = 0;
  listener = std::make_unique<Listener>(loop, open_listening_socket(kAnyPort).value(),
                                        [&, token](int fd, const SocketAddress&) {
                                          ::close(fd);
                                          listener.reset();
                                          seen += *token;
                                          loop.defer([&] { loop.stop(); });
                                        });
  const SocketAddress address = listener->local();
  const int one = open_client(address);
  const int two = open_client(address);
  loop.run();
  EXPECT_EQ(seen, 7);
  ::close(one);
  ::close(two);
}

TEST(Listener, SharesItsAddressWithOtherWorkers) {
  Loop loop;
  int accepted = 0;
  const auto count = [&](int fd, const SocketAddress&) {
    ::close(fd);
    if (++accepted == 20) loop.stop();
  };
  auto sockets = open_listening_sockets(kAnyPort, 2);
  ASSERT_TRUE(sockets) << sockets.error().detail;
  Listener first(loop, (*sockets)[0].release(), count);
  Listener second(loop, (*sockets)[1].release(), count);
  EXPECT_EQ(first.local(), second.local());
  std::vector<int> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(open_client(first.local()));
  loop.run();
  EXPECT_EQ(accepted, 20);
  for (const int fd : clients) ::close(fd);
}

TEST(Listener, SpreadsConnectionsOverTheSocketsThatShareAnAddress) {
  for (const char* any : {"127.0.0.1:0", "[::1]:0"}) {
    auto sockets = open_listening_sockets(SocketAddress::parse(any).value(), 3);
    ASSERT_TRUE(sockets) << sockets.error().detail;
    Loop loop;
    std::array<int, 3> accepted{};
    std::vector<std::unique_ptr<Listener>> listeners;
    for (std::size_t i = 0; i < accepted.size(); ++i) {
      listeners.push_back(std::make_unique<Listener>(
          loop, (*sockets)[i].release(), [&, i](int fd, const SocketAddress&) {
            ::close(fd);
            ++accepted[i];
            if (accepted[0] + accepted[1] + accepted[2] == 100) loop.stop();
          }));
    }
    std::vector<int> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(open_client(listeners[0]->local()));
    loop.run();
    for (const int count : accepted) EXPECT_GT(count, 10) << any;
    for (const int fd : clients) ::close(fd);
  }
}

// As a second relay would, with workers or without.
TEST(Listener, AnAddressIsInUseForEverybodyElse) {
  for (const char* any : {"127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"}) {
    for (const std::size_t count : {1U, 3U}) {
      auto sockets = open_listening_sockets(SocketAddress::parse(any).value(), count);
      ASSERT_TRUE(sockets) << sockets.error().detail;
      Loop loop;
      const Listener ours(loop, sockets->front().release(), [](int, const SocketAddress&) {});
      EXPECT_FALSE(open_listening_sockets(ours.local(), 3)) << any;
      const auto other = open_listening_socket(ours.local());
      ASSERT_FALSE(other) << any;
      EXPECT_NE(other.error().detail.find(ours.local().text()), std::string::npos);
    }
  }
}

TEST(Listener, ASocketMayFollowAnotherOfOurOwn) {
  auto before = open_listening_sockets(kAnyPort, 2).value();
  Loop loop;
  const Listener old(loop, before[0].release(), [](int, const SocketAddress&) {});
  const SocketAddress wildcard{*IpAddress::parse("0.0.0.0"), old.local().port};
  EXPECT_FALSE(open_listening_sockets(wildcard, 2));
  const auto after = open_listening_sockets(wildcard, 2, Beside::Own);
  EXPECT_TRUE(after) << after.error().detail;
  const Descriptor others(open_listening_socket(kAnyPort).value());
  sockaddr_storage native{};
  socklen_t size = sizeof native;
  ASSERT_EQ(::getsockname(others.get(), reinterpret_cast<sockaddr*>(&native), &size), 0);
  EXPECT_FALSE(open_listening_sockets(SocketAddress::from_native(native), 2, Beside::Own))
      << "that one is not shared";
}

TEST(Listener, TakesWhoWaitsBeforeItGoes) {
  Loop loop;
  std::vector<int> fds;
  auto listener =
      std::make_unique<Listener>(loop, open_listening_socket(kAnyPort).value(),
                                 [&](int fd, const SocketAddress&) { fds.push_back(fd); });
  for (int i = 0; i < 100; ++i) fds.push_back(open_client(listener->local()));
  listener->take_waiting();
  EXPECT_EQ(fds.size(), 200U);
  listener.reset();
  for (const int fd : fds) ::close(fd);
}

// As systemd opens [::] unless BindIPv6Only= says otherwise.
TEST(Listener, SaysWhichFamiliesASocketTakes) {
  const Descriptor v4(open_listening_socket(kAnyPort).value());
  const Descriptor v6(open_listening_socket(SocketAddress::parse("[::]:0").value()).value());
  const Descriptor both(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int off = 0;
  ASSERT_EQ(::setsockopt(both.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
  ASSERT_EQ(::listen(both.get(), 1), 0);
  EXPECT_EQ(families_of(v4.get()), "ipv4");
  EXPECT_EQ(families_of(v6.get()), "ipv6");
  EXPECT_EQ(families_of(both.get()), "ipv4 and ipv6");
}

TEST(Listener, ListensOnIpv6) {
  const auto fd = open_listening_socket(SocketAddress::parse("[::1]:0").value());
  ASSERT_TRUE(fd) << fd.error().detail;
  Loop loop;
  Listener listener(loop, *fd, [](int accepted, const SocketAddress&) { ::close(accepted); });
  EXPECT_EQ(listener.local().ip.text(), "::1");
  EXPECT_NE(listener.local().port, 0);
}

TEST(Listener, KnowsWhoListensAtAnAddress) {
  const SocketAddress any = SocketAddress::parse("127.0.0.1:0").value();
  const auto address_of = [](int fd) {
    sockaddr_storage native{};
    socklen_t size = sizeof native;
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&native), &size), 0);
    return SocketAddress::from_native(native);
  };
  const Descriptor alone(open_listening_socket(any).value());
  EXPECT_EQ(port_use(address_of(alone.get())), PortUse::Others);
  auto shared = open_listening_sockets(any, 2).value();
  const SocketAddress address = address_of(shared.front().get());
  EXPECT_EQ(port_use(address), PortUse::Own);
  shared.clear();
  EXPECT_EQ(port_use(address), PortUse::Free);
}

TEST(Listener, NamesTheAddressThatIsInUse) {
  // Somebody who does not share the address.
  sockaddr_storage native;
  socklen_t size = kAnyPort.to_native(native);
  const int other = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_GE(other, 0);
  ASSERT_EQ(::bind(other, reinterpret_cast<sockaddr*>(&native), size), 0);
  ASSERT_EQ(::listen(other, 1), 0);
  size = sizeof native;
  ASSERT_EQ(::getsockname(other, reinterpret_cast<sockaddr*>(&native), &size), 0);
  const SocketAddress address = SocketAddress::from_native(native);
  const auto fd = open_listening_socket(address);
  ASSERT_FALSE(fd);
  EXPECT_NE(fd.error().detail.find(address.text()), std::string::npos);
  EXPECT_NE(fd.error().detail.find("another program"), std::string::npos);
  ::close(other);
}

TEST(Listener, NamesAnAddressThatIsNotOurs) {
  const auto fd = open_listening_socket(SocketAddress::parse("192.0.2.1:0").value());
  ASSERT_FALSE(fd);
  EXPECT_NE(fd.error().detail.find("192.0.2.1"), std::string::npos);
  EXPECT_NE(fd.error().detail.find("no interface"), std::string::npos);
}

TEST(Listener, PausesWithoutDescriptorsAndComesBack) {
  Loop loop;
  int pipe_fds[2];
  ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
  log::start({.fd = pipe_fds[1]});
  int accepted = -1;
  Listener listener(loop, open_listening_socket(kAnyPort).value(),
                    [&](int fd, const SocketAddress&) {
                      accepted = fd;
                      loop.stop();
                    });
  // UBSan looks at memory through a pipe, for which there will be no descriptors: what is going to
  // run then must run once before.
  std::string text(1 << 16, '\0');
  const int first = open_client(listener.local());
  loop.run();
  ::close(first);
  ::close(std::exchange(accepted, -1));
  log::log(log::Level::Warning, "warm_up", {{"detail", std::string("nothing")}});
  ASSERT_GT(::read(pipe_fds[0], text.data(), text.size()), 0);

  const int client = open_client(listener.local());
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{0, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  Timer relief(loop, [&] { ::setrlimit(RLIMIT_NOFILE, &limit); });
  relief.start(std::chrono::milliseconds(20));
  loop.run();
  EXPECT_GE(accepted, 0);
  log::stop();
  ::close(pipe_fds[1]);
  const ssize_t size = ::read(pipe_fds[0], text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  std::size_t failures = 0;
  for (std::size_t at = 0; (at = text.find("accept_failed", at)) != std::string::npos; ++at) {
    ++failures;
  }
  EXPECT_GE(failures, 1U);
  EXPECT_LE(failures, 10U) << "it must not try again at once";
  ::close(pipe_fds[0]);
  ::close(client);
  ::close(accepted);
}

}  // namespace
}  // namespace signpost::net
