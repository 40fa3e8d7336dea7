// The states of the dialog. What is read from the client in each, and where it leads:
//
//   state             input                          reply                 next state (Step)
//   ----------------  -----------------------------  --------------------  -----------------------
//   Commands          EHLO, HELO                     250                   Commands
//                     STARTTLS                       220                   Securing (StartTls)
//                     AUTH without a response        334                   Credentials
//                     AUTH PLAIN with one            (see below)           CheckingPassword
//                     AUTH LOGIN with one            334                   Credentials
//                     MAIL, RCPT, RSET, NOOP, VRFY   2yz                   Commands
//                     DATA, recipients accepted      354                   Content
//                     BDAT                           -                     Chunk
//                     BDAT that cannot be read       501 and 421           Closing
//                     XCLIENT                        220                   Commands, all forgotten
//                     QUIT                           221                   Closing
//                     HTTP, binary octets            421                   Closing
//                     anything refused               4yz, 5yz              Commands
//   Credentials       "*", what cannot be decoded    501                   Commands
//                     a LOGIN name                   334                   Credentials
//                     a PLAIN message or password    (see below)           CheckingPassword
//                     a message of a further one     (see below)           CheckingPassword
//   CheckingPassword  nothing; password_checked()    235, 454, 535         Commands
//                     nothing; challenge()           334                   Credentials
//   Content           content, to the sink           -                     Content
//                     the end, content refused       552, 554              Commands
//                     the end, content taken         (see below)           Storing (StoreMessage)
//   Chunk             its octets, to the sink        -                     Chunk
//                     its end                        250                   Commands
//                     its end, refused               503, 552, 554 …       Commands
//                     the end of the last one        (see below)           Storing (StoreMessage)
//   Storing           nothing; message_stored()      the driver's          Commands
//   Securing          nothing; tls_started()         -                     Commands, EHLO forgotten
//   Closing           nothing                        -                     Closing (Close)
//
// From every state: too many errors, commands without a message or failed logins, a 421 of the
// policy, shut_down() -> Closing.
//
// Within Commands, these facts decide about the order of commands (RFC 5321 section 4.1.4):
//
//   command    needs                                      else
//   ---------  -----------------------------------------  ---------------------------------------
//   MAIL       EHLO or HELO; no transaction               503 5.5.1
//              TLS if required; a login if required       530 5.7.0
//   RCPT       a transaction without a chunk              503 5.5.1
//              a free place                               452 4.5.3
//   DATA       a transaction without a chunk; a recipient 503 5.5.1; 554 5.5.1
//              not BODY=BINARYMIME                        503 5.5.1
//   BDAT       a transaction; a recipient                 503 5.5.1; 554 5.5.1
//   STARTTLS   EHLO or HELO; not under TLS                503 5.5.1
//              offered                                    454 4.7.0
//   AUTH       EHLO or HELO; no login; no transaction     503 5.5.1
//              offered                                    530 5.7.0, 538 5.7.11 or 502 5.5.1
//   XCLIENT    a trusted front end; once one was there,   550 5.7.0
//              nothing but others before
//              no transaction                             503 5.5.1
//
// The transaction ends with the reply to the end of data or the last chunk, with that of a chunk
// that is refused (what follows must not be taken for a whole message), and with RSET, EHLO, HELO,
// STARTTLS, QUIT and any close.
#include "smtp/server_dialog.h"

#include "base/ascii.h"
#include "base/check.h"
#include "smtp/hello_reply.h"
#include "smtp/server_replies.h"

#include <algorithm>
#include <utility>

namespace signpost::smtp {

namespace {

using namespace server_replies;
using enum RefusalKind;

// RFC 5321 section 4.5.3.1.4 asks for 512 octets, and extensions for more.
constexpr std::size_t kMaxCommandLine = 2048;
constexpr std::size_t kMaxCredentialsLine = 12288;  // RFC 4954 section 4
constexpr std::size_t kStrangersCommands = 20;

bool is_chunk(std::string_view line) {
  constexpr std::string_view kVerb = "BDAT";
  return ascii::starts_with_ignore_case(line, kVerb) &&
         (line.size() == kVerb.size() || !ascii::is_alnum(line[kVerb.size()]));
}

// Recipients have a limit of their own, as the octets of a message have.
bool is_unlimited(const Command& command) {
  const auto* const bdat = std::get_if<BdatCommand>(&command);
  return std::holds_alternative<RcptCommand>(command) || (bdat != nullptr && bdat->size > 0);
}

}  // namespace

ServerDialog::ServerDialog(ServerOptions options, ServerPolicy& policy)
    : options_(std::move(options)), policy_(policy), content_(policy, options_.size_limit) {}

void ServerDialog::enter(State state) { state_ = state; }

bool ServerDialog::in_transaction() const { return in_transaction_; }
bool ServerDialog::receiving_data() const {
  return state_ == State::Content || state_ == State::Chunk ||
         (state_ == State::Commands && content_.in_chunks());
}

void ServerDialog::greet(ByteQueue& out) {
  respond({220, {}, options_.hostname + " ESMTP Signpost"}, out);
}

ServerDialog::Step ServerDialog::advance(ByteQueue& in, ByteQueue& out) {
  while (true) {
    bool progress = false;
    switch (state_) {
      case State::Commands:
      case State::Credentials:
        if (out.size() >= options_.output_limit) return NeedRoom{};
        progress = process_line(in, out);
        break;
      case State::Content:
        progress = process_content(in, out);
        break;
      case State::Chunk:
        progress = process_chunk(in, out);
        break;
      case State::CheckingPassword:
      case State::Storing:
      case State::Securing:
        break;
      case State::Closing:
        return Close{close_reason_};
    }
    if (step_) return *std::exchange(step_, std::nullopt);
    if (!progress) return NeedInput{};
  }
}

// ---- Lines

std::size_t ServerDialog::line_limit(std::string_view input) const {
  const bool credentials =
      state_ == State::Credentials || ascii::starts_with_ignore_case(input, "AUTH ");
  return credentials ? kMaxCredentialsLine : kMaxCommandLine;
}

bool ServerDialog::skip_line(ByteQueue& in) {
  const std::size_t lf = in.view().find('\n');
  const bool found = lf != std::string_view::npos;
  in.consume_secret(found ? lf + 1 : in.size());
  skipping_line_ = !found;
  return found;
}

// A command may end with a bare LF: no client means anything else by it, and unlike mail data it is
// not passed on to be read differently.
bool ServerDialog::process_line(ByteQueue& in, ByteQueue& out) {
  if (in.empty()) return false;
  if (skipping_line_) return skip_line(in);
  const std::string_view input = in.view();
  if (state_ == State::Commands && is_foreign_octet(input.front())) {
    close({4, 7, 0}, "This is a mail server", "not SMTP", out);
    return true;
  }
  const std::size_t limit = line_limit(input);
  const std::size_t lf = input.substr(0, limit).find('\n');
  if (lf == std::string_view::npos) {
    if (input.size() < limit) return false;
    skipping_line_ = true;
    refuse_long_line(input.substr(0, limit), out);
    return true;
  }
  std::string_view line = input.substr(0, lf);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (state_ == State::Credentials) {
    on_credentials_line(line, out);
  } else {
    on_command_line(line, out);
  }
  in.consume_secret(lf + 1);  // any line may be a password, misspelt commands included
  // What came in clear after STARTTLS must not be used under TLS (RFC 3207 section 4.2).
  if (state_ == State::Securing) in.clear();
  return true;
}

void ServerDialog::refuse_long_line(std::string_view line, ByteQueue& out) {
  if (state_ == State::Credentials) {
    refuse_credentials({Protocol, credentials_too_long()}, out);
  } else {
    const bool auth = line_limit(line) == kMaxCredentialsLine;
    refuse(loggable(line), {Protocol, auth ? credentials_too_long() : line_too_long()}, out);
    if (is_chunk(line)) lose_track(out);
  }
}

// A chunk of unknown length: what follows may be content, and must not be read as commands.
void ServerDialog::lose_track(ByteQueue& out) {
  close({4, 7, 0}, "Cannot tell content from commands", "malformed BDAT", out);
}

// ---- Commands

void ServerDialog::on_command_line(std::string_view line, ByteQueue& out) {
  if (is_foreign_line(line)) {
    close({4, 7, 0}, "This is a mail server", "not SMTP", out);
    return;
  }
  const auto command = parse_command(line, {.smtputf8 = transaction_.mail.smtputf8});
  // What follows may be the client's own words, which a front end passes on.
  if (client_ && !(command && std::holds_alternative<XclientCommand>(*command))) {
    options_.xclient = false;
  }
  if (!command) {
    refuse(loggable(line),
           {Protocol, to_error(command.error(), line, {.smtputf8 = transaction_.mail.smtputf8})},
           out);
    if (is_chunk(line)) lose_track(out);
    return;
  }
  if (!is_unlimited(*command) && ++commands_ > command_limit()) {
    return close({4, 7, 0}, "Too many commands without a message", "too many commands", out);
  }
  std::visit([&](const auto& parsed) { on_command(parsed, line, out); }, *command);
}

bool ServerDialog::is_stranger() const {
  return (options_.require_auth || options_.stranger) && login_.empty();
}

// A client that may not send mail yet needs few commands.
std::size_t ServerDialog::command_limit() const {
  return is_stranger() ? std::min(options_.command_limit, kStrangersCommands)
                       : options_.command_limit;
}

void ServerDialog::on_command(const HelloCommand& hello, std::string_view, ByteQueue& out) {
  if (const auto refusal = policy_.on_hello(hello)) return respond(*refusal, out);
  abandon_transaction();
  hello_ = hello;
  respond(hello_reply(options_, hello), out);
}

std::optional<ServerDialog::Refusal> ServerDialog::mail_obstacle(const MailCommand& mail) const {
  if (hello_.name.empty()) return Refusal{Protocol, out_of_order("Send EHLO first")};
  if (in_transaction_) return Refusal{Protocol, out_of_order("A transaction is under way")};
  if (options_.require_tls && !options_.tls && login_.empty()) {
    return Refusal{Policy, {530, {5, 7, 0}, "Must issue a STARTTLS command first"}};
  }
  if (options_.require_auth && login_.empty()) {
    return Refusal{Policy, {530, {5, 7, 0}, "Authentication required"}};
  }
  if (mail.size.value_or(0) > options_.size_limit)
    return Refusal{Size, too_big(options_.size_limit)};
  return {};
}

void ServerDialog::on_command(const MailCommand& mail, std::string_view line, ByteQueue& out) {
  if (const auto obstacle = mail_obstacle(mail)) return refuse(line, *obstacle, out);
  MailCommand taken = mail;
  if (const auto refusal = policy_.on_mail(taken)) return respond(*refusal, out);
  transaction_.mail = std::move(taken);
  in_transaction_ = true;
  if (const int priority = transaction_.mail.priority; priority != mail.priority) {
    return respond(priority_changed(priority), out);
  }
  respond({250, {2, 1, 0}, "Ok"}, out);
}

void ServerDialog::on_command(const RcptCommand& rcpt, std::string_view line, ByteQueue& out) {
  if (!in_transaction_) return refuse(line, {Protocol, out_of_order("Send MAIL first")}, out);
  if (content_.in_chunks())
    return refuse(line, {Protocol, out_of_order("Send the last chunk first")}, out);
  if (transaction_.recipients.size() >= options_.recipients_limit) {
    // The client sends to the remaining ones later (RFC 5321 section 4.5.3.1.10).
    return refuse(line, {Protocol, {452, {4, 5, 3}, "Too many recipients"}, false}, out);
  }
  if (const auto refusal = policy_.on_recipient(rcpt)) return respond(*refusal, out);
  transaction_.recipients.push_back({rcpt.recipient, rcpt.notify, rcpt.original_recipient});
  respond({250, {2, 1, 5}, "Ok"}, out);
}

std::optional<ServerDialog::Refusal> ServerDialog::content_obstacle() const {
  if (!in_transaction_) return Refusal{Protocol, out_of_order("Send MAIL first")};
  if (transaction_.recipients.empty()) {
    return Refusal{Protocol, {554, {5, 5, 1}, "No valid recipients"}};
  }
  return {};
}

void ServerDialog::on_command(const DataCommand&, std::string_view line, ByteQueue& out) {
  if (const auto obstacle = content_obstacle()) return refuse(line, *obstacle, out);
  if (content_.in_chunks())
    return refuse(line, {Protocol, out_of_order("Send the last chunk first")}, out);
  if (transaction_.mail.body == Body::BinaryMime) {  // RFC 3030 section 3
    return refuse(line, {Protocol, out_of_order("Send binary content with BDAT")}, out);
  }
  if (const auto refusal = content_.begin_data()) return respond(*refusal, out);
  enter(State::Content);
  respond({354, {}, "End data with <CR><LF>.<CR><LF>"}, out);
}

// Nobody who may not send mail keeps us reading.
void ServerDialog::on_command(const BdatCommand& bdat, std::string_view line, ByteQueue& out) {
  auto obstacle = content_obstacle();
  if (obstacle && is_stranger()) {
    refuse(line, *obstacle, out);
    return lose_track(out);
  }
  if (const auto refusal =
          content_.begin_chunk(bdat, transaction_.mail.body, std::move(obstacle))) {
    return respond(*refusal, out);
  }
  enter(State::Chunk);
}

void ServerDialog::on_command(const RsetCommand&, std::string_view, ByteQueue& out) {
  abandon_transaction();
  respond(ok(), out);
}

void ServerDialog::on_command(const NoopCommand&, std::string_view, ByteQueue& out) {
  respond(ok(), out);
}

void ServerDialog::on_command(const QuitCommand&, std::string_view, ByteQueue& out) {
  abandon_transaction();
  close_reason_ = "quit";
  enter(State::Closing);
  respond({221, {2, 0, 0}, options_.hostname + " closing connection"}, out);
}

std::optional<ServerDialog::Refusal> ServerDialog::starttls_obstacle() const {
  if (hello_.name.empty()) return Refusal{Protocol, out_of_order("Send EHLO first")};
  if (options_.tls) return Refusal{Protocol, out_of_order("TLS is already active")};
  if (!options_.offer_starttls) return Refusal{Policy, {454, {4, 7, 0}, "TLS is not available"}};
  return {};
}

void ServerDialog::on_command(const StartTlsCommand&, std::string_view line, ByteQueue& out) {
  if (const auto obstacle = starttls_obstacle()) return refuse(line, *obstacle, out);
  abandon_transaction();
  enter(State::Securing);
  step_ = StartTls{};
  respond({220, {2, 0, 0}, "Ready to start TLS"}, out);
}

void ServerDialog::tls_started(bool offer_auth, std::vector<std::string> more_mechanisms) {
  CHECK(state_ == State::Securing || state_ == State::Closing);
  if (state_ == State::Closing) return;
  options_.tls = true;
  options_.offer_auth = offer_auth;
  options_.more_mechanisms = std::move(more_mechanisms);
  hello_ = {};
  login_.clear();
  enter(State::Commands);
}

void ServerDialog::offer(std::vector<std::string> more_mechanisms) {
  options_.more_mechanisms = std::move(more_mechanisms);
}

void ServerDialog::on_command(const VrfyCommand&, std::string_view, ByteQueue& out) {
  respond({252, {2, 5, 2}, "Cannot verify the user, but will accept mail for it"}, out);
}

void ServerDialog::on_command(const ExpnCommand&, std::string_view line, ByteQueue& out) {
  refuse(line, {Protocol, {502, {5, 5, 1}, "EXPN is not implemented"}}, out);
}

void ServerDialog::on_command(const HelpCommand&, std::string_view, ByteQueue& out) {
  respond({214, {2, 0, 0}, "See RFC 5321 and RFC 6409"}, out);
}

// ---- XCLIENT

std::optional<ServerDialog::Refusal> ServerDialog::xclient_obstacle(
    const XclientCommand& xclient) const {
  if (!options_.xclient) {
    return Refusal{Policy, {550, {5, 7, 0}, "XCLIENT is not allowed here"}};
  }
  if (in_transaction_) return Refusal{Protocol, out_of_order("A transaction is under way")};
  if (xclient.login && !options_.xclient_login) {
    return Refusal{Policy, {550, {5, 7, 0}, "XCLIENT is not allowed to name a LOGIN here"}};
  }
  return {};
}

// Attributes may come in several commands, each once. What was said stays: whoever gets hold of the
// session later cannot become somebody else.
void ServerDialog::on_command(const XclientCommand& xclient, std::string_view line,
                              ByteQueue& out) {
  if (const auto obstacle = xclient_obstacle(xclient)) return refuse(line, *obstacle, out);
  XclientCommand client = client_ ? *client_ : XclientCommand{};
  if (!client.add(xclient)) {
    return refuse(line, {Protocol, to_error(CommandError::ParameterDuplicate, line, {})}, out);
  }
  auto options = policy_.on_xclient(client);
  if (!options) return respond(options.error(), out);
  client_ = std::make_unique<const XclientCommand>(std::move(client));
  start_over(std::move(*options));
  greet(out);
}

void ServerDialog::start_over(ServerOptions options) {
  // For whomever it speaks, it is the same front end that is connected.
  options.xclient = options_.xclient;
  options.xclient_login = options_.xclient_login;
  options_ = std::move(options);
  errors_ = commands_ = auth_failures_ = 0;
  login_ = client_->login.value_or("");
  hello_ = {};
  if (!client_->hello_name.value_or("").empty()) {
    hello_ = {.extended = client_->protocol == "ESMTP", .name = *client_->hello_name};
  }
}

// ---- Authentication

std::optional<ServerDialog::Refusal> ServerDialog::auth_obstacle() const {
  if (hello_.name.empty()) return Refusal{Protocol, out_of_order("Send EHLO first")};
  if (!login_.empty()) return Refusal{Protocol, out_of_order("Already authenticated")};
  if (in_transaction_) return Refusal{Protocol, out_of_order("A transaction is under way")};
  if (options_.offer_auth) return {};
  if (options_.tls || !options_.offer_starttls) {
    return Refusal{Protocol, {502, {5, 5, 1}, "Authentication is not available"}};
  }
  if (options_.require_tls)
    return Refusal{Policy, {530, {5, 7, 0}, "Must issue a STARTTLS command first"}};
  return Refusal{Policy, {538, {5, 7, 11}, "Encryption required for this mechanism"}};
}

void ServerDialog::on_command(const AuthCommand& auth, std::string_view, ByteQueue& out) {
  const std::string shown = "AUTH " + auth.mechanism;
  if (const auto obstacle = auth_obstacle()) return refuse(shown, *obstacle, out);
  const auto& more = options_.more_mechanisms;
  const bool offered = Authentication::takes_password(auth.mechanism)
                           ? options_.offer_passwords
                           : std::ranges::find(more, auth.mechanism) != more.end();
  if (!offered) {
    return refuse(shown, {Protocol, {504, {5, 5, 4}, "Mechanism not recognized"}}, out);
  }
  claim_ = std::make_unique<Claim>(Authentication(auth.mechanism));
  proceed(claim_->exchange.begin(auth.initial_response), out);
}

void ServerDialog::on_credentials_line(std::string_view line, ByteQueue& out) {
  proceed(claim_->exchange.respond(line), out);
}

void ServerDialog::proceed(Authentication::Answer answer, ByteQueue& out) {
  if (const auto* prompt = std::get_if<Authentication::Prompt>(&answer)) {
    enter(State::Credentials);
    // The blank is there even when the challenge is empty (RFC 4954 section 4).
    out.append("334 ");
    out.append(prompt->challenge);
    out.append("\r\n");
  } else if (auto* credentials = std::get_if<Credentials>(&answer)) {
    claim_->login = credentials->login;
    step_ = CheckPassword{std::move(*credentials)};
    enter(State::CheckingPassword);
  } else if (auto* message = std::get_if<Authentication::Message>(&answer)) {
    step_ = SaslMessage{.mechanism = claim_->exchange.mechanism(),
                        .message = std::move(message->text),
                        .first = std::exchange(claim_->first_message, false)};
    enter(State::CheckingPassword);
  } else if (std::holds_alternative<Authentication::Cancelled>(answer)) {
    refuse_credentials({Policy, {501, {5, 7, 0}, "Authentication cancelled"}}, out);
  } else {
    refuse_credentials({Protocol, credentials_malformed()}, out);
  }
}

void ServerDialog::refuse_credentials(const Refusal& refusal, ByteQueue& out) {
  const std::unique_ptr<const Claim> refused = std::move(claim_);
  enter(State::Commands);
  refuse("AUTH " + refused->exchange.mechanism(), refusal, out);
}

void ServerDialog::challenge(std::string_view message, ByteQueue& out) {
  CHECK(state_ == State::CheckingPassword || state_ == State::Closing);
  if (state_ == State::Closing) return;
  proceed(Authentication::challenge(message), out);
}

void ServerDialog::password_checked(PasswordResult result, ByteQueue& out, std::string_view login) {
  CHECK(state_ == State::CheckingPassword || state_ == State::Closing);
  if (state_ == State::Closing) return;
  switch (result) {
    case PasswordResult::Accepted:
      login_ = login.empty() ? std::move(claim_->login) : std::string(login);
      claim_.reset();
      CHECK(!login_.empty());
      commands_ = 0;
      enter(State::Commands);
      return respond({235, {2, 7, 0}, "Authentication successful"}, out);
    case PasswordResult::Malformed:
      return refuse_credentials({Protocol, credentials_malformed()}, out);
    case PasswordResult::Unavailable:
      return refuse_credentials(
          {Policy, {454, {4, 7, 0}, "Temporary authentication failure"}, false}, out);
    case PasswordResult::Locked:
      refuse_credentials({Policy, {454, {4, 7, 0}, "Too many failed logins, try again later"}},
                         out);
      break;
    case PasswordResult::Rejected:
      refuse_credentials({Policy, {535, {5, 7, 8}, "Authentication credentials invalid"}}, out);
      break;
  }
  ++auth_failures_;
  if (auth_failures_ >= options_.auth_failure_limit) {
    close({4, 7, 0}, "Too many failed logins", "too many failed logins", out);
  }
}

// ---- Content

bool ServerDialog::process_content(ByteQueue& in, ByteQueue& out) {
  if (!content_.take_data(in)) return false;
  if (const auto refusal = content_.refusal()) {
    enter(State::Commands);
    refuse("DATA", *refusal, out);  // the policy reports on the transaction, too
    end_transaction();
  } else {
    enter(State::Storing);
    step_ = StoreMessage{};
  }
  return true;
}

bool ServerDialog::process_chunk(ByteQueue& in, ByteQueue& out) {
  if (!content_.take_chunk(in)) return false;
  const ContentReceiver::ChunkEnd chunk = content_.end_chunk();
  enter(State::Commands);
  if (chunk.refused()) {
    if (chunk.policy_refusal) {
      respond(*chunk.policy_refusal, out);
    } else {
      refuse("BDAT", *chunk.refusal, out);  // the policy reports on the transaction, too
    }
    abandon_transaction();
  } else if (chunk.last) {
    enter(State::Storing);
    step_ = StoreMessage{};
  } else {
    respond({250, {2, 0, 0}, "Chunk taken"}, out);
  }
  return true;
}

void ServerDialog::give_up_content(Reply reply) {
  CHECK(receiving_data());
  content_.give_up(std::move(reply));
}

void ServerDialog::message_stored(const Reply& reply, ByteQueue& out) {
  CHECK(state_ == State::Storing || state_ == State::Closing);
  if (state_ == State::Closing) return;
  end_transaction();
  enter(State::Commands);
  if (reply.positive()) errors_ = commands_ = 0;
  respond(reply, out);
}

void ServerDialog::end_transaction() {
  in_transaction_ = false;
  transaction_ = {};
  content_.end();
}

void ServerDialog::abandon_transaction() {
  if (!in_transaction_) return;
  content_.discard();
  end_transaction();
}

// ---- Replies

void ServerDialog::respond(const Reply& reply, ByteQueue& out) {
  reply.append_to(out);
  if (reply.code == 421) {
    abandon_transaction();
    close_reason_ = "refused by policy";
    enter(State::Closing);
  }
  if (reply.permanent()) count_error(out);
}

void ServerDialog::count_error(ByteQueue& out) {
  if (++errors_ < options_.error_limit || state_ == State::Closing) return;
  close({4, 7, 0}, "Too many errors", "too many errors", out);
}

void ServerDialog::refuse(std::string_view command_line, const Refusal& refusal, ByteQueue& out) {
  policy_.on_refused(refusal.kind, command_line, refusal.reply);
  respond(refusal.reply, out);
  if (refusal.is_error && !refusal.reply.permanent()) count_error(out);
}

void ServerDialog::close(EnhancedStatus status, std::string_view text, std::string_view reason,
                         ByteQueue& out) {
  if (state_ == State::Closing) return;
  refuse("", {Policy, {421, status, options_.hostname + " " + std::string(text)}}, out);
  close_reason_ = reason;
}

// A commit under way is left to finish: the client gets no reply, and must send
// the message again, but nothing acknowledged is lost.
void ServerDialog::shut_down(EnhancedStatus status, std::string_view text, ByteQueue& out) {
  if (state_ == State::Closing) return;
  if (state_ == State::Storing) end_transaction();
  const Reply reply{421, status, options_.hostname + " " + std::string(text)};
  respond(reply, out);
  close_reason_ = "shut down";
}

}  // namespace signpost::smtp
