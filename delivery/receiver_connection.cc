#include "delivery/receiver_connection.h"

#include "base/ascii.h"
#include "tlsrpt/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace signpost::delivery {

namespace {

using relay::ConnectionFailure;
using smtp::ClientDialog;

constexpr std::chrono::seconds kTlsStartLimit{60};  // each step of it
constexpr std::chrono::seconds kHurriedGreeting{30};
// Otherwise an endless reply would fill the input without being recognized as too long.
static_assert(smtp::kMaxReplySize < net::Stream::kMaxInput);

// The host name that a server gives itself in its greeting (RFC 5321 section 4.2).
std::string_view greeting_name(const smtp::Reply& greeting) {
  return std::string_view(greeting.text).substr(0, greeting.text.find_first_of(" \n"));
}

relay::TlsReached reached(net::TlsTrust trust) {
  switch (trust) {
    case net::TlsTrust::None:
    case net::TlsTrust::Unverified:
      break;
    case net::TlsTrust::Pkix:
      return relay::TlsReached::Pkix;
    case net::TlsTrust::Dane:
      return relay::TlsReached::Dane;
  }
  return relay::TlsReached::Unverified;
}

}  // namespace

// state        waits for                        timer             then
// -----------  -------------------------------  ---------------- ----------------------------------
// Connecting   the dialer's connection          the dialer's      Greeting; with smtps:// Securing;
//                                                                 Closed when no target is left
// Greeting     greeting, EHLO, STARTTLS, AUTH   the dialog's      Securing; Ready; Connecting
// Securing     the TLS handshake                kTlsStartLimit    Greeting; Connecting, at first to
//                                                                 the same address without the old
//                                                                 session, with older versions of
//                                                                 TLS, or in clear
// Ready        its user                         its user's        Closed
// Closed       its destruction                  none
void ReceiverConnection::enter(State state) {
  state_ = state;
  switch (state) {
    case State::Connecting:
    case State::Ready:
    case State::Closed:
      timer_.stop();
      return;
    case State::Securing:
      timer_.start(kTlsStartLimit);
      return;
    case State::Greeting:
      timer_.start(greeting_limit());
      return;
  }
}

// RFC 5321 section 4.5.3.2 gives a greeting five minutes, which a silent host may hold a connection
// for while others have none. Optional TLS is not worth that much waiting.
std::chrono::milliseconds ReceiverConnection::greeting_limit() const {
  std::chrono::milliseconds limit = dialog_->timeout();
  if (host_.short_of_connections()) {
    limit = std::min<std::chrono::milliseconds>(limit, kHurriedGreeting);
  }
  if (dialog_->starting_tls() && may_go_in_clear()) {
    limit = std::min<std::chrono::milliseconds>(limit, kTlsStartLimit);
  }
  return limit;
}

bool ReceiverConnection::may_go_in_clear() const {
  return target_.tls.on_failure == TlsRequirement::OnFailure::Clear;
}

void ReceiverConnection::hurry() {
  if (state_ == State::Greeting) timer_.start(greeting_limit());
}

ReceiverConnection::ReceiverConnection(SessionHost& host, SitePtr site, SessionRef session,
                                       std::string log_id, User& user)
    : host_(host),
      site_(std::move(site)),
      session_(session),
      log_id_(std::move(log_id)),
      user_(user),
      settings_(host.context().settings),
      hop_(host.hop(*site_)),
      dialer_(host, site_, session, *settings_, hop_, *this),
      timer_(host.context().loop, [this] { on_timeout(); }) {}

ReceiverConnection::~ReceiverConnection() {
  if (provider_ != nullptr) provider_->connections.add(-1);
}

void ReceiverConnection::open() { connect(); }

void ReceiverConnection::start_over() {
  enter(State::Connecting);
  tls_fault_.reset();
  tls_.reset();
  resuming_ = false;
  dialog_.reset();
}

void ReceiverConnection::connect() {
  start_over();
  tls_failure_.clear();
  dialer_.connect();
}

// To the same address first.
void ReceiverConnection::connect_again() {
  start_over();
  dialer_.connect_again(target_);
}

// In a callback of its own, as the answers of the host walk are.
void ReceiverConnection::reopen() {
  enter(State::Connecting);
  host_.context().loop.defer(alive_.guard([this] {
    if (state_ == State::Connecting) connect_again();
  }));
}

void ReceiverConnection::give_up_host(const Disposition& why) {
  report(why.reply.code != 0 ? ConnectionFailure::Reply : ConnectionFailure::Lost, why, facts());
  drop();
  enter(State::Connecting);
  host_.context().loop.defer(alive_.guard([this] {
    if (state_ != State::Connecting) return;
    if (is_draining()) {
      user_.on_no_host(std::nullopt, failure_facts_);
    } else {
      connect();
    }
  }));
}

void ReceiverConnection::drop() {
  enter(State::Closed);
  if (provider_ != nullptr) std::exchange(provider_, nullptr)->connections.add(-1);
  dialer_.stop();
  if (dial_) dialer_.hang_up(std::move(dial_));
}

AttemptFacts ReceiverConnection::facts_of(const HostWalk::Target& target) const {
  AttemptFacts facts;
  facts.session = log_id_;
  facts.mx = target.host;
  facts.address = target.place();
  facts.source = hop_.sources[session_.exit].name;
  facts.providers = settings_->providers;
  facts.provider = facts.providers->name_of(target.host);
  return facts;
}

AttemptFacts ReceiverConnection::facts() const {
  AttemptFacts facts = facts_of(target_);
  facts.tls_wanted = target_.tls.wanted;
  if (dialog_) facts.tls_reached = relay::TlsReached::Clear;
  if (tls_) {
    facts.tls_reached = reached(tls_->trust);
    facts.tls = tls_->version + (tls_->trust >= net::TlsTrust::Pkix ? " verified" : " unverified");
  }
  if (counts_tls()) {
    facts.tls_outcomes = tls_outcomes_;
    if (dialog_) facts.tls_outcomes.push_back(tls_outcome());
  }
  facts.dsn_handed_on = dialog_ && dialog_->extensions().dsn;
  facts.deadline_handed_on = dialog_ && dialog_->extensions().deliver_by;
  return facts;
}

bool ReceiverConnection::counts_tls() const {
  const tlsrpt::Collector* const reports = host_.context().tls_reports;
  return reports != nullptr && reports->wanted() && !target_.is_lmtp();
}

TlsOutcome ReceiverConnection::tls_outcome() const {
  TlsOutcome outcome;
  outcome.mx = target_.host;
  if (!target_.is_local()) {
    outcome.address = target_.address.ip.text();
    const auto* const source = hop_.sources[session_.exit].address_for(target_.address.ip);
    if (source != nullptr) outcome.source = source->text();
  }
  if (dialog_) outcome.helo = greeting_name(dialog_->greeting());
  const Dane& dane = target_.security.dane;
  if (dane.demand != Dane::Demand::None) {
    outcome.tlsa_domain = dane.base_domain.empty() ? target_.host : dane.base_domain;
    outcome.tlsa = dane.records;
  }
  if (tls_) outcome.reached = tls_->trust;
  outcome.fault = tls_fault_;
  return outcome;
}

// The connection is over, and another one is about to be tried.
void ReceiverConnection::tls_start_failed(TlsOutcome::Fault fault) {
  constexpr std::size_t kMost = 10;
  tls_fault_ = std::move(fault);
  if (counts_tls() && tls_outcomes_.size() < kMost) tls_outcomes_.push_back(tls_outcome());
}

bool ReceiverConnection::is_draining() const {
  return host_.context().draining.load(std::memory_order_relaxed);
}

// The dialer --------------------------------------------------------------------------------------

void ReceiverConnection::on_dialed(std::unique_ptr<Dial> dial,
                                   std::shared_ptr<const smtp::ClientLogin> login) {
  dial_ = std::move(dial);
  dial_->hand_over(*this);
  target_ = dial_->target();
  provider_ = &host_.context().metrics.of_provider(settings_->providers->name_of(target_.host));
  provider_->connections.add(1);
  smtp::ClientOptions options;
  const Source& source = hop_.sources[session_.exit];
  options.hostname = source.hostname.empty() ? settings_->config->hostname : source.hostname;
  options.starttls = target_.tls.starttls;
  options.tls = is_tls_implicit();
  options.lmtp = target_.is_lmtp();
  options.login = std::move(login);
  options.is_local = target_.is_local() || target_.address.ip.is_loopback();
  dialog_.emplace(std::move(options));
  if (is_tls_implicit()) {
    secure();
  } else {
    enter(State::Greeting);
  }
}

void ReceiverConnection::on_target_failed(const HostWalk::Target& target,
                                          relay::ConnectionFailure kind,
                                          const Disposition& failure) {
  if (kind == ConnectionFailure::Tls && counts_tls()) {
    TlsOutcome outcome{.mx = target.host, .address{}, .source{}, .helo{}};
    outcome.tlsa_domain = target.host;
    outcome.fault = {tlsrpt::ResultType::DnssecInvalid, failure.reply.text};
    tls_outcomes_.push_back(std::move(outcome));
  }
  report(kind, failure, facts_of(target));
  if (!is_draining()) return;
  drop();
  user_.on_no_host(std::nullopt, failure_facts_);
}

void ReceiverConnection::on_exhausted(const Disposition& why, bool crowded) {
  if (crowded && !failure_) {
    user_.on_no_host(std::nullopt, facts());
    return;
  }
  // A host's answer matters more than having run out of hosts.
  if (failure_) {
    user_.on_no_host(failure_, failure_facts_);
    return;
  }
  host_.context().events.emit_news(
      relay::events::NoHost{
          .session = log_id_, .next_hop = hop_.key, .reply = why.reply.one_line()},
      !host_.is_away(*site_));
  AttemptFacts nowhere;
  nowhere.session = log_id_;
  user_.on_no_host(why, nowhere);
}

// A host ------------------------------------------------------------------------------------------

void ReceiverConnection::secure() {
  enter(State::Securing);
  std::optional<net::TlsTicket> session;
  if (target_.place() != choked_at_) {
    session = host_.tls_sessions().take(settings_->client_tls, tls_server(),
                                        host_.context().clock.steady_now());
  }
  resuming_ = session.has_value();
  stream().start_tls_client(settings_->client_tls->of(client_tls()), target_.tls.expected,
                            session ? &*session : nullptr);
}

config::ClientTlsFiles ReceiverConnection::client_tls() const {
  return target_.via == nullptr ? config::ClientTlsFiles{} : target_.via->client_tls;
}

TlsSessions::Server ReceiverConnection::tls_server() const {
  return {.host = target_.host,
          .port = target_.address.port,
          .expected = target_.tls.expected,
          .least = target_.tls.trust,
          .files = client_tls()};
}

// A session that the server chokes on must not cost the connection its TLS, nor the mail its host.
bool ReceiverConnection::retry_without_session() {
  if (!std::exchange(resuming_, false)) return false;
  host_.tls_sessions().forget(tls_server());
  choked_at_ = target_.place();
  drop();
  connect_again();
  return true;
}

// Also those that come later, with the reply to EHLO. Only a handshake that was good enough is to
// be continued.
void ReceiverConnection::on_ticket(const net::TlsTicket& ticket) {
  if (state_ != State::Greeting && state_ != State::Ready) return;
  if (!tls_ || !judge_handshake(target_.tls, *tls_)) return;
  host_.tls_sessions().keep(settings_->client_tls, tls_server(), ticket,
                            host_.context().clock.steady_now());
}

void ReceiverConnection::report(ConnectionFailure kind, const Disposition& failure,
                                AttemptFacts facts) {
  failure_ = failure;
  failure_facts_ = std::move(facts);
  host_.context().events.emit_news(
      relay::events::ConnectionFailed{.session = log_id_,
                                      .mx = failure_facts_.mx,
                                      .address = failure_facts_.address,
                                      .reply = failure.reply.one_line(),
                                      .provider = failure_facts_.provider,
                                      .kind = kind},
      !host_.is_away(*site_));
}

void ReceiverConnection::host_failed(ConnectionFailure kind, const Disposition& failure,
                                     bool try_next_host) {
  report(kind, failure, facts());
  if (counts_tls() && dialog_) tls_outcomes_ = failure_facts_.tls_outcomes;
  // Of several next hops one that refuses us is the last to be asked again, as one that is away.
  if (hop_.via.size() > 1 && !target_.is_local()) {
    host_.dead_addresses().failed(target_.address, host_.context().clock.steady_now());
  }
  drop();
  if (is_draining()) {
    user_.on_no_host(std::nullopt, failure_facts_);
  } else if (!try_next_host) {
    user_.on_no_host(failure_, failure_facts_);
  } else {
    connect();
  }
}

void ReceiverConnection::tls_failed(std::string_view detail) {
  if (retry_without_session()) return;
  host_.context().events.emit_news(
      relay::events::TlsFailed{.session = log_id_,
                               .direction = relay::TlsDirection::Out,
                               .mx = target_.host,
                               .address = target_.place(),
                               .detail = detail,
                               .then = may_go_in_clear() ? "in clear" : "not delivered"},
      !host_.is_away(*site_));
  if (!may_go_in_clear()) {
    tls_fault_ = {tlsrpt::ResultType::ValidationFailure, std::string(detail)};
    refused_for_tls(handshake_failed(target_.tls, detail));
    return;
  }
  tls_start_failed({tlsrpt::ResultType::ValidationFailure, std::string(detail)});
  drop();
  tls_failure_ = detail;
  target_.tls = decide_tls(target_.via == nullptr ? hop_.tls : target_.via->tls, target_.host,
                           target_.security, TlsTry::AfterFailedStart);
  connect_again();
}

bool ReceiverConnection::retry_with_old_versions(const Error& error) {
  if (error.code != Errc::TooOld || !settings_->config->delivery.old_tls ||
      !target_.tls.may_use_old_versions() || target_.tls.expected.old_versions) {
    return false;
  }
  host_.context().events.emit_news(relay::events::TlsFailed{.session = log_id_,
                                                            .direction = relay::TlsDirection::Out,
                                                            .mx = target_.host,
                                                            .address = target_.place(),
                                                            .detail = error.detail,
                                                            .then = "with an older version"},
                                   !host_.is_away(*site_));
  drop();
  target_.tls.expected.old_versions = true;
  connect_again();
  return true;
}

void ReceiverConnection::refused_for_tls(const TlsRefusal& refusal) {
  host_failed(ConnectionFailure::Tls, local(Outcome::Delayed, refusal.status, refusal.text),
              target_.tls.on_failure != TlsRequirement::OnFailure::Defer);
}

void ReceiverConnection::on_secured(const net::TlsFacts& facts) {
  tls_ = facts;
  if (facts.trust < net::TlsTrust::Pkix) tls_fault_ = {result_of(facts.fault), facts.trust_error};
  host_.context().events.emit(
      relay::events::TlsEstablished{.session = log_id_,
                                    .direction = relay::TlsDirection::Out,
                                    .mx = target_.host,
                                    .address = target_.place(),
                                    .version = facts.version,
                                    .cipher = facts.cipher,
                                    .trust = facts.trust,
                                    .by_policy = target_.tls.wanted == relay::TlsWanted::Sts,
                                    .resumed = facts.resumed});
  if (!facts.resumed) resuming_ = false;
  if (const auto judged = judge_handshake(target_.tls, facts); !judged) {
    if (retry_without_session()) return;
    refused_for_tls(judged.error());
    return;
  }
  if (!is_tls_implicit()) {
    dialog_->tls_started(stream().output());
    stream().flush();
  }
  enter(State::Greeting);
}

// The conversation until it is ready --------------------------------------------------------------

void ReceiverConnection::converse() {
  const std::size_t waiting = stream().input().size();
  auto step = dialog_->advance(stream().input(), stream().output());
  if (const auto* close = std::get_if<ClientDialog::Close>(&step)) {
    closed(*close, ConnectionFailure::Lost);
    return;
  }
  if (std::holds_alternative<ClientDialog::StartTls>(step)) {
    secure();
    return;
  }
  const bool progress = stream().input().size() != waiting;
  stream().flush();
  stream().resume_reading();
  if (std::holds_alternative<ClientDialog::Ready>(step)) {
    ready();
  } else if (progress) {
    // A peer that sends a reply in trickles does not gain time with each octet.
    timer_.start(greeting_limit());
  }
}

bool ReceiverConnection::loops_back() const {
  return hop_.mx &&
         ascii::equals_ignore_case(greeting_name(dialog_->greeting()), settings_->config->hostname);
}

void ReceiverConnection::ready() {
  if (loops_back()) {
    host_failed(ConnectionFailure::Loop,
                local(Outcome::Failed, {5, 4, 6},
                      fmt::format("mail for {} loops back to this relay", hop_.hosts.front().name)),
                false);
    return;
  }
  if (const smtp::Reply& refusal = dialog_->tls_refusal(); refusal.code != 0) {
    host_.context().events.emit(relay::events::TlsRefused{.session = log_id_,
                                                          .mx = target_.host,
                                                          .address = target_.place(),
                                                          .reply = refusal.one_line(),
                                                          .then = "in clear"});
    tls_failure_ = refusal.one_line();
    tls_fault_ = {tlsrpt::ResultType::ValidationFailure, tls_failure_};
  }
  failure_.reset();
  resuming_ = false;
  enter(State::Ready);
  if (!std::exchange(was_ready_, true)) host_.connection_ready(*site_, session_);
  user_.on_ready();
}

void ReceiverConnection::closed(const ClientDialog::Close& close, ConnectionFailure without_reply) {
  HostFailure failure = of_closed_session(close);
  if (dialog_->starting_tls() && (may_go_in_clear() || resuming_)) {
    tls_failed(failure.disposition.reply.one_line());
    return;
  }
  const bool by_tls = close.reason == ClientDialog::Close::Reason::TlsUnavailable;
  const bool by_auth = close.reason == ClientDialog::Close::Reason::AuthFailed;
  const ConnectionFailure kind = by_tls                  ? ConnectionFailure::Tls
                                 : by_auth               ? ConnectionFailure::Auth
                                 : close.reply.code != 0 ? ConnectionFailure::Reply
                                                         : without_reply;
  host_failed(kind, failure.disposition, failure.try_next_host);
}

// The stream --------------------------------------------------------------------------------------

void ReceiverConnection::on_input() {
  if (state_ == State::Ready) {
    user_.on_input();
  } else if (state_ == State::Greeting) {
    converse();
  }
}

void ReceiverConnection::on_writable() {
  if (state_ == State::Ready) user_.on_writable();
}

void ReceiverConnection::on_closed(const Error& error) {
  switch (state_) {
    case State::Securing:
      if (retry_with_old_versions(error)) return;
      tls_failed(error.detail);
      return;
    case State::Greeting: {
      const Dial* const before = dial_.get();
      converse();  // the last words
      if (state_ == State::Greeting && dial_.get() == before) {
        closed(dialog_->connection_lost(error.detail), ConnectionFailure::Lost);
      } else if (state_ == State::Securing) {
        tls_failed(error.detail);
      } else if (state_ == State::Ready) {
        user_.on_lost(error);
      }
      return;
    }
    case State::Ready:
      user_.on_lost(error);
      return;
    case State::Connecting:
    case State::Closed:
      return;
  }
}

void ReceiverConnection::on_timeout() {
  switch (state_) {
    case State::Securing:
      tls_failed("the handshake timed out");
      return;
    case State::Greeting:
      closed(dialog_->connection_lost("timed out"), ConnectionFailure::TimedOut);
      return;
    case State::Connecting:
    case State::Ready:
    case State::Closed:
      return;
  }
}

}  // namespace signpost::delivery
