// The service that takes mail: the sessions of one worker, and the answers they wait for.
#pragma once

#include "auth/authenticator.h"
#include "config/config.h"
#include "delivery/intake.h"
#include "net/address.h"
#include "net/timer.h"
#include "relay/context.h"
#include "submission/holds.h"
#include "submission/line_budget.h"
#include "submission/peer.h"
#include "submission/proxy_door.h"
#include "submission/submission_session.h"

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

namespace signpost::submission {

// One per worker, its thread only. All three references must outlive it. It must outlive the last
// turn of the loop: checks and commits under way report back to it.
class Submission final : private SessionHost {
 public:
  Submission(relay::Context& context, auth::Authenticator& authenticator, delivery::Intake& intake);
  ~Submission() override;
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  // Takes over `fd`, a connection of `from` to `listener`; at a unix socket the kernel knows who it
  // is, unless `from` is an account. That of a load balancer waits for its PROXY header first, with
  // a place as a trusted client's; then its client counts. If there is no place for it, the
  // stranger that came first and has achieved nothing gives up its own, or else the connection is
  // refused at once: with a 421, unless it would have to wait for a handshake.
  void accept(const config::ListenerConfig& listener, int fd, const net::SocketAddress& from);

  // context.draining has become true: idle sessions are closed with 421, those in a transaction may
  // finish it, and no new one begins.
  void drain();
  // The drain has taken long enough: the remaining sessions get 421 4.3.2, whatever they are
  // doing, and end once their clients have read it, or after 5 seconds.
  void send_away();
  bool drained() const { return sessions_.empty() && door_.empty(); }
  void cut();  // from outside of any session's function

 private:
  // SessionHost
  void check_password(const SubmissionSession& session, auth::Attempt attempt) override;
  std::unique_ptr<auth::SaslExchange> begin_exchange(std::string_view mechanism,
                                                     auth::Authenticator::Terms terms) override;
  void store(const SubmissionSession& session, Accepted accepted, HeldMemory memory,
             Charge charge) override;
  void retire(const SubmissionSession& session) override;
  void logged_in(const SubmissionSession& session) override;
  std::expected<SessionPlace, relay::Place> place_again(const SubmissionSession& session,
                                                        const config::ListenerConfig& listener,
                                                        const Peer& peer) override;
  bool draining() const override;

  SubmissionSession* find(std::uint64_t id);  // null when it has ended
  void check_begins(const SubmissionSession& session);
  void check_ends(std::uint64_t session, const net::IpAddress& client);
  void admit(const config::ListenerConfig& listener, std::uint64_t id, int fd, const Peer& peer);
  void proxied(const std::string& listener, std::uint64_t id, int fd, const Peer& peer);
  relay::ClientKind kind_of(const config::ListenerConfig& listener, const Peer& peer) const;
  std::expected<SessionPlace, relay::Place> place_for(const config::ListenerConfig& listener,
                                                      const net::IpAddress& client,
                                                      relay::ClientKind kind);
  // The same for a session, which gives way to others as its client's kind does.
  std::expected<SessionPlace, relay::Place> session_place(const config::ListenerConfig& listener,
                                                          std::uint64_t id, const Peer& peer);
  bool make_room();  // a client that has not logged in gave way: a stranger if there is one
  void refuse(const config::ListenerConfig& listener, std::uint64_t id, int fd, const Peer& peer);
  void report_left_out();

  relay::Context& context_;
  auth::Authenticator& authenticator_;
  delivery::Intake& intake_;
  LineBudget lines_;
  ProxyDoor door_;
  net::Timer report_;  // while lines are left out
  std::unordered_map<std::uint64_t, std::unique_ptr<SubmissionSession>> sessions_;
  // Sessions that still lack a required login, in the order in which they came: of
  // strangers, and of clients from which a login is known.
  std::set<std::uint64_t> strangers_;
  std::set<std::uint64_t> acquaintances_;
  // Those whose password is being checked, one of each client, do not give way until the verdict is
  // known: where they wait meanwhile, and to which set they return.
  struct Checked {
    std::uint64_t session = 0;
    std::set<std::uint64_t>* among = nullptr;
  };
  std::map<net::IpAddress, Checked> checked_;
};

}  // namespace signpost::submission
