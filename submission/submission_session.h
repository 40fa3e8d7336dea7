// One client's connection: drives smtp::ServerDialog over net::Stream, asks submission/acceptance
// what may be accepted, and replies 250 when the message is stored.
#pragma once

#include "auth/authenticator.h"
#include "config/config.h"
#include "message/content_builder.h"
#include "net/stream.h"
#include "net/timer.h"
#include "relay/context.h"
#include "smtp/server_dialog.h"
#include "submission/acceptance.h"
#include "submission/holds.h"
#include "submission/peer.h"
#include "submission/recipient_quota.h"
#include "submission/session_events.h"
#include "submission/session_state.h"
#include "submission/submitter.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::submission {

class SubmissionSession;

// What a session asks of the service that owns it. The answers come in later turns of the loop, and
// only while the session exists.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  // Answered with password_checked().
  virtual void check_password(const SubmissionSession& session, auth::Attempt attempt) = 0;
  virtual std::unique_ptr<auth::SaslExchange> begin_exchange(std::string_view mechanism,
                                                             auth::Authenticator::Terms terms) = 0;
  // Answered with message_stored(). `memory`: what the content takes up.
  // If it cannot be stored, `charge` is given back.
  virtual void store(const SubmissionSession& session, Accepted accepted, HeldMemory memory,
                     Charge charge) = 0;
  // Destroys the session when its function under way has returned.
  virtual void retire(const SubmissionSession& session) = 0;
  // The client is no longer a stranger: its session no longer gives way to others.
  virtual void logged_in(const SubmissionSession& session) = 0;
  // Of a session that gave its place back, since its client is `peer` now. A client for which there
  // is no place is refused.
  virtual std::expected<SessionPlace, relay::Place> place_again(
      const SubmissionSession& session, const config::ListenerConfig& listener,
      const Peer& peer) = 0;
  virtual bool draining() const = 0;  // the relay is stopping: no new transaction
};

// Belongs to its worker's thread.
class SubmissionSession final : private net::StreamHandler, private smtp::ServerPolicy {
 public:
  // Takes over `fd`. `context`, `host` and `lines` must outlive it.
  SubmissionSession(relay::Context& context, SessionHost& host, LineBudget& lines, std::uint64_t id,
                    const config::ListenerConfig& listener, int fd, const Peer& peer,
                    SessionPlace place);

  void start();      // once
  void drain();      // host.draining() has become true: an idle session says 421 and ends
  void send_away();  // whatever is under way: 421, and the client has a moment to read it
  // Whether its place may be given to another client: a client that has achieved nothing, or whose
  // password is being checked.
  bool may_give_way() const;
  bool checks_password() const { return state_ == State::CheckingPassword; }
  net::IpAddress client() const { return submitter_.peer().client.ip.client_prefix(); }
  void give_way();  // gives its place back at once, and ends
  void password_checked(auth::Verdict verdict, const std::string& login);
  void message_stored(bool stored);

  std::uint64_t id() const { return id_; }
  const SessionEvents& events() const { return events_; }

 private:
  // net::StreamHandler
  void on_input() override;
  void on_secured(const net::TlsFacts& facts) override;
  void on_writable() override;
  bool on_input_ended() override;
  void on_closed(const Error& error) override;
  // smtp::ServerPolicy
  std::optional<smtp::Reply> on_hello(const smtp::HelloCommand& hello) override;
  std::optional<smtp::Reply> on_mail(smtp::MailCommand& mail) override;
  std::optional<smtp::Reply> on_recipient(const smtp::RcptCommand& recipient) override;
  std::expected<ByteSink*, smtp::Reply> on_data() override;
  void discard() override;
  std::expected<smtp::ServerOptions, smtp::Reply> on_xclient(smtp::XclientCommand& client) override;
  void on_refused(smtp::RefusalKind kind, std::string_view command_line,
                  const smtp::Reply& reply) override;

  void enter(State state);  // nothing else changes the state or the timer
  void pump();  // lets the dialog process the input, carries out its steps, sends the replies
  void carry_out(smtp::ServerDialog::Step step);
  void secure();
  void check_password(smtp::Credentials asked);
  void on_sasl_message(const smtp::ServerDialog::SaslMessage& asked);
  void finish_login(auth::Verdict verdict, const std::string& login);
  void log_in(const std::string& login);
  void store_message();
  void account_content();
  std::size_t buffered() { return stream_.input().size() + unsent_ + recipient_octets_; }
  void account_buffers();
  void on_timeout();
  void say_goodbye(smtp::EnhancedStatus status, std::string_view text, std::string_view reason);
  void close(std::string_view reason);
  void retire();

  const relay::Settings& settings() const { return *submitter_.settings(); }
  bool is_stranger() const;
  std::optional<Refused> refuse_excess();  // of one more recipient
  // Counts the message's recipients, or says why not.
  std::expected<Charge, Refused> charge(const Accepted& accepted);
  Principal principal() const { return submitter_.principal(dialog_.login()); }
  const std::string& login() const { return submitter_.login(dialog_.login()); }
  const smtp::Transaction* transaction() const;  // under way; null: none
  // Reports it, and returns its reply.
  smtp::Reply reject(Refused refused, const SessionEvents::Particulars& particulars = {});

  // An AUTH under way whose mechanism is not about a password in clear.
  struct Exchange {
    std::unique_ptr<auth::SaslExchange> mechanism;
    // Its outcome, while the client takes last words.
    std::optional<auth::Verdict> verdict{};
    std::string login{};
  };
  // The content of the message under way, and what became of it.
  struct Content {
    Content(message::FixUps fix_ups, std::size_t announced, relay::Admission& admission)
        : builder(std::in_place, std::move(fix_ups), announced), memory(admission) {}

    std::optional<message::ContentBuilder> builder;  // until the message is accepted
    HeldMemory memory;                               // of it
    queue::MessageId id{};
    std::string script{};  // that sent the message
    SteadyTime ended{};
  };

  relay::Context& context_;
  SessionHost& host_;
  const std::uint64_t id_;
  SessionEvents events_;
  Submitter submitter_;
  const config::ListenerMode mode_;
  const config::RaisePriority raise_priority_;
  const bool may_authenticate_;  // under TLS
  SessionPlace place_;
  SteadyTime began_;
  State state_ = State::Starting;
  net::Stream stream_;
  net::Timer timer_;
  smtp::ServerDialog dialog_;
  HeldMemory buffers_;  // buffered(): what waits in stream_, in either direction, and recipients
  SteadyTime content_began_{};
  bool input_ended_ = false;          // the client has finished sending, and is answered to the end
  bool answers_login_ = false;        // the reply is to a login that an event has reported
  std::size_t recipient_octets_ = 0;  // of the transaction under way
  std::size_t unsent_ = 0;            // octets of replies that were unsent after the last turn
  // Apart, as most sessions are idle, and many in clear.
  std::unique_ptr<const net::TlsFacts> tls_;
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Content> content_;
};

}  // namespace signpost::submission
