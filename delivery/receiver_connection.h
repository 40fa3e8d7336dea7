// The way to a receiver: finds a host, connects, secures the connection, greets and logs in, until
// it can carry mail. Then it belongs to its user, which drives the dialog. The table of states is
// in the .cc.
#pragma once

#include "base/alive.h"
#include "delivery/attempt_facts.h"
#include "delivery/dialer.h"
#include "delivery/host_walk.h"
#include "delivery/session_host.h"
#include "net/stream.h"
#include "net/timer.h"
#include "smtp/client_dialog.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::delivery {

// Belongs to one delivery session, on its worker's thread.
class ReceiverConnection final : private Dialer::User, private net::StreamHandler {
 public:
  // Implemented by its user. None is called from within a function of the connection, and none but
  // on_ready() and on_no_host() before it is ready.
  class User {
   public:
    virtual ~User() = default;
    virtual void on_ready() = 0;  // the dialog is Ready
    // No host can be used, and the connection is over: the disposition says why, and `facts` which
    // host failed. Nothing: for reasons of our own.
    virtual void on_no_host(const std::optional<Disposition>& why, const AttemptFacts& facts) = 0;
    virtual void on_input() = 0;
    virtual void on_writable() = 0;
    virtual void on_lost(const Error& error) = 0;  // stream().input() may hold the last words
  };

  // `log_id`: the session's. What is passed by reference must outlive it.
  ReceiverConnection(SessionHost& host, SitePtr site, SessionRef session, std::string log_id,
                     User& user);
  ~ReceiverConnection() override;

  void open();
  // Connects again to the same host, then to those after it. REQUIRES: it was ready
  // and is dropped
  void reopen();
  // To the next host that there is, since this one takes nothing now; else on_no_host(). REQUIRES:
  // it is ready, or was and is dropped
  void give_up_host(const Disposition& why);
  void hurry();  // connections are short: no long wait for a greeting
  void drop();   // closes at once and gives its place back; on_lost() is not called

  const NextHop& hop() const { return hop_; }
  const relay::Settings& settings() const { return *settings_; }  // one configuration to its end
  const HostWalk::Target& target() const { return target_; }
  // That it has taken; nothing: it leads to a unix socket. REQUIRES: it is ready
  const std::optional<net::IpAddress>& place() const { return dial_->place(); }
  bool exists() const { return dial_ != nullptr; }
  net::Stream& stream() { return dial_->stream(); }  // REQUIRES: it is ready
  smtp::ClientDialog& dialog() { return *dialog_; }  // REQUIRES: it is ready
  AttemptFacts facts() const;                        // what is known of the host
  // Why the connection is in clear although the host offers TLS; "": it is not, or there is no
  // offer.
  const std::string& tls_failure() const { return tls_failure_; }

 private:
  enum class State { Connecting, Greeting, Securing, Ready, Closed };

  // Dialer::User
  void on_dialed(std::unique_ptr<Dial> dial,
                 std::shared_ptr<const smtp::ClientLogin> login) override;
  void on_target_failed(const HostWalk::Target& target, relay::ConnectionFailure kind,
                        const Disposition& failure) override;
  void on_exhausted(const Disposition& why, bool crowded) override;
  // net::StreamHandler
  void on_secured(const net::TlsFacts& facts) override;
  void on_ticket(const net::TlsTicket& ticket) override;
  void on_input() override;
  void on_writable() override;
  void on_closed(const Error& error) override;

  void enter(State state);
  void on_timeout();
  std::chrono::milliseconds greeting_limit() const;
  void start_over();
  void connect();
  void connect_again();
  void report(relay::ConnectionFailure kind, const Disposition& failure, AttemptFacts facts);
  bool is_draining() const;
  void converse();
  bool loops_back() const;
  void ready();
  void closed(const smtp::ClientDialog::Close& close, relay::ConnectionFailure without_reply);
  void host_failed(relay::ConnectionFailure kind, const Disposition& failure, bool try_next_host);
  void secure();
  bool may_go_in_clear() const;  // when TLS fails
  bool is_tls_implicit() const { return target_.via != nullptr && target_.via->is_tls_implicit(); }
  void tls_failed(std::string_view detail);
  config::ClientTlsFiles client_tls() const;
  TlsSessions::Server tls_server() const;
  bool retry_without_session();
  bool retry_with_old_versions(const Error& error);
  void refused_for_tls(const TlsRefusal& refusal);
  AttemptFacts facts_of(const HostWalk::Target& target) const;
  bool counts_tls() const;
  TlsOutcome tls_outcome() const;
  void tls_start_failed(TlsOutcome::Fault fault);

  SessionHost& host_;
  const SitePtr site_;
  const SessionRef session_;
  const std::string log_id_;
  User& user_;
  const std::shared_ptr<const relay::Settings> settings_;
  const NextHop hop_;
  State state_ = State::Connecting;
  Dialer dialer_;
  HostWalk::Target target_;     // of the latest connection
  std::unique_ptr<Dial> dial_;  // the connection
  net::Timer timer_;
  std::optional<smtp::ClientDialog> dialog_;
  std::optional<net::TlsFacts> tls_;
  bool resuming_ = false;  // a TLS session, and the TLS start is not done
  std::string choked_at_;  // where that failed: not to be tried there again
  std::string tls_failure_;
  std::optional<TlsOutcome::Fault> tls_fault_;  // of the latest TLS start
  std::vector<TlsOutcome> tls_outcomes_;        // of the hosts before
  std::optional<Disposition> failure_;          // of the last host that failed
  AttemptFacts failure_facts_;                  // of that host
  bool was_ready_ = false;                      // and the scheduler knows
  // While connected: counted in its gauge of connections.
  relay::RelayMetrics::OfProvider* provider_ = nullptr;
  Alive alive_;  // for deferred callbacks
};

}  // namespace signpost::delivery
