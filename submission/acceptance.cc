#include "submission/acceptance.h"

#include "base/ascii.h"
#include "base/utc.h"
#include "message/received.h"
#include "relay/route.h"
#include "smtp/address.h"
#include "smtp/idna.h"
#include "submission/sender_binding.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace signpost::submission {

namespace {

constexpr std::size_t kShownText = 200;  // octets of the client's text in a reply

bool is_bound(const Principal& principal) {
  const bool is_account = principal.client.account().has_value();
  return principal.user != nullptr || (!principal.login.empty() && !is_account);
}

std::string_view subject(const Principal& principal) {
  return principal.login.empty() ? "This network" : "This login";
}

// A trusted network of no tenant may send as anyone, a removed login as no one.
bool sender_permitted(const relay::Settings& settings, const Principal& principal,
                      std::string_view address) {
  if (!is_bound(principal)) return true;
  return principal.user != nullptr && may_send_as(settings, *principal.user, address);
}

std::string shown(std::string_view text) { return ascii::printable(text, kShownText); }

std::string may_use(const relay::Settings& settings, const Principal& principal) {
  if (principal.user == nullptr) return "";
  return "; it may use " + shown(allowed_text(*principal.user, settings));
}

Refusal reason_of(message::ContentFault fault) {
  switch (fault) {
    case message::ContentFault::NoFrom:
      return Refusal::NoFrom;
    case message::ContentFault::SeveralFrom:
      return Refusal::SeveralFrom;
    case message::ContentFault::MalformedHeader:
    case message::ContentFault::LineIsNoField:
    case message::ContentFault::DoubledField:
      return Refusal::MalformedHeader;
    case message::ContentFault::FieldTooLong:
    case message::ContentFault::LineTooLong:
      return Refusal::LineTooLong;
    case message::ContentFault::BareOctet:
      return Refusal::BareOctet;
    case message::ContentFault::HeaderTooLong:
      return Refusal::HeaderTooLong;
    case message::ContentFault::TooManyReceived:
    case message::ContentFault::ComesBack:
      return Refusal::MailLoop;
  }
  return Refusal::MalformedHeader;
}

std::optional<Refused> refuse_content(const relay::Settings& settings, const Principal& principal,
                                      const message::ContentBuilder& content) {
  if (const auto fault = content.fault()) {
    return refused(reason_of(*fault), content.fault_text());
  }
  if (const auto& foreign = content.foreign()) {
    std::string field = fmt::format("{}: {}", foreign->field, foreign->text);
    if (foreign->address.empty()) {
      return refused(
          Refusal::FromForbidden,
          fmt::format("It is not clear which address {}: names in \"{}\"; write it as in "
                      "\"Doe, John\" <john@shop.example>, the name in quotes",
                      foreign->field, foreign->text),
          std::move(field));
    }
    return refused(
        Refusal::FromForbidden,
        fmt::format("{} may not send with {}: <{}>{}", subject(principal), foreign->field,
                    shown(foreign->address), may_use(settings, principal)),
        std::move(field));
  }
  if (settings.config->unsigned_policy == config::UnsignedPolicy::Reject &&
      !has_key(settings, content.from_domain())) {
    if (content.from_domain().empty()) {
      return refused(Refusal::NoSigningKey,
                     fmt::format("No DKIM key, since it is not clear which address From: names in "
                                 "\"{}\"; write it as in \"Doe, John\" <john@shop.example>, the "
                                 "name in quotes",
                                 content.unclear_from()),
                     "From: " + content.unclear_from());
    }
    return refused(Refusal::NoSigningKey,
                   fmt::format("No DKIM key for the From: domain {}; use a domain that this relay "
                               "signs for, or ask its administrator to add a key",
                               shown(content.from_domain())),
                   "From: " + content.from_address());
  }
  return {};
}

// For any recipient: what a recipient needs is decided at its delivery (queue::needs_smtputf8).
// Octets above 127 in the header of a message that came without SMTPUTF8 are passed on as they are.
bool needs_smtputf8(const smtp::MailCommand& mail, const message::ContentBuilder& content) {
  return mail.smtputf8 && (content.header_has_eight_bit() ||
                           (mail.reverse_path && mail.reverse_path->needs_smtputf8()));
}

void add_times(const smtp::MailCommand& mail, SystemTime now, queue::Envelope& envelope) {
  envelope.held_for = mail.hold_for.has_value();
  if (mail.hold_for) envelope.release = now + *mail.hold_for;
  if (mail.hold_until) envelope.release = *mail.hold_until;
  if (const auto& by = mail.deliver_by) {
    const SystemTime began = envelope.id.time();
    envelope.deadline = {began + by->time, by->mode, by->trace};
  }
  envelope.priority = mail.priority;
}

// The recipients of one domain are one job, each once however often it was named. The order of
// first mention is kept.
std::vector<queue::Job> make_jobs(const config::Config& config,
                                  const smtp::Transaction& transaction,
                                  const queue::Envelope& envelope, const net::IpAddress& client) {
  const std::string account =
      relay::account_of(envelope.login, envelope.reverse_path, client.client_prefix().text());
  std::vector<queue::Job> jobs;
  std::unordered_map<std::string_view, std::size_t> by_domain;
  std::unordered_set<std::string> named;
  for (const smtp::AcceptedRecipient& accepted : transaction.recipients) {
    // <Postmaster> without a domain is ours (RFC 5321 section 4.1.1.3).
    const bool local = accepted.mailbox.domain().empty();
    const std::string_view domain = local ? config.hostname : accepted.mailbox.domain();
    smtp::Mailbox mailbox(accepted.mailbox.local_part(), domain);
    const bool alone = transaction.recipients.size() == 1;
    if (!alone && !named.insert(mailbox.text()).second) continue;
    const auto [slot, fresh] = by_domain.try_emplace(domain, jobs.size());
    if (fresh) {
      queue::Job& job = jobs.emplace_back();
      job.ref = {envelope.id, static_cast<std::uint16_t>(slot->second), 0};
      job.lane = {std::string(domain), account,
                  relay::sender_route(config, {envelope.login, envelope.reverse_path}, domain),
                  envelope.priority};
      if (envelope.release > envelope.received) job.state = queue::JobState::Deferred;
      job.due = envelope.sent();
      job.deadline = envelope.deadline.has_value();
    }
    jobs[slot->second].recipients.push_back(
        {std::move(mailbox), accepted.notify, accepted.original_recipient});
  }
  return jobs;
}

}  // namespace

std::optional<smtp::Mailbox> sender_instead(const relay::Settings& settings,
                                            const Principal& principal,
                                            const smtp::ReversePath& reverse_path) {
  if (!reverse_path || principal.user == nullptr || principal.revoked ||
      principal.user->otherwise != auth::Otherwise::Rewrite ||
      may_send_as(settings, *principal.user, reverse_path->text())) {
    return {};
  }
  return smtp::Mailbox::from_text(principal.user->senders.front());
}

std::optional<Refused> refuse_sender(const relay::Settings& settings, const Principal& principal,
                                     const smtp::ReversePath& reverse_path) {
  if (const auto account = principal.client.account(); account && !principal.trusted) {
    return refused(Refusal::AccountForbidden,
                   fmt::format("The account with uid {} may not send; the administrator can add "
                               "it to allow_users of this listener",
                               *account));
  }
  if (principal.login.empty() && !principal.trusted) return refused(Refusal::NotAuthenticated);
  if (principal.revoked) return refused(Refusal::LoginRevoked);
  if (reverse_path && !sender_permitted(settings, principal, reverse_path->text())) {
    return refused(Refusal::SenderForbidden,
                   fmt::format("{} may not send as <{}>{}", subject(principal),
                               shown(reverse_path->text()), may_use(settings, principal)),
                   std::string(reverse_path->text()));
  }
  return {};
}

std::optional<Refused> refuse_times(const relay::Settings& settings, const smtp::MailCommand& mail,
                                    SystemTime now) {
  using std::chrono::seconds;
  const seconds longest = settings.config->limits.future_release;
  if (mail.hold_for || mail.hold_until) {
    if (longest == seconds(0)) {
      return refused(Refusal::Hold, "This server holds no mail for later (FUTURERELEASE)");
    }
    if (mail.hold_until && *mail.hold_until <= now) {
      return refused(Refusal::Hold,
                     fmt::format("HOLDUNTIL has passed: it is {} here", utc_text(now)));
    }
    const SystemTime last = now + longest;
    if (mail.hold_for.value_or(seconds(0)) > longest || mail.hold_until.value_or(now) > last) {
      return refused(Refusal::Hold, fmt::format("Mail is held for {} seconds at most, now until {}",
                                                longest.count(), utc_text(last)));
    }
  }
  if (mail.deliver_by && mail.deliver_by->mode == smtp::DeliverBy::Mode::Return &&
      mail.deliver_by->time < kDeliverByMinimum) {
    return refused(Refusal::DeliverBy, fmt::format("Delivery needs {} seconds at least (BY)",
                                                   kDeliverByMinimum.count()));
  }
  if (mail.deliver_by && mail.deliver_by->mode == smtp::DeliverBy::Mode::Return) {
    const SystemTime release = mail.hold_until.value_or(now + mail.hold_for.value_or(seconds(0)));
    if (release + kDeliverByMinimum > now + mail.deliver_by->time) {
      return refused(
          Refusal::DeliverBy,
          fmt::format("Held that long, the mail cannot be delivered by its deadline (BY), "
                      "which needs {} seconds at least",
                      kDeliverByMinimum.count()));
    }
  }
  return {};
}

int permitted_priority(config::RaisePriority raise, const Principal& principal, int asked) {
  const bool may_raise = raise == config::RaisePriority::All ||
                         (raise == config::RaisePriority::Logins && !principal.login.empty());
  return may_raise ? asked : std::min(asked, 0);
}

std::optional<Refused> refuse_recipient(const relay::Settings& settings, std::string_view login,
                                        const smtp::ReversePath& reverse_path,
                                        const smtp::Mailbox& recipient) {
  const config::Config& config = *settings.config;
  if (!recipient.is_address_literal() || config.delivery.address_literals) return {};
  const config::RouteConfig* const route =
      relay::find_route(config, {login, reverse_path}, recipient.domain());
  if (route != nullptr && !route->mx) return {};  // it goes to that host, which decides
  return refused(Refusal::AddressLiteral,
                 fmt::format("Mail to address literals is not accepted: <{}>; write the domain of "
                             "the mailbox after its @ sign",
                             shown(recipient.text())),
                 std::string(recipient.text()));
}

message::FixUps fix_ups(const relay::Settings& settings, const Principal& principal,
                        const smtp::Transaction& transaction, const Arrival& arrival,
                        const queue::MessageId& id, SystemTime now) {
  const std::string& hostname = settings.config->hostname;
  const std::string id_text = id.text();
  const std::string recipient =
      transaction.recipients.size() == 1 ? transaction.recipients[0].mailbox.text() : "";
  const std::string address = principal.client.text();
  message::ReceivedFacts facts;
  facts.origin = !settings.config->header.hide_client;
  facts.hello_name = arrival.hello_name;
  facts.peer_address = address;
  facts.peer_name = arrival.client_name;
  facts.by = hostname;
  facts.id = id_text;
  facts.recipient = recipient;
  facts.extended = arrival.extended;
  facts.tls = arrival.tls != nullptr;
  facts.is_account = principal.client.account().has_value();
  facts.authenticated = !principal.login.empty() && !facts.is_account;
  facts.smtputf8 = transaction.mail.smtputf8;
  facts.priority = transaction.mail.priority;
  if (arrival.tls != nullptr) {
    facts.tls_version = arrival.tls->version;
    facts.tls_cipher = arrival.tls->cipher;
  }
  facts.time = now;
  message::LoopFacts loop{.host = hostname, .is_own_id = [](std::string_view text) {
                            return queue::MessageId::parse(text).has_value();
                          }};
  for (const smtp::AcceptedRecipient& each : transaction.recipients) {
    loop.recipients.push_back(each.mailbox.text());
  }
  message::FixUps made{.received = message::received_field(facts),
                       .message_id = fmt::format("<{}@{}>", id_text, hostname),
                       .now = now,
                       .loop = std::move(loop),
                       .compared = smtp::with_a_labels,
                       .binary = transaction.mail.body == smtp::Body::BinaryMime};
  const smtp::ReversePath& sender = transaction.mail.reverse_path;
  made.domain = sender && !sender->is_address_literal() ? sender->domain() : hostname;
  if (!settings.config->header.remove.empty()) {
    made.is_unwanted = [&settings](std::string_view name) {
      return std::ranges::any_of(settings.config->header.remove, [&](const std::string& pattern) {
        return config::field_matches(pattern, name);
      });
    };
  }
  if (settings.config->missing_from == config::MissingFrom::Fill && transaction.mail.reverse_path) {
    made.from = transaction.mail.reverse_path->text();
  }
  if (!is_bound(principal)) return made;
  made.may_be_from = [&settings, user = principal.user](std::string_view author) {
    return user != nullptr && may_send_as(settings, *user, author);
  };
  if (principal.user != nullptr && principal.user->otherwise == auth::Otherwise::Rewrite) {
    made.instead = principal.user->senders.front();
  }
  return made;
}

std::expected<Accepted, Refused> accept(const relay::Settings& settings, const Principal& principal,
                                        const smtp::Transaction& transaction,
                                        const queue::MessageId& id,
                                        message::ContentBuilder& content, SystemTime now) {
  if (auto refusal = refuse_content(settings, principal, content)) {
    return std::unexpected(std::move(*refusal));
  }
  auto message = std::make_shared<queue::Message>();
  queue::Envelope& envelope = message->envelope;
  envelope.id = id;
  envelope.reverse_path = transaction.mail.reverse_path;
  envelope.login = principal.login;
  envelope.peer = principal.client.text();
  envelope.from_domain = content.from_domain();
  envelope.message_id = content.message_id();
  envelope.received = now;
  envelope.eight_bit = content.has_eight_bit();
  envelope.smtputf8 = needs_smtputf8(transaction.mail, content);
  envelope.ret = transaction.mail.ret;
  envelope.envelope_id = transaction.mail.envelope_id;
  add_times(transaction.mail, now, envelope);
  message->content = content.take();
  envelope.size = message->content.size();
  std::vector<queue::Job> jobs =
      make_jobs(*settings.config, transaction, envelope, principal.client);
  envelope.job_count = static_cast<std::uint16_t>(jobs.size());
  return Accepted{std::move(message), std::move(jobs)};
}

}  // namespace signpost::submission
