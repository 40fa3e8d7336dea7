// The transactions on one connection to a receiver: takes jobs of its site and drives
// smtp::ClientDialog over the connection for as long as there are any. The table of states is in
// the .cc.
#pragma once

#include "base/alive.h"
#include "delivery/attempt.h"
#include "delivery/outgoing_message.h"
#include "delivery/receiver_connection.h"
#include "delivery/session_host.h"
#include "net/timer.h"
#include "smtp/client_dialog.h"
#include "smtp/mail_data.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {

// Belongs to its worker's thread. Holds one reserved connection of its site, and gives it back when
// it ends; then it retires through its host.
class DeliverySession final : private ReceiverConnection::User {
 public:
  // `host` must outlive it.
  DeliverySession(SessionHost& host, const SessionRef& ref, SitePtr site);
  ~DeliverySession() override;

  void start();
  void wake();   // was idle: the site has a job
  void hurry();  // connections are short: no long wait for a greeting
  // Ends, if it is idle with a connection to that address.
  bool make_room_at(const net::IpAddress& address);
  void drain();  // the relay stops: the transaction under way is the last one
  // The relay stops now. A message whose final dot was sent and not answered is settled as if the
  // connection had been lost; anything else stays in the queue as it is. Destroy it next.
  void cut();

 private:
  enum class State { Opening, Loading, Transacting, Idle, Quitting, Ended };

  // A job that was taken. Its recipients go out in as many transactions as they need.
  struct Taken {
    explicit Taken(PendingJob pending) : tokens(pending.tokens), attempt(std::move(pending)) {}
    std::size_t tokens;  // for transactions that are not begun yet
    Attempt attempt;
    const OutgoingMessage::Form* form = nullptr;  // that the peer gets, once it is known
    std::optional<smtp::DotStuffer> content;
    bool early = false;  // begun before the reply to the previous message
    SteadyTime began{};
  };

  // ReceiverConnection::User
  void on_ready() override;
  void on_no_host(const std::optional<Disposition>& why, const AttemptFacts& facts) override;
  void on_input() override { pump(); }
  void on_writable() override;
  void on_lost(const Error& error) override;

  void enter(State state);
  void on_timeout();

  void pump();
  bool carry_out(smtp::ClientDialog::Step& step);  // false: nothing more to do until input comes
  bool next_job();                                 // false: idle, loading or ended
  void loaded(std::optional<PendingJob> job);
  bool may_go_on(const Taken& taken) const;
  void begin(std::unique_ptr<Taken> taken);
  void begin_transaction();
  smtp::ClientTransaction next_transaction(Taken& taken);
  const OutgoingMessage::Form& form(Taken& taken, message::Transport transport);
  void begin_early();
  void loaded_early(std::optional<PendingJob> job);
  void send_content();
  void heed(const smtp::Reply& reply);
  Attempt::Then transaction_ended(const smtp::TransactionResult& result, const std::string& detail);
  void transaction_done(const smtp::TransactionResult& result);
  void transaction_cut(const smtp::ClientDialog::Close& close, const std::string& detail);
  void settle(std::unique_ptr<Taken> taken, const Disposition& rest, bool unfinished = false);
  void put_back(std::unique_ptr<Taken> taken);
  void closed(const smtp::ClientDialog::Close& close);
  void begin_again();
  void reconnect();
  void try_next_host();
  void quit();
  void end(const std::optional<Disposition>& failure, const AttemptFacts& facts);

  bool draining() const { return host_.context().draining.load(std::memory_order_relaxed); }
  std::string log_id() const;

  SessionHost& host_;
  const SessionRef ref_;
  const SitePtr site_;
  SteadyTime began_;  // the connection's
  State state_ = State::Opening;
  ReceiverConnection connection_;
  net::Timer timer_;
  ConnectionRecord record_;
  bool was_ready_ = false;    // at least once
  bool used_up_ = false;      // the connection takes no more mail
  bool paid_ = false;         // its last failure was an attempt of the job that it had
  bool turned_away_ = false;  // the last host took nothing, and no other is ready yet
  std::unique_ptr<Taken> current_;
  std::unique_ptr<Taken> next_;  // taken while current_ waits for its last reply
  bool loading_next_ = false;    // it is being read
  std::size_t messages_ = 0;     // begun by this session
  SteadyTime content_sent_;
  SteadyTime::duration last_reply_took_ = SteadyTime::duration::max();
  Alive alive_;
};

}  // namespace signpost::delivery
