#include "dns/ares_channel.h"

#include "base/random.h"
#include "net/poll.h"
#include "net/timer.h"

#include <ares.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
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

unsigned short random_id() {
  unsigned short id;
  const std::string random = secret_bytes(sizeof id);
  std::memcpy(&id, random.data(), sizeof id);
  return id;
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
  // Passed through c-ares to its callback, which is called exactly once and frees it.
  struct Sent {
    Impl* channel;
    Done done;
  };

  explicit Impl(net::Loop& loop)
      : loop_(loop),
        timer_(loop, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }),
        pace_(loop, [this] { send_next_burst(); }) {}
  ~Impl() {
    destroying_ = true;
    // Calls back for every query under way, and closes its sockets.
    if (channel_ != nullptr) ares_destroy(channel_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> open(const ResolverOptions& options);
  void send_in_turn(const Question& question, Done done);
  void send_next_burst();
  void send(const Question& question, Done done);
  void socket_changed(int fd, bool readable, bool writable);
  void process(int readable, int writable);
  void set_timer();

  net::Loop& loop_;
  net::Timer timer_;  // c-ares' next time-out
  net::Timer pace_;
  std::size_t sent_in_burst_ = 0;
  std::deque<Waiting> waiting_;  // for their burst; at most ResolverOptions::max_queries
  ares_channel channel_ = nullptr;
  bool destroying_ = false;
  std::unordered_map<int, std::unique_ptr<net::Poll>> polls_;  // by descriptor
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
  if (options.servers.empty()) return {};
  return use_servers(channel_, options.servers);
}

void AresChannel::Impl::send_in_turn(const Question& question, Done done) {
  if (sent_in_burst_ == kBurst) {
    waiting_.push_back({question, std::move(done)});
    return;
  }
  ++sent_in_burst_;
  if (!pace_.active()) pace_.start(kPace);
  send(question, std::move(done));
}

void AresChannel::Impl::send_next_burst() {
  sent_in_burst_ = 0;
  for (std::size_t i = std::min(waiting_.size(), kBurst); i > 0; --i) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    send_in_turn(next.question, std::move(next.done));
  }
}

void AresChannel::Impl::send(const Question& question, Done done) {
  unsigned char* packet = nullptr;
  int size = 0;
  const int status = ares_create_query(question.name.c_str(), kClassIn,
                                       static_cast<int>(question.type), random_id(),
                                       /*rd=*/1, &packet, &size, kUdpPayload);
  if (status != ARES_SUCCESS) {
    done(std::unexpected(status_text(status)));
    return;
  }
  packet[3] |= kAuthenticData;
  auto sent = std::make_unique<Sent>(this, std::move(done));
  ares_send(
      channel_, packet, size,
      [](void* argument, int result, int, unsigned char* message, int length) noexcept {
        const std::unique_ptr<Sent> back(static_cast<Sent*>(argument));
        if (back->channel->destroying_) return;
        if (result != ARES_SUCCESS) {
          back->done(std::unexpected(status_text(result)));
          return;
        }
        const std::size_t octets = message == nullptr ? 0 : static_cast<std::size_t>(length);
        back->done(std::span<const unsigned char>(message, octets));
      },
      sent.release());
  ares_free_string(packet);
  set_timer();
}

void AresChannel::Impl::socket_changed(int fd, bool readable, bool writable) {
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
                                                       const ResolverOptions& options) {
  auto impl = std::make_unique<Impl>(loop);
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
