// One client's connection: drives smtp::ServerDialog over net::Stream, applies the configuration's
// policy, and hands finished messages to the committer. Only after the commit does it say 250.
#pragma once

#include "message/content_builder.h"
#include "net/stream.h"
#include "net/timer.h"
#include "relay/settings.h"
#include "relay/worker.h"
#include "smtp/server_dialog.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace signpost::relay {

// Belongs to its worker's thread. Retires itself through Worker::retire().
class SubmissionSession final : private net::StreamHandler, private smtp::ServerPolicy {
 public:
  SubmissionSession(Worker& worker, std::uint64_t id, const config::ListenerConfig& listener,
                    int fd, const net::SocketAddress& peer);
  ~SubmissionSession() override;

  void start();
  void drain();  // the relay stops: 421 when idle, after the message under way otherwise
  std::uint64_t id() const { return id_; }

  // Answers to what was asked for elsewhere.
  void password_checked(const std::string& login, smtp::ServerDialog::PasswordResult result);
  void message_stored(const queue::MessageId& id, bool stored);

 private:
  // net::StreamHandler
  void on_input() override;
  void on_secured(const net::TlsFacts& facts) override;
  void on_writable() override;
  void on_closed(const Error& error) override;
  // smtp::ServerPolicy
  std::optional<smtp::Reply> on_hello(const smtp::HelloCommand& hello) override;
  std::optional<smtp::Reply> on_mail(const smtp::MailCommand& mail) override;
  std::optional<smtp::Reply> on_recipient(const smtp::RcptCommand& recipient) override;
  std::expected<ByteSink*, smtp::Reply> on_data() override;
  void discard() override;
  void on_refused(std::string_view command_line, const smtp::Reply& reply) override;

  static smtp::ServerOptions dialog_options(const Settings& settings,
                                            const config::ListenerConfig& listener,
                                            const net::IpAddress& peer, bool trusted);

  void pump();  // lets the dialog work on what came, carries its steps out, sends the replies
  void check_password(smtp::ServerDialog::CheckPassword request);
  void store_message();
  std::optional<smtp::Reply> refuse_content();  // by what the header section says
  bool sender_permitted(std::string_view address) const;
  void account_content();
  void on_timeout();
  void close(std::string_view reason);
  void arm_timer(bool progress);
  void reject(std::string_view reason, const smtp::Reply& reply);
  smtp::Reply refused(std::string_view reason, smtp::Reply reply);  // reject(), for a return
  std::string log_id() const;

  Worker& worker_;
  const std::uint64_t id_;
  const std::shared_ptr<const Settings> settings_;
  const std::string listener_;
  const config::ListenerMode mode_;
  const net::SocketAddress peer_;
  const bool trusted_;
  const bool auth_offered_;
  bool admitted_ = false;
  bool pumping_ = false;
  bool waiting_ = false;  // for a password check or a commit: nothing is read meanwhile
  bool closing_ = false;
  bool draining_ = false;
  net::Stream stream_;
  net::Timer timer_;
  smtp::ServerDialog dialog_;
  std::optional<net::TlsFacts> tls_;
  std::optional<message::ContentBuilder> builder_;
  queue::MessageId message_id_;  // of the message under way
  std::size_t accounted_ = 0;    // octets of builder_ counted as memory in use
  SteadyTime end_of_data_{};
  std::optional<SteadyTime> data_began_;
  std::size_t unsent_ = 0;  // octets of replies that the client had not taken after the last turn
};

}  // namespace signpost::relay
