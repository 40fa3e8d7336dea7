#include "submission/session_events.h"

#include "base/ascii.h"

#include <utility>

namespace signpost::submission {

namespace {

namespace events = relay::events;

constexpr std::size_t kShownRecipients = 1000;  // octets of addresses in a log line
constexpr std::size_t kShownLogin = 100;        // octets of a login that a client claims
constexpr std::size_t kShownCommand = 200;      // octets of a refused command
constexpr std::size_t kShownReply = 400;        // octets of the reply to it, which may quote it
constexpr unsigned kMostRefusals = 50;          // with a line, in one session

// All recipients, or the first kShownRecipients octets of them.
std::string shown_recipients(const smtp::Transaction& transaction) {
  std::string to;
  for (const smtp::AcceptedRecipient& recipient : transaction.recipients) {
    if (to.size() > kShownRecipients) {
      to += ",...";
      break;
    }
    if (!to.empty()) to += ',';
    to += recipient.mailbox.text();
  }
  return to;
}

std::string_view name_of(const config::TenantConfig* tenant) {
  return tenant == nullptr ? std::string_view() : std::string_view(tenant->name);
}

bool has_metrics(const config::TenantConfig* tenant) {
  return tenant != nullptr && tenant->metrics;
}

relay::AuthResult result_of(auth::Verdict verdict) {
  switch (verdict) {
    case auth::Verdict::Accepted:
      return relay::AuthResult::Accepted;
    case auth::Verdict::Rejected:
      return relay::AuthResult::Rejected;
    case auth::Verdict::Locked:
      return relay::AuthResult::Locked;
    case auth::Verdict::Unavailable:
      return relay::AuthResult::Unavailable;
  }
  return relay::AuthResult::Unavailable;
}

}  // namespace

SessionEvents::SessionEvents(relay::EventSink& sink, LineBudget& lines, std::string session,
                             const Peer& peer)
    : sink_(sink), lines_(lines), session_(std::move(session)) {
  speak_of(peer);
}

void SessionEvents::speak_of(const Peer& peer) {
  address_ = peer.client.text();
  proxy_ = peer.proxy ? peer.proxy->text() : "";
}

void SessionEvents::proxied(const Peer& peer) const {
  events::ClientProxied event{
      .session = session_, .address = address_, .name = peer.name, .proxy = proxy_};
  if (peer.is_unknown) {
    event.address = {};
    event.proxy = address_;
  }
  if (peer.tls) {
    event.tls = peer.tls->version.empty() ? "TLS" : std::string_view(peer.tls->version);
    event.cipher = peer.tls->cipher;
    event.certificate = peer.tls->common_name;
    if (peer.tls->certificate) event.verified = peer.tls->verified;
  }
  sink_.emit(event);
}

void SessionEvents::vouched_for(std::string_view login) const {
  sink_.emit(events::Authenticated{.session = session_,
                                   .user = login,
                                   .address = address_,
                                   .proxy = proxy_,
                                   .mechanism = "XCLIENT"});
}

void SessionEvents::accepted(const Stored& stored) const {
  const smtp::ReversePath& reverse_path = stored.transaction.mail.reverse_path;
  const std::string from = reverse_path ? reverse_path->text() : "<>";
  const std::string to = shown_recipients(stored.transaction);
  sink_.emit(events::Accepted{.id = stored.id,
                              .session = session_,
                              .user = stored.login,
                              .address = address_,
                              .proxy = proxy_,
                              .from = from,
                              .to = to,
                              .recipients = stored.transaction.recipients.size(),
                              .size = stored.size,
                              .tls = stored.tls,
                              .script = stored.script,
                              .tenant = name_of(stored.tenant),
                              .tenant_counted = has_metrics(stored.tenant),
                              .after_end_of_data = stored.after_end_of_data,
                              .bare_linefeeds = stored.bare_linefeeds});
}

void SessionEvents::rejected(const Refusal& refusal) {
  const std::string reply = ascii::printable(refusal.reply.one_line(), kShownReply);
  const std::string command = ascii::printable(refusal.command_line, kShownCommand);
  events::Rejected event{.session = session_,
                         .user = refusal.login,
                         .address = address_,
                         .proxy = proxy_,
                         .reason = refusal.reason,
                         .text = refusal.text,
                         .command = command,
                         .reply = reply,
                         .tenant = name_of(refusal.tenant),
                         .tenant_counted = has_metrics(refusal.tenant)};
  const smtp::Transaction* const transaction = refusal.transaction;
  const smtp::MailCommand* const mail =
      transaction != nullptr ? &transaction->mail : refusal.particulars.mail;
  if (mail != nullptr) {
    event.from = mail->reverse_path ? smtp::text_of(mail->reverse_path) : "<>";
    event.size = mail->size;
  }
  if (refusal.particulars.size > 0) event.size = refusal.particulars.size;
  std::string recipients(refusal.particulars.recipient);
  if (transaction != nullptr && recipients.empty()) {
    recipients = shown_recipients(*transaction);
    event.recipients = transaction->recipients.size();
  }
  event.to = recipients;
  const bool are_enough = !refusal.has_line && refusals_ >= kMostRefusals;
  if (are_enough) lines_.leave_out();
  if (refusal.has_line || are_enough || !lines_.take()) {
    sink_.emit_unlogged(event);
    return;
  }
  ++refusals_;
  sink_.emit(event);
}

void SessionEvents::sender_rewritten(std::string_view login, std::string_view from,
                                     std::string_view now) const {
  sink_.emit(events::SenderRewritten{.session = session_, .user = login, .from = from, .now = now});
}

void SessionEvents::quota_warning(const quota::Mark& limit) const {
  sink_.emit(events::QuotaWarning{.session = session_,
                                  .scope = limit.scope,
                                  .name = limit.name,
                                  .limit = limit.kind,
                                  .used = limit.used,
                                  .most = limit.most,
                                  .seconds = limit.period.count()});
}

void SessionEvents::quota_reached(const quota::Shortage& shortage) const {
  const quota::Mark& limit = shortage.limit;
  sink_.emit(events::QuotaReached{.session = session_,
                                  .scope = limit.scope,
                                  .name = limit.name,
                                  .limit = limit.kind,
                                  .used = limit.used,
                                  .most = limit.most,
                                  .seconds = limit.period.count(),
                                  .again = shortage.again});
}

void SessionEvents::password_checked(const auth::Attempt& attempt, auth::Verdict verdict,
                                     const auth::LoginGuard::Locked& locked) const {
  if (verdict == auth::Verdict::Accepted) {
    sink_.emit(events::Authenticated{.session = session_,
                                     .user = attempt.login,
                                     .address = address_,
                                     .proxy = proxy_,
                                     .mechanism = attempt.mechanism});
    return;
  }
  const std::string_view claimed = std::string_view(attempt.login).substr(0, kShownLogin);
  const events::AuthFailed event{.session = session_,
                                 .user = claimed,
                                 .address = address_,
                                 .proxy = proxy_,
                                 .mechanism = attempt.mechanism,
                                 .result = result_of(verdict),
                                 .detail = attempt.fault};
  if (lines_.take_login()) {
    sink_.emit(event);
  } else {
    sink_.emit_unlogged(event);
  }
  if (locked.client.count() != 0) {
    const std::string client = attempt.client.text();
    sink_.emit(events::AuthLocked{.address = client, .seconds = locked.client.count()});
  }
  if (locked.login.count() != 0) {
    sink_.emit(events::AuthLocked{.user = claimed, .seconds = locked.login.count()});
  }
}

void SessionEvents::secured(const net::TlsFacts& facts) const {
  sink_.emit(events::TlsEstablished{.session = session_,
                                    .direction = relay::TlsDirection::In,
                                    .address = address_,
                                    .version = facts.version,
                                    .cipher = facts.cipher,
                                    .trust = facts.trust,
                                    .detail = facts.trust_error});
}

void SessionEvents::handshake_failed(std::string_view detail) const {
  const events::TlsFailed event{.session = session_,
                                .direction = relay::TlsDirection::In,
                                .address = address_,
                                .detail = detail};
  if (lines_.take()) {
    sink_.emit(event);
  } else {
    sink_.emit_unlogged(event);
  }
}

void SessionEvents::idle() const {
  sink_.emit(events::IdleTimeout{.session = session_, .address = address_});
}

void SessionEvents::lost(std::string_view detail) const {
  sink_.emit(events::SessionLost{.session = session_, .detail = detail});
}

void SessionEvents::closed(std::string_view reason) const {
  sink_.emit(events::SessionClosed{.session = session_, .detail = reason});
}

}  // namespace signpost::submission
