// Why the relay refuses mail: its own reasons, as opposed to the protocol's.
#pragma once

#include "relay/event_sink.h"
#include "smtp/reply.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::submission {

enum class Refusal : std::uint8_t {
  // The relay is short of something.
  Sessions,         // too many, in all or of this client
  Disk,             // limits.disk_free
  Memory,           // limits.memory
  QueueUnwritable,  // the store fails
  // About the client.
  NotAuthenticated,
  AccountForbidden,  // not in allow_users of the unix socket
  LoginRevoked,      // removed or changed since it logged in
  SenderForbidden,   // the reverse-path is not this login's
  Hold,              // FUTURERELEASE: for too long, until a time that has passed, not at all
  DeliverBy,         // DELIVERBY: less time than delivery needs
  // About a recipient.
  Quota,              // a rate or a day's recipients are used up
  MessageRecipients,  // more than the login or its tenant may name in one message
  AddressLiteral,
  // About the content.
  NoFrom,
  SeveralFrom,
  MalformedHeader,
  HeaderTooLong,
  LineTooLong,  // in a field that cannot be folded, or in a part that cannot be encoded
  BareOctet,    // of binary content, in the header or in a part that cannot be encoded
  MailLoop,
  FromForbidden,  // an address of From:, Sender: or the like is not this login's
  NoSigningKey,   // for the domain of From:, if the configuration requires one
};

struct Refused {
  Refusal reason;
  smtp::Reply reply;
  std::string text{};  // the client's that is at fault, for the log; "" if it is in the reply
};

// The refusal with its reply; `text` replaces the usual text unless empty.
Refused refused(Refusal reason, std::string_view text = {}, std::string of_client = {});

// The label for metrics and events; several reasons share one.
relay::RejectReason label_of(Refusal reason);

}  // namespace signpost::submission
