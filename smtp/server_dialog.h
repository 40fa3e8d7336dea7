// The receiving side of one SMTP connection (RFC 5321 section 3, submission of RFC 6409).
//
// It owns no socket, no clock and no log. The driver (submission/submission_session.h) offers the
// bytes that arrived, sends the bytes that the dialog wrote to `out`, and carries out each Step:
//
//   advance(in, out) -> NeedInput          read more, then advance() again
//                    -> NeedRoom           send `out`, then advance() again
//                    -> StartTls           send `out`, discard `in`, do the handshake,
//                                          then tls_started()
//                    -> CheckPassword      check it somewhere, then password_checked()
//                    -> SaslMessage        answer it with challenge() or password_checked()
//                    -> StoreMessage       store what the sink collected, then message_stored()
//                    -> Close              send `out` and close
//
// While a CheckPassword, a SaslMessage or a StoreMessage is unanswered nothing is read from `in`:
// replies keep the order of the commands (RFC 2920 section 3.2). All replies that one call produces
// are in `out` together, for one write.
#pragma once

#include "base/byte_queue.h"
#include "smtp/authentication.h"
#include "smtp/command.h"
#include "smtp/content_receiver.h"
#include "smtp/mail_data.h"
#include "smtp/reply.h"
#include "smtp/server_options.h"
#include "smtp/server_policy.h"
#include "smtp/transaction.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace signpost::smtp {

class ServerDialog {
 public:
  struct NeedInput {};
  struct NeedRoom {};  // the client does not take its replies as fast as it sends commands
  struct StartTls {};
  struct CheckPassword {
    Credentials credentials;
  };
  // Of an AUTH by one of more_mechanisms.
  struct SaslMessage {
    std::string mechanism;
    SecretString message;
    bool first = false;  // of this AUTH
  };
  struct StoreMessage {};  // transaction() and the sink hold it
  struct Close {
    std::string_view reason;  // for the log: "quit", "too many errors", ...
  };
  using Step =
      std::variant<NeedInput, NeedRoom, StartTls, CheckPassword, SaslMessage, StoreMessage, Close>;

  using Transaction = smtp::Transaction;

  // `policy` must outlive the dialog.
  ServerDialog(ServerOptions options, ServerPolicy& policy);

  // Writes the greeting (RFC 5321 section 4.2). Once, before the first advance(); with implicit TLS
  // after the handshake.
  void greet(ByteQueue& out);

  Step advance(ByteQueue& in, ByteQueue& out);

  // After StartTls: all knowledge of the client is forgotten (RFC 3207 section 4.2).
  // `offer_auth`: AUTH may be offered from now on, with `more_mechanisms` as in ServerOptions.
  void tls_started(bool offer_auth, std::vector<std::string> more_mechanisms = {});

  // Replaces ServerOptions::more_mechanisms. Before greet() only: with implicit TLS the handshake
  // says what may be offered.
  void offer(std::vector<std::string> more_mechanisms);

  // After SaslMessage: the client is to answer this one.
  void challenge(std::string_view message, ByteQueue& out);

  enum class PasswordResult { Accepted, Rejected, Unavailable, Locked, Malformed };
  // `login`: whom the client has proven to be, if the dialog cannot know it: after SaslMessage.
  void password_checked(PasswordResult result, ByteQueue& out, std::string_view login = {});

  // The reply to the end of data: 250 2.0.0 Ok: queued as ID, or the refusal. Ends the transaction.
  void message_stored(const Reply& reply, ByteQueue& out);

  // While receiving_data(): the policy cannot hold more of the content, which is discarded, read to
  // its end, and then answered with `reply`.
  void give_up_content(Reply reply);

  // Writes a 421 with `text` (section 3.8) and makes the next advance() answer Close. For idle
  // time-outs (4.4.2), shutdown (4.3.2) and overload (4.7.0).
  void shut_down(EnhancedStatus status, std::string_view text, ByteQueue& out);

  bool in_transaction() const;  // after an accepted MAIL
  bool receiving_data() const;  // between 354 and the end of data, or first and last chunk
  const Transaction& transaction() const { return transaction_; }
  const HelloCommand& hello() const { return hello_; }  // empty name before EHLO
  // Empty before AUTH succeeded, or XCLIENT brought one.
  const std::string& login() const { return login_; }
  const MailDataDecoder& decoder() const { return content_.decoder(); }
  std::size_t content_size() const { return content_.size(); }

 private:
  // The table of states and transitions is at the top of server_dialog.cc.
  enum class State : std::uint8_t {
    Commands,
    Credentials,
    CheckingPassword,
    Content,
    Chunk,
    Storing,
    Securing,
    Closing,
  };
  using Refusal = DialogRefusal;

  void enter(State state);

  // Each works on the front of `in`; false when it needs more of it.
  bool process_line(ByteQueue& in, ByteQueue& out);
  bool process_content(ByteQueue& in, ByteQueue& out);
  bool process_chunk(ByteQueue& in, ByteQueue& out);
  bool skip_line(ByteQueue& in);
  std::size_t line_limit(std::string_view input) const;
  void refuse_long_line(std::string_view line, ByteQueue& out);

  void on_command_line(std::string_view line, ByteQueue& out);
  void on_command(const HelloCommand& hello, std::string_view line, ByteQueue& out);
  void on_command(const MailCommand& mail, std::string_view line, ByteQueue& out);
  void on_command(const RcptCommand& rcpt, std::string_view line, ByteQueue& out);
  void on_command(const DataCommand& data, std::string_view line, ByteQueue& out);
  void on_command(const BdatCommand& bdat, std::string_view line, ByteQueue& out);
  void on_command(const RsetCommand& rset, std::string_view line, ByteQueue& out);
  void on_command(const NoopCommand& noop, std::string_view line, ByteQueue& out);
  void on_command(const QuitCommand& quit, std::string_view line, ByteQueue& out);
  void on_command(const StartTlsCommand& starttls, std::string_view line, ByteQueue& out);
  void on_command(const AuthCommand& auth, std::string_view line, ByteQueue& out);
  void on_command(const VrfyCommand& vrfy, std::string_view line, ByteQueue& out);
  void on_command(const ExpnCommand& expn, std::string_view line, ByteQueue& out);
  void on_command(const HelpCommand& help, std::string_view line, ByteQueue& out);
  void on_command(const XclientCommand& xclient, std::string_view line, ByteQueue& out);

  // Why a MAIL, a chunk, a STARTTLS, an AUTH or an XCLIENT is refused before it is looked at;
  // nothing if it is not.
  std::optional<Refusal> mail_obstacle(const MailCommand& mail) const;
  std::optional<Refusal> content_obstacle() const;
  std::optional<Refusal> starttls_obstacle() const;
  std::optional<Refusal> auth_obstacle() const;
  std::optional<Refusal> xclient_obstacle(const XclientCommand& xclient) const;

  void on_credentials_line(std::string_view line, ByteQueue& out);
  void proceed(Authentication::Answer answer, ByteQueue& out);
  void refuse_credentials(const Refusal& refusal, ByteQueue& out);

  void abandon_transaction();
  void end_transaction();
  void start_over(ServerOptions options);

  void respond(const Reply& reply, ByteQueue& out);
  void count_error(ByteQueue& out);
  bool is_stranger() const;
  std::size_t command_limit() const;
  void refuse(std::string_view command_line, const Refusal& refusal, ByteQueue& out);
  void lose_track(ByteQueue& out);
  void close(EnhancedStatus status, std::string_view text, std::string_view reason, ByteQueue& out);

  ServerOptions options_;
  ServerPolicy& policy_;

  State state_ = State::Commands;
  std::optional<Step> step_;    // to be announced by the advance() under way
  bool skipping_line_ = false;  // the rest of a line that was too long
  std::size_t errors_ = 0;      // since the last message that was taken
  std::size_t commands_ = 0;    // since then or since the login, RCPT not counted
  std::size_t auth_failures_ = 0;
  std::string_view close_reason_;

  HelloCommand hello_;
  std::string login_;
  std::unique_ptr<const XclientCommand> client_;  // what XCLIENT has said; null: nothing

  // An AUTH under way. Apart, as most sessions have none at a time.
  struct Claim {
    explicit Claim(Authentication begun) : exchange(std::move(begun)) {}

    Authentication exchange;
    bool first_message = true;  // is still to come
    std::string login;          // login_ once the password proved right
  };
  std::unique_ptr<Claim> claim_;

  bool in_transaction_ = false;
  Transaction transaction_;
  ContentReceiver content_;
};

}  // namespace signpost::smtp
