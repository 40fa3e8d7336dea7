// One connection to a receiver: finds a host, connects, and drives smtp::ClientDialog over
// net::Stream for as long as its destination has jobs.
//
//   walk -> connect -> greeting, EHLO [-> STARTTLS, EHLO] -> ready: job after job -> idle -> QUIT
//     ^                    |
//     +--- next address ---+    a host that fails before it is ready costs no job anything
#pragma once

#include "net/stream.h"
#include "net/timer.h"
#include "relay/completion.h"
#include "relay/destination.h"
#include "relay/host_walk.h"
#include "relay/worker.h"
#include "smtp/client_dialog.h"
#include "smtp/mail_data.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::relay {

// Belongs to its worker's thread. Retires itself through Worker::retire(). Holds one reserved
// connection of its destination, and gives it back when it ends.
class DeliverySession final : private net::StreamHandler {
 public:
  static constexpr std::size_t kRecipientsPerTransaction = 100;  // RFC 5321 section 4.5.3.1.8

  DeliverySession(Worker& worker, std::uint64_t id, std::shared_ptr<Destination> destination);
  ~DeliverySession() override;

  void start();
  void wake();   // was idle: the destination has a job
  void drain();  // the relay stops: the transaction under way is the last one
  std::uint64_t id() const { return id_; }

 private:
  enum class State { Walking, Connecting, Securing, Talking, Idle, Ended };

  // The job under way: its recipients go out in as many transactions as they need.
  struct Current {
    PendingJob job;
    std::vector<Disposition> dispositions;  // of the recipients answered so far
    std::string reverse_path;
    std::vector<std::string> mailboxes;  // of the transaction under way
    std::optional<smtp::DotStuffer> content;
    bool early = false;  // was begun behind the message before
  };

  // net::StreamHandler
  void on_connected() override;
  void on_secured(const net::TlsFacts& facts) override;
  void on_input() override;
  void on_writable() override;
  void on_closed(const Error& error) override;

  void enter(State state);
  void connect();
  void drop_stream();
  void host_failed(Disposition failure, bool try_next_host);
  void tls_failed(const std::string& detail);
  void exhausted(const Disposition& why);

  void pump();
  bool carry_out(smtp::ClientDialog::Step& step);  // false: nothing more to do until bytes come
  bool ready();                                    // false: idle or quitting
  std::unique_ptr<Current> taken(PendingJob job);
  smtp::ClientTransaction next_transaction(Current& current);
  void begin_early();
  void send_content();
  void transaction_done(const smtp::TransactionResult& result, const std::string& detail);
  void complete_current();
  void closed(smtp::ClientDialog::Close close);
  void give_back(std::unique_ptr<Current> untried);
  bool peer_hung_up_between_messages(const smtp::ClientDialog::Close& close) const;
  void quit();
  void end(const std::optional<Disposition>& failure);
  void on_timeout();
  void arm_timer();

  AttemptFacts facts() const;
  SessionRef ref() const { return {worker_.index(), id_}; }
  std::string log_id() const;

  Worker& worker_;
  const std::uint64_t id_;
  const std::shared_ptr<Destination> destination_;
  const std::shared_ptr<const Settings> settings_;
  const NextHop hop_;
  State state_ = State::Walking;
  HostWalk walk_;
  HostWalk::Target target_;
  std::unique_ptr<net::Stream> stream_;
  net::Timer timer_;
  std::optional<smtp::ClientDialog> dialog_;
  std::optional<net::TlsFacts> tls_;
  std::optional<Disposition> failure_;  // of the last host that failed
  std::unique_ptr<Current> current_;
  std::unique_ptr<Current> next_;  // taken while current_ waits for its last reply
  std::size_t provider_ = 0;
  std::size_t messages_ = 0;  // begun on this connection
  SteadyTime content_sent_;
  SteadyTime::duration last_reply_took_ = SteadyTime::duration::max();
  bool in_clear_ = false;  // STARTTLS failed on this address: now without
  bool was_ready_ = false;
  bool counted_ = false;  // in the connections gauge
  bool quitting_ = false;
  bool draining_ = false;
};

}  // namespace signpost::relay
