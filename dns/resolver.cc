#include "dns/resolver.h"

#include "base/check.h"
#include "base/random.h"
#include "dns/answer.h"
#include "dns/cache.h"
#include "dns/name.h"
#include "metrics/instruments.h"
#include "net/poll.h"
#include "net/timer.h"

#include <ares.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

namespace signpost::dns {

namespace {

constexpr int kClassIn = 1;
constexpr int kRcodeOk = 0;
constexpr int kRcodeNxDomain = 3;
// What passes every path unfragmented (DNS flag day 2020); larger answers come over TCP.
constexpr int kUdpPayload = 1232;
// A burst of questions overflows the receive buffer of a name server (some 250 datagrams with
// Linux's defaults), or ours with its answers, and each loss costs a time-out. So many go at once;
// the others follow at this pace, 12,800 a second.
constexpr std::size_t kBurst = 64;
constexpr std::chrono::milliseconds kPace{5};
// What is kept of one answer: somebody else's zone file decides its size.
constexpr std::size_t kMaxMxRecords = 64;
constexpr std::size_t kMaxAddresses = 32;

constexpr metrics::Description kQueriesTotal{
    "signpost_dns_queries_total",
    "What became of the questions to the DNS; worry when temporary results are more than a few "
    "percent of those that are not cached."};
constexpr metrics::Description kQuerySeconds{
    "signpost_dns_query_seconds",
    "How long name servers take to answer; worry when the median is above 100 ms: deliveries wait "
    "for it."};

Outcome failure(std::string detail) { return {Status::Temporary, {}, {}, std::move(detail)}; }

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

// What was said, and for how long it may be repeated.
struct Verdict {
  Outcome outcome;
  std::chrono::seconds ttl;
};

void take_records(const Answer& answer, Outcome& outcome) {
  for (const auto& record : answer.records) {
    if (const auto* mx = std::get_if<MxRecord>(&record)) {
      outcome.hosts.push_back({mx->preference, mx->host});
    } else if (const auto* address = std::get_if<AddressRecord>(&record)) {
      if (outcome.addresses.size() < kMaxAddresses) outcome.addresses.push_back(address->address);
    } else if (const auto* text = std::get_if<TextRecord>(&record)) {
      if (outcome.texts.size() < kMaxTexts) outcome.texts.push_back(text->text);
    }
  }
  if (outcome.hosts.size() > kMaxMxRecords) {
    std::ranges::stable_sort(outcome.hosts, {}, &MxHost::preference);
    outcome.hosts.resize(kMaxMxRecords);
  }
}

Verdict judge(std::span<const unsigned char> message, std::uint16_t type,
              const ResolverOptions& options) {
  const auto answer = parse_answer(message, type);
  if (!answer) return {failure("unparsable answer"), options.temporary_ttl};
  if (answer->truncated) return {failure("truncated answer"), options.temporary_ttl};
  if (answer->rcode != kRcodeOk && answer->rcode != kRcodeNxDomain) {
    return {failure("answer with rcode " + std::to_string(answer->rcode)), options.temporary_ttl};
  }
  Outcome outcome;
  if (answer->rcode == kRcodeOk && !answer->records.empty()) {
    outcome.status = Status::Ok;
    take_records(*answer, outcome);
    return {std::move(outcome), std::min(std::chrono::seconds(answer->ttl), options.max_ttl)};
  }
  const bool exists = answer->rcode == kRcodeOk;
  outcome.status = exists ? Status::NoData : Status::NxDomain;
  outcome.detail = exists ? "no such record" : "NXDOMAIN";
  // Without a SOA nobody says how long "no" holds (RFC 2308 section 5).
  const auto ttl = answer->negative_ttl == 0 ? options.temporary_ttl
                                             : std::chrono::seconds(answer->negative_ttl);
  return {std::move(outcome), std::min(ttl, options.max_negative_ttl)};
}

// One question's counters, by what became of it.
struct TypeMetrics {
  TypeMetrics(metrics::Registry& registry, const std::string& type)
      : ok(registry, kQueriesTotal, {{"type", type}, {"result", "ok"}}),
        no_data(registry, kQueriesTotal, {{"type", type}, {"result", "no_data"}}),
        nx_domain(registry, kQueriesTotal, {{"type", type}, {"result", "nx_domain"}}),
        temporary(registry, kQueriesTotal, {{"type", type}, {"result", "temporary"}}),
        cached(registry, kQueriesTotal, {{"type", type}, {"result", "cached"}}),
        seconds(registry, kQuerySeconds, metrics::latency_bounds(), {{"type", type}}) {}

  void count(Status status) {
    switch (status) {
      case Status::Ok:
        return ok.add();
      case Status::NoData:
        return no_data.add();
      case Status::NxDomain:
        return nx_domain.add();
      case Status::Temporary:
        return temporary.add();
    }
  }

  metrics::Counter ok, no_data, nx_domain, temporary, cached;
  metrics::Histogram seconds;
};

// Somebody who waits for a question's outcome. Whoever asked owns it; when it is gone, nobody is
// told.
struct Waiter {
  std::function<void(const Outcome&)> done;
};

// A query whose callback is its waiter's.
struct SimpleQuery final : Query {
  std::shared_ptr<Waiter> waiter;
};

// A and AAAA under way together.
struct AddressQuery final : Query {
  std::function<void(const AddressAnswer&)> done;
  std::shared_ptr<Waiter> v6;
  std::shared_ptr<Waiter> v4;
  std::optional<Outcome> v6_outcome;
  std::optional<Outcome> v4_outcome;

  void complete() {
    if (!v6_outcome || !v4_outcome) return;
    const auto told = std::move(done);  // it may destroy this query
    told(combine(*v6_outcome, *v4_outcome));
  }

  static AddressAnswer combine(const Outcome& six, const Outcome& four) {
    AddressAnswer answer;
    answer.addresses = six.addresses;
    answer.addresses.insert(answer.addresses.end(), four.addresses.begin(), four.addresses.end());
    if (!answer.addresses.empty()) {
      answer.status = Status::Ok;
    } else if (six.status == Status::Temporary || four.status == Status::Temporary) {
      // Nothing is final while half of the answer is missing.
      answer.status = Status::Temporary;
      answer.detail = (four.status == Status::Temporary ? four : six).detail;
    } else if (six.status == Status::NxDomain && four.status == Status::NxDomain) {
      answer.status = Status::NxDomain;
      answer.detail = four.detail;
    } else {
      // Some servers deny the very name when only its AAAA record is missing (RFC 4074).
      answer.status = Status::NoData;
      answer.detail = "no address";
    }
    return answer;
  }
};

MxAnswer to_mx_answer(const std::string& domain, const Outcome& outcome) {
  MxAnswer answer;
  answer.detail = outcome.detail;
  switch (outcome.status) {
    case Status::Ok:
      return order_mail_exchangers(outcome.hosts);
    case Status::NoData:
      // RFC 5321 section 5.1: the domain is its own exchanger.
      answer.outcome = MxAnswer::Outcome::Hosts;
      answer.implicit = true;
      answer.hosts = {{0, domain}};
      return answer;
    case Status::NxDomain:
      answer.outcome = MxAnswer::Outcome::NxDomain;
      return answer;
    case Status::Temporary:
      answer.outcome = MxAnswer::Outcome::Temporary;
      return answer;
  }
  return answer;
}

class AresResolver final : public Resolver {
 public:
  AresResolver(net::Loop& loop, const ResolverOptions& options, metrics::Registry& registry)
      : loop_(loop),
        options_(options),
        cache_(options.cache_entries),
        mx_metrics_(registry, "MX"),
        a_metrics_(registry, "A"),
        aaaa_metrics_(registry, "AAAA"),
        txt_metrics_(registry, "TXT"),
        timer_(loop, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }),
        pace_(loop, [this] { send_next_burst(); }) {}
  ~AresResolver() override;

  Result<void> open();

  QueryHandle mail_exchangers(const std::string& domain,
                              std::function<void(const MxAnswer&)> done) override;
  QueryHandle addresses(const std::string& host,
                        std::function<void(const AddressAnswer&)> done) override;
  QueryHandle texts(const std::string& name, std::function<void(const TextAnswer&)> done) override;
  std::size_t cache_size() const override { return cache_.size(); }

 private:
  struct UnderWay {
    std::vector<std::weak_ptr<Waiter>> waiters;
  };
  // What c-ares hands back with the answer; freed by the callback, which comes exactly once.
  struct Sent {
    AresResolver* resolver;
    Question question;
    SteadyTime begun;
  };
  struct Ready {
    std::weak_ptr<Waiter> waiter;
    std::shared_ptr<const Outcome> outcome;
  };

  std::shared_ptr<Waiter> ask(std::uint16_t type, const std::string& name,
                              std::function<void(const Outcome&)> done);
  void send_in_turn(const Question& question);
  void send_next_burst();
  void send(const Question& question);
  void answered(const Sent& sent, int status, std::span<const unsigned char> message);
  void tell_later(const std::weak_ptr<Waiter>& waiter, std::shared_ptr<const Outcome> outcome);
  void tell_all();

  void socket_changed(int fd, bool readable, bool writable);
  void process(int readable, int writable);
  void set_timer();
  TypeMetrics& metrics(std::uint16_t type) {
    return type == kTypeMx    ? mx_metrics_
           : type == kTypeA   ? a_metrics_
           : type == kTypeTxt ? txt_metrics_
                              : aaaa_metrics_;
  }

  net::Loop& loop_;
  const ResolverOptions options_;
  Cache cache_;
  TypeMetrics mx_metrics_;
  TypeMetrics a_metrics_;
  TypeMetrics aaaa_metrics_;
  TypeMetrics txt_metrics_;
  net::Timer timer_;
  net::Timer pace_;
  std::size_t sent_in_burst_ = 0;
  std::deque<Question> unsent_;  // at most options_.max_queries
  ares_channel channel_ = nullptr;
  bool destroying_ = false;
  std::unordered_map<int, std::unique_ptr<net::Poll>> polls_;  // by descriptor
  std::unordered_map<Question, UnderWay, QuestionHash> under_way_;
  std::vector<Ready> ready_;
  std::shared_ptr<AresResolver*> self_ = std::make_shared<AresResolver*>(this);
};

AresResolver::~AresResolver() {
  destroying_ = true;
  // Calls back for every query under way, and closes its sockets.
  if (channel_ != nullptr) ares_destroy(channel_);
}

Result<void> AresResolver::open() {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  if (library != ARES_SUCCESS) {
    return fail(Errc::Io, std::string("cannot set up c-ares: ") + ares_strerror(library));
  }
  ares_options options{};
  options.flags = ARES_FLAG_EDNS;
  options.ednspsz = kUdpPayload;
  options.timeout = static_cast<int>(options_.timeout.count());
  options.tries = options_.tries;
  options.sock_state_cb_data = this;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) noexcept {
    static_cast<AresResolver*>(self)->socket_changed(fd, readable != 0, writable != 0);
  };
  int status = ares_init_options(&channel_, &options,
                                 ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS |
                                     ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return fail(Errc::Io, std::string("cannot set up the resolver: ") + ares_strerror(status));
  }
  if (options_.servers.empty()) return {};
  std::string servers;
  for (const net::SocketAddress& server : options_.servers) {
    servers += (servers.empty() ? "" : ",") + server.text();
  }
  status = ares_set_servers_ports_csv(channel_, servers.c_str());
  if (status != ARES_SUCCESS) {
    return fail(Errc::InvalidArgument,
                "cannot use the name servers " + servers + ": " + ares_strerror(status));
  }
  return {};
}

QueryHandle AresResolver::mail_exchangers(const std::string& domain,
                                          std::function<void(const MxAnswer&)> done) {
  auto query = std::make_unique<SimpleQuery>();
  const std::string name = canonical_name(domain).value_or("");
  query->waiter = ask(kTypeMx, name, [name, done = std::move(done)](const Outcome& outcome) {
    done(to_mx_answer(name, outcome));
  });
  return query;
}

QueryHandle AresResolver::addresses(const std::string& host,
                                    std::function<void(const AddressAnswer&)> done) {
  auto query = std::make_unique<AddressQuery>();
  AddressQuery* const raw = query.get();  // its waiters do not outlive it
  raw->done = std::move(done);
  const std::string name = canonical_name(host).value_or("");
  // An IPv6 address is no name, yet it is its own answer.
  const auto literal = net::IpAddress::parse(host);
  const std::string& asked = literal ? host : name;
  raw->v6 = ask(kTypeAaaa, asked, [raw](const Outcome& outcome) {
    raw->v6_outcome = outcome;
    raw->complete();
  });
  raw->v4 = ask(kTypeA, asked, [raw](const Outcome& outcome) {
    raw->v4_outcome = outcome;
    raw->complete();
  });
  return query;
}

QueryHandle AresResolver::texts(const std::string& name,
                                std::function<void(const TextAnswer&)> done) {
  auto query = std::make_unique<SimpleQuery>();
  query->waiter = ask(kTypeTxt, canonical_name(name).value_or(""),
                      [done = std::move(done)](const Outcome& outcome) {
                        done({outcome.status, outcome.texts, outcome.detail});
                      });
  return query;
}

// What is known without asking anybody.
std::optional<Outcome> known_outcome(std::uint16_t type, const std::string& name) {
  if (name.empty()) return Outcome{Status::NxDomain, {}, {}, "not a valid name"};
  if (type == kTypeMx || type == kTypeTxt) return {};
  std::vector<net::IpAddress> addresses;
  if (const auto literal = net::IpAddress::parse(name)) {
    addresses = {*literal};
  } else if (is_localhost(name)) {
    addresses = {net::IpAddress::from_v4({127, 0, 0, 1}), *net::IpAddress::parse("::1")};
  } else {
    return {};
  }
  std::erase_if(addresses,
                [&](const net::IpAddress& a) { return a.is_v6() != (type == kTypeAaaa); });
  if (addresses.empty()) return Outcome{Status::NoData, {}, {}, "no address"};
  return Outcome{Status::Ok, {}, std::move(addresses), ""};
}

std::shared_ptr<Waiter> AresResolver::ask(std::uint16_t type, const std::string& name,
                                          std::function<void(const Outcome&)> done) {
  auto waiter = std::make_shared<Waiter>(std::move(done));
  if (auto known = known_outcome(type, name)) {
    tell_later(waiter, std::make_shared<const Outcome>(std::move(*known)));
    return waiter;
  }
  const Question question{type, name};
  if (auto cached = cache_.find(question, loop_.now())) {
    metrics(type).cached.add();
    tell_later(waiter, std::move(cached));
    return waiter;
  }
  if (const auto found = under_way_.find(question); found != under_way_.end()) {
    found->second.waiters.push_back(waiter);
    return waiter;
  }
  if (under_way_.size() >= options_.max_queries) {
    metrics(type).temporary.add();
    tell_later(waiter, std::make_shared<const Outcome>(failure("too many DNS queries under way")));
    return waiter;
  }
  under_way_[question].waiters.push_back(waiter);
  send_in_turn(question);
  return waiter;
}

void AresResolver::send_in_turn(const Question& question) {
  if (sent_in_burst_ == kBurst) {
    unsent_.push_back(question);
    return;
  }
  ++sent_in_burst_;
  if (!pace_.active()) pace_.start(kPace);
  send(question);
}

void AresResolver::send_next_burst() {
  sent_in_burst_ = 0;
  for (std::size_t i = std::min(unsent_.size(), kBurst); i > 0; --i) {
    const Question question = std::move(unsent_.front());
    unsent_.pop_front();
    send_in_turn(question);
  }
}

void AresResolver::send(const Question& question) {
  unsigned char* packet = nullptr;
  int size = 0;
  const std::string random = secret_bytes(2);
  unsigned short id;
  std::memcpy(&id, random.data(), sizeof id);
  auto sent = std::make_unique<Sent>(this, question, std::chrono::steady_clock::now());
  const int status = ares_create_query(question.name.c_str(), kClassIn, question.type, id,
                                       /*rd=*/1, &packet, &size, kUdpPayload);
  if (status != ARES_SUCCESS) {
    answered(*sent, status, {});
    return;
  }
  packet[3] |= 0x20;  // AD: whether the answer was validated, please (RFC 6840 section 5.7)
  ares_send(
      channel_, packet, size,
      [](void* argument, int result, int, unsigned char* message, int length) noexcept {
        const std::unique_ptr<Sent> back(static_cast<Sent*>(argument));
        if (back->resolver->destroying_) return;
        const std::size_t octets = message == nullptr ? 0 : static_cast<std::size_t>(length);
        back->resolver->answered(*back, result, {message, octets});
      },
      sent.release());
  ares_free_string(packet);
  set_timer();
}

void AresResolver::answered(const Sent& sent, int status, std::span<const unsigned char> message) {
  Verdict verdict = status == ARES_SUCCESS
                        ? judge(message, sent.question.type, options_)
                        : Verdict{failure(status_text(status)), options_.temporary_ttl};
  TypeMetrics& counters = metrics(sent.question.type);
  counters.count(verdict.outcome.status);
  const SteadyTime now = std::chrono::steady_clock::now();
  counters.seconds.observe(std::chrono::duration<double>(now - sent.begun).count());

  const auto outcome = std::make_shared<const Outcome>(std::move(verdict.outcome));
  if (verdict.ttl > std::chrono::seconds(0)) {
    cache_.insert(sent.question, outcome, now + verdict.ttl);
  }
  auto finished = under_way_.extract(sent.question);
  CHECK(!finished.empty());
  for (const std::weak_ptr<Waiter>& waiter : finished.mapped().waiters) tell_later(waiter, outcome);
}

void AresResolver::tell_later(const std::weak_ptr<Waiter>& waiter,
                              std::shared_ptr<const Outcome> outcome) {
  ready_.push_back({waiter, std::move(outcome)});
  if (ready_.size() > 1) return;
  // Never from within c-ares: what is told may ask again, or end the resolver.
  loop_.defer([self = std::weak_ptr(self_)] {
    if (const auto alive = self.lock()) (*alive)->tell_all();
  });
}

void AresResolver::tell_all() {
  const std::weak_ptr<AresResolver*> guard = self_;
  for (const Ready& ready : std::exchange(ready_, {})) {
    if (const auto waiter = ready.waiter.lock()) waiter->done(*ready.outcome);
    if (guard.expired()) return;
  }
}

void AresResolver::socket_changed(int fd, bool readable, bool writable) {
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

void AresResolver::process(int readable, int writable) {
  ares_process_fd(channel_, readable, writable);
  set_timer();
}

void AresResolver::set_timer() {
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) {
    timer_.stop();
    return;
  }
  const auto delay = std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec);
  timer_.start(std::chrono::ceil<std::chrono::milliseconds>(delay));
}

}  // namespace

Result<std::unique_ptr<Resolver>> Resolver::create(net::Loop& loop, const ResolverOptions& options,
                                                   metrics::Registry& registry) {
  auto resolver = std::make_unique<AresResolver>(loop, options, registry);
  if (auto opened = resolver->open(); !opened) return Failure(std::move(opened).error());
  return resolver;
}

}  // namespace signpost::dns
