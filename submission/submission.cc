#include "submission/submission.h"

#include "base/byte_queue.h"
#include "base/check.h"
#include "base/log_line.h"
#include "net/listener.h"
#include "net/unix_socket.h"
#include "relay/events.h"
#include "submission/refusal.h"
#include "submission/session_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

namespace signpost::submission {

namespace {

constexpr std::chrono::seconds kReportInterval{1};
constexpr int kMostLookedAt = 16;  // sessions, for one that gives way

// Who connected to a unix socket.
net::SocketAddress account_at(int fd) {
  const auto peer = net::peer_credentials(fd);
  CHECK(peer);
  return {.ip = net::IpAddress::of_account(peer->uid), .port = 0};
}

}  // namespace

Submission::Submission(relay::Context& context, auth::Authenticator& authenticator,
                       delivery::Intake& intake)
    : context_(context),
      authenticator_(authenticator),
      intake_(intake),
      lines_(context.clock),
      door_(context, lines_,
            [this](const std::string& listener, std::uint64_t id, int fd, const Peer& peer) {
              proxied(listener, id, fd, peer);
            }),
      report_(context.loop, [this] { report_left_out(); }) {}

Submission::~Submission() = default;

void Submission::report_left_out() {
  const std::uint64_t lines = lines_.take_left_out();
  if (lines == 0) return;
  context_.events.emit(relay::events::LinesLeftOut{.lines = lines});
  report_.start(kReportInterval);
}

void Submission::accept(const config::ListenerConfig& listener, int fd,
                        const net::SocketAddress& from) {
  const bool tells_account = listener.socket.empty() || from.ip.account();
  const net::SocketAddress peer = tells_account ? from : account_at(fd);
  context_.metrics.sessions_total(listener.name).add();
  if (!report_.active()) report_.start(kReportInterval);
  const std::uint64_t id = context_.next_session++;
  if (!sends_proxy_header(listener, peer.ip)) return admit(listener, id, fd, {.client = peer});
  auto place = place_for(listener, peer.ip, relay::ClientKind::Trusted);
  if (!place) return refuse(listener, id, fd, {.client = peer});
  door_.wait(listener.name, id, fd, peer, std::move(*place));
}

// As if it had connected now: a reload may have changed the listener since.
void Submission::proxied(const std::string& listener, std::uint64_t id, int fd, const Peer& peer) {
  const config::ListenerConfig* const config = find_listener(*context_.settings, listener);
  if (config == nullptr) {
    ::close(fd);
    return;
  }
  SessionEvents(context_.events, lines_, fmt::format("{}.{}", context_.worker, id), peer)
      .proxied(peer);
  admit(*config, id, fd, peer);
}

void Submission::admit(const config::ListenerConfig& listener, std::uint64_t id, int fd,
                       const Peer& peer) {
  auto place = session_place(listener, id, peer);
  if (!place) return refuse(listener, id, fd, peer);
  SessionHost& host = *this;
  auto session = std::make_unique<SubmissionSession>(context_, host, lines_, id, listener, fd, peer,
                                                     std::move(*place));
  SubmissionSession& started = *sessions_.emplace(id, std::move(session)).first->second;
  started.start();
}

std::expected<SessionPlace, relay::Place> Submission::session_place(
    const config::ListenerConfig& listener, std::uint64_t id, const Peer& peer) {
  auto place = place_for(listener, peer.client.ip, kind_of(listener, peer));
  if (!place) return place;
  if (place->kind() == relay::ClientKind::Stranger) strangers_.insert(id);
  if (place->kind() == relay::ClientKind::Known && !is_trusted(listener, peer)) {
    acquaintances_.insert(id);
  }
  return place;
}

// It does not give way to itself.
std::expected<SessionPlace, relay::Place> Submission::place_again(
    const SubmissionSession& session, const config::ListenerConfig& listener, const Peer& peer) {
  logged_in(session);
  return session_place(listener, session.id(), peer);
}

// A balancer's own checks have no limit of a client's: there are as many as the operator wants.
relay::ClientKind Submission::kind_of(const config::ListenerConfig& listener,
                                      const Peer& peer) const {
  using relay::ClientKind;
  if (peer.is_unknown) return ClientKind::Trusted;
  // An account is one of many on this machine, and limited as a login's client is.
  if (is_trusted(listener, peer)) {
    return peer.client.ip.account() ? ClientKind::Known : ClientKind::Trusted;
  }
  return authenticator_.knows(peer.client.ip) ? ClientKind::Known : ClientKind::Stranger;
}

std::expected<SessionPlace, relay::Place> Submission::place_for(
    const config::ListenerConfig& listener, const net::IpAddress& client, relay::ClientKind kind) {
  metrics::Gauge& sessions = context_.metrics.sessions(listener.name);
  auto place = SessionPlace::take(context_.admission, sessions, client, kind);
  if (place || place.error() != relay::Place::Full || !make_room()) return place;
  return SessionPlace::take(context_.admission, sessions, client, kind);
}

bool Submission::make_room() {
  for (const std::set<std::uint64_t>* waiting : {&strangers_, &acquaintances_}) {
    for (const std::uint64_t id : *waiting | std::views::take(kMostLookedAt)) {
      SubmissionSession& session = *sessions_.at(id);
      if (!session.may_give_way()) continue;
      session.give_way();
      return true;
    }
  }
  return false;
}

// Nothing waits here: a session that is not admitted must not take anything from admitted ones.
void Submission::refuse(const config::ListenerConfig& listener, std::uint64_t id, int fd,
                        const Peer& peer) {
  smtp::Reply reply = refused(Refusal::Sessions).reply;
  SessionEvents(context_.events, lines_, fmt::format("{}.{}", context_.worker, id), peer)
      .rejected({.reason = relay::RejectReason::Sessions, .reply = reply});
  ByteQueue words;
  if (listener.mode != config::ListenerMode::Implicit) {
    reply.text = fmt::format("{} {}", context_.settings->config->hostname, reply.text);
    reply.append_to(words);
  }
  net::refuse_connection(fd, words.view());
}

void Submission::drain() {
  // Sessions retire through defer(): the map does not change here.
  for (const auto& [id, session] : sessions_) session->drain();
}

void Submission::send_away() {
  for (const auto& [id, session] : sessions_) session->send_away();
}

void Submission::cut() {
  door_.cut();
  sessions_.clear();
}

bool Submission::draining() const { return context_.draining.load(std::memory_order_relaxed); }

SubmissionSession* Submission::find(std::uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Submission::logged_in(const SubmissionSession& session) {
  strangers_.erase(session.id());
  acquaintances_.erase(session.id());
  const auto checked = checked_.find(session.client());
  if (checked != checked_.end() && checked->second.session == session.id()) checked_.erase(checked);
}

// Only one check of each client protects a session: equal guesses share a hash, so that a client
// could otherwise hold a place with each of its sessions at the cost of one.
void Submission::check_begins(const SubmissionSession& session) {
  for (std::set<std::uint64_t>* among : {&strangers_, &acquaintances_}) {
    if (!among->contains(session.id())) continue;
    if (checked_.try_emplace(session.client(), Checked{session.id(), among}).second) {
      among->erase(session.id());
    }
    return;
  }
}

void Submission::check_ends(std::uint64_t session, const net::IpAddress& client) {
  const auto checked = checked_.find(client);
  if (checked == checked_.end() || checked->second.session != session) return;
  checked->second.among->insert(session);
  checked_.erase(checked);
}

void Submission::retire(const SubmissionSession& session) {
  logged_in(session);
  context_.loop.defer([this, id = session.id()] { sessions_.erase(id); });
}

// The verdict is reported when it is known, not when the client gets it: a client that hangs up in
// between leaves the same trace.
void Submission::check_password(const SubmissionSession& session, auth::Attempt attempt) {
  check_begins(session);
  authenticator_.check(
      std::move(attempt),
      [this, id = session.id(), client = session.client(), events = session.events()](
          const auth::Attempt& tried, auth::Verdict verdict,
          const auth::LoginGuard::Locked& locked) {
        check_ends(id, client);
        events.password_checked(tried, verdict, locked);
      },
      [this, id = session.id()](auth::Verdict verdict, const std::string& login) {
        if (SubmissionSession* alive = find(id)) alive->password_checked(verdict, login);
      });
}

std::unique_ptr<auth::SaslExchange> Submission::begin_exchange(std::string_view mechanism,
                                                               auth::Authenticator::Terms terms) {
  return authenticator_.begin(mechanism, std::move(terms));
}

void Submission::store(const SubmissionSession& session, Accepted accepted, HeldMemory memory,
                       Charge charge) {
  queue::Claims& claims = context_.store.claims();
  for (const queue::Job& job : accepted.jobs) {
    CHECK(claims.take(job.ref));  // no one else can know this ID
  }
  if (log::enabled(log::Level::Debug)) {
    const std::string id = accepted.message->envelope.id.text();
    for (const queue::Job& job : accepted.jobs) {
      for (const queue::Recipient& recipient : job.recipients) {
        context_.events.emit(
            relay::events::RecipientAccepted{.id = id, .to = recipient.mailbox.text()});
      }
    }
  }
  auto change = std::make_shared<queue::Change>();
  change->enqueued.push_back({std::move(accepted.message), std::move(accepted.jobs)});
  context_.commits.add(change, relay::TurnCommits::Awaited::Yes,
                       [this, id = session.id(), change, memory = std::move(memory),
                        charge = std::move(charge)](bool stored) mutable {
                         // The reply first: the client is waiting for it, the receivers are not.
                         if (SubmissionSession* alive = find(id)) alive->message_stored(stored);
                         queue::Change::Enqueued& enqueued = change->enqueued.front();
                         if (!stored) {
                           for (const queue::Job& job : enqueued.jobs)
                             context_.store.claims().release(job.ref);
                           if (!charge.holders.empty()) {
                             context_.quotas.give_back(charge.holders, charge.recipients,
                                                       context_.clock.system_now());
                           }
                           return;
                         }
                         memory.release();  // delivery counts what it holds
                         for (const queue::Job& job : enqueued.jobs) {
                           context_.metrics.recipients_accepted.add(job.recipients.size());
                         }
                         // The committer has finished with the change: its jobs need no copy.
                         intake_.stored(std::move(enqueued.message), std::move(enqueued.jobs));
                       });
}

}  // namespace signpost::submission
