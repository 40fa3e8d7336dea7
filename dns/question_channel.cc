// What happens to a question:
//
//   event                                      then
//   -----------------------------------------  ---------------------------------------------------
//   its answer                                 it is done
//   the answer, truncated                      it is asked over TCP
//   an answer in another spelling              ignored, and asked over TCP; if that fails: asked
//                                              again, and now such an answer is accepted
//   any other datagram                         ignored
//   SERVFAIL, NOTIMP, REFUSED                  the next server, now
//   nobody listens at the server               the next server, now; without another, in a moment
//   no answer in time                          the next server; this one is asked last for a while
//   every server had its tries, or TCP failed  it is done, without an answer
#include "dns/question_channel.h"

#include "base/alive.h"
#include "base/random.h"
#include "dns/datagram_ports.h"
#include "dns/query_packet.h"
#include "dns/resolver_metrics.h"
#include "dns/server_order.h"
#include "dns/spelling.h"
#include "dns/stream_question.h"
#include "metrics/instruments.h"
#include "net/timer.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <utility>

namespace signpost::dns {

namespace {

// A burst of questions overflows the receive buffer of a name server (some 250 datagrams with
// Linux's defaults), or ours with its responses, and each loss costs a time-out. So this many go at
// once and the others follow at this pace: 12,800 a second.
constexpr std::size_t kBurst = 64;
constexpr std::chrono::milliseconds kPace{5};
// How long the name servers are asked in lower case once they were seen to answer like that.
constexpr std::chrono::hours kPlainFor{1};
// A name server that is restarting is back after a moment.
constexpr std::chrono::milliseconds kWhileRestarting{1000};
// Each has a descriptor. The others wait.
constexpr std::size_t kMostStreams = 16;

constexpr const char* kSilence = "the name servers do not answer";
constexpr const char* kFailure = "the name servers fail (SERVFAIL), refuse, or cannot be reached";
constexpr const char* kNoTcp =
    "the answer does not fit a datagram, and the name servers do not give it over TCP";

}  // namespace

struct QuestionChannel::Impl {
  struct Waiting {
    Question question;
    Done done;
  };
  struct Asked {
    Question question;
    Done done;
    bool again = false;    // an answer in another spelling is accepted
    bool doubted = false;  // one came, and it is asked over TCP because of it
    std::vector<unsigned char> query{};
    std::vector<std::size_t> order{};  // of the servers
    std::vector<bool> failed{};        // servers that are not asked again
    std::size_t attempts = 0;
    std::size_t server = 0;  // the one that was asked last
    SteadyTime since{};      // when
    bool refused = false;    // nobody listened there
    bool any_failed = false;
    std::unique_ptr<net::Timer> timer{};
    bool over_tcp = false;
    std::unique_ptr<StreamQuestion> stream{};
  };

  Impl(net::Loop& loop, const ResolverOptions& options, std::vector<net::SocketAddress> servers,
       metrics::Registry& registry)
      : loop_(loop),
        options_(options),
        servers_(std::move(servers)),
        order_(servers_.size()),
        pace_(loop, [this] { send_next_burst(); }),
        ports_(
            loop, servers_,
            [this](std::size_t server, Octets datagram,
                   std::span<const std::uint16_t> identifiers) {
              arrived(server, datagram, identifiers);
            },
            [this](std::size_t server, std::uint16_t identifier) { refused(server, identifier); }),
        ignored_(registry, metric::kIgnoredAnswers) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void send_in_turn(const Question& question, Done done);
  void send_next_burst();
  void send(Asked asked);
  void ask_next(std::uint16_t identifier);
  bool has_other_server(const Asked& asked) const;
  void on_timeout(std::uint16_t identifier);
  void arrived(std::size_t server, Octets datagram, std::span<const std::uint16_t> identifiers);
  void answered(std::uint16_t identifier, std::size_t server, Octets response);
  void refused(std::size_t server, std::uint16_t identifier);
  void ask_over_tcp(std::uint16_t identifier);
  void start_streams();
  void stream_done(std::uint16_t identifier, std::optional<Octets> response);
  void retire(std::unique_ptr<StreamQuestion> stream);
  void settle(std::uint16_t identifier, const Response& response);

  net::Loop& loop_;
  const ResolverOptions options_;
  const std::vector<net::SocketAddress> servers_;
  ServerOrder order_;
  net::Timer pace_;
  std::size_t sent_in_burst_ = 0;
  std::deque<Waiting> waiting_;  // for their burst; at most ResolverOptions::max_queries
  DatagramPorts ports_;
  metrics::Counter ignored_;
  SteadyTime plain_until_{};                        // questions are asked in lower case
  std::unordered_map<std::uint16_t, Asked> asked_;  // by identifier
  std::size_t streams_ = 0;
  std::deque<std::uint16_t> for_stream_;  // may be settled by now
  std::vector<std::unique_ptr<StreamQuestion>> retired_;
  Alive alive_;  // for deferred calls
};

void QuestionChannel::Impl::send_in_turn(const Question& question, Done done) {
  if (sent_in_burst_ == kBurst) {
    waiting_.push_back({question, std::move(done)});
    return;
  }
  ++sent_in_burst_;
  if (!pace_.active()) pace_.start(kPace);
  send({.question = question, .done = std::move(done)});
}

void QuestionChannel::Impl::send_next_burst() {
  sent_in_burst_ = 0;
  for (std::size_t i = std::min(waiting_.size(), kBurst); i > 0; --i) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    send_in_turn(next.question, std::move(next.done));
  }
}

// What must be guessed to forge its answer: the identifier, the port (datagram_ports.h) and the
// case of each letter (spelling.h).
void QuestionChannel::Impl::send(Asked asked) {
  const std::string secret = secret_bytes(sizeof(std::uint16_t) + kSpellingOctets);
  std::uint16_t identifier = 0;
  std::memcpy(&identifier, secret.data(), sizeof identifier);
  while (asked_.contains(identifier)) ++identifier;
  auto query = make_query(asked.question, identifier);
  if (!query) return asked.done(std::unexpected(std::move(query).error().detail));
  asked.query = std::move(*query);
  if (loop_.now() >= plain_until_) {
    spell(asked.query, std::string_view(secret).substr(sizeof identifier));
  }
  asked.order = order_.for_next_question(loop_.now());
  asked.failed.resize(servers_.size());
  asked.timer = std::make_unique<net::Timer>(loop_, [this, identifier] { on_timeout(identifier); });
  asked_.emplace(identifier, std::move(asked));
  ask_next(identifier);
}

// Each server up to ResolverOptions::tries times; a wait is twice as long in each round.
void QuestionChannel::Impl::ask_next(std::uint16_t identifier) {
  Asked& asked = asked_.at(identifier);
  const auto most = static_cast<std::size_t>(options_.tries) * servers_.size();
  while (asked.attempts < most) {
    const std::size_t round = asked.attempts / servers_.size();
    asked.server = asked.order[asked.attempts % servers_.size()];
    ++asked.attempts;
    if (asked.failed[asked.server]) continue;
    asked.since = loop_.now();
    asked.refused = false;
    if (ports_.send(asked.server, asked.query)) {
      asked.timer->start(options_.timeout * (1 << std::min<std::size_t>(round, 8)));
      return;
    }
    asked.any_failed = true;
  }
  settle(identifier, std::unexpected(asked.any_failed ? kFailure : kSilence));
}

bool QuestionChannel::Impl::has_other_server(const Asked& asked) const {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (i != asked.server && !asked.failed[i]) return true;
  }
  return false;
}

void QuestionChannel::Impl::on_timeout(std::uint16_t identifier) {
  const Asked& asked = asked_.at(identifier);
  if (!asked.refused) order_.silent(asked.server, asked.since, loop_.now());
  ask_next(identifier);
}

void QuestionChannel::Impl::arrived(std::size_t server, Octets datagram,
                                    std::span<const std::uint16_t> identifiers) {
  const std::uint16_t identifier = identifier_of(datagram);
  const auto found = asked_.find(identifier);
  const bool asked_here =
      found != asked_.end() && std::ranges::find(identifiers, identifier) != identifiers.end();
  const Match matches = asked_here ? match(found->second.query, datagram) : Match::None;
  if (matches == Match::Exact || (matches == Match::OtherSpelling && found->second.again)) {
    return answered(identifier, server, datagram);
  }
  ignored_.add();
  if (matches == Match::None || found->second.doubted) return;
  // Forged, or from a server that does not keep the spelling: TCP shows which.
  found->second.doubted = true;
  ask_over_tcp(identifier);
}

void QuestionChannel::Impl::answered(std::uint16_t identifier, std::size_t server,
                                     Octets response) {
  Asked& asked = asked_.at(identifier);
  order_.answered(server, loop_.now());
  if (is_truncated(response)) return ask_over_tcp(identifier);
  if (says_malformed_query(response)) {
    auto shorter = without_edns(asked.query);
    if (shorter.size() < asked.query.size() && server == asked.server) {
      asked.query = std::move(shorter);
      --asked.attempts;
      return ask_next(identifier);
    }
  }
  if (says_failure(response)) {
    asked.any_failed = true;
    if (servers_.size() > 1) asked.failed[server] = true;
    if (server == asked.server && !asked.over_tcp) ask_next(identifier);
    return;
  }
  // Without TCP the answer to a second question shows that servers do not keep the spelling.
  if (asked.again && match(asked.query, response) == Match::OtherSpelling) {
    plain_until_ = loop_.now() + kPlainFor;
  }
  settle(identifier, response);
}

void QuestionChannel::Impl::refused(std::size_t server, std::uint16_t identifier) {
  const auto found = asked_.find(identifier);
  if (found == asked_.end()) return;
  Asked& asked = found->second;
  if (asked.server != server || asked.over_tcp || asked.refused) return;
  asked.any_failed = true;
  order_.silent(server, asked.since, loop_.now());
  if (has_other_server(asked)) {
    asked.failed[server] = true;
    return ask_next(identifier);
  }
  asked.refused = true;
  asked.timer->start(std::min(options_.timeout, kWhileRestarting));
}

// ---- TCP

void QuestionChannel::Impl::ask_over_tcp(std::uint16_t identifier) {
  Asked& asked = asked_.at(identifier);
  if (std::exchange(asked.over_tcp, true)) return;
  asked.timer->stop();
  for_stream_.push_back(identifier);
  start_streams();
}

void QuestionChannel::Impl::start_streams() {
  while (streams_ < kMostStreams && !for_stream_.empty()) {
    const std::uint16_t identifier = for_stream_.front();
    for_stream_.pop_front();
    const auto found = asked_.find(identifier);
    if (found == asked_.end() || !found->second.over_tcp || found->second.stream) continue;
    Asked& asked = found->second;
    std::vector<net::SocketAddress> servers{servers_[asked.server]};  // it has just answered
    for (const std::size_t server : asked.order) {
      if (server != asked.server) servers.push_back(servers_[server]);
    }
    asked.stream = std::make_unique<StreamQuestion>(
        loop_, std::move(servers), asked.query, options_.timeout,
        [this, identifier](std::optional<Octets> response) { stream_done(identifier, response); });
    ++streams_;
  }
}

void QuestionChannel::Impl::stream_done(std::uint16_t identifier, std::optional<Octets> response) {
  Asked& asked = asked_.at(identifier);
  if (response) {
    // One datagram does not prove that the servers do not keep the spelling: anyone can have sent
    // it. An answer over TCP does.
    if (asked.doubted && match(asked.query, *response) == Match::OtherSpelling) {
      plain_until_ = loop_.now() + kPlainFor;
    }
    return settle(identifier, *response);
  }
  if (!asked.doubted || asked.again) return settle(identifier, std::unexpected(kNoTcp));
  Asked once_more{
      .question = std::move(asked.question), .done = std::move(asked.done), .again = true};
  asked.done = [](const Response&) {};
  settle(identifier, std::unexpected(kNoTcp));
  send(std::move(once_more));
}

// Its function may be on the stack. Until it is destroyed it must not report for a question that is
// gone.
void QuestionChannel::Impl::retire(std::unique_ptr<StreamQuestion> stream) {
  --streams_;
  stream->cancel();
  retired_.push_back(std::move(stream));
  loop_.defer(alive_.guard([this] { retired_.clear(); }));
  start_streams();
}

void QuestionChannel::Impl::settle(std::uint16_t identifier, const Response& response) {
  Asked asked = std::move(asked_.extract(identifier).mapped());
  ports_.forget(identifier);
  if (asked.stream) retire(std::move(asked.stream));
  asked.done(response);
}

QuestionChannel::QuestionChannel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
QuestionChannel::~QuestionChannel() = default;

Result<std::unique_ptr<QuestionChannel>> QuestionChannel::open(net::Loop& loop,
                                                               const ResolverOptions& options,
                                                               metrics::Registry& registry) {
  std::vector<net::SocketAddress> servers = options.servers;
  if (servers.empty()) {
    auto found = system_servers();
    if (!found) return Failure(std::move(found).error());
    servers = std::move(*found);
  }
  if (servers.empty()) return fail(Errc::InvalidArgument, "no name server is configured");
  return std::unique_ptr<QuestionChannel>(
      new QuestionChannel(std::make_unique<Impl>(loop, options, std::move(servers), registry)));
}

void QuestionChannel::send(const Question& question, Done done) {
  impl_->send_in_turn(question, std::move(done));
}

const std::vector<net::SocketAddress>& QuestionChannel::servers() const { return impl_->servers_; }

}  // namespace signpost::dns
