// The transactions on one connection to a receiver: takes jobs of its site and drives
// smtp::ClientDialog over the connection for as long as there are any. The table of states is in
// the .cc.
#pragma once

#include "base/alive.h"
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
  static constexpr std::size_t kRecipientsPerTransaction = 100;  // RFC 5321 section 4.5.3.1.8

  // `host` must outlive it.
  DeliverySession(SessionHost& host, std::uint64_t id, SitePtr site);
  ~DeliverySession() override;

  void start();
  void wake();   // was idle: the site has a job
  void hurry();  // there are fewer connections than are wanted: no long wait for a greeting
  void drain();  // the relay stops: the transaction under way is the last one

 private:
  enum class State { Opening, Loading, Transacting, Idle, Quitting, Ended };

  // The job under way: its recipients go out in as many transactions as they need.
  struct Attempt {
    PendingJob pending;
    std::vector<Disposition> dispositions;  // of the recipients decided so far
    std::string reverse_path;
    std::vector<std::string> mailboxes;  // of the transaction under way
    std::optional<smtp::DotStuffer> content;
    bool early = false;  // begun behind the message before
  };

  // ReceiverConnection::User
  void on_ready() override;
  void on_no_host(const std::optional<Disposition>& why) override;
  void on_input() override { pump(); }
  void on_writable() override;
  void on_lost(const Error& error) override;

  void enter(State state);
  void on_timeout();
  bool is_ready() const { return state_ != State::Opening && state_ != State::Ended; }

  void pump();
  bool carry_out(smtp::ClientDialog::Step& step);  // false: nothing more to do until input comes
  bool next_job();                                 // false: idle, loading or ended
  void loaded(std::optional<PendingJob> job);
  void begin(std::unique_ptr<Attempt> attempt);
  std::unique_ptr<Attempt> attempt_of(PendingJob pending);
  smtp::ClientTransaction next_transaction(Attempt& attempt);
  const OutgoingMessage::Signature& signature(const Attempt& attempt);
  void begin_early();
  void loaded_early(std::optional<PendingJob> job);
  void send_content();
  void transaction_done(const smtp::TransactionResult& result, const std::string& detail);
  void settle_current();
  void closed(smtp::ClientDialog::Close close);
  void give_back(std::unique_ptr<Attempt> untried);
  bool peer_hung_up_between_messages(const smtp::ClientDialog::Close& close) const;
  void quit();
  void end(const std::optional<Disposition>& failure);

  AttemptFacts facts() const;
  bool draining() const { return host_.context().draining.load(std::memory_order_relaxed); }
  SessionRef ref() const { return {host_.context().worker, id_}; }
  std::string log_id() const;

  SessionHost& host_;
  const std::uint64_t id_;
  const SitePtr site_;
  const SteadyTime began_;
  State state_ = State::Opening;
  ReceiverConnection connection_;
  net::Timer timer_;
  std::unique_ptr<Attempt> current_;
  std::unique_ptr<Attempt> next_;  // taken while current_ waits for its last reply
  bool loading_next_ = false;      // it is being read
  std::size_t messages_ = 0;       // begun on this connection
  SteadyTime content_sent_;
  SteadyTime::duration last_reply_took_ = SteadyTime::duration::max();
  Alive alive_;
};

}  // namespace signpost::delivery
