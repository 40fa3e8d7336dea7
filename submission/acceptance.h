// Decides whether a message is taken, and turns it into what the queue stores. Pure: no I/O, no
// clock, no log, and independent of how the message comes in. A session asks in this order:
//
//   sender_instead(), refuse_sender()   as soon as the sender is known
//   refuse_times()    as soon as is known when it is to be sent and delivered
//   permitted_priority()  then, too
//   refuse_recipient()  as soon as one is known
//   fix_ups()         before the content arrives, for the ContentBuilder that collects it
//   accept()          when the content has ended
#pragma once

#include "auth/users.h"
#include "base/clock.h"
#include "message/content_builder.h"
#include "net/address.h"
#include "net/tls.h"
#include "queue/envelope.h"
#include "queue/message_id.h"
#include "relay/settings.h"
#include "smtp/transaction.h"
#include "submission/refusal.h"

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace signpost::submission {

// Who sends. The views and pointers live as long as the call.
struct Principal {
  std::string_view login{};          // "" when not authenticated; of an account: "uid:33"
  const auth::User* user = nullptr;  // of that login; null also when it was removed meanwhile.
                                     // Without a login: what a tenant's network may do
  bool trusted = false;              // a client of a trusted network, or an account that may send
  bool revoked = false;              // the login was removed or changed since it logged in
  net::IpAddress client{};
};

// How a message arrived, for its Received field.
struct Arrival {
  std::string_view hello_name{};
  std::string_view client_name{};  // in the DNS; "": not known
  bool extended = true;            // EHLO
  const net::TlsFacts* tls = nullptr;
};

// What the queue stores: the message and its jobs, ready, to be enqueued in one change.
struct Accepted {
  std::shared_ptr<const queue::Message> message;
  std::vector<queue::Job> jobs;
};

// What takes the place of a reverse-path that `principal` may not use, where its login says so
// (otherwise = "rewrite"); nothing: it stays as it is.
std::optional<smtp::Mailbox> sender_instead(const relay::Settings& settings,
                                            const Principal& principal,
                                            const smtp::ReversePath& reverse_path);

// An account of this machine is bound to senders only if users.toml has its login.
//
// Nothing when `principal` may send with this reverse-path. A login that is revoked gets a
// 421, which ends the session (RFC 5321 section 3.8): what it may do is decided at the next login.
std::optional<Refused> refuse_sender(const relay::Settings& settings, const Principal& principal,
                                     const smtp::ReversePath& reverse_path);

// The least time that a message may be given for its delivery (DELIVERBY): a receiver that is down
// for a moment is tried again within it.
constexpr std::chrono::seconds kDeliverByMinimum{60};

// Nothing when a message that is accepted about `now` may be held as its sender asks
// (FUTURERELEASE), and has the time that delivery needs (DELIVERBY).
std::optional<Refused> refuse_times(const relay::Settings& settings, const smtp::MailCommand& mail,
                                    SystemTime now);

// The priority that a message gets of the one its sender asks for (RFC 6710): only those whom the
// listener lets may raise it above 0.
int permitted_priority(config::RaisePriority raise, const Principal& principal, int asked);

// Nothing when mail for `recipient` can be routed. `login`: the sender's, "" without one.
std::optional<Refused> refuse_recipient(const relay::Settings& settings, std::string_view login,
                                        const smtp::ReversePath& reverse_path,
                                        const smtp::Mailbox& recipient);

// What the builder of a message's content adds to it, and the addresses that it allows.
// `settings` and principal.user must outlive it.
message::FixUps fix_ups(const relay::Settings& settings, const Principal& principal,
                        const smtp::Transaction& transaction, const Arrival& arrival,
                        const queue::MessageId& id, SystemTime now);

// Takes the content out of `content`, or says why not and leaves it there. `now`: the time of
// acceptance, at which the jobs are due unless the sender wants them held. The id's time is that
// of the transaction: from then on a deadline counts.
// REQUIRES: content.finish() was called; `transaction` has a recipient; refuse_sender() let it pass
std::expected<Accepted, Refused> accept(const relay::Settings& settings, const Principal& principal,
                                        const smtp::Transaction& transaction,
                                        const queue::MessageId& id,
                                        message::ContentBuilder& content, SystemTime now);

}  // namespace signpost::submission
