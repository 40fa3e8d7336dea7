#include "submission/submission.h"

#include "base/check.h"
#include "base/log_line.h"

#include <string>
#include <utility>
#include <vector>

namespace signpost::submission {

Submission::Submission(relay::Context& context, auth::Authenticator& authenticator,
                       delivery::Intake& intake)
    : context_(context), authenticator_(authenticator), intake_(intake) {}

Submission::~Submission() = default;

void Submission::accept(const config::ListenerConfig& listener, int fd,
                        const net::SocketAddress& peer) {
  context_.metrics.sessions_total(listener.name).add();
  const std::uint64_t id = context_.next_session++;
  SessionHost& host = *this;
  auto session = std::make_unique<SubmissionSession>(context_, host, id, listener, fd, peer);
  SubmissionSession& started = *sessions_.emplace(id, std::move(session)).first->second;
  started.start();
}

void Submission::drain() {
  // Sessions retire through defer(): the map does not change here.
  for (const auto& [id, session] : sessions_) session->drain();
}

bool Submission::draining() const { return context_.draining.load(std::memory_order_relaxed); }

SubmissionSession* Submission::find(std::uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Submission::retire(const SubmissionSession& session) {
  context_.loop.defer([this, id = session.id()] { sessions_.erase(id); });
}

// The verdict is reported when it is known, not when the client gets it: a client that hangs up in
// between leaves the same trace.
void Submission::check_password(const SubmissionSession& session, auth::Attempt attempt) {
  authenticator_.check(
      std::move(attempt),
      [events = session.events()](const auth::Attempt& tried, auth::Verdict verdict,
                                  const auth::LoginGuard::Locked& locked) {
        events.password_checked(tried, verdict, locked);
      },
      [this, id = session.id()](auth::Verdict verdict) {
        if (SubmissionSession* alive = find(id)) alive->password_checked(verdict);
      });
}

void Submission::store(const SubmissionSession& session, Accepted accepted, HeldMemory memory) {
  queue::Claims& claims = context_.store.claims();
  for (const queue::Job& job : accepted.jobs) {
    CHECK(claims.take(job.ref));  // no one else can know this ID
  }
  if (log::enabled(log::Level::Debug)) {
    const std::string id = accepted.message->envelope.id.text();
    for (const queue::Job& job : accepted.jobs) {
      for (const queue::Recipient& recipient : job.recipients) {
        context_.events.emit(relay::events::RecipientAccepted{.id = id, .to = recipient.mailbox});
      }
    }
  }
  auto change = std::make_shared<queue::Change>();
  change->enqueued.push_back({std::move(accepted.message), std::move(accepted.jobs)});
  context_.commits.add(
      change, relay::TurnCommits::Awaited::Yes,
      [this, id = session.id(), change, memory = std::move(memory)](bool stored) mutable {
        // The reply first: the client is waiting for it, the receivers are not.
        if (SubmissionSession* alive = find(id)) alive->message_stored(stored);
        queue::Change::Enqueued& enqueued = change->enqueued.front();
        if (!stored) {
          for (const queue::Job& job : enqueued.jobs) context_.store.claims().release(job.ref);
          return;
        }
        memory.release();  // delivery counts what it holds
        // The committer is done with the change: its jobs need no copy.
        intake_.stored(std::move(enqueued.message), std::move(enqueued.jobs));
      });
}

}  // namespace signpost::submission
