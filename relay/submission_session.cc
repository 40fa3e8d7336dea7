#include "relay/submission_session.h"

#include "base/ascii.h"
#include "base/log.h"
#include "message/received.h"
#include "relay/authenticator.h"
#include "relay/dispatch.h"
#include "relay/next_hop.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

namespace signpost::relay {

namespace {

constexpr std::chrono::seconds kHandshakeLimit{30};
constexpr std::chrono::seconds kCloseLimit{5};  // for the peer to take the last reply
constexpr std::size_t kMinDataRate = 500;       // octets of mail data a second, on average
// What finds no room in memory waits so long in the due index.
constexpr std::chrono::seconds kOverflowDelay{30};

bool is_trusted(const config::ListenerConfig& listener, const net::IpAddress& peer) {
  return std::ranges::any_of(listener.trusted_networks,
                             [&](const net::Network& network) { return network.contains(peer); });
}

smtp::Reply reply(int code, smtp::EnhancedStatus status, std::string text) {
  return {code, status, std::move(text)};
}

smtp::Reply insufficient_memory() {
  return reply(452, {4, 3, 1}, "Insufficient memory, try again later");
}

std::string domain_of(std::string_view mailbox) {
  const std::size_t at = mailbox.rfind('@');
  return std::string(at == std::string_view::npos ? std::string_view() : mailbox.substr(at + 1));
}

// The recipients of one domain are one job. The order of first mention is kept.
std::vector<queue::Job> group_by_domain(const queue::MessageId& id,
                                        const std::vector<smtp::AcceptedRecipient>& recipients,
                                        const std::string& own_domain) {
  std::vector<queue::Job> jobs;
  std::unordered_map<std::string, std::size_t> index;
  for (const smtp::AcceptedRecipient& accepted : recipients) {
    // <Postmaster> without a domain is ours (RFC 5321 section 4.1.1.3).
    const std::string& domain =
        accepted.mailbox.domain.empty() ? own_domain : accepted.mailbox.domain;
    const auto [slot, fresh] = index.try_emplace(domain, jobs.size());
    if (fresh) {
      queue::Job job;
      job.ref = {id, static_cast<std::uint16_t>(jobs.size()), 0};
      job.domain = domain;
      jobs.push_back(std::move(job));
    }
    jobs[slot->second].recipients.push_back(
        {accepted.mailbox.local_part + "@" + domain, accepted.notify, accepted.original_recipient});
  }
  return jobs;
}

}  // namespace

SubmissionSession::SubmissionSession(Worker& worker, std::uint64_t id,
                                     const config::ListenerConfig& listener, int fd,
                                     const net::SocketAddress& peer)
    : worker_(worker),
      id_(id),
      settings_(worker.settings()),
      listener_(listener.name),
      mode_(listener.mode),
      peer_(peer),
      trusted_(is_trusted(listener, peer.ip)),
      auth_offered_(listener.auth != config::AuthMode::Off && settings_->users != nullptr),
      stream_(worker.loop(), fd, *this),
      timer_(worker.loop(), [this] { on_timeout(); }),
      dialog_(dialog_options(*settings_, listener, peer.ip, trusted_), *this) {}

SubmissionSession::~SubmissionSession() {
  discard();
  if (admitted_) {
    worker_.relay().admission.end_session(peer_.ip, trusted_);
    worker_.metrics().sessions(listener_).add(-1);
  }
}

smtp::ServerOptions SubmissionSession::dialog_options(const Settings& settings,
                                                      const config::ListenerConfig& listener,
                                                      const net::IpAddress& peer, bool trusted) {
  const config::Config& config = *settings.config;
  smtp::ServerOptions options;
  options.hostname = config.hostname;
  options.size_limit = config.limits.message_size;
  options.recipients_limit = config.limits.recipients_per_message;
  options.tls = listener.mode == config::ListenerMode::Implicit;
  options.offer_starttls =
      listener.mode == config::ListenerMode::StartTls && settings.tls != nullptr;
  const bool auth = listener.auth != config::AuthMode::Off && settings.users != nullptr;
  // Credentials travel under TLS or within this machine, never in clear over a network.
  options.offer_auth = auth && (options.tls || peer.is_loopback());
  options.require_auth = listener.auth == config::AuthMode::Required && !trusted;
  options.require_tls = options.offer_starttls && options.require_auth && !peer.is_loopback();
  return options;
}

void SubmissionSession::start() {
  worker_.metrics().sessions_total(listener_).add();
  admitted_ = worker_.relay().admission.begin_session(peer_.ip, trusted_);
  if (admitted_) worker_.metrics().sessions(listener_).add(1);
  if (mode_ == config::ListenerMode::Implicit) {
    timer_.start(kHandshakeLimit);
    stream_.start_tls_server(*settings_->tls);
    return;
  }
  if (!admitted_) {
    reject("sessions", reply(421, {4, 7, 0}, "too many sessions"));
    dialog_.shut_down({4, 7, 0}, "Too many sessions, try again later", stream_.output());
  } else {
    dialog_.greet(stream_.output());
  }
  pump();
}

void SubmissionSession::drain() {
  draining_ = true;
  if (waiting_ || dialog_.in_transaction()) return;
  dialog_.shut_down({4, 3, 2}, "Service is closing", stream_.output());
  pump();
}

void SubmissionSession::on_secured(const net::TlsFacts& facts) {
  tls_ = facts;
  worker_.metrics().tls_handshakes(TlsDirection::In, facts.version, TlsTrust::None).add();
  if (mode_ == config::ListenerMode::Implicit) {
    if (!admitted_) {
      reject("sessions", reply(421, {4, 7, 0}, "too many sessions"));
      dialog_.shut_down({4, 7, 0}, "Too many sessions, try again later", stream_.output());
    } else {
      dialog_.greet(stream_.output());
    }
  } else {
    dialog_.tls_started(auth_offered_);
  }
  waiting_ = false;
  pump();
}

void SubmissionSession::on_input() { pump(); }
void SubmissionSession::on_writable() { pump(); }

void SubmissionSession::on_closed(const Error& error) {
  if (mode_ == config::ListenerMode::Implicit ? !tls_ : waiting_ && !tls_ && !builder_) {
    worker_.metrics().tls_failures(TlsDirection::In).add();
    log::info("tls_failed", {{"session", log_id()},
                             {"direction", "in"},
                             {"address", peer_.text()},
                             {"detail", error.detail}});
  } else if (!closing_) {
    log::debug("session_lost", {{"session", log_id()}, {"detail", error.detail}});
  }
  timer_.stop();
  worker_.retire(*this);
}

void SubmissionSession::pump() {
  if (pumping_ || closing_) return;
  pumping_ = true;
  const std::size_t waiting = stream_.input().size();
  while (!waiting_ && !closing_) {
    // A client that sends commands and takes no replies gets no more of them.
    if (stream_.unsent() > net::Stream::kMaxInput) break;
    auto step = dialog_.advance(stream_.input(), stream_.output());
    if (std::holds_alternative<smtp::ServerDialog::NeedInput>(step)) {
      if (draining_ && !dialog_.in_transaction()) {
        draining_ = false;
        dialog_.shut_down({4, 3, 2}, "Service is closing", stream_.output());
        continue;
      }
      break;
    }
    if (std::holds_alternative<smtp::ServerDialog::StartTls>(step)) {
      waiting_ = true;
      timer_.start(kHandshakeLimit);
      stream_.start_tls_server(*settings_->tls);
    } else if (auto* request = std::get_if<smtp::ServerDialog::CheckPassword>(&step)) {
      waiting_ = true;
      check_password(std::move(*request));
    } else if (std::holds_alternative<smtp::ServerDialog::StoreMessage>(step)) {
      waiting_ = true;
      store_message();
    } else {
      close(std::get<smtp::ServerDialog::Close>(step).reason);
    }
  }
  account_content();
  const bool progress = stream_.input().size() != waiting || stream_.unsent() > unsent_;
  stream_.flush();
  stream_.resume_reading();
  unsent_ = stream_.unsent();
  if (!waiting_ && !closing_) arm_timer(progress);
  pumping_ = false;
}

// Time is won by a whole command line, and in mail data by a number of octets: a client that
// trickles does not hold its session for as long as it likes.
void SubmissionSession::arm_timer(bool progress) {
  const std::chrono::milliseconds idle = settings_->config->limits.idle_timeout;
  if (!dialog_.receiving_data()) {
    data_began_.reset();
    if (progress || !timer_.active()) timer_.start(idle);
    return;
  }
  const SteadyTime now = worker_.loop().now();
  if (!data_began_) data_began_ = now;
  const auto earned = std::chrono::seconds(dialog_.content_size() / kMinDataRate);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*data_began_ - now);
  timer_.start(std::clamp(left + idle + earned, std::chrono::milliseconds(0), idle));
}

void SubmissionSession::on_timeout() {
  if (closing_) {
    worker_.retire(*this);
    return;
  }
  if (waiting_) {
    // Only a TLS handshake is bounded here; a commit and a password check end by themselves.
    worker_.metrics().tls_failures(TlsDirection::In).add();
    worker_.retire(*this);
    return;
  }
  log::info("idle_timeout", {{"session", log_id()}, {"address", peer_.text()}});
  dialog_.shut_down({4, 4, 2}, "Idle for too long", stream_.output());
  pump();
}

void SubmissionSession::close(std::string_view reason) {
  closing_ = true;
  log::debug("session_closed", {{"session", log_id()}, {"reason", reason}});
  timer_.start(kCloseLimit);
  stream_.shut_down();
}

void SubmissionSession::check_password(smtp::ServerDialog::CheckPassword request) {
  // PLAIN's authorization identity may repeat the login, nothing else (RFC 4616 section 2).
  if (!request.authorization_identity.empty() && request.authorization_identity != request.login) {
    password_checked(request.login, smtp::ServerDialog::PasswordResult::Rejected);
    return;
  }
  const std::string mechanism = request.mechanism;
  authenticate(worker_, peer_.ip, settings_->users, std::move(request.login),
               std::move(request.password),
               [&worker = worker_, id = id_, mechanism](const std::string& login,
                                                        smtp::ServerDialog::PasswordResult result) {
                 using enum smtp::ServerDialog::PasswordResult;
                 worker.metrics()
                     .auth(mechanism, result == Accepted   ? "accepted"
                                      : result == Rejected ? "rejected"
                                      : result == Locked   ? "locked"
                                                           : "unavailable")
                     .add();
                 if (SubmissionSession* session = worker.submission(id)) {
                   session->password_checked(login, result);
                 }
               });
}

void SubmissionSession::password_checked(const std::string& login,
                                         smtp::ServerDialog::PasswordResult result) {
  if (result != smtp::ServerDialog::PasswordResult::Accepted) {
    log::warning("auth_failed",
                 {{"session", log_id()}, {"user", login}, {"address", peer_.text()}});
  }
  waiting_ = false;
  dialog_.password_checked(result, stream_.output());
  pump();
}

std::optional<smtp::Reply> SubmissionSession::on_hello(const smtp::HelloCommand&) { return {}; }

bool SubmissionSession::sender_permitted(std::string_view address) const {
  if (dialog_.login().empty()) return true;  // a trusted network may send as anybody
  const auth::User* user = settings_->users->find(dialog_.login());
  if (user == nullptr) return false;
  if (!user->senders.empty()) return auth::sender_allowed(*user, address);
  // Without a list: any domain that we hold a key for; without any key there is nothing to misuse.
  if (settings_->keys.empty()) return true;
  const auto domain = smtp::to_a_labels(domain_of(address));
  return domain && !settings_->keys.find(*domain).empty();
}

std::optional<smtp::Reply> SubmissionSession::on_mail(const smtp::MailCommand& mail) {
  const Admission& admission = worker_.relay().admission;
  if (dialog_.login().empty() && !trusted_) {
    return refused("relaying", reply(530, {5, 7, 0}, "Authentication required"));
  }
  if (draining_) return reply(421, {4, 3, 2}, "Service is closing");
  if (admission.disk_is_full()) {
    return refused("disk", reply(452, {4, 3, 1}, "Insufficient system storage, try again later"));
  }
  if (!admission.has_memory_for(mail.size.value_or(0))) {
    return refused("memory", insufficient_memory());
  }
  if (mail.reverse_path && !sender_permitted(mail.reverse_path->text())) {
    return refused("sender", reply(553, {5, 7, 1}, "This login may not send from that address"));
  }
  return {};
}

std::optional<smtp::Reply> SubmissionSession::on_recipient(const smtp::RcptCommand&) { return {}; }

std::expected<ByteSink*, smtp::Reply> SubmissionSession::on_data() {
  if (!worker_.relay().committer->last_error().empty() &&
      worker_.relay().committer->backlog_bytes() > settings_->config->limits.message_size) {
    return std::unexpected(
        refused("storage", reply(451, {4, 3, 0}, "The queue cannot be written, try again later")));
  }
  const SystemTime now = system_now();
  const smtp::ServerDialog::Transaction& transaction = dialog_.transaction();
  message_id_ = worker_.next_id(now);
  const std::string id = message_id_.text();
  const std::string recipient =
      transaction.recipients.size() == 1 ? transaction.recipients[0].mailbox.text() : "";
  const std::string address = peer_.ip.text();
  message::ReceivedFacts facts;
  facts.hello_name = dialog_.hello().name;
  facts.peer_address = address;
  facts.by = settings_->config->hostname;
  facts.id = id;
  facts.recipient = recipient;
  facts.extended = dialog_.hello().extended;
  facts.tls = tls_.has_value();
  facts.authenticated = !dialog_.login().empty();
  facts.smtputf8 = transaction.mail.smtputf8;
  if (tls_) {
    facts.tls_version = tls_->version;
    facts.tls_cipher = tls_->cipher;
  }
  facts.time = now;
  message::FixUps fix_ups;
  fix_ups.received = message::received_field(facts);
  fix_ups.message_id = fmt::format("<{}@{}>", id, settings_->config->hostname);
  fix_ups.now = now;
  builder_.emplace(std::move(fix_ups), transaction.mail.size.value_or(0));
  return &*builder_;
}

void SubmissionSession::discard() {
  builder_.reset();
  worker_.relay().admission.give_memory(std::exchange(accounted_, 0));
}

void SubmissionSession::account_content() {
  if (!builder_ || builder_->size() <= accounted_) return;
  const bool room = worker_.relay().admission.take_memory(builder_->size() - accounted_);
  accounted_ = builder_->size();
  if (room || !dialog_.receiving_data()) return;
  dialog_.give_up_content(insufficient_memory());  // on_refused() counts it
}

void SubmissionSession::on_refused(std::string_view command_line, const smtp::Reply& refusal) {
  const bool system = refusal.status.subject == 3;
  worker_.metrics()
      .rejected(system && refusal.status.detail == 4   ? "size"
                : system && refusal.status.detail == 1 ? "memory"
                : refusal.status.subject == 7          ? "policy"
                : refusal.status.subject == 6          ? "content"
                                                       : "command")
      .add();
  log::info("rejected", {{"session", log_id()},
                         {"address", peer_.text()},
                         {"user", dialog_.login()},
                         {"command", command_line},
                         {"reply", refusal.one_line()}});
}

smtp::Reply SubmissionSession::refused(std::string_view reason, smtp::Reply refusal) {
  reject(reason, refusal);
  return refusal;
}

void SubmissionSession::reject(std::string_view reason, const smtp::Reply& refusal) {
  worker_.metrics().rejected(reason).add();
  log::info("rejected", {{"session", log_id()},
                         {"address", peer_.text()},
                         {"user", dialog_.login()},
                         {"reason", reason},
                         {"reply", refusal.code != 0 ? refusal.one_line() : ""}});
}

std::optional<smtp::Reply> SubmissionSession::refuse_content() {
  if (const auto fault = builder_->fault()) {
    using message::ContentFault;
    const std::string text(message::fault_text(*fault));
    switch (*fault) {
      case ContentFault::NoFrom:
      case ContentFault::SeveralFrom:
      case ContentFault::MalformedHeader:
        return reply(550, {5, 6, 0}, text);
      case ContentFault::HeaderTooLong:
        return reply(552, {5, 3, 4}, text);
      case ContentFault::TooManyReceived:
        return reply(554, {5, 4, 6}, text);
    }
  }
  // A From: that has no one clear address must not be a way around this.
  if (!sender_permitted(builder_->from_address())) {
    return reply(550, {5, 7, 1},
                 fmt::format("This login may not send with From: <{}>",
                             ascii::printable(builder_->from_address(), 200)));
  }
  if (settings_->config->unsigned_policy == config::UnsignedPolicy::Reject) {
    const auto domain = smtp::to_a_labels(builder_->from_domain());
    if (!domain || settings_->keys.find(*domain).empty()) {
      return reply(550, {5, 7, 20},
                   fmt::format("No DKIM key for the From: domain {}",
                               ascii::printable(builder_->from_domain(), 200)));
    }
  }
  return {};
}

void SubmissionSession::store_message() {
  end_of_data_ = std::chrono::steady_clock::now();
  builder_->finish();
  if (auto refusal = refuse_content()) {
    reject("content", *refusal);
    discard();
    waiting_ = false;
    dialog_.message_stored(*refusal, stream_.output());
    return;
  }
  const smtp::ServerDialog::Transaction& transaction = dialog_.transaction();
  const SystemTime now = system_now();
  auto message = std::make_shared<queue::Message>();
  queue::Envelope& envelope = message->envelope;
  envelope.id = message_id_;
  envelope.reverse_path =
      transaction.mail.reverse_path ? transaction.mail.reverse_path->text() : "";
  envelope.login = dialog_.login();
  envelope.peer = peer_.ip.text();
  envelope.from_domain = builder_->from_domain();
  envelope.message_id = builder_->message_id();
  envelope.received = now;
  envelope.eight_bit = builder_->has_eight_bit();
  // SMTPUTF8 is asked of the receivers only when something needs it.
  envelope.smtputf8 =
      transaction.mail.smtputf8 &&
      (builder_->header_has_eight_bit() || !ascii::is_ascii(envelope.reverse_path) ||
       std::ranges::any_of(transaction.recipients, [](const smtp::AcceptedRecipient& r) {
         return !ascii::is_ascii(r.mailbox.local_part);
       }));
  envelope.ret = transaction.mail.ret;
  envelope.envelope_id = transaction.mail.envelope_id;
  if (dialog_.decoder().saw_bare_lf()) worker_.metrics().bare_lf.add();
  message->content = builder_->take();
  envelope.size = message->content.size();
  worker_.relay().admission.take_disk(envelope.size);
  discard();

  Relay& relay = worker_.relay();
  std::vector<queue::Job> jobs =
      group_by_domain(message_id_, transaction.recipients, settings_->config->hostname);
  envelope.job_count = static_cast<std::uint16_t>(jobs.size());
  // What memory has no room for is stored as deferred for a moment: the feeder brings it back.
  const bool in_memory = relay.active.size() + jobs.size() <= ActiveJobs::kMax &&
                         relay.admission.may_hold(envelope.size);
  for (queue::Job& job : jobs) {
    if (!in_memory) {
      job.state = queue::JobState::Deferred;
      job.due = schedule_now() + kOverflowDelay;
    } else {
      (void)relay.active.claim(job.ref);  // nobody else can know this id
    }
  }
  auto outgoing = std::make_shared<OutgoingMessage>(message, relay.admission);
  for (const smtp::AcceptedRecipient& recipient : transaction.recipients) {
    log::debug("recipient", {{"id", message_id_.text()}, {"to", recipient.mailbox.text()}});
  }
  auto change = std::make_shared<queue::Change>();
  change->enqueued.push_back({std::move(message), jobs});
  worker_.commits().add(std::move(change), TurnCommits::Awaited::Yes,
                        [&worker = worker_, session = id_, id = message_id_, jobs = std::move(jobs),
                         outgoing = std::move(outgoing), in_memory](bool stored) mutable {
                          // The reply first: the client waits for it, the receivers do not.
                          if (SubmissionSession* alive = worker.submission(session)) {
                            alive->message_stored(id, stored);
                          }
                          for (queue::Job& job : jobs) {
                            if (!stored) {
                              worker.relay().active.release(job.ref);
                            } else if (in_memory) {
                              dispatch(worker, {std::move(job), outgoing});
                            } else {
                              worker.relay().scheduler->committed(job);
                            }
                          }
                        });
}

void SubmissionSession::message_stored(const queue::MessageId& id, bool stored) {
  waiting_ = false;
  if (stored) {
    const smtp::ServerDialog::Transaction& transaction = dialog_.transaction();
    worker_.metrics().accepted.add();
    worker_.metrics().accepted_bytes.add(dialog_.content_size());
    worker_.metrics().accept_seconds.observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - end_of_data_).count());
    std::string to;
    for (const smtp::AcceptedRecipient& recipient : transaction.recipients) {
      if (to.size() > 1000) {
        to += ",...";
        break;
      }
      if (!to.empty()) to += ',';
      to += recipient.mailbox.text();
    }
    log::info(
        "accepted",
        {{"id", id.text()},
         {"session", log_id()},
         {"user", dialog_.login()},
         {"address", peer_.text()},
         {"from", transaction.mail.reverse_path ? transaction.mail.reverse_path->text() : "<>"},
         {"to", to},
         {"recipients", transaction.recipients.size()},
         {"size", dialog_.content_size()},
         {"tls", tls_ ? tls_->version : ""}});
    dialog_.message_stored(reply(250, {2, 0, 0}, fmt::format("Ok: queued as {}", id.text())),
                           stream_.output());
  } else {
    const smtp::Reply refusal =
        reply(451, {4, 3, 0}, "The queue cannot be written, try again later");
    reject("storage", refusal);
    dialog_.message_stored(refusal, stream_.output());
  }
  pump();
}

std::string SubmissionSession::log_id() const { return fmt::format("{}.{}", worker_.index(), id_); }

}  // namespace signpost::relay
