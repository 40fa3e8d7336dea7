// The states of a session. Which timer runs in each is timer_of() in session_state.cc; the
// transitions are may_follow() there.
//
//   state             waits for           timer                      leads to
//   ----------------  ------------------  -------------------------  ----------------------------
//   Starting          start()             -                          Securing, Commands
//   Securing          a TLS handshake     30 s for all of it         Commands
//   Commands          command lines       idle_timeout, again for    Content, CheckingPassword,
//                                         each complete line         Storing, Securing, Closing
//   Content           mail data           idle_timeout and what the  Commands, and where Commands
//                                         octets have earned         leads to
//   CheckingPassword  password_checked()  -                          Commands, Closing
//   Storing           message_stored()    -                          Commands, Closing
//   Closing           the client's end    5 s                        Over
//   Over              its destruction     -                          -
//
// From every state: the connection is lost, or a timer of Securing or Closing runs out -> Over. The
// timer of Commands and Content ends in a 421 and Closing.
//
// Commands covers the credentials of AUTH as well. Content may be skipped: the dialog goes through
// several commands and a whole message in one turn, and the session follows when the dialog needs
// more.
#include "submission/submission_session.h"

#include "base/check.h"
#include "smtp/command.h"
#include "submission/session_options.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace signpost::submission {

namespace {

// For the longest command line, AUTH's, and more. What a client sends beyond it waits in its
// socket.
constexpr std::size_t kCommandInput = 16 << 10;

// About what a recipient takes in memory until its message is stored, beside others or to find it
// again.
std::size_t memory_of(const smtp::RcptCommand& recipient) {
  return 3 * sizeof(smtp::AcceptedRecipient) + 2 * recipient.recipient.text().size() +
         recipient.original_recipient.size();
}

relay::RejectReason label_of(smtp::RefusalKind kind) {
  switch (kind) {
    case smtp::RefusalKind::Protocol:
      return relay::RejectReason::Command;
    case smtp::RefusalKind::Policy:
      return relay::RejectReason::Policy;
    case smtp::RefusalKind::Size:
      return relay::RejectReason::Size;
    case smtp::RefusalKind::Content:
      return relay::RejectReason::Content;
    case smtp::RefusalKind::GivenUp:  // only account_content() gives up
      return relay::RejectReason::Memory;
  }
  return relay::RejectReason::Command;
}

net::TlsFacts facts_of(const net::ProxiedTls& proxied) {
  net::TlsFacts facts;
  facts.version = proxied.version.empty() ? "TLS" : proxied.version;
  facts.cipher = proxied.cipher;
  return facts;
}

smtp::ServerDialog::PasswordResult result_of(auth::Verdict verdict) {
  using Result = smtp::ServerDialog::PasswordResult;
  switch (verdict) {
    case auth::Verdict::Accepted:
      return Result::Accepted;
    case auth::Verdict::Rejected:
      return Result::Rejected;
    case auth::Verdict::Locked:
      return Result::Locked;
    case auth::Verdict::Unavailable:
      return Result::Unavailable;
  }
  return Result::Unavailable;
}

}  // namespace

SubmissionSession::SubmissionSession(relay::Context& context, SessionHost& host, LineBudget& lines,
                                     std::uint64_t id, const config::ListenerConfig& listener,
                                     int fd, const Peer& peer, SessionPlace place)
    : context_(context),
      host_(host),
      id_(id),
      events_(context.events, lines, fmt::format("{}.{}", context.worker, id), peer),
      submitter_(context.settings, listener, peer),
      mode_(listener.mode),
      raise_priority_(listener.raise_priority),
      may_authenticate_(may_authenticate(settings(), listener)),
      place_(std::move(place)),
      began_(context.loop.now()),
      stream_(context.loop, fd, *this),
      timer_(context.loop, [this] { on_timeout(); }),
      dialog_(dialog_options(settings(), listener, peer, context.clock.system_now()), *this),
      buffers_(context.admission) {
  if (peer.tls) tls_ = std::make_unique<const net::TlsFacts>(facts_of(*peer.tls));
  stream_.limit_input(kCommandInput);
  stream_.expect_secrets(may_authenticate_);
}

void SubmissionSession::enter(State state) {
  CHECK(may_follow(state_, state));
  if (state == State::Content) stream_.limit_input(net::Stream::kMaxInput);
  if (state == State::Commands) stream_.limit_input(kCommandInput);
  stream_.acknowledge_at_once(reads_input(state) || state == State::Securing);
  state_ = state;
  const auto limit =
      timer_of(state, {.idle = settings().config->limits.idle_timeout,
                       .stranger_since = is_stranger() ? std::optional(began_) : std::nullopt,
                       .now = context_.loop.now(),
                       .content_began = content_began_,
                       .content_size = dialog_.content_size()});
  if (limit) {
    timer_.start(*limit);
  } else {
    timer_.stop();
  }
}

bool SubmissionSession::is_stranger() const {
  return !submitter_.is_trusted() && dialog_.login().empty();
}

// ---- The connection

void SubmissionSession::start() {
  if (mode_ == config::ListenerMode::Implicit) return secure();
  enter(State::Commands);
  dialog_.greet(stream_.output());
  pump();
}

void SubmissionSession::secure() {
  enter(State::Securing);
  stream_.start_tls_server(settings().tls_of(submitter_.listener()));
}

void SubmissionSession::on_secured(const net::TlsFacts& facts) {
  if (state_ == State::Over) return;
  tls_ = std::make_unique<const net::TlsFacts>(facts);
  events_.secured(facts);
  enter(State::Commands);
  std::vector<std::string> more;
  const bool certified = !facts.client_names.empty() && !submitter_.is_spoken_for();
  if (may_authenticate_) more = more_mechanisms(settings(), true, certified);
  if (mode_ == config::ListenerMode::Implicit) {
    dialog_.offer(std::move(more));
    dialog_.greet(stream_.output());
  } else {
    dialog_.tls_started(may_authenticate_, std::move(more));
  }
  pump();
}

void SubmissionSession::on_input() { pump(); }
void SubmissionSession::on_writable() { pump(); }

// Everything sent before is answered: a client may send all at once, close its direction, and read.
bool SubmissionSession::on_input_ended() {
  input_ended_ = true;
  pump();
  return true;
}

void SubmissionSession::on_closed(const Error& error) {
  if (state_ == State::Over) return;
  if (state_ == State::Securing) {
    events_.handshake_failed(error.detail);
  } else if (state_ != State::Closing) {
    events_.lost(error.detail);
  }
  retire();
}

void SubmissionSession::on_timeout() {
  switch (state_) {
    case State::Securing:
      events_.handshake_failed("the handshake took too long");
      return retire();
    case State::Closing:
      return retire();
    case State::Commands:
    case State::Content:
      events_.idle();
      if (is_stranger()) {
        say_goodbye({4, 4, 2}, "No login for too long", "no login for too long");
      } else {
        say_goodbye({4, 4, 2}, "Idle for too long", "idle for too long");
      }
      return pump();
    case State::Starting:
    case State::CheckingPassword:
    case State::Storing:
    case State::Over:
      check_failed("a state without a timer", __FILE__, __LINE__);
  }
}

void SubmissionSession::drain() {
  if (state_ != State::Commands || dialog_.in_transaction()) return;
  say_goodbye({4, 3, 2}, "Service is closing", "service is closing");
  pump();
}

// The final dot of a message that is being stored is also answered with 421: the client sends it
// again, as after a lost connection.
void SubmissionSession::send_away() {
  switch (state_) {
    case State::Commands:
    case State::Content:
    case State::CheckingPassword:
    case State::Storing:
      say_goodbye({4, 3, 2}, "Service is closing", "service is closing");
      return pump();
    case State::Securing:
      return retire();
    case State::Starting:
    case State::Closing:
    case State::Over:
      return;
  }
}

bool SubmissionSession::may_give_way() const {
  return (state_ == State::Securing || state_ == State::Commands || checks_password() ||
          state_ == State::Closing) &&
         !dialog_.in_transaction();
}

void SubmissionSession::give_way() {
  const smtp::Reply reply = reject(refused(Refusal::Sessions));
  if (state_ == State::Commands || checks_password()) {
    dialog_.shut_down(reply.status, reply.text, stream_.output());
    stream_.flush();
  }
  place_.release();
  retire();
}

void SubmissionSession::say_goodbye(smtp::EnhancedStatus status, std::string_view text,
                                    std::string_view reason) {
  dialog_.shut_down(status, text, stream_.output());
  close(reason);
}

void SubmissionSession::close(std::string_view reason) {
  events_.closed(reason);
  enter(State::Closing);
  stream_.shut_down();
}

void SubmissionSession::retire() {
  enter(State::Over);
  host_.retire(*this);
}

// ---- The dialog

void SubmissionSession::pump() {
  if (state_ == State::Over) return;
  const std::size_t waiting = stream_.input().size();
  while (reads_input(state_)) {
    auto step = dialog_.advance(stream_.input(), stream_.output());
    if (std::holds_alternative<smtp::ServerDialog::NeedRoom>(step)) {
      // A client that sends commands without reading replies gets no further ones.
      stream_.flush();
      if (stream_.unsent() >= net::Stream::kLowWater) break;
    } else if (!std::holds_alternative<smtp::ServerDialog::NeedInput>(step)) {
      carry_out(std::move(step));
    } else if (input_ended_) {
      events_.lost("closed by the peer");
      enter(State::Closing);
      stream_.shut_down();
    } else if (host_.draining() && !dialog_.in_transaction()) {
      say_goodbye({4, 3, 2}, "Service is closing", "service is closing");
    } else {
      break;
    }
  }
  account_content();
  const bool progress = stream_.input().size() != waiting || stream_.unsent() > unsent_;
  stream_.flush();
  stream_.resume_reading();
  unsent_ = stream_.unsent();
  account_buffers();
  if (!reads_input(state_)) return;
  const State now = dialog_.receiving_data() ? State::Content : State::Commands;
  if (progress || now != state_ || now == State::Content) enter(now);
}

void SubmissionSession::carry_out(smtp::ServerDialog::Step step) {
  std::visit(
      [this](auto& asked) {
        using Asked = std::remove_cvref_t<decltype(asked)>;
        if constexpr (std::is_same_v<Asked, smtp::ServerDialog::StartTls>) {
          secure();
        } else if constexpr (std::is_same_v<Asked, smtp::ServerDialog::CheckPassword>) {
          check_password(std::move(asked.credentials));
        } else if constexpr (std::is_same_v<Asked, smtp::ServerDialog::SaslMessage>) {
          on_sasl_message(asked);
        } else if constexpr (std::is_same_v<Asked, smtp::ServerDialog::StoreMessage>) {
          store_message();
        } else if constexpr (std::is_same_v<Asked, smtp::ServerDialog::Close>) {
          close(asked.reason);
        }
      },
      step);
}

void SubmissionSession::on_sasl_message(const smtp::ServerDialog::SaslMessage& asked) {
  const auto& all = submitter_.settings();
  if (asked.first) {
    const bool tls = stream_.secured();
    exchange_ = std::make_unique<Exchange>(host_.begin_exchange(
        asked.mechanism,
        {.users = all->users,
         .binding = tls ? stream_.channel_binding() : net::ChannelBinding(),
         .plus_offered = tls,
         .token_rules = all->token_rules,
         .certificate_names = tls_ ? tls_->client_names : std::vector<std::string>()}));
  }
  if (exchange_->verdict) {
    const std::unique_ptr<const Exchange> ended = std::move(exchange_);
    return finish_login(*ended->verdict, ended->login);
  }
  auto answer = exchange_->mechanism->respond(asked.message.view());
  if (const auto* challenge = std::get_if<auth::SaslExchange::Challenge>(&answer)) {
    dialog_.challenge(challenge->message, stream_.output());
  } else if (auto* claim = std::get_if<auth::SaslExchange::Claim>(&answer)) {
    enter(State::CheckingPassword);
    host_.check_password(*this, {.client = submitter_.peer().client.ip,
                                 .users = all->users,
                                 .mechanism = asked.mechanism,
                                 .authorization_identity = std::move(claim->authorization_identity),
                                 .login = std::move(claim->login),
                                 .password = {},
                                 .proof = claim->right,
                                 .may_be_guess = claim->may_be_guess});
  } else if (auto* bearer = std::get_if<auth::SaslExchange::Bearer>(&answer)) {
    enter(State::CheckingPassword);
    host_.check_password(*this, {.client = submitter_.peer().client.ip,
                                 .users = all->users,
                                 .mechanism = asked.mechanism,
                                 .authorization_identity = bearer->authorization_identity,
                                 .login = bearer->authorization_identity,
                                 .password = {},
                                 .token_rules = all->token_rules,
                                 .token = std::move(bearer->token)});
  } else {
    exchange_.reset();
    dialog_.password_checked(smtp::ServerDialog::PasswordResult::Malformed, stream_.output());
  }
}

void SubmissionSession::check_password(smtp::Credentials asked) {
  exchange_.reset();
  enter(State::CheckingPassword);
  host_.check_password(*this, {.client = submitter_.peer().client.ip,
                               .users = settings().users,
                               .mechanism = std::move(asked.mechanism),
                               .authorization_identity = std::move(asked.authorization_identity),
                               .login = std::move(asked.login),
                               .password = std::move(asked.password),
                               .dovecot_socket = settings().config->dovecot_socket});
}

void SubmissionSession::password_checked(auth::Verdict verdict, const std::string& login) {
  if (state_ != State::CheckingPassword) return;  // closed with 421
  enter(State::Commands);
  const std::string words = exchange_ ? exchange_->mechanism->last_words(verdict) : "";
  if (words.empty()) {
    exchange_.reset();
    finish_login(verdict, login);
  } else {
    exchange_->verdict = verdict;
    exchange_->login = login;
    dialog_.challenge(words, stream_.output());
  }
  pump();
}

void SubmissionSession::finish_login(auth::Verdict verdict, const std::string& login) {
  answers_login_ = true;
  dialog_.password_checked(result_of(verdict), stream_.output(), login);
  answers_login_ = false;
  if (!dialog_.login().empty()) {
    stream_.expect_secrets(false);
    log_in(dialog_.login());
  }
}

void SubmissionSession::log_in(const std::string& login) {
  place_.log_in();
  host_.logged_in(*this);
  submitter_.log_in(login);
}

void SubmissionSession::store_message() {
  content_->ended = context_.clock.steady_now();
  content_->builder->finish();
  account_content();
  auto accepted = accept(settings(), principal(), dialog_.transaction(), content_->id,
                         *content_->builder, context_.clock.system_now());
  content_->script = content_->builder->script();
  content_->builder.reset();
  std::expected<Charge, Refused> charged;
  if (!accepted) {
    charged = std::unexpected(std::move(accepted.error()));
  } else if (!context_.admission.take_disk(accepted->message->envelope.size)) {
    charged = std::unexpected(refused(Refusal::Disk));
  } else {
    charged = charge(*accepted);
  }
  if (!charged) {
    content_.reset();
    dialog_.message_stored(reject(std::move(charged.error()), {.size = dialog_.content_size()}),
                           stream_.output());
    return;
  }
  // Schedules have a clock of their own.
  if (accepted->message->envelope.release != SystemTime{}) {
    const auto ahead = context_.clock.schedule_now() - context_.clock.system_now();
    for (queue::Job& job : accepted->jobs) job.due += ahead;
  }
  enter(State::Storing);
  host_.store(*this, std::move(*accepted), std::move(content_->memory), std::move(*charged));
}

void SubmissionSession::message_stored(bool stored) {
  if (state_ != State::Storing) return;  // closed with 421
  enter(State::Commands);
  if (stored) {
    const std::string id = content_->id.text();
    events_.accepted({.id = id,
                      .login = login(),
                      .transaction = dialog_.transaction(),
                      .size = dialog_.content_size(),
                      .tls = tls_ ? std::string_view(tls_->version) : std::string_view(),
                      .script = content_->script,
                      .tenant = submitter_.tenant(dialog_.login()),
                      .after_end_of_data = context_.clock.steady_now() - content_->ended,
                      .bare_linefeeds = dialog_.decoder().saw_bare_lf()});
    dialog_.message_stored({250, {2, 0, 0}, fmt::format("Ok: queued as {}", id)}, stream_.output());
  } else {
    dialog_.message_stored(
        reject(refused(Refusal::QueueUnwritable), {.size = dialog_.content_size()}),
        stream_.output());
  }
  content_.reset();
  pump();
}

// Data waiting in the buffers is memory in use, too. Beyond the limit a client that does not read
// its replies is cut off: nothing else would make room.
void SubmissionSession::account_buffers() {
  if (dialog_.transaction().recipients.empty()) recipient_octets_ = 0;
  if (buffers_.set(buffered()) || unsent_ == 0) return;
  if (state_ == State::Over || state_ == State::Storing) return;
  events_.closed("it reads no replies, and limits.memory is in use");
  retire();
}

// Counts what the builder holds as memory in use; beyond the limit the content is given up.
void SubmissionSession::account_content() {
  if (!content_ || !content_->builder) return;
  if (content_->memory.grow_to(content_->builder->size()) || !dialog_.receiving_data()) return;
  dialog_.give_up_content(refused(Refusal::Memory).reply);  // on_refused() reports it
}

// ---- smtp::ServerPolicy

std::optional<smtp::Reply> SubmissionSession::on_hello(const smtp::HelloCommand&) { return {}; }

std::optional<smtp::Reply> SubmissionSession::on_mail(smtp::MailCommand& mail) {
  submitter_.compare(context_.settings, dialog_.login());
  if (auto instead = sender_instead(settings(), principal(), mail.reverse_path)) {
    events_.sender_rewritten(login(), mail.reverse_path->text(), instead->text());
    mail.reverse_path = std::move(*instead);
  }
  if (auto refusal = refuse_sender(settings(), principal(), mail.reverse_path)) {
    return reject(std::move(*refusal), {.mail = &mail});
  }
  if (auto refusal = refuse_times(settings(), mail, context_.clock.system_now())) {
    return reject(std::move(*refusal), {.mail = &mail});
  }
  if (host_.draining()) return smtp::Reply{421, {4, 3, 2}, "Service is closing"};
  if (context_.admission.disk_is_full()) return reject(refused(Refusal::Disk), {.mail = &mail});
  if (!context_.admission.has_memory_for(mail.size.value_or(0))) {
    return reject(refused(Refusal::Memory), {.mail = &mail});
  }
  mail.priority = permitted_priority(raise_priority_, principal(), mail.priority);
  return {};
}

std::optional<smtp::Reply> SubmissionSession::on_recipient(const smtp::RcptCommand& recipient) {
  const smtp::ReversePath& sender = dialog_.transaction().mail.reverse_path;
  if (auto refusal = refuse_recipient(settings(), principal().login, sender, recipient.recipient)) {
    return reject(std::move(*refusal), {.recipient = recipient.recipient.text()});
  }
  if (auto refusal = refuse_excess()) {
    return reject(std::move(*refusal), {.recipient = recipient.recipient.text()});
  }
  // A transaction may have thousands of them, and be left open.
  if (dialog_.transaction().recipients.empty()) recipient_octets_ = 0;
  const std::size_t before = recipient_octets_;
  recipient_octets_ += memory_of(recipient);
  if (!buffers_.set(buffered())) {
    recipient_octets_ = before;
    return reject(refused(Refusal::Memory), {.recipient = recipient.recipient.text()});
  }
  return {};
}

std::expected<ByteSink*, smtp::Reply> SubmissionSession::on_data() {
  const queue::Committer& committer = context_.commits.committer();
  if (!committer.last_error().empty() &&
      committer.backlog_bytes() > settings().config->limits.message_size) {
    return std::unexpected(reject(refused(Refusal::QueueUnwritable)));
  }
  const SystemTime now = context_.clock.system_now();
  const smtp::Transaction& transaction = dialog_.transaction();
  content_began_ = context_.loop.now();
  const queue::MessageId id = context_.ids.next(now);
  const Arrival arrival{.hello_name = dialog_.hello().name,
                        .client_name = submitter_.peer().name,
                        .extended = dialog_.hello().extended,
                        .tls = tls_.get()};
  content_ =
      std::make_unique<Content>(fix_ups(settings(), principal(), transaction, arrival, id, now),
                                transaction.mail.size.value_or(0), context_.admission);
  content_->id = id;
  return &*content_->builder;
}

void SubmissionSession::discard() { content_.reset(); }

// As if the client itself had connected now.
std::expected<smtp::ServerOptions, smtp::Reply> SubmissionSession::on_xclient(
    smtp::XclientCommand& client) {
  const config::ListenerConfig* const listener = find_listener(settings(), submitter_.listener());
  if (listener == nullptr) return std::unexpected(reject(refused(Refusal::LoginRevoked)));
  submitter_.speak_for(client, *listener);
  const Peer& peer = submitter_.peer();
  began_ = context_.loop.now();
  events_.speak_of(peer);
  events_.proxied(peer);
  if (peer.client.ip != place_.client()) {
    place_.release();
    auto place = host_.place_again(*this, *listener, peer);
    if (!place) return std::unexpected(reject(refused(Refusal::Sessions)));
    place_ = std::move(*place);
  }
  if (client.login) client.login = submitter_.own_name(*client.login);
  const std::string login = client.login.value_or("");
  stream_.expect_secrets(may_authenticate_ && login.empty());
  if (!login.empty()) {
    if (login != dialog_.login()) events_.vouched_for(login);
    log_in(login);
  }
  return dialog_options(settings(), *listener, peer, context_.clock.system_now(),
                        stream_.secured());
}

void SubmissionSession::on_refused(smtp::RefusalKind kind, std::string_view command_line,
                                   const smtp::Reply& refusal) {
  // A command that was understood has what the transaction does not say: it began none, or added
  // nothing to it.
  const auto command = smtp::parse_command(command_line, {.smtputf8 = true});
  const auto* const mail = command ? std::get_if<smtp::MailCommand>(&*command) : nullptr;
  const auto* const rcpt = command ? std::get_if<smtp::RcptCommand>(&*command) : nullptr;
  const std::string recipient = rcpt != nullptr ? rcpt->recipient.text() : "";
  const bool in_content =
      mail == nullptr && (kind == smtp::RefusalKind::Size || kind == smtp::RefusalKind::Content ||
                          kind == smtp::RefusalKind::GivenUp);
  events_.rejected(
      {.reason = label_of(kind),
       .reply = refusal,
       .login = login(),
       .command_line = command_line,
       .transaction = transaction(),
       .tenant = submitter_.tenant(dialog_.login()),
       .has_line = answers_login_ && command_line.starts_with("AUTH "),
       .particulars = {
           .mail = mail, .recipient = recipient, .size = in_content ? dialog_.content_size() : 0}});
}

// Under the limits that are in force now: a session may last.
std::optional<Refused> SubmissionSession::refuse_excess() {
  const relay::Settings& now_in_force = *context_.settings;
  if (!now_in_force.limits_recipients) return {};
  const relay::RecipientSource sender = submitter_.source(now_in_force, dialog_.login());
  const std::size_t recipients = dialog_.transaction().recipients.size() + 1;
  if (const auto limit = relay::message_limit(sender); limit && recipients > limit->most) {
    return too_many_in_message(*limit, sender);
  }
  const SystemTime now = context_.clock.system_now();
  const auto shortage = context_.quotas.shortage(relay::limit_holders(sender), recipients, now);
  if (!shortage) return {};
  if (shortage->news) events_.quota_reached(*shortage);
  return quota_used_up(*shortage, "recipient", now);
}

// Asked again, and then counted: other sessions may have sent meanwhile.
std::expected<Charge, Refused> SubmissionSession::charge(const Accepted& accepted) {
  const relay::Settings& now_in_force = *context_.settings;
  if (!now_in_force.limits_recipients) return {};
  Charge charged{.holders = relay::limit_holders(submitter_.source(now_in_force, dialog_.login()))};
  for (const queue::Job& job : accepted.jobs) charged.recipients += job.recipients.size();
  const SystemTime now = context_.clock.system_now();
  const auto reached = context_.quotas.take(charged.holders, charged.recipients, now);
  if (!reached) {
    if (reached.error().news) events_.quota_reached(reached.error());
    return std::unexpected(quota_used_up(reached.error(), "message", now));
  }
  for (const quota::Mark& limit : *reached) events_.quota_warning(limit);
  return charged;
}

smtp::Reply SubmissionSession::reject(Refused refused,
                                      const SessionEvents::Particulars& particulars) {
  events_.rejected({.reason = label_of(refused.reason),
                    .reply = refused.reply,
                    .login = login(),
                    .text = refused.text,
                    .transaction = transaction(),
                    .tenant = submitter_.tenant(dialog_.login()),
                    .particulars = particulars});
  return std::move(refused.reply);
}

const smtp::Transaction* SubmissionSession::transaction() const {
  return dialog_.in_transaction() ? &dialog_.transaction() : nullptr;
}

}  // namespace signpost::submission
