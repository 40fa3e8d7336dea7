// The service that takes mail: the sessions of one worker, and the answers they wait for.
#pragma once

#include "auth/authenticator.h"
#include "config/config.h"
#include "delivery/intake.h"
#include "net/address.h"
#include "relay/context.h"
#include "submission/submission_session.h"

#include <cstdint>
#include <memory>
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

  // Takes over `fd`, a connection to `listener`.
  void accept(const config::ListenerConfig& listener, int fd, const net::SocketAddress& peer);

  // context.draining has become true: idle sessions are sent away, those in a transaction may
  // finish it, and no new one begins.
  void drain();
  bool drained() const { return sessions_.empty(); }
  void cut() { sessions_.clear(); }  // from outside of any session's function

 private:
  // SessionHost
  void check_password(const SubmissionSession& session, auth::Attempt attempt) override;
  void store(const SubmissionSession& session, Accepted accepted, HeldMemory memory) override;
  void retire(const SubmissionSession& session) override;
  bool draining() const override;

  SubmissionSession* find(std::uint64_t id);  // null when it has ended

  relay::Context& context_;
  auth::Authenticator& authenticator_;
  delivery::Intake& intake_;
  std::unordered_map<std::uint64_t, std::unique_ptr<SubmissionSession>> sessions_;
};

}  // namespace signpost::submission
