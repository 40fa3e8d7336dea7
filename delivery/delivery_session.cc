#include "delivery/delivery_session.h"

#include "base/ascii.h"
#include "delivery/forbidden_address.h"
#include "delivery/provider.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace signpost::delivery {

namespace {

using smtp::ClientDialog;

constexpr std::chrono::seconds kHandshakeLimit{60};
constexpr std::chrono::seconds kIdleLimit{5};
constexpr std::chrono::seconds kHurriedGreeting{30};
// Otherwise an endless reply would fill the input without being recognized as too long.
static_assert(smtp::kMaxReplySize < net::Stream::kMaxInput);

constexpr std::chrono::milliseconds kQuickReply{50};  // to the end of data
constexpr std::size_t kSendAhead = 256 * 1024;        // octets of content waiting for the socket

const net::IpAddress* source_for(const config::Config& config, const net::IpAddress& target) {
  const auto& sources = config.delivery.source;
  const auto found = std::ranges::find(sources, target.is_v6(), &net::IpAddress::is_v6);
  return found == sources.end() ? nullptr : &*found;
}

// The host name that a server gives itself in its greeting (RFC 5321 section 4.2).
std::string_view greeting_name(const smtp::Reply& greeting) {
  return std::string_view(greeting.text).substr(0, greeting.text.find_first_of(" \n"));
}

}  // namespace

// state        waits for                        timer             then
// -----------  -------------------------------  ---------------- ----------------------------------
// Resolving    the next address of the site     none: the         Connecting; Ended when there
//                                               resolver's        are no more
// Connecting   the TCP connection               connect_timeout   Greeting; the next address
// Greeting     greeting, EHLO, STARTTLS         the dialog's      Securing; a job; the next address
// Securing     the TLS handshake                kHandshakeLimit   Greeting; the same address in
//                                                                 clear; the next address
// Loading      the message of a job, from the   none              Transacting; another job
//              store
// Transacting  replies, room to send content    the dialog's      the next job
// Idle         wake()                           kIdleLimit        a job; Quitting
// Quitting     the reply to QUIT                the dialog's      Ended
// Ended        its destruction                  none
//
// A job is taken only when the connection is ready. A connection that never gets there counts as an
// attempt of one job, which the scheduler chooses. From Loading on, the site knows that the
// connection carries mail.
void DeliverySession::enter(State state) {
  state_ = state;
  switch (state) {
    case State::Resolving:
    case State::Loading:
    case State::Ended:
      timer_.stop();
      return;
    case State::Connecting:
      timer_.start(settings_->config->delivery.connect_timeout);
      return;
    case State::Securing:
      timer_.start(kHandshakeLimit);
      return;
    case State::Idle:
      timer_.start(kIdleLimit);
      return;
    case State::Greeting:
    case State::Transacting:
    case State::Quitting:
      timer_.start(talk_limit());
      return;
  }
}

// RFC 5321 section 4.5.3.2 gives a greeting five minutes, which a silent host may hold a connection
// for while others have none.
std::chrono::milliseconds DeliverySession::talk_limit() const {
  const std::chrono::milliseconds limit = dialog_->timeout();
  const bool hurried = state_ == State::Greeting && host_.short_of_connections();
  return hurried ? std::min<std::chrono::milliseconds>(limit, kHurriedGreeting) : limit;
}

void DeliverySession::hurry() {
  if (state_ == State::Greeting) timer_.start(talk_limit());
}

bool DeliverySession::is_ready() const {
  return state_ == State::Loading || state_ == State::Transacting || state_ == State::Idle ||
         state_ == State::Quitting;
}

DeliverySession::DeliverySession(SessionHost& host, std::uint64_t id, SitePtr site)
    : host_(host),
      id_(id),
      site_(std::move(site)),
      settings_(host.context().settings),
      hop_(host.hop(*site_)),
      began_(host.context().clock.steady_now()),
      walk_(host.context().loop, host.context().resolver, hop_,
            {[this](const std::string& name, const net::SocketAddress& address) {
               return forbidden(name, address);
             },
             [this](const net::SocketAddress& address) {
               return host_.dead_addresses().contains(address, host_.context().clock.steady_now());
             },
             [this](HostWalk::Target target) {
               target_ = std::move(target);
               connect();
             },
             [this](const Disposition& why) { exhausted(why); }}),
      timer_(host.context().loop, [this] { on_timeout(); }) {}

DeliverySession::~DeliverySession() {
  if (provider_) host_.context().metrics.connections(*provider_).add(-1);
}

void DeliverySession::start() { walk_.next(); }

// A host ----------------------------------------------------------------------------------------

// What strangers write into the DNS must not lead to this machine or its neighbours. For good, as
// with a null MX: the sender learns now, not when the mail expires, that this domain takes no mail.
std::optional<Disposition> DeliverySession::forbidden(const std::string& host,
                                                      const net::SocketAddress& address) const {
  const config::Config& config = *settings_->config;
  if (is_own_listener(address, config, host_.local_addresses())) {
    return local(Outcome::Failed, {5, 4, 6},
                 fmt::format("mail for {} ({}) loops back to this relay", host, address.text()));
  }
  // An address in a route is the operator's word as much as delivery.source is.
  const bool named = hop_.routed && net::IpAddress::parse(host);
  if (!named && lacks_source(address.ip, config.delivery)) {
    return local(Outcome::Delayed, {4, 4, 4},
                 fmt::format("the mail server {} has the address {}, and delivery.source none of "
                             "its kind to send from",
                             host, address.ip.text()));
  }
  if (hop_.routed) return {};
  const auto kind = forbidden_network(address.ip, config.delivery);
  if (!kind) return {};
  return local(Outcome::Failed, {5, 4, 4},
               fmt::format("the mail server {} has the {} address {}, where no mail is sent", host,
                           *kind, address.ip.text()));
}

void DeliverySession::connect() {
  tls_.reset();
  dialog_.reset();
  if (!host_.take_place(site_, target_.address.ip)) {
    crowded_ = true;
    enter(State::Resolving);
    walk_.next();
    return;
  }
  place_ = target_.address.ip;
  enter(State::Connecting);
  auto stream = net::Stream::connect(host_.context().loop, target_.address,
                                     source_for(*settings_->config, target_.address.ip), *this);
  if (!stream) {
    host_failed(local(Outcome::Delayed, {4, 4, 1},
                      fmt::format("connecting to {} ({}) failed: {}", target_.host,
                                  target_.address.text(), stream.error().detail)),
                true);
    return;
  }
  stream_ = std::move(*stream);
}

void DeliverySession::on_connected() {
  host_.dead_addresses().answered(target_.address);
  provider_ = provider_of(target_.host);
  host_.context().metrics.connections(*provider_).add(1);
  smtp::ClientOptions options;
  options.hostname = settings_->config->hostname;
  options.starttls = target_.tls.starttls;
  dialog_.emplace(std::move(options));
  enter(State::Greeting);
}

void DeliverySession::drop_stream() {
  timer_.stop();
  if (provider_) host_.context().metrics.connections(*provider_).add(-1);
  provider_.reset();
  // A callback of the stream may be calling us.
  host_.context().loop.defer([stream = std::move(stream_)] {});
  if (place_) host_.give_back_place(*std::exchange(place_, std::nullopt));
}

void DeliverySession::host_failed(Disposition failure, bool try_next_host) {
  host_.context().events.emit(relay::events::ConnectionFailed{.session = log_id(),
                                                              .mx = target_.host,
                                                              .address = target_.address.text(),
                                                              .reply = failure.reply.one_line()});
  if (state_ == State::Connecting) {
    host_.dead_addresses().failed(target_.address, host_.context().clock.steady_now());
  }
  drop_stream();
  failure_ = std::move(failure);
  if (draining()) {
    end(std::nullopt);
  } else if (!try_next_host) {
    end(failure_);
  } else {
    enter(State::Resolving);
    walk_.next();
  }
}

void DeliverySession::exhausted(const Disposition& why) {
  if (crowded_ && !failure_) {
    end(std::nullopt);
    return;
  }
  // What a host said matters more than that there were no more hosts.
  if (!failure_) {
    host_.context().events.emit(relay::events::NoHost{
        .session = log_id(), .next_hop = hop_.key, .reply = why.reply.one_line()});
  }
  end(failure_ ? *failure_ : why);
}

void DeliverySession::tls_failed(std::string_view detail) {
  using OnFailure = TlsRequirement::OnFailure;
  const bool retry_in_clear = target_.tls.on_failure == OnFailure::Clear;
  host_.context().events.emit(
      relay::events::TlsFailed{.session = log_id(),
                               .direction = relay::TlsDirection::Out,
                               .mx = target_.host,
                               .address = target_.address.text(),
                               .detail = detail,
                               .then = retry_in_clear ? "in clear" : "not delivered"});
  if (!retry_in_clear) {
    refused_for_tls(handshake_failed(target_.tls, detail));
    return;
  }
  drop_stream();
  target_.tls = decide_tls(hop_.tls, target_.host, target_.security, TlsTry::AfterFailedHandshake);
  connect();
}

void DeliverySession::refused_for_tls(const TlsRefusal& refusal) {
  host_failed(local(Outcome::Delayed, refusal.status, refusal.text),
              target_.tls.on_failure != TlsRequirement::OnFailure::Defer);
}

void DeliverySession::on_secured(const net::TlsFacts& facts) {
  tls_ = facts;
  host_.context().events.emit(relay::events::TlsEstablished{.session = log_id(),
                                                            .direction = relay::TlsDirection::Out,
                                                            .mx = target_.host,
                                                            .address = target_.address.text(),
                                                            .version = facts.version,
                                                            .cipher = facts.cipher,
                                                            .trust = facts.trust});
  if (const auto judged = judge_handshake(target_.tls, facts); !judged) {
    refused_for_tls(judged.error());
    return;
  }
  dialog_->tls_started(stream_->output());
  stream_->flush();
  enter(State::Greeting);
}

bool DeliverySession::greeted() {
  if (hop_.mx &&
      ascii::equals_ignore_case(greeting_name(dialog_->greeting()), settings_->config->hostname)) {
    host_failed(local(Outcome::Failed, {5, 4, 6},
                      fmt::format("mail for {} loops back to this relay", hop_.hosts.front().name)),
                false);
    return false;
  }
  if (const smtp::Reply& refusal = dialog_->tls_refusal(); refusal.code != 0) {
    host_.context().events.emit(relay::events::TlsRefused{.session = log_id(),
                                                          .mx = target_.host,
                                                          .address = target_.address.text(),
                                                          .reply = refusal.one_line(),
                                                          .then = "in clear"});
  }
  failure_.reset();
  host_.connection_ready(*site_);
  return true;
}

// The connection --------------------------------------------------------------------------------

void DeliverySession::on_input() { pump(); }

void DeliverySession::on_writable() {
  if (state_ != State::Transacting || !current_ || !current_->content) return;
  send_content();
  timer_.start(talk_limit());
  if (!current_->content) pump();
}

void DeliverySession::on_closed(const Error& error) {
  switch (state_) {
    case State::Connecting:
      host_failed(local(Outcome::Delayed, {4, 4, 1},
                        fmt::format("connecting to {} ({}) failed: {}", target_.host,
                                    target_.address.text(), error.detail)),
                  true);
      return;
    case State::Securing:
      tls_failed(error.detail);
      return;
    case State::Greeting:
    case State::Transacting:
    case State::Quitting: {
      const State before = state_;
      pump();  // the last words
      if (state_ == before) closed(dialog_->connection_lost(error.detail));
      return;
    }
    case State::Loading:
      closed(dialog_->connection_lost(error.detail));
      return;
    case State::Idle:
      drop_stream();
      end(std::nullopt);
      return;
    case State::Resolving:
    case State::Ended:
      return;
  }
}

void DeliverySession::pump() {
  if (state_ == State::Loading) return;  // no reply is due: read with the next transaction
  if (state_ == State::Idle) {           // the peer says goodbye
    (void)host_.leave_idle(*site_, ref());
    enter(State::Transacting);
  }
  const auto talks = [this] {
    return state_ == State::Greeting || state_ == State::Transacting || state_ == State::Quitting;
  };
  bool progress = false;
  while (talks()) {
    const std::size_t waiting = stream_->input().size();
    auto step = dialog_->advance(stream_->input(), stream_->output());
    progress |= stream_->input().size() != waiting;
    if (!carry_out(step)) break;
    progress = true;
  }
  if (!stream_ || state_ == State::Securing) return;
  stream_->flush();
  stream_->resume_reading();
  // A peer that sends a reply in trickles does not gain time with each octet.
  if (progress && talks()) timer_.start(talk_limit());
}

bool DeliverySession::carry_out(ClientDialog::Step& step) {
  if (std::holds_alternative<ClientDialog::AwaitReply>(step)) return false;
  if (std::holds_alternative<ClientDialog::Ready>(step)) {
    if (state_ == State::Greeting && !greeted()) return false;
    return next_job();
  }
  if (std::holds_alternative<ClientDialog::SendContent>(step)) {
    const auto& fields = signature(*current_).fields;
    const std::string& content = current_->pending.message->content();
    // All at once, with some room for doubled dots, so that the queue does not grow step by step.
    stream_->output().prepare(
        std::min(fields.size() + content.size() + content.size() / 64 + 512, kSendAhead));
    stream_->output().append(fields);
    current_->content.emplace(content);
    send_content();
    return !current_->content;
  }
  if (auto* done = std::get_if<ClientDialog::TransactionDone>(&step)) {
    transaction_done(done->result, "no reply");
    last_reply_took_ = host_.context().clock.steady_now() - content_sent_;
    if (current_->dispositions.size() == current_->pending.job.recipients.size()) settle_current();
    if (next_ && next_->early) current_ = std::move(next_);
    return true;
  }
  if (std::holds_alternative<ClientDialog::StartTls>(step)) {
    enter(State::Securing);
    stream_->start_tls_client(*settings_->client_tls, target_.tls.expected);
    return false;
  }
  closed(std::move(std::get<ClientDialog::Close>(step)));
  return false;
}

void DeliverySession::quit() {
  dialog_->quit(stream_->output());
  enter(State::Quitting);
}

void DeliverySession::closed(ClientDialog::Close close) {
  const std::string detail = close.detail.empty() ? close.reply.one_line() : close.detail;
  if (!is_ready()) {
    HostFailure failure = of_closed_session(close);
    host_failed(std::move(failure.disposition), failure.try_next_host);
    return;
  }
  if (close.reason != ClientDialog::Close::Reason::Quit) {
    host_.context().events.emit(
        relay::events::ConnectionClosed{.session = log_id(), .mx = target_.host, .detail = detail});
  }
  std::vector<std::unique_ptr<Attempt>> untried;
  if (next_) untried.push_back(std::move(next_));
  if (current_) {
    if (peer_hung_up_between_messages(close)) {
      if (current_->early && close.reply.code == 0) host_.forbid_early(*site_);
      untried.push_back(std::move(current_));
    } else {
      if (close.transaction) transaction_done(*close.transaction, detail);
      // Recipients whose transaction never began get the reason for which the session ended.
      const Disposition rest =
          close.reply.code != 0
              ? Disposition{Outcome::Delayed, close.reply}
              : local(Outcome::Delayed, {4, 4, 2},
                      fmt::format("{} while {}", detail, smtp::phase_text(close.phase)));
      current_->dispositions.resize(current_->pending.job.recipients.size(), rest);
      settle_current();
    }
  }
  drop_stream();
  end(std::nullopt);
  for (auto& one : untried) give_back(std::move(one));
}

// A server may close an idle connection just as we use it again: that says nothing about the
// message (RFC 5321 section 3.8).
bool DeliverySession::peer_hung_up_between_messages(const ClientDialog::Close& close) const {
  if (messages_ < 2 || !close.transaction || !current_->dispositions.empty()) return false;
  return std::ranges::all_of(close.transaction->recipients, [](const auto& recipient) {
    return recipient.phase == smtp::Phase::Mail &&
           (recipient.reply.code == 0 || recipient.reply.code == 421) &&
           !(recipient.reply.code == 0 && recipient.reply.status.present());
  });
}

void DeliverySession::end(const std::optional<Disposition>& failure) {
  if (state_ == State::Ended) return;
  const bool was_ready = is_ready();
  enter(State::Ended);
  host_.connection_ended(site_, ref(), was_ready, failure, began_, facts());
  host_.retire(id_);
}

void DeliverySession::wake() {
  if (state_ != State::Idle) return;
  enter(State::Transacting);
  if (next_job()) pump();
}

void DeliverySession::drain() {
  switch (state_) {
    case State::Idle:
      (void)host_.leave_idle(*site_, ref());  // woken or not, it is over
      quit();
      pump();
      return;
    case State::Resolving:
    case State::Connecting:
    case State::Securing:
    case State::Greeting:
      drop_stream();
      end(std::nullopt);
      return;
    case State::Loading:
    case State::Transacting:
    case State::Quitting:
    case State::Ended:
      return;
  }
}

void DeliverySession::on_timeout() {
  switch (state_) {
    case State::Connecting:
      host_failed(local(Outcome::Delayed, {4, 4, 1},
                        fmt::format("connecting to {} ({}) timed out", target_.host,
                                    target_.address.text())),
                  true);
      return;
    case State::Securing:
      tls_failed("the handshake timed out");
      return;
    case State::Idle:
      if (!host_.leave_idle(*site_, ref())) return;  // wake() is on its way
      quit();
      pump();
      return;
    case State::Greeting:
    case State::Transacting:
    case State::Quitting:
      closed(dialog_->connection_lost("timed out"));
      return;
    case State::Resolving:
    case State::Loading:
    case State::Ended:
      return;
  }
}

// Jobs ------------------------------------------------------------------------------------------

bool DeliverySession::next_job() {
  if (current_) {  // more recipients than one transaction holds, or begun early
    enter(State::Transacting);
    dialog_->begin(next_transaction(*current_), stream_->output());
    return true;
  }
  if (loading_next_) {
    enter(State::Loading);
    return false;
  }
  if (draining() || (!next_ && messages_ >= hop_.messages_per_connection)) {
    if (next_) give_back(std::move(next_));
    quit();
    return true;
  }
  if (next_) {  // taken, but it could not be begun early
    begin(std::move(next_));
    return true;
  }
  auto job = host_.take(site_, ref());
  if (!job) {
    const bool wanted = host_.short_of_connections() || host_.place_is_wanted(*place_);
    if (wanted && host_.leave_idle(*site_, ref())) {
      quit();
      return true;
    }
    enter(State::Idle);
    return false;
  }
  if (job->message) {
    begin(attempt_of(std::move(*job)));
    return true;
  }
  enter(State::Loading);
  host_.prepare(std::move(*job), [this, &host = host_, site = site_, alive = alive_.token()](
                                     std::optional<PendingJob> prepared) mutable {
    if (alive && state_ == State::Loading) {
      loaded(std::move(prepared));
    } else if (prepared) {
      host.give_back(site, std::move(*prepared));
    }
  });
  return false;
}

void DeliverySession::loaded(std::optional<PendingJob> job) {
  enter(State::Transacting);
  if (job) begin(attempt_of(std::move(*job)));
  if (job || next_job()) pump();
}

void DeliverySession::begin(std::unique_ptr<Attempt> attempt) {
  current_ = std::move(attempt);
  ++messages_;
  dialog_->begin(next_transaction(*current_), stream_->output());
  enter(State::Transacting);
}

std::unique_ptr<DeliverySession::Attempt> DeliverySession::attempt_of(PendingJob pending) {
  auto attempt = std::make_unique<Attempt>();
  attempt->pending = std::move(pending);
  attempt->reverse_path =
      smtp::ascii_domain_form(attempt->pending.message->envelope().reverse_path);
  return attempt;
}

const OutgoingMessage::Signature& DeliverySession::signature(const Attempt& attempt) {
  relay::Context& context = host_.context();
  return attempt.pending.message->signature(*settings_, context.clock.system_now(), context.events);
}

// The mail data is sent and its reply may take a while: the next job is sent behind it.
void DeliverySession::begin_early() {
  const bool last = current_->dispositions.size() + current_->mailboxes.size() ==
                    current_->pending.job.recipients.size();
  if (!last || next_ || loading_next_ || draining() || messages_ >= hop_.messages_per_connection ||
      !dialog_->can_begin_early() || !stream_->input().empty()) {
    return;
  }
  auto job = host_.take_early(site_, last_reply_took_ <= kQuickReply);
  if (!job) return;
  if (job->message) {
    loaded_early(std::move(job));
    return;
  }
  loading_next_ = true;
  host_.prepare(std::move(*job), [this, &host = host_, site = site_, alive = alive_.token()](
                                     std::optional<PendingJob> prepared) mutable {
    if (alive && state_ != State::Ended) {
      loading_next_ = false;
      loaded_early(std::move(prepared));
    } else if (prepared) {
      host.give_back(site, std::move(*prepared));
    }
  });
}

void DeliverySession::loaded_early(std::optional<PendingJob> job) {
  if (state_ == State::Loading) {  // the message before is done
    loaded(std::move(job));
    return;
  }
  if (!job) return;
  next_ = attempt_of(std::move(*job));
  // Otherwise it is begun when the message before is done.
  if (!current_ || current_->content || !dialog_->can_begin_early()) return;
  next_->early = dialog_->begin_early(next_transaction(*next_), stream_->output());
  if (!next_->early) return;
  ++messages_;
  stream_->flush();
}

smtp::ClientTransaction DeliverySession::next_transaction(Attempt& attempt) {
  const queue::Envelope& envelope = attempt.pending.message->envelope();
  const auto& recipients = attempt.pending.job.recipients;
  const std::size_t first = attempt.dispositions.size();
  const std::size_t count = std::min(recipients.size() - first, kRecipientsPerTransaction);

  smtp::ClientTransaction transaction;
  transaction.reverse_path = attempt.reverse_path;
  transaction.smtputf8 = envelope.smtputf8 || !ascii::is_ascii(attempt.reverse_path);
  attempt.mailboxes.clear();
  attempt.mailboxes.reserve(count);
  for (std::size_t i = first; i < first + count; ++i) {
    attempt.mailboxes.push_back(smtp::ascii_domain_form(recipients[i].mailbox));
    transaction.smtputf8 |= !ascii::is_ascii(attempt.mailboxes.back());
    transaction.recipients.push_back(
        {attempt.mailboxes.back(), recipients[i].notify, recipients[i].original_recipient});
  }
  transaction.size = attempt.pending.message->content().size() + signature(attempt).fields.size();
  transaction.eight_bit = envelope.eight_bit;
  transaction.ret = envelope.ret;
  transaction.envelope_id = envelope.envelope_id;
  return transaction;
}

void DeliverySession::send_content() {
  smtp::DotStuffer& content = *current_->content;
  ByteQueue& out = stream_->output();
  while (!content.done() && out.size() < kSendAhead) out.append(content.next(kSendAhead));
  if (content.done()) {
    current_->content.reset();
    dialog_->content_sent();
    content_sent_ = host_.context().clock.steady_now();
    begin_early();
  }
  stream_->flush();
}

void DeliverySession::transaction_done(const smtp::TransactionResult& result,
                                       const std::string& detail) {
  if (result.possibly_delivered) {
    host_.context().events.emit(
        relay::events::PossiblyDelivered{.id = current_->pending.job.ref.id.text(),
                                         .session = log_id(),
                                         .mx = target_.host,
                                         .address = target_.address.text(),
                                         .detail = detail});
  }
  for (const smtp::TransactionResult::Recipient& recipient : result.recipients) {
    current_->dispositions.push_back(of_recipient(recipient, detail));
  }
}

void DeliverySession::settle_current() {
  const std::unique_ptr<Attempt> attempt = std::move(current_);
  AttemptFacts known = facts();
  known.dkim = signature(*attempt).summary;
  host_.settle(std::move(attempt->pending), std::move(attempt->dispositions), std::move(known));
}

void DeliverySession::give_back(std::unique_ptr<Attempt> untried) {
  host_.give_back(site_, std::move(untried->pending));
}

AttemptFacts DeliverySession::facts() const {
  AttemptFacts facts;
  facts.session = log_id();
  facts.mx = target_.host;
  if (!target_.host.empty()) facts.address = target_.address.text();
  if (tls_) {
    facts.tls = tls_->version + (tls_->trust >= net::TlsTrust::Pkix ? " verified" : " unverified");
  }
  facts.provider = provider_.value_or(provider_of(target_.host));
  facts.dsn_handed_on = dialog_ && dialog_->extensions().dsn;
  return facts;
}

std::string DeliverySession::log_id() const {
  return fmt::format("{}.{}", host_.context().worker, id_);
}

}  // namespace signpost::delivery
