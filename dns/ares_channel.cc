#include "dns/ares_channel.h"

#include "base/random.h"
#include "dns/datagram_ports.h"
#include "dns/resolver_metrics.h"
#include "dns/spelling.h"
#include "metrics/instruments.h"
#include "net/poll.h"
#include "net/timer.h"

#include <ares.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

namespace signpost::dns {

namespace {

constexpr int kClassIn = 1;
// Passes every path unfragmented (DNS flag day 2020); larger responses come over TCP.
constexpr int kUdpPayload = 1232;
// A burst of questions overflows the receive buffer of a name server (some 250 datagrams with
// Linux's defaults), or ours with its responses, and each loss costs a time-out. So this many go at
// once and the others follow at this pace: 12,800 a second.
constexpr std::size_t kBurst = 64;
constexpr std::chrono::milliseconds kPace{5};
// In the fourth octet of the header: asks whether the response was validated (RFC 6840 section
// 5.7).
constexpr unsigned char kAuthenticData = 0x20;
// How long the name servers are asked in small letters once they were seen to answer in these.
constexpr std::chrono::hours kPlainFor{1};

// After SERVFAIL, NOTIMP and REFUSED c-ares tries the next server; when there is none left, 1.18
// reports all of them as a refused connection.
std::string status_text(int status) {
  switch (status) {
    case ARES_ECONNREFUSED:
      return "the name servers fail (SERVFAIL), refuse, or cannot be reached";
    case ARES_ETIMEOUT:
      return "the name servers do not answer";
    default:
      return ares_strerror(status);
  }
}

Result<void> use_servers(ares_channel channel, const std::vector<net::SocketAddress>& servers) {
  std::string list;
  for (const net::SocketAddress& server : servers) {
    list += (list.empty() ? "" : ",") + server.text();
  }
  const int status = ares_set_servers_ports_csv(channel, list.c_str());
  if (status == ARES_SUCCESS) return {};
  return fail(Errc::InvalidArgument,
              "cannot use the name servers " + list + ": " + ares_strerror(status));
}

net::IpAddress address_of(const ares_addr_port_node& server) {
  if (server.family == AF_INET) {
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &server.addr.addr4, octets.size());
    return net::IpAddress::from_v4(octets);
  }
  std::array<std::uint8_t, 16> octets;
  std::memcpy(octets.data(), &server.addr.addr6, octets.size());
  return net::IpAddress::from_v6(octets);
}

}  // namespace

struct AresChannel::Impl {
  struct Waiting {
    Question question;
    Done done;
  };
  struct Asked {
    Question question;
    Done done;
    std::vector<unsigned char> query;  // as it was sent
    bool doubted = false;  // an answer in another spelling came: now it is asked over TCP
    bool again = false;    // that failed: now it is asked a second time
  };
  // Passed through c-ares to its callback, which is called exactly once and frees it.
  struct Sent {
    Impl* channel;
    std::uint16_t identifier;
  };

  Impl(net::Loop& loop, metrics::Registry& registry)
      : loop_(loop),
        timer_(loop, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }),
        pace_(loop, [this] { send_next_burst(); }),
        ports_(
            loop,
            [this](Octets datagram, std::span<const std::uint16_t> identifiers) {
              return admit(datagram, identifiers);
            },
            [this](int server) { arrived(server); }),
        ignored_(registry, metric::kIgnoredAnswers) {}
  ~Impl() {
    destroying_ = true;
    // Calls back for every query under way, and closes its sockets.
    if (channel_ != nullptr) ares_destroy(channel_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> open(const ResolverOptions& options);
  void use_our_sockets();
  void send_in_turn(const Question& question, Done done);
  void send_next_burst();
  void send(Asked asked);
  void answered(std::uint16_t identifier, int status, Octets message);
  void learn_spelling(const Asked& asked, Octets message);
  std::optional<DatagramPorts::Datagram> admit(Octets datagram,
                                               std::span<const std::uint16_t> identifiers);
  void arrived(int server);
  void socket_changed(int fd, bool readable, bool writable);
  void process(int readable, int writable);
  void set_timer();

  net::Loop& loop_;
  net::Timer timer_;  // c-ares' next time-out
  net::Timer pace_;
  std::size_t sent_in_burst_ = 0;
  std::deque<Waiting> waiting_;  // for their burst; at most ResolverOptions::max_queries
  std::unordered_map<std::uint16_t, Asked> asked_;  // by identifier
  SteadyTime plain_until_{};                        // questions are asked in small letters
  DatagramPorts ports_;
  metrics::Counter ignored_;
  ares_channel channel_ = nullptr;
  bool destroying_ = false;
  std::unordered_map<int, std::unique_ptr<net::Poll>> polls_;  // of TCP, by descriptor
};

Result<void> AresChannel::Impl::open(const ResolverOptions& options) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  if (library != ARES_SUCCESS) {
    return fail(Errc::Io, std::string("cannot set up c-ares: ") + ares_strerror(library));
  }
  ares_options native{};
  native.flags = ARES_FLAG_EDNS;
  native.ednspsz = kUdpPayload;
  native.timeout = static_cast<int>(options.timeout.count());
  native.tries = options.tries;
  native.sock_state_cb_data = this;
  native.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) noexcept {
    static_cast<Impl*>(self)->socket_changed(fd, readable != 0, writable != 0);
  };
  const int status = ares_init_options(&channel_, &native,
                                       ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS |
                                           ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return fail(Errc::Io, std::string("cannot set up the resolver: ") + ares_strerror(status));
  }
  use_our_sockets();
  if (options.servers.empty()) return {};
  return use_servers(channel_, options.servers);
}

// Datagrams go by `ports_`; the sockets of TCP are made as c-ares would make them.
void AresChannel::Impl::use_our_sockets() {
  static constexpr ares_socket_functions kFunctions{
      .asocket = [](int family, int type, int, void* self) noexcept -> ares_socket_t {
        if (type == SOCK_DGRAM) return static_cast<Impl*>(self)->ports_.open();
        const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int on = 1;
        if (fd >= 0) (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return fd;
      },
      .aclose =
          [](ares_socket_t fd, void* self) noexcept {
            return DatagramPorts::owns(fd) ? static_cast<Impl*>(self)->ports_.close(fd)
                                           : ::close(fd);
          },
      .aconnect =
          [](ares_socket_t fd, const sockaddr* address, ares_socklen_t size, void* self) noexcept {
            if (!DatagramPorts::owns(fd)) return ::connect(fd, address, size);
            return static_cast<Impl*>(self)->ports_.connect(fd, address, size);
          },
      .arecvfrom = [](ares_socket_t fd, void* into, std::size_t size, int flags, sockaddr* from,
                      ares_socklen_t* from_size, void* self) noexcept -> ares_ssize_t {
        if (!DatagramPorts::owns(fd)) return ::recvfrom(fd, into, size, flags, from, from_size);
        return static_cast<Impl*>(self)->ports_.receive(
            fd, {static_cast<unsigned char*>(into), size}, from, from_size);
      },
      .asendv = [](ares_socket_t fd, const iovec* pieces, int count,
                   void* self) noexcept -> ares_ssize_t {
        if (!DatagramPorts::owns(fd)) {
          msghdr message{};
          message.msg_iov = const_cast<iovec*>(pieces);  // sendmsg() does not write to them
          message.msg_iovlen = static_cast<std::size_t>(count);
          return ::sendmsg(fd, &message, MSG_NOSIGNAL);
        }
        // One query is one piece.
        return static_cast<Impl*>(self)->ports_.send(
            fd, {static_cast<const unsigned char*>(pieces[0].iov_base), pieces[0].iov_len});
      }};
  ares_set_socket_functions(channel_, &kFunctions, this);
}

void AresChannel::Impl::send_in_turn(const Question& question, Done done) {
  if (sent_in_burst_ == kBurst) {
    waiting_.push_back({question, std::move(done)});
    return;
  }
  ++sent_in_burst_;
  if (!pace_.active()) pace_.start(kPace);
  send({.question = question, .done = std::move(done), .query = {}});
}

void AresChannel::Impl::send_next_burst() {
  sent_in_burst_ = 0;
  for (std::size_t i = std::min(waiting_.size(), kBurst); i > 0; --i) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    send_in_turn(next.question, std::move(next.done));
  }
}

// What has to be guessed to forge its answer: the identifier, the port (datagram_ports.h) and the
// case of each letter (spelling.h).
void AresChannel::Impl::send(Asked asked) {
  const std::string secret = secret_bytes(sizeof(std::uint16_t) + kSpellingOctets);
  std::uint16_t identifier = 0;
  std::memcpy(&identifier, secret.data(), sizeof identifier);
  while (asked_.contains(identifier)) ++identifier;
  unsigned char* packet = nullptr;
  int size = 0;
  const int status = ares_create_query(asked.question.name.c_str(), kClassIn,
                                       static_cast<int>(asked.question.type), identifier,
                                       /*rd=*/1, &packet, &size, kUdpPayload);
  if (status != ARES_SUCCESS) {
    asked.done(std::unexpected(status_text(status)));
    return;
  }
  asked.query.assign(packet, packet + size);
  ares_free_string(packet);
  asked.query[3] |= kAuthenticData;
  if (loop_.now() >= plain_until_) {
    spell(asked.query, std::string_view(secret).substr(sizeof identifier));
  }
  const Asked& kept = asked_.emplace(identifier, std::move(asked)).first->second;
  ares_send(
      channel_, kept.query.data(), static_cast<int>(kept.query.size()),
      [](void* argument, int result, int, unsigned char* message, int length) noexcept {
        const std::unique_ptr<Sent> back(static_cast<Sent*>(argument));
        if (back->channel->destroying_) return;
        const std::size_t octets = message == nullptr ? 0 : static_cast<std::size_t>(length);
        back->channel->answered(back->identifier, result, {message, octets});
      },
      new Sent{this, identifier});
  set_timer();
}

void AresChannel::Impl::answered(std::uint16_t identifier, int status, Octets message) {
  Asked asked = std::move(asked_.extract(identifier).mapped());
  ports_.forget(identifier);
  if (status == ARES_SUCCESS) {
    learn_spelling(asked, message);
    asked.done(message);
  } else if (asked.doubted && !asked.again) {
    send({.question = std::move(asked.question),
          .done = std::move(asked.done),
          .query = {},
          .again = true});
  } else {
    asked.done(std::unexpected(status_text(status)));
  }
}

// One datagram is no proof that the servers do not keep the spelling: anyone can have sent it. An
// answer over TCP is. Without TCP the answer to a second question counts, which has a spelling,
// an identifier and a port of its own.
void AresChannel::Impl::learn_spelling(const Asked& asked, Octets message) {
  if ((asked.doubted || asked.again) && match(asked.query, message) == Match::OtherSpelling) {
    plain_until_ = loop_.now() + kPlainFor;
  }
}

std::optional<DatagramPorts::Datagram> AresChannel::Impl::admit(
    Octets datagram, std::span<const std::uint16_t> identifiers) {
  const std::uint16_t identifier = identifier_of(datagram);
  const auto found = asked_.find(identifier);
  const bool asked_here =
      found != asked_.end() && std::ranges::find(identifiers, identifier) != identifiers.end();
  const Match matches = asked_here ? match(found->second.query, datagram) : Match::None;
  if (matches == Match::Exact || (matches == Match::OtherSpelling && found->second.again)) {
    return DatagramPorts::Datagram(datagram.begin(), datagram.end());
  }
  ignored_.add();
  if (matches == Match::None || found->second.doubted) return {};
  // Forged, or from a server that does not keep the spelling: TCP shows which, and c-ares asks over
  // TCP when the answer is too large for a datagram.
  found->second.doubted = true;
  return truncated_response(found->second.query);
}

// Once for each datagram: when sockets are not its own, c-ares reads one at a time.
void AresChannel::Impl::arrived(int server) {
  for (std::size_t i = ports_.waiting(server); i > 0 && ports_.waiting(server) > 0; --i) {
    process(server, ARES_SOCKET_BAD);
  }
}

void AresChannel::Impl::socket_changed(int fd, bool readable, bool writable) {
  if (DatagramPorts::owns(fd)) return;  // its ports are watched where they are
  if (!readable && !writable) {
    polls_.erase(fd);
    return;
  }
  std::unique_ptr<net::Poll>& poll = polls_[fd];
  if (!poll) {
    poll = std::make_unique<net::Poll>(loop_, fd, [this, fd](net::Poll::Events events) {
      process(events.readable ? fd : ARES_SOCKET_BAD, events.writable ? fd : ARES_SOCKET_BAD);
    });
  }
  poll->want({readable, writable});
}

void AresChannel::Impl::process(int readable, int writable) {
  ares_process_fd(channel_, readable, writable);
  set_timer();
}

void AresChannel::Impl::set_timer() {
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) {
    timer_.stop();
    return;
  }
  const auto delay = std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec);
  timer_.start(std::chrono::ceil<std::chrono::milliseconds>(delay));
}

AresChannel::AresChannel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AresChannel::~AresChannel() = default;

Result<std::unique_ptr<AresChannel>> AresChannel::open(net::Loop& loop,
                                                       const ResolverOptions& options,
                                                       metrics::Registry& registry) {
  auto impl = std::make_unique<Impl>(loop, registry);
  if (auto opened = impl->open(options); !opened) return Failure(std::move(opened).error());
  return std::unique_ptr<AresChannel>(new AresChannel(std::move(impl)));
}

void AresChannel::send(const Question& question, Done done) {
  impl_->send_in_turn(question, std::move(done));
}

std::vector<net::SocketAddress> AresChannel::servers() const {
  std::vector<net::SocketAddress> servers;
  ares_addr_port_node* list = nullptr;
  if (ares_get_servers_ports(impl_->channel_, &list) != ARES_SUCCESS) return servers;
  for (const ares_addr_port_node* server = list; server != nullptr; server = server->next) {
    servers.push_back({address_of(*server), static_cast<std::uint16_t>(server->udp_port)});
  }
  ares_free_data(list);
  return servers;
}

}  // namespace signpost::dns
