// The events of a session, each with the session's name and peer.
#pragma once

#include "auth/authenticator.h"
#include "config/config.h"
#include "net/tls.h"
#include "quota/counters.h"
#include "relay/event_sink.h"
#include "smtp/reply.h"
#include "smtp/transaction.h"
#include "submission/line_budget.h"
#include "submission/peer.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::submission {

// The worker's thread only. Refusals and failed handshakes get a line only within bounds, and are
// counted in any case. A copy may outlive the session, to report what is known after its end.
class SessionEvents {
 public:
  // `session`: "worker.session". `sink` and `lines` must outlive it.
  SessionEvents(relay::EventSink& sink, LineBudget& lines, std::string session, const Peer& peer);

  struct Stored {
    std::string_view id;
    std::string_view login;
    const smtp::Transaction& transaction;
    std::uint64_t size = 0;
    std::string_view tls;  // its version
    std::string_view script;
    const config::TenantConfig* tenant = nullptr;
    std::chrono::duration<double> after_end_of_data{};
    bool bare_linefeeds = false;
  };
  void accepted(const Stored& stored) const;
  // What the transaction does not say.
  struct Particulars {
    const smtp::MailCommand* mail = nullptr;  // which was to begin one
    std::string_view recipient{};  // that was refused; "": those of the transaction are named
    std::uint64_t size = 0;        // of the content; 0: what MAIL announced
  };
  struct Refusal {
    relay::RejectReason reason = relay::RejectReason::Command;
    const smtp::Reply& reply;
    std::string_view login{};
    std::string_view command_line{};
    std::string_view text{};                         // of the client, that is at fault
    const smtp::Transaction* transaction = nullptr;  // under way
    const config::TenantConfig* tenant = nullptr;
    bool has_line = false;  // another event has said so: it is counted only
    Particulars particulars{};
  };
  void rejected(const Refusal& refusal);
  void sender_rewritten(std::string_view login, std::string_view from, std::string_view now) const;
  void quota_warning(const quota::Mark& limit) const;
  void quota_reached(const quota::Shortage& shortage) const;
  void password_checked(const auth::Attempt& attempt, auth::Verdict verdict,
                        const auth::LoginGuard::Locked& locked) const;
  void speak_of(const Peer& peer);                 // from now on
  void proxied(const Peer& peer) const;            // a PROXY header or an XCLIENT came
  void vouched_for(std::string_view login) const;  // by a front end
  void secured(const net::TlsFacts& facts) const;
  void handshake_failed(std::string_view detail) const;
  void idle() const;
  void lost(std::string_view detail) const;
  void closed(std::string_view reason) const;

 private:
  relay::EventSink& sink_;
  LineBudget& lines_;
  unsigned refusals_ = 0;
  std::string session_;
  std::string address_;
  std::string proxy_;  // "": none
};

}  // namespace signpost::submission
