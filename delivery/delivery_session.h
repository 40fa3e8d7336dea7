// One connection to a receiver: finds a host, connects, and drives smtp::ClientDialog over
// net::Stream for as long as its site has jobs. The table of states is in the .cc.
#pragma once

#include "base/alive.h"
#include "delivery/host_walk.h"
#include "delivery/outgoing_message.h"
#include "delivery/session_host.h"
#include "net/stream.h"
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
class DeliverySession final : private net::StreamHandler {
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
  enum class State {
    Resolving,
    Connecting,
    Securing,
    Greeting,
    Loading,
    Transacting,
    Idle,
    Quitting,
    Ended,
  };

  // The job under way: its recipients go out in as many transactions as they need.
  struct Attempt {
    PendingJob pending;
    std::vector<Disposition> dispositions;  // of the recipients decided so far
    std::size_t offered = 0;                // recipients of the transaction under way
    std::optional<smtp::DotStuffer> content;
    bool early = false;  // begun behind the message before
  };

  // net::StreamHandler
  void on_connected() override;
  void on_secured(const net::TlsFacts& facts) override;
  void on_input() override;
  void on_writable() override;
  void on_closed(const Error& error) override;

  void enter(State state);
  void on_timeout();
  std::chrono::milliseconds talk_limit() const;
  bool is_ready() const;  // connection_ready() was called

  std::optional<Disposition> forbidden(const std::string& host,
                                       const net::SocketAddress& address) const;
  void connect();
  void drop_stream();
  void host_failed(Disposition failure, bool try_next_host);
  void tls_failed(std::string_view detail);
  void refused_for_tls(const TlsRefusal& refusal);
  void exhausted(const Disposition& why);

  void pump();
  bool carry_out(smtp::ClientDialog::Step& step);  // false: nothing more to do until input comes
  bool greeted();                                  // false: the host cannot be used
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
  const std::shared_ptr<const relay::Settings> settings_;  // one configuration to its end
  const NextHop hop_;
  const SteadyTime began_;
  State state_ = State::Resolving;
  HostWalk walk_;
  HostWalk::Target target_;
  std::unique_ptr<net::Stream> stream_;
  net::Timer timer_;
  std::optional<smtp::ClientDialog> dialog_;
  std::optional<net::TlsFacts> tls_;
  std::optional<net::IpAddress> place_;  // taken: see Scheduler::take_place()
  bool crowded_ = false;                 // an address was passed over for want of one
  std::optional<Disposition> failure_;   // of the last host that failed
  std::unique_ptr<Attempt> current_;
  std::unique_ptr<Attempt> next_;        // taken while current_ waits for its last reply
  bool loading_next_ = false;            // it is being read
  std::optional<std::size_t> provider_;  // while connected: counted in the connections gauge
  std::size_t messages_ = 0;             // begun on this connection
  SteadyTime content_sent_;
  SteadyTime::duration last_reply_took_ = SteadyTime::duration::max();
  Alive alive_;
};

}  // namespace signpost::delivery
