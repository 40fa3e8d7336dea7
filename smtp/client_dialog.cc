#include "smtp/client_dialog.h"

#include "base/base64.h"
#include "base/check.h"
#include "smtp/client_commands.h"

#include <array>
#include <utility>

namespace signpost::smtp {

namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxAuthLine = 12'288;  // RFC 4954 section 4.3, with its CRLF

// The phases in the order of the enumeration: the command whose reply is awaited, the time limit,
// the first digits of the replies that lead on, and the words of the log. A 4yz or 5yz refuses in
// every phase; any other digit means that the two sides are out of step.
//
//   Greeting -> Hello [-> StartTls -> Hello] [-> Auth] -> Idle <-> transaction; Idle -> Quit
//   transaction: [Rset ->] Mail -> Rcpt... -> DataCommand -> Content -> EndOfData
struct PhaseRow {
  Phase phase;
  std::string_view command;
  seconds ClientTimeouts::* timeout;
  std::string_view leads_on;
  std::string_view text;
};
constexpr std::array kPhases{
    PhaseRow{Phase::Greeting, "", &ClientTimeouts::greeting, "2", "waiting for the greeting"},
    PhaseRow{Phase::Hello, "EHLO", &ClientTimeouts::hello, "2", "waiting for the reply to EHLO"},
    PhaseRow{Phase::StartTls, "STARTTLS", &ClientTimeouts::hello, "2",
             "waiting for the reply to STARTTLS"},
    PhaseRow{Phase::Auth, "AUTH", &ClientTimeouts::hello, "23", "waiting for the reply to AUTH"},
    PhaseRow{Phase::Mail, "MAIL", &ClientTimeouts::mail, "2", "waiting for the reply to MAIL"},
    PhaseRow{Phase::Rcpt, "RCPT", &ClientTimeouts::rcpt, "2", "waiting for the reply to RCPT"},
    PhaseRow{Phase::DataCommand, "DATA", &ClientTimeouts::data_command, "3",
             "waiting for the reply to DATA"},
    PhaseRow{Phase::Content, "", &ClientTimeouts::data_block, "", "sending the message"},
    PhaseRow{Phase::EndOfData, ".", &ClientTimeouts::end_of_data, "2",
             "waiting for the reply to the end of data"},
    PhaseRow{Phase::Rset, "RSET", &ClientTimeouts::mail, "2", "waiting for the reply to RSET"},
    PhaseRow{Phase::Quit, "QUIT", &ClientTimeouts::quit, "23", "waiting for the reply to QUIT"},
    // No reply is due here: anything that arrives is a goodbye.
    PhaseRow{Phase::Idle, "", &ClientTimeouts::quit, "", "between two messages"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kPhases.size(); ++i) {
    if (static_cast<std::size_t>(kPhases[i].phase) != i) return false;
  }
  return kPhases.size() == static_cast<std::size_t>(Phase::Idle) + 1;
}
static_assert(in_order());

const PhaseRow& row(Phase phase) { return kPhases[static_cast<std::size_t>(phase)]; }

bool refuses(const Reply& reply) { return reply.transient() || reply.permanent(); }

bool fits(Phase phase, const Reply& reply) {
  const char digit = static_cast<char>('0' + reply.code / 100);
  return refuses(reply) || row(phase).leads_on.contains(digit);
}

std::string_view error_text(ReplyError error) {
  switch (error) {
    case ReplyError::Malformed:
      return "the peer sent something that is not an SMTP reply";
    case ReplyError::CodeChanged:
      return "the reply code changed within a reply";
    case ReplyError::TooLong:
      return "a reply was too long";
  }
  return {};
}

}  // namespace

std::string_view phase_text(Phase phase) { return row(phase).text; }

ClientDialog::ClientDialog(ClientOptions options)
    : options_(std::move(options)), tls_(options_.tls), commands_{{Phase::Greeting}}, sent_(1) {}

Phase ClientDialog::awaiting() const {
  if (handshaking_) return Phase::StartTls;
  return answered_ < commands_.size() ? commands_[answered_].phase : Phase::Idle;
}

seconds ClientDialog::timeout() const { return options_.timeouts.*row(awaiting()).timeout; }

bool ClientDialog::can_begin() const { return ready_ && announced_ && !closed_; }

// --- the two cursors ---

// A command that goes out alone: all earlier ones are answered.
void ClientDialog::ask(Phase phase) {
  commands_.assign(1, Command{phase});
  sent_ = 0;
  answered_ = 0;
}

void ClientDialog::flush(ByteQueue& out) {
  while (sent_ < commands_.size() && (extensions_.pipelining || answered_ == sent_)) {
    out.append(command_line(commands_[sent_++]) + "\r\n");
  }
}

std::string ClientDialog::command_line(const Command& command) {
  switch (command.phase) {
    case Phase::Hello:
      if (options_.lmtp) return "LHLO " + options_.hostname;
      return (extended_ ? "EHLO " : "HELO ") + options_.hostname;
    case Phase::Auth:
      return std::exchange(auth_line_, {});
    case Phase::Mail:
      return mail_command(next_ ? *next_ : transaction_, extensions_);
    case Phase::Rcpt:
      return rcpt_command((next_ ? *next_ : transaction_).recipients[command.recipient],
                          extensions_);
    case Phase::StartTls:
    case Phase::DataCommand:
    case Phase::EndOfData:
    case Phase::Rset:
    case Phase::Quit:
      return std::string(row(command.phase).command);
    case Phase::Greeting:
    case Phase::Content:
    case Phase::Idle:
      break;
  }
  check_failed("a phase that sends no command", __FILE__, __LINE__);
}

ClientDialog::Step ClientDialog::advance(ByteQueue& in, ByteQueue& out) {
  CHECK(!closed_);
  if (handshaking_) {
    if (in.empty()) return AwaitReply{};
    return fault(Phase::StartTls, "the peer sent octets in clear after its reply to STARTTLS");
  }
  if (settled_locally_) return finish();
  for (;;) {
    const auto reply = take_reply(in);
    if (!reply) return fault(awaiting(), std::string(error_text(reply.error())));
    if (!*reply) break;
    if (MaybeStep step = on_reply(**reply, in, out)) return std::move(*step);
  }
  // Nothing is begun on top of unexpected octets: they may be the start of a 421, which would be
  // taken for the reply to a command sent now.
  if (!in.empty()) return AwaitReply{};
  if (awaiting() == Phase::Content && !std::exchange(content_announced_, true)) {
    return SendContent{};
  }
  if (ready_ && !std::exchange(announced_, true)) return Ready{};
  flush(out);
  return AwaitReply{};
}

ClientDialog::MaybeStep ClientDialog::on_reply(const Reply& reply, const ByteQueue& in,
                                               const ByteQueue& out) {
  if (answered_ == sent_) return on_unasked(reply);
  const Command command = commands_[answered_];
  if (reply.code == 421 && command.phase != Phase::Greeting && command.phase != Phase::Quit) {
    if (transaction_open_) decide_rest(reply);
    return close(Close::Reason::ServiceClosing, command.phase, reply, {});
  }
  if (command.phase == Phase::Content || is_early(command.phase, reply, out)) {
    return on_early(reply);
  }
  if (!fits(command.phase, reply)) {
    return fault(command.phase, "unexpected reply \"" + reply.one_line() + "\"");
  }
  ++answered_;
  switch (command.phase) {
    case Phase::Greeting:
      return on_greeting(reply);
    case Phase::Hello:
      return on_hello(reply);
    case Phase::StartTls:
      return on_starttls(reply, in);
    case Phase::Auth:
      return on_auth(reply);
    case Phase::Rset:
      // Otherwise MAIL would be refused because of us, and the message would pay for it.
      if (refuses(reply)) return fault(Phase::Rset, "RSET was refused, " + reply.one_line());
      return std::nullopt;
    case Phase::Mail:
      return on_mail(reply);
    case Phase::Rcpt:
      return on_rcpt(reply, command.recipient);
    case Phase::DataCommand:
      return on_data(reply);
    case Phase::EndOfData:
      return on_end_of_data(reply, command.recipient);
    case Phase::Quit:
      return close(Close::Reason::Quit, Phase::Quit, reply, {});
    case Phase::Content:
    case Phase::Idle:
      break;
  }
  check_failed("a phase that has no reply", __FILE__, __LINE__);
}

ClientDialog::MaybeStep ClientDialog::on_unasked(const Reply& reply) {
  if (reply.code == 421) {
    if (transaction_open_) decide_rest(reply);
    return close(Close::Reason::ServiceClosing, awaiting(), reply, {});
  }
  return fault(awaiting(), "an unexpected reply, \"" + reply.one_line() + "\"");
}

// --- until the session is ready ---

ClientDialog::MaybeStep ClientDialog::on_greeting(const Reply& reply) {
  greeting_ = reply;
  if (refuses(reply)) return close(Close::Reason::Refused, Phase::Greeting, reply, {});
  ask(Phase::Hello);
  return std::nullopt;
}

ClientDialog::MaybeStep ClientDialog::on_hello(const Reply& reply) {
  if (reply.permanent() && extended_ && !options_.lmtp) {
    // A server older than RFC 1425, or one that forgot (RFC 5321 section 3.2).
    extended_ = false;
    ask(Phase::Hello);
    return std::nullopt;
  }
  if (refuses(reply)) return close(Close::Reason::Refused, Phase::Hello, reply, {});
  if (extended_) extensions_ = parse_extensions(reply);
  starting_tls_ = false;
  return secure();
}

ClientDialog::MaybeStep ClientDialog::secure() {
  if (tls_ || options_.starttls == TlsUse::Off) return authenticate();
  if (extensions_.starttls) {
    starting_tls_ = true;
    ask(Phase::StartTls);
    return std::nullopt;
  }
  if (options_.starttls == TlsUse::IfOffered) return authenticate();
  return close(Close::Reason::TlsUnavailable, Phase::StartTls, {},
               "TLS is required and the peer does not offer it");
}

ClientDialog::MaybeStep ClientDialog::on_starttls(const Reply& reply, const ByteQueue& in) {
  if (refuses(reply)) {
    if (options_.starttls == TlsUse::Required) {
      return close(Close::Reason::TlsUnavailable, Phase::StartTls, reply, {});
    }
    starting_tls_ = false;
    tls_refusal_ = reply;
    return authenticate();
  }
  // Octets in clear after the 220 would be read as if they had come under TLS.
  if (!in.empty()) {
    return fault(Phase::StartTls, "the peer sent octets in clear after its reply to STARTTLS");
  }
  handshaking_ = true;
  return StartTls{};
}

void ClientDialog::tls_started(ByteQueue& out) {
  CHECK(handshaking_);
  handshaking_ = false;
  tls_ = true;
  // What was learnt in clear may have come from an attacker (RFC 3207 section 4.2).
  extensions_ = {};
  extended_ = true;
  ask(Phase::Hello);
  flush(out);
}

ClientDialog::Close ClientDialog::auth_failed(std::string detail) {
  return close(Close::Reason::AuthFailed, Phase::Auth, {}, std::move(detail));
}

ClientDialog::MaybeStep ClientDialog::authenticate() {
  if (!options_.login) {
    become_ready();
    return std::nullopt;
  }
  auto exchange = options_.login->begin(extensions_.auth, tls_ || options_.is_local);
  if (!exchange) return auth_failed(std::move(exchange).error());
  exchange_ = std::move(*exchange);
  auth_line_ = "AUTH " + std::string(exchange_->mechanism());
  if (const auto initial = exchange_->initial_response()) {
    // "=" is an empty one (RFC 4954 section 4). A response that makes the line too long waits to be
    // asked for.
    const std::string response = initial->empty() ? "=" : base64::encode(*initial);
    if (auth_line_.size() + response.size() + 3 <= kMaxAuthLine) auth_line_ += ' ' + response;
  }
  ask(Phase::Auth);
  return std::nullopt;
}

ClientDialog::MaybeStep ClientDialog::on_auth(const Reply& reply) {
  if (refuses(reply)) return close(Close::Reason::AuthFailed, Phase::Auth, reply, {});
  if (reply.positive()) return logged_in();
  // Not all servers write their prompts for LOGIN in base64, and it does not matter what they are.
  const auto response = exchange_->respond(base64::decode(reply.text).value_or(reply.text));
  if (!response) return auth_failed(response.error());
  auth_line_ = base64::encode(*response);
  ask(Phase::Auth);
  return std::nullopt;
}

ClientDialog::MaybeStep ClientDialog::logged_in() {
  const std::string doubt = exchange_->accepted();
  if (!doubt.empty()) return auth_failed(doubt);
  exchange_.reset();
  become_ready();
  return std::nullopt;
}

void ClientDialog::become_ready() {
  commands_.clear();
  sent_ = 0;
  answered_ = 0;
  ready_ = true;
  announced_ = false;
}

void ClientDialog::quit(ByteQueue& out) {
  CHECK(can_begin());
  ready_ = false;
  ask(Phase::Quit);
  flush(out);
}

// --- a transaction ---

void ClientDialog::begin(const ClientTransaction& transaction, ByteQueue& out) {
  CHECK(can_begin());
  ready_ = false;
  open(transaction);
  if (const auto refusal = local_refusal(transaction)) decide_rest(*refusal);
  settled_locally_ = undecided_ == 0;
  if (settled_locally_) return;

  // Only now is it known that the abandoned transaction must be ended; before QUIT it need not be.
  if (std::exchange(mail_open_, false)) commands_.push_back({Phase::Rset});
  list_commands(transaction);
  flush(out);
}

void ClientDialog::open(const ClientTransaction& transaction) {
  transaction_ = transaction;
  transaction_open_ = true;
  content_announced_ = false;
  content_sent_ = false;
  results_.assign(transaction.recipients.size(), {Reply{}, Phase::Mail});
  undecided_ = results_.size();
}

void ClientDialog::list_commands(const ClientTransaction& transaction) {
  commands_.reserve(commands_.size() + transaction.recipients.size() + 3);
  commands_.push_back({Phase::Mail});
  ++mails_;
  for (std::size_t i = 0; i < transaction.recipients.size(); ++i) {
    commands_.push_back({Phase::Rcpt, i});
  }
  commands_.push_back({Phase::DataCommand});
}

bool ClientDialog::may_send_mail() const {
  return extensions_.limits.mails == 0 || mails_ < extensions_.limits.mails;
}

bool ClientDialog::can_begin_early() const {
  return extensions_.pipelining && !closed_ && !next_ && content_sent_ && may_send_mail() &&
         awaiting() == Phase::EndOfData && commands_.back().phase == Phase::EndOfData;
}

bool ClientDialog::begin_early(const ClientTransaction& transaction, ByteQueue& out) {
  CHECK(can_begin_early());
  if (transaction.recipients.empty() || local_refusal(transaction)) return false;
  next_ = transaction;
  list_commands(transaction);
  const std::size_t before = out.size();
  flush(out);
  behind_content_ = out.size() - before;
  return true;
}

std::optional<Reply> ClientDialog::local_refusal(const ClientTransaction& transaction) const {
  if (extensions_.size_limit != 0 && transaction.size > extensions_.size_limit) {
    return Reply{0, {5, 3, 4}, "the message is larger than the receiver accepts"};
  }
  if (transaction.smtputf8 && !extensions_.smtputf8) {
    return Reply{0, {5, 6, 7}, "the receiver does not accept internationalized mail"};
  }
  if (transaction.needs_eight_bit_mime && !extensions_.eight_bit_mime) {
    return Reply{0,
                 {5, 6, 3},
                 "the receiver does not accept 8-bit mail, and a signed part of the message cannot "
                 "be converted without breaking its signature"};
  }
  if (transaction.deliver_by && transaction.deliver_by->mode == DeliverBy::Mode::Return) {
    return late(*transaction.deliver_by);
  }
  return std::nullopt;
}

// Mail that must be returned when it is late goes to no server that would not return it.
std::optional<Reply> ClientDialog::late(const DeliverBy& by) const {
  if (by.time <= seconds(0)) {
    return Reply{0, {5, 4, 7}, "the time in which it was to be delivered has passed"};
  }
  if (!extensions_.deliver_by) {
    return Reply{0, {5, 4, 7}, "the receiver does not promise to deliver in time (DELIVERBY)"};
  }
  if (by.time < extensions_.deliver_by_minimum) {
    return Reply{0, {5, 4, 7}, "the receiver needs more time than is left to deliver"};
  }
  return std::nullopt;
}

void ClientDialog::decide(std::size_t recipient, const Reply& reply) {
  if (results_[recipient].reply.code != 0) return;
  results_[recipient].reply = reply;
  --undecided_;
}

void ClientDialog::decide_rest(const Reply& reply) {
  for (std::size_t i = 0; i < results_.size(); ++i) decide(i, reply);
}

void ClientDialog::await_for_undecided(Phase phase) {
  for (auto& result : results_) {
    if (result.reply.code == 0) result.phase = phase;
  }
}

ClientDialog::MaybeStep ClientDialog::on_mail(const Reply& reply) {
  if (refuses(reply)) {
    decide_rest(reply);
  } else {
    mail_open_ = true;
    await_for_undecided(Phase::Rcpt);
  }
  return finish_if_settled();
}

ClientDialog::MaybeStep ClientDialog::on_rcpt(const Reply& reply, std::size_t recipient) {
  if (refuses(reply)) {
    decide(recipient, reply);
  } else if (results_[recipient].reply.code == 0) {
    results_[recipient].phase = Phase::DataCommand;
  }
  return finish_if_settled();
}

// All recipients are decided and no reply is outstanding: DATA need not be sent.
ClientDialog::MaybeStep ClientDialog::finish_if_settled() {
  if (undecided_ == 0 && answered_ == sent_) return finish();
  return std::nullopt;
}

ClientDialog::MaybeStep ClientDialog::on_data(const Reply& reply) {
  if (refuses(reply)) {
    decide_rest(reply);
    return finish();
  }
  if (undecided_ == 0 && options_.lmtp) {
    // It must refuse that (RFC 2033 section 4.2): what follows a final dot has no sure end.
    return fault(Phase::DataCommand, "DATA was accepted, and no recipient was");
  }
  if (undecided_ == 0) {
    // Sent in one group with RCPTs that were all refused, and yet accepted: only the end of data
    // leads out of it (RFC 2920 section 3.1).
    commands_.push_back({Phase::EndOfData});
    return std::nullopt;
  }
  await_for_undecided(Phase::Content);
  commands_.push_back({Phase::Content});
  ++sent_;
  return std::nullopt;
}

void ClientDialog::content_sent() {
  CHECK(awaiting() == Phase::Content && content_announced_);
  commands_[answered_].phase = Phase::EndOfData;
  if (options_.lmtp) await_each();
  await_for_undecided(Phase::EndOfData);
  content_sent_ = true;
  behind_content_ = 0;
}

// One reply is due for each recipient that was accepted. REQUIRES: one is
void ClientDialog::await_each() {
  commands_.pop_back();
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (results_[i].reply.code == 0) commands_.push_back({Phase::EndOfData, i});
  }
  sent_ = commands_.size();
}

// A refusal while the final dot is still in our hands.
bool ClientDialog::is_early(Phase phase, const Reply& reply, const ByteQueue& out) const {
  return phase == Phase::EndOfData && undecided_ != 0 && refuses(reply) &&
         out.size() > behind_content_;
}

// A refusal before the end of data (no disk left, a policy on the header). The final dot does not
// follow it: a server that answers the dot with 250 would have taken the message, and the retry
// would double it. Without the dot no server accepts a message (RFC 5321 section 4.1.1.4).
ClientDialog::MaybeStep ClientDialog::on_early(const Reply& reply) {
  if (!refuses(reply)) return on_unasked(reply);
  decide_rest(reply);
  return fault(Phase::Content, "the peer refused the message before all of it was sent");
}

ClientDialog::MaybeStep ClientDialog::on_end_of_data(const Reply& reply, std::size_t recipient) {
  if (options_.lmtp) {
    decide(recipient, reply);
    if (undecided_ != 0) return std::nullopt;
  }
  decide_rest(reply);
  mail_open_ = false;
  return finish();
}

TransactionResult ClientDialog::take_result() {
  TransactionResult result{std::move(results_), content_sent_ && undecided_ != 0};
  results_.clear();
  transaction_ = {};
  undecided_ = 0;
  transaction_open_ = false;
  settled_locally_ = false;
  content_sent_ = false;
  return result;
}

ClientDialog::TransactionDone ClientDialog::finish() {
  TransactionDone done{take_result()};
  if (next_) {
    commands_.erase(commands_.begin(), commands_.begin() + static_cast<std::ptrdiff_t>(answered_));
    sent_ = commands_.size();
    answered_ = 0;
    open(*std::exchange(next_, std::nullopt));
  } else {
    become_ready();
    ready_ = true;
  }
  return done;
}

// --- the end ---

ClientDialog::Close ClientDialog::close(Close::Reason reason, Phase phase, Reply reply,
                                        std::string detail) {
  closed_ = true;
  handshaking_ = false;
  next_.reset();
  Close close{reason, phase, std::move(reply), std::move(detail), std::nullopt};
  if (!transaction_open_) return close;
  close.transaction = take_result();
  return close;
}

ClientDialog::Close ClientDialog::fault(Phase phase, std::string detail) {
  return close(Close::Reason::ProtocolFault, phase, {}, std::move(detail));
}

ClientDialog::Close ClientDialog::connection_lost(std::string detail) {
  const Phase phase = awaiting();
  const auto reason = phase == Phase::Quit ? Close::Reason::Quit : Close::Reason::Disconnected;
  return close(reason, phase, {}, std::move(detail));
}

}  // namespace signpost::smtp
