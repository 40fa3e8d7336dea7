// The sending side of one SMTP or LMTP connection (RFC 5321 section 3, RFC 2920, RFC 2033).
//
// It owns no socket and no clock. The driver (delivery/delivery_session.h) offers the bytes that
// arrived, sends what the dialog wrote to `out`, and carries out each Step:
//
//   advance(in, out) -> AwaitReply       read more; give up after timeout(awaiting())
//                    -> StartTls         do the handshake, then tls_started() or give up
//                    -> Ready            the greeting, EHLO, TLS and AUTH are done: begin() or
//                    quit()
//                    -> SendContent      send `out`, then the mail data (DotStuffer), then
//                                        content_sent()
//                    -> TransactionDone  the recipients' replies; then Ready again by can_begin()
//                    -> Close            the connection cannot be used further, `failure` says why
//
// With PIPELINING, MAIL, all RCPTs and DATA leave in one write, and may do so right after the mail
// data of the previous message (begin_early()): then a message costs one round trip, not two. The
// dialog is two cursors, what was sent and what was answered, over one list of commands.
//
// LMTP differs in two commands: LHLO, with nothing to fall back to, and the end of data, which has
// a reply for each recipient that was accepted, in their order (RFC 2033 section 4.2).
#pragma once

#include "base/byte_queue.h"
#include "smtp/client_login.h"
#include "smtp/client_transaction.h"
#include "smtp/reply.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace signpost::smtp {

// What the dialog waits for; selects the time limit and the words of the log.
enum class Phase : std::uint8_t {
  Greeting,
  Hello,
  StartTls,
  Auth,
  Mail,
  Rcpt,
  DataCommand,
  Content,
  EndOfData,
  Rset,
  Quit,
  Idle,
};
std::string_view phase_text(Phase phase);  // "waiting for the greeting", ...

// Each default is the minimum of RFC 5321 section 4.5.3.2.
struct ClientTimeouts {
  std::chrono::seconds greeting{300};
  std::chrono::seconds hello{300};
  std::chrono::seconds mail{300};
  std::chrono::seconds rcpt{300};
  std::chrono::seconds data_command{120};
  std::chrono::seconds data_block{180};  // no progress while content is sent
  std::chrono::seconds end_of_data{600};
  std::chrono::seconds quit{5};  // RFC 5321 names none for QUIT; nothing depends on its reply
};

// STARTTLS: Off never asks for it; IfOffered uses it when the peer announces it; Required ends the
// session with a transient failure when it does not (or answers 454).
enum class TlsUse : std::uint8_t { Off, IfOffered, Required };

struct ClientOptions {
  std::string hostname;  // EHLO's argument
  TlsUse starttls = TlsUse::IfOffered;
  bool tls = false;  // implicit TLS is on already
  bool lmtp = false;
  std::shared_ptr<const ClientLogin> login{};  // null: no AUTH
  bool is_local = false;  // nobody else can read the connection, although it is in clear
  ClientTimeouts timeouts;
};

// The outcome of one transaction. `recipients[i]` is about the i-th recipient: the reply that
// decided about it, the first one to MAIL, RCPT, DATA or the end of data that was not positive;
// code 0 when the connection was lost before that, or, with a status, when nothing was sent since
// the peer's extensions rule it out.
struct TransactionResult {
  struct Recipient {
    Reply reply;
    Phase phase = Phase::Rcpt;  // the command that `reply` answers, or that was not answered
  };
  std::vector<Recipient> recipients;
  // The final dot was sent and no reply to it came: the peer may have the message (RFC 1047).
  bool possibly_delivered = false;
};

class ClientDialog {
 public:
  struct AwaitReply {};
  struct StartTls {};
  struct Ready {};
  struct SendContent {};
  struct TransactionDone {
    TransactionResult result;
  };
  // The session is over. `reply` is the peer's reply that ended it; code 0 if there was none, then
  // `detail` says why. `transaction` holds the unfinished transaction's results, if there was one.
  struct Close {
    enum class Reason : std::uint8_t {
      Quit,            // as we asked
      Refused,         // greeting or EHLO/HELO was not positive
      ServiceClosing,  // 421 at any time (section 3.8)
      TlsUnavailable,  // Required, but not offered or refused
      AuthFailed,      // refused, not offered, or by a peer that is not who it should be
      ProtocolFault,  // unparsable or unasked-for replies, bytes injected after the 220 to STARTTLS
      Disconnected,   // connection_lost()
    };
    Reason reason;
    Phase phase;
    Reply reply;
    std::string detail;
    std::optional<TransactionResult> transaction;
  };
  using Step = std::variant<AwaitReply, StartTls, Ready, SendContent, TransactionDone, Close>;

  explicit ClientDialog(ClientOptions options);

  // Call when bytes have arrived, and again after each Step but AwaitReply and Close. The first
  // call waits for the greeting.
  Step advance(ByteQueue& in, ByteQueue& out);

  // Starts a transaction: writes MAIL and, with PIPELINING, all up to DATA. What the peer's
  // announced extensions rule out is decided here, and nothing is written. REQUIRES: can_begin()
  void begin(const ClientTransaction& transaction, ByteQueue& out);
  bool can_begin() const;  // Ready was the last step, and nothing was begun since
  // The peer accepts another MAIL in this session (RFC 9422 section 4.1): otherwise quit().
  bool may_send_mail() const;

  // All of the mail data, the final dot included, was appended to the `out` of advance(), of which
  // the caller removes what the socket has taken.
  void content_sent();

  // After content_sent(), with PIPELINING: writes the next transaction's commands right after the
  // mail data (RFC 2920 section 3.1 allows MAIL there). That transaction is under way after the
  // TransactionDone of this one; if the session ends earlier, it was not tried and has no result.
  // False: nothing was written, begin it when the dialog is Ready. REQUIRES: can_begin_early()
  bool begin_early(const ClientTransaction& transaction, ByteQueue& out);
  bool can_begin_early() const;

  // After StartTls: EHLO goes out again (RFC 3207 section 4.2).
  void tls_started(ByteQueue& out);
  // From STARTTLS to a positive reply to EHLO or HELO under TLS. Still true when the session has
  // ended there: then TLS could not be used.
  bool starting_tls() const { return starting_tls_; }

  void quit(ByteQueue& out);  // REQUIRES: can_begin()

  // The connection broke or a time limit passed; `detail` says which. Returns what this means.
  Close connection_lost(std::string detail);

  Phase awaiting() const;
  std::chrono::seconds timeout() const;  // for awaiting()
  const PeerExtensions& extensions() const { return extensions_; }
  const Reply& greeting() const { return greeting_; }
  // The refusal of STARTTLS after which an IfOffered session continued in clear; code 0: none.
  const Reply& tls_refusal() const { return tls_refusal_; }
  bool transaction_open() const { return transaction_open_; }

 private:
  // One command of the list, sent or still to be sent. Its text is made when it is sent.
  struct Command {
    Phase phase;
    std::size_t recipient = 0;  // of Rcpt, and of EndOfData in LMTP
  };
  using MaybeStep = std::optional<Step>;

  void ask(Phase phase);
  void flush(ByteQueue& out);
  std::string command_line(const Command& command);
  void list_commands(const ClientTransaction& transaction);

  MaybeStep on_reply(const Reply& reply, const ByteQueue& in, const ByteQueue& out);
  MaybeStep on_greeting(const Reply& reply);
  MaybeStep on_hello(const Reply& reply);
  MaybeStep on_starttls(const Reply& reply, const ByteQueue& in);
  MaybeStep on_auth(const Reply& reply);
  MaybeStep on_mail(const Reply& reply);
  MaybeStep on_rcpt(const Reply& reply, std::size_t recipient);
  MaybeStep on_data(const Reply& reply);
  bool is_early(Phase phase, const Reply& reply, const ByteQueue& out) const;
  MaybeStep on_early(const Reply& reply);
  MaybeStep on_end_of_data(const Reply& reply, std::size_t recipient);
  MaybeStep on_unasked(const Reply& reply);

  MaybeStep secure();
  MaybeStep authenticate();
  MaybeStep logged_in();
  Close auth_failed(std::string detail);
  void become_ready();

  std::optional<Reply> local_refusal(const ClientTransaction& transaction) const;
  std::optional<Reply> late(const DeliverBy& by) const;
  void open(const ClientTransaction& transaction);
  void decide(std::size_t recipient, const Reply& reply);
  void decide_rest(const Reply& reply);
  void await_for_undecided(Phase phase);
  void await_each();
  MaybeStep finish_if_settled();
  TransactionResult take_result();
  TransactionDone finish();

  Close close(Close::Reason reason, Phase phase, Reply reply, std::string detail);
  Close fault(Phase phase, std::string detail);

  ClientOptions options_;
  PeerExtensions extensions_;
  Reply greeting_;
  Reply tls_refusal_;
  bool tls_;
  bool extended_ = true;      // EHLO, not HELO
  bool handshaking_ = false;  // between StartTls and tls_started()
  bool starting_tls_ = false;
  std::unique_ptr<LoginExchange> exchange_;  // from AUTH to its final reply
  std::string auth_line_;                    // AUTH, or a response to 334

  // The list of commands under way and the two cursors over it; empty when idle.
  std::vector<Command> commands_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  bool ready_ = false;      // idle: begin() or quit() may be called
  bool announced_ = false;  // ... and advance() has said so
  bool closed_ = false;

  ClientTransaction transaction_;
  std::optional<ClientTransaction> next_;  // begun early: its commands are at the list's end
  std::vector<TransactionResult::Recipient> results_;  // code 0: not decided yet
  std::size_t undecided_ = 0;
  std::size_t mails_ = 0;  // MAIL commands of this session
  bool transaction_open_ = false;
  bool settled_locally_ = false;  // decided in begin(), nothing was sent
  bool mail_open_ = false;        // the peer holds a transaction that RSET must end
  bool content_announced_ = false;
  bool content_sent_ = false;
  std::size_t behind_content_ = 0;  // octets that begin_early() wrote after the mail data
};

}  // namespace signpost::smtp
