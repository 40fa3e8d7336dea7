#include "relay/delivery_session.h"

#include "base/ascii.h"
#include "base/log.h"
#include "relay/dispatch.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace signpost::relay {

namespace {

using smtp::ClientDialog;

constexpr std::chrono::seconds kHandshakeLimit{60};
constexpr std::chrono::seconds kIdleLimit{5};
// Else a reply without end would fill the input, and nobody would see that it is too long.
static_assert(smtp::kMaxReplySize < net::Stream::kMaxInput);

constexpr std::chrono::milliseconds kQuickReply{50};  // to the end of data
constexpr std::size_t kSendAhead = 256 * 1024;        // octets of content waiting for the socket

smtp::TlsUse tls_use(config::TlsPolicy policy, bool in_clear) {
  switch (policy) {
    case config::TlsPolicy::Off:
      return smtp::TlsUse::Off;
    case config::TlsPolicy::Opportunistic:
      return in_clear ? smtp::TlsUse::Off : smtp::TlsUse::IfOffered;
    case config::TlsPolicy::Encrypt:
    case config::TlsPolicy::Verify:
      return smtp::TlsUse::Required;
  }
  return smtp::TlsUse::Required;
}

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

DeliverySession::DeliverySession(Worker& worker, std::uint64_t id,
                                 std::shared_ptr<Destination> destination)
    : worker_(worker),
      id_(id),
      destination_(std::move(destination)),
      settings_(worker.settings()),
      hop_(destination_->hop()),
      walk_(worker.loop(), worker.resolver(), hop_, settings_->config->hostname,
            {[this](HostWalk::Target target) {
               target_ = std::move(target);
               in_clear_ = false;
               connect();
             },
             [this](const Disposition& why) { exhausted(why); }}),
      timer_(worker.loop(), [this] { on_timeout(); }) {}

DeliverySession::~DeliverySession() {
  if (counted_) worker_.metrics().connections(provider_).add(-1);
  for (const auto& one : {&current_, &next_}) {
    if (*one) worker_.relay().in_transaction.fetch_sub(1);
  }
}

void DeliverySession::enter(State state) { state_ = state; }

void DeliverySession::start() { walk_.next(); }

void DeliverySession::connect() {
  enter(State::Connecting);
  tls_.reset();
  dialog_.reset();
  const config::Config& config = *settings_->config;
  auto stream = net::Stream::connect(worker_.loop(), target_.address,
                                     source_for(config, target_.address.ip), *this);
  if (!stream) {
    host_failed(local(Outcome::Delayed, {4, 4, 1},
                      fmt::format("connecting to {} ({}) failed: {}", target_.host,
                                  target_.address.text(), stream.error().detail)),
                true);
    return;
  }
  stream_ = std::move(*stream);
  timer_.start(config.delivery.connect_timeout);
}

void DeliverySession::on_connected() {
  enter(State::Talking);
  provider_ = provider_of(target_.host);
  worker_.metrics().connections(provider_).add(1);
  counted_ = true;
  smtp::ClientOptions options;
  options.hostname = settings_->config->hostname;
  options.starttls = tls_use(hop_.tls, in_clear_);
  dialog_.emplace(std::move(options));
  arm_timer();
}

void DeliverySession::drop_stream() {
  timer_.stop();
  if (std::exchange(counted_, false)) worker_.metrics().connections(provider_).add(-1);
  // A callback of the stream may be what we are called from.
  worker_.loop().defer([stream = std::move(stream_)] {});
}

void DeliverySession::host_failed(Disposition failure, bool try_next_host) {
  log::info("connection_failed", {{"session", log_id()},
                                  {"mx", target_.host},
                                  {"address", target_.address.text()},
                                  {"reply", failure.reply.one_line()}});
  drop_stream();
  failure_ = std::move(failure);
  if (!try_next_host || draining_) {
    end(draining_ ? std::nullopt : failure_);
    return;
  }
  enter(State::Walking);
  walk_.next();
}

void DeliverySession::exhausted(const Disposition& why) {
  // What a host said weighs more than that there were no more hosts.
  if (!failure_) {
    log::info("no_host",
              {{"session", log_id()}, {"next_hop", hop_.key}, {"reply", why.reply.one_line()}});
  }
  end(failure_ ? *failure_ : why);
}

void DeliverySession::tls_failed(const std::string& detail) {
  worker_.metrics().tls_failures(TlsDirection::Out).add();
  const bool retry_in_clear = hop_.tls == config::TlsPolicy::Opportunistic;
  log::warning("tls_failed", {{"session", log_id()},
                              {"direction", "out"},
                              {"mx", target_.host},
                              {"address", target_.address.text()},
                              {"detail", detail},
                              {"then", retry_in_clear ? "in clear" : "not delivered"}});
  if (!retry_in_clear) {
    host_failed(local(Outcome::Delayed, {4, 7, 5},
                      fmt::format("TLS with {} failed: {}", target_.host, detail)),
                true);
    return;
  }
  drop_stream();
  in_clear_ = true;
  connect();
}

void DeliverySession::on_secured(const net::TlsFacts& facts) {
  tls_ = facts;
  worker_.metrics()
      .tls_handshakes(TlsDirection::Out, facts.version,
                      facts.verified ? TlsTrust::Pkix : TlsTrust::Unverified)
      .add();
  if (hop_.tls == config::TlsPolicy::Verify && !facts.verified) {
    host_failed(local(Outcome::Delayed, {4, 7, 5},
                      fmt::format("the certificate of {} is not trusted: {}", target_.host,
                                  facts.verify_error)),
                true);
    return;
  }
  enter(State::Talking);
  dialog_->tls_started(stream_->output());
  stream_->flush();
  arm_timer();
}

void DeliverySession::on_input() { pump(); }

void DeliverySession::on_writable() {
  if (state_ != State::Talking || !current_ || !current_->content) return;
  send_content();
  arm_timer();
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
    case State::Talking:
      pump();  // the last words
      if (state_ == State::Talking) closed(dialog_->connection_lost(error.detail));
      return;
    case State::Idle:
      drop_stream();
      end(std::nullopt);
      return;
    case State::Walking:
    case State::Ended:
      return;
  }
}

void DeliverySession::pump() {
  if (state_ == State::Idle) {  // the peer speaks up: it says good-bye
    (void)destination_->leave_idle(ref());
    enter(State::Talking);
  }
  bool progress = false;
  while (state_ == State::Talking) {
    const std::size_t waiting = stream_->input().size();
    auto step = dialog_->advance(stream_->input(), stream_->output());
    progress |= stream_->input().size() != waiting;
    if (!carry_out(step)) break;
    progress = true;
  }
  if (!stream_) return;
  if (state_ == State::Talking || state_ == State::Idle || quitting_) {
    stream_->flush();
    stream_->resume_reading();
  }
  // A peer that trickles half a reply does not win time with each octet.
  if (progress && state_ == State::Talking) arm_timer();
}

bool DeliverySession::carry_out(ClientDialog::Step& step) {
  if (std::holds_alternative<ClientDialog::AwaitReply>(step)) return false;
  if (std::holds_alternative<ClientDialog::Ready>(step)) return ready();
  if (std::holds_alternative<ClientDialog::SendContent>(step)) {
    const auto& signature =
        current_->job.message->signature(*worker_.settings(), worker_.metrics());
    const std::string& content = current_->job.message->content();
    // All at once, with some room for doubled dots: else the queue would grow step by step.
    stream_->output().prepare(
        std::min(signature.fields.size() + content.size() + content.size() / 64 + 512, kSendAhead));
    stream_->output().append(signature.fields);
    current_->content.emplace(content);
    send_content();
    return !current_->content;
  }
  if (auto* done = std::get_if<ClientDialog::TransactionDone>(&step)) {
    transaction_done(done->result, "no reply");
    last_reply_took_ = worker_.loop().now() - content_sent_;
    if (current_->dispositions.size() == current_->job.job.recipients.size()) complete_current();
    if (next_ && next_->early) current_ = std::move(next_);
    return true;
  }
  if (std::holds_alternative<ClientDialog::StartTls>(step)) {
    enter(State::Securing);
    timer_.start(kHandshakeLimit);
    stream_->start_tls_client(*settings_->client_tls, target_.host);
    return false;
  }
  closed(std::move(std::get<ClientDialog::Close>(step)));
  return false;
}

bool DeliverySession::ready() {
  if (!was_ready_) {
    if (hop_.mx && ascii::equals_ignore_case(greeting_name(dialog_->greeting()),
                                             settings_->config->hostname)) {
      host_failed(local(Outcome::Failed, {5, 4, 6},
                        fmt::format("mail for {} loops back to this relay", hop_.host)),
                  false);
      return false;
    }
    if (const smtp::Reply& refusal = dialog_->tls_refusal(); refusal.code != 0) {
      log::warning("tls_refused", {{"session", log_id()},
                                   {"mx", target_.host},
                                   {"address", target_.address.text()},
                                   {"reply", refusal.one_line()},
                                   {"then", "in clear"}});
      worker_.metrics().tls_failures(TlsDirection::Out).add();
    }
    was_ready_ = true;
    failure_.reset();
    destination_->connection_ready();
  }
  if (!current_) {
    if (draining_ || messages_ >= hop_.messages_per_connection) {
      quit();
      return true;
    }
    current_ = std::move(next_);  // taken, but it could not be begun early
  }
  if (!current_) {
    auto job = destination_->take_or_idle(ref());
    if (!job) {
      if (worker_.short_of_connections() && destination_->leave_idle(ref())) {
        quit();
        return true;
      }
      enter(State::Idle);
      timer_.start(kIdleLimit);
      return false;
    }
    current_ = taken(std::move(*job));
  }
  ++messages_;
  dialog_->begin(next_transaction(*current_), stream_->output());
  return true;
}

std::unique_ptr<DeliverySession::Current> DeliverySession::taken(PendingJob job) {
  auto current = std::make_unique<Current>();
  current->job = std::move(job);
  current->reverse_path = smtp::ascii_domain_form(current->job.message->envelope().reverse_path);
  worker_.relay().in_transaction.fetch_add(1);
  return current;
}

// The mail data is sent and its reply may take its time: what waits is put behind it.
void DeliverySession::begin_early() {
  const bool last = current_->dispositions.size() + current_->mailboxes.size() ==
                    current_->job.job.recipients.size();
  if (!last || draining_ || messages_ >= hop_.messages_per_connection ||
      !dialog_->can_begin_early() || !stream_->input().empty()) {
    return;
  }
  auto job = destination_->take_early(last_reply_took_ <= kQuickReply);
  if (!job) return;
  auto next = taken(std::move(*job));
  next->early = dialog_->begin_early(next_transaction(*next), stream_->output());
  if (next->early) ++messages_;
  next_ = std::move(next);
}

smtp::ClientTransaction DeliverySession::next_transaction(Current& current) {
  const queue::Envelope& envelope = current.job.message->envelope();
  const auto& recipients = current.job.job.recipients;
  const std::size_t first = current.dispositions.size();
  const std::size_t count = std::min(recipients.size() - first, kRecipientsPerTransaction);

  smtp::ClientTransaction transaction;
  transaction.reverse_path = current.reverse_path;
  transaction.smtputf8 = envelope.smtputf8 || !ascii::is_ascii(current.reverse_path);
  current.mailboxes.clear();
  current.mailboxes.reserve(count);
  for (std::size_t i = first; i < first + count; ++i) {
    current.mailboxes.push_back(smtp::ascii_domain_form(recipients[i].mailbox));
    transaction.smtputf8 |= !ascii::is_ascii(current.mailboxes.back());
    transaction.recipients.push_back(
        {current.mailboxes.back(), recipients[i].notify, recipients[i].original_recipient});
  }
  transaction.size =
      current.job.message->content().size() +
      current.job.message->signature(*worker_.settings(), worker_.metrics()).fields.size();
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
    content_sent_ = worker_.loop().now();
    begin_early();
  }
  stream_->flush();
}

void DeliverySession::transaction_done(const smtp::TransactionResult& result,
                                       const std::string& detail) {
  if (result.possibly_delivered) {
    log::warning("possibly_delivered", {{"id", current_->job.job.ref.id.text()},
                                        {"mx", target_.host},
                                        {"address", target_.address.text()},
                                        {"detail", detail}});
  }
  for (const smtp::TransactionResult::Recipient& recipient : result.recipients) {
    current_->dispositions.push_back(of_recipient(recipient, detail));
  }
}

void DeliverySession::complete_current() {
  Current current = std::move(*current_);
  current_.reset();
  worker_.relay().in_transaction.fetch_sub(1);
  AttemptFacts attempt = facts();
  attempt.dkim = current.job.message->signature(*worker_.settings(), worker_.metrics()).summary;
  complete(worker_, std::move(current.job), std::move(current.dispositions), std::move(attempt));
}

// A server may close a connection that idles at the very moment when we use it again: that says
// nothing about the message (RFC 5321 section 3.8).
bool DeliverySession::peer_hung_up_between_messages(const ClientDialog::Close& close) const {
  if (messages_ < 2 || !close.transaction || !current_->dispositions.empty()) return false;
  return std::ranges::all_of(close.transaction->recipients, [](const auto& recipient) {
    return recipient.phase == smtp::Phase::Mail &&
           (recipient.reply.code == 0 || recipient.reply.code == 421) &&
           !(recipient.reply.code == 0 && recipient.reply.status.present());
  });
}

void DeliverySession::closed(ClientDialog::Close close) {
  const std::string detail = close.detail.empty() ? close.reply.one_line() : close.detail;
  if (!was_ready_) {
    HostFailure failure = of_closed_session(close);
    host_failed(std::move(failure.disposition), failure.try_next_host);
    return;
  }
  if (close.reason != ClientDialog::Close::Reason::Quit) {
    log::debug("connection_closed",
               {{"session", log_id()}, {"mx", target_.host}, {"detail", detail}});
  }
  std::vector<std::unique_ptr<Current>> untried;
  if (next_) untried.push_back(std::move(next_));
  if (current_) {
    if (peer_hung_up_between_messages(close)) {
      if (current_->early && close.reply.code == 0) destination_->forbid_early();
      untried.push_back(std::move(current_));
    } else {
      if (close.transaction) transaction_done(*close.transaction, detail);
      // Recipients whose transaction never began share what ended the session.
      const Disposition rest =
          close.reply.code != 0
              ? Disposition{Outcome::Delayed, close.reply}
              : local(Outcome::Delayed, {4, 4, 2},
                      fmt::format("{} while {}", detail, smtp::phase_text(close.phase)));
      current_->dispositions.resize(current_->job.job.recipients.size(), rest);
      complete_current();
    }
  }
  drop_stream();
  end(std::nullopt);
  for (auto& one : untried) give_back(std::move(one));
}

void DeliverySession::give_back(std::unique_ptr<Current> untried) {
  worker_.relay().in_transaction.fetch_sub(1);
  dispatch(worker_, std::move(untried->job));
}

void DeliverySession::quit() {
  quitting_ = true;
  dialog_->quit(stream_->output());
}

void DeliverySession::end(const std::optional<Disposition>& failure) {
  if (state_ == State::Ended) return;
  enter(State::Ended);
  timer_.stop();
  auto ended = destination_->connection_ended(ref(), was_ready_, failure, worker_.loop().now());
  settle(worker_, destination_, std::move(ended), failure);
  worker_.retire(*this);
}

void DeliverySession::wake() {
  if (state_ != State::Idle) return;
  enter(State::Talking);
  if (ready()) pump();
}

void DeliverySession::drain() {
  draining_ = true;
  switch (state_) {
    case State::Idle:
      (void)destination_->leave_idle(ref());  // woken or not, it is over
      enter(State::Talking);
      quit();
      pump();
      return;
    case State::Walking:
    case State::Connecting:
    case State::Securing:
      drop_stream();
      end(std::nullopt);
      return;
    case State::Talking:
      if (was_ready_) return;
      drop_stream();
      end(std::nullopt);
      return;
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
      if (!destination_->leave_idle(ref())) return;  // wake() is on its way
      enter(State::Talking);
      quit();
      pump();
      return;
    case State::Talking:
      closed(dialog_->connection_lost("timed out"));
      return;
    case State::Walking:
    case State::Ended:
      return;
  }
}

void DeliverySession::arm_timer() { timer_.start(dialog_->timeout()); }

AttemptFacts DeliverySession::facts() const {
  AttemptFacts facts;
  facts.mx = target_.host;
  facts.address = target_.address.text();
  if (tls_) facts.tls = tls_->version + (tls_->verified ? " verified" : " unverified");
  facts.provider = provider_;
  facts.dsn_handed_on = dialog_->extensions().dsn;
  return facts;
}

std::string DeliverySession::log_id() const { return fmt::format("{}.{}", worker_.index(), id_); }

}  // namespace signpost::relay
