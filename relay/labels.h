// Closed sets of values, each the label of a metric and a field of an event.
#pragma once

#include "base/enum_texts.h"
#include "net/tls.h"
#include "providers/names.h"
#include "providers/reply_class.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace signpost::relay {

// Why a command or a message was refused.
enum class RejectReason {
  Storage,   // the queue cannot be written
  Memory,    // limits.memory is used up
  Disk,      // less than limits.disk_free is left
  Sessions,  // too many sessions, in all or of this client
  Relaying,  // neither authenticated nor from a trusted network
  Sender,    // this login may not send from that address, or with that From:
  Limit,     // a rate, a day's recipients, or those of one message are used up
  Policy,    // another rule of the dialogue: TLS or authentication comes first
  Size,      // larger than limits.message_size
  Content,   // malformed mail data or header section
  Command,   // not understood, or out of order
};
constexpr std::array<std::string_view, 11> texts_of(RejectReason) {
  return {"storage", "memory", "disk", "sessions", "relaying", "sender",
          "limit",   "policy", "size", "content",  "command"};
}

enum class AuthResult { Accepted, Rejected, Unavailable, Locked };
constexpr std::array<std::string_view, 4> texts_of(AuthResult) {
  return {"accepted", "rejected", "unavailable", "locked"};
}

// What a connection to a receiver must reach before it carries mail, and why.
enum class TlsWanted : std::uint8_t {
  Off,            // no TLS
  Opportunistic,  // TLS if it can be had
  Encrypt,        // TLS
  Verify,         // a certificate that an authority vouches for
  Sts,            // the same, since the recipient domain's MTA-STS policy demands it
  Dane,           // a certificate that TLSA records vouch for, or TLS if none of them is usable
  RequireTls,     // the sender has asked for REQUIRETLS
};
constexpr std::array<std::string_view, 7> texts_of(TlsWanted) {
  return {"off", "opportunistic", "encrypt", "verify", "sts", "dane", "requiretls"};
}

enum class TlsReached : std::uint8_t { Clear, Unverified, Pkix, Dane };
constexpr std::array<std::string_view, 4> texts_of(TlsReached) {
  return {"clear", "unverified", "pkix", "dane"};
}

enum class TlsDirection { In, Out };
constexpr std::array<std::string_view, 2> texts_of(TlsDirection) { return {"in", "out"}; }

using net::TlsTrust;

enum class UnsignedReason { NoKey, NoFromDomain, SigningFailed };
constexpr std::array<std::string_view, 3> texts_of(UnsignedReason) {
  return {"no_key", "no_from_domain", "signing_failed"};
}

// The outcome of an attempt for one recipient, as metrics count it. The last attempt before a
// message expires counts as deferred, as its reply says.
enum class AttemptResult { Delivered, Deferred, Bounced };
constexpr std::array<std::string_view, 3> texts_of(AttemptResult) {
  return {"delivered", "deferred", "bounced"};
}

using providers::ReplyClass;

// Why a host of a receiver could not be used.
enum class ConnectionFailure {
  Refused,      // nobody listens there, or somebody on the way says so
  TimedOut,     // no connection, or no answer on it
  Unreachable,  // there is no way there
  Reply,        // the host greeted or answered with a refusal
  Lost,         // closed before it could carry mail, or not SMTP
  Tls,          // TLS is required here and failed
  Auth,         // a next hop refuses the login of its route, or may not be shown the password
  NoHost,       // the DNS gives no address to try
  Loop,         // the host is this relay
};
constexpr std::array<std::string_view, 9> texts_of(ConnectionFailure) {
  return {"refused", "timeout", "unreachable", "reply", "lost", "tls", "auth", "no_host", "loop"};
}

// Why a job that a connection had taken, or was about to take, waits again untried.
enum class PutOffReason {
  Memory,        // limits.memory is in use
  Unreadable,    // its content cannot be read from the queue
  RouteChanged,  // the configuration sends it elsewhere by now
  Limit,  // the connection ended before its turn: the receiver's limits, or a lost connection
};
constexpr std::array<std::string_view, 4> texts_of(PutOffReason) {
  return {"memory", "unreadable", "route_changed", "limit"};
}

// What becomes of a login's recipients.
enum class LoginResult { Accepted, Delivered, Bounced, Expired };
constexpr std::array<std::string_view, 4> texts_of(LoginResult) {
  return {"accepted", "delivered", "bounced", "expired"};
}

// What becomes of recipients that a tenant names.
enum class TenantResult { Accepted, Delivered, Bounced, Expired, Limited };
constexpr std::array<std::string_view, 5> texts_of(TenantResult) {
  return {"accepted", "delivered", "bounced", "expired", "limited"};
}

// Why a notification that was due is not sent.
enum class DropReason {
  NullSender,      // it would answer a notification (RFC 5321 section 6.1)
  UnprovenSender,  // no login vouches for the reverse-path, and bounces.trusted_networks is off
  PerMessage,      // bounces.per_message
  PerSender,       // bounces.per_sender
};
constexpr std::array<std::string_view, 4> texts_of(DropReason) {
  return {"null_sender", "unproven_sender", "per_message", "per_sender"};
}

}  // namespace signpost::relay
