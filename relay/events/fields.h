// Names of fields that events of the relay share. Scripts and dashboards read them: names stay.
#pragma once

#include "base/event.h"
#include "queue/events.h"

namespace signpost::relay::events::field {

using queue::events::field::kDetail;
using queue::events::field::kId;
using queue::events::field::kJob;

inline constexpr log::FieldName kSession{
    "session", "The connection: number of the worker, and of the session on it."};
inline constexpr log::FieldName kUser{"user", "Login of the client; absent without one."};
inline constexpr log::FieldName kTenant{
    "tenant", "Of the login, or of the client's network; absent without one."};
inline constexpr log::FieldName kFrom{
    "from", "Reverse-path of the message; `<>` or absent: the null reverse-path."};
inline constexpr log::FieldName kTo{"to", "Recipient."};
inline constexpr log::FieldName kSize{"size", "Octets of content."};
inline constexpr log::FieldName kMx{"mx", "Name of the receiving host."};
inline constexpr log::FieldName kAddress{"address", "Address and port of the peer."};
inline constexpr log::FieldName kProxy{
    "proxy",
    "Address and port of the load balancer or front end that the client came through; absent "
    "without one."};
inline constexpr log::FieldName kTls{"tls",
                                     "Version of TLS, `verified` when the certificate was; "
                                     "absent: in clear."};
inline constexpr log::FieldName kReply{"reply", "SMTP reply, on one line."};
inline constexpr log::FieldName kDomain{"domain", "Recipient domain of the job."};
inline constexpr log::FieldName kSite{
    "site", "The receiver: its MX hosts (`mx:a.example,b.example`), or a route (`smtp:host:25`)."};
inline constexpr log::FieldName kDirection{"direction",
                                           "`in`: from a client; `out`: to a receiver."};
inline constexpr log::FieldName kThen{"then", "What the relay does about it."};
inline constexpr log::FieldName kBy{
    "by",
    "Who asked for it: account, uid and pid of the admin socket's client, or the address of the "
    "client that presented the token; `SIGHUP` for the signal."};

// Of a limit on recipients.
inline constexpr log::FieldName kQuotaScope{
    "scope",
    "Whose recipients it counts: a login's, those from a client's address, a tenant's, all of the "
    "server's."};
inline constexpr log::FieldName kQuotaName{
    "name", "Of the login or tenant, or the client's address (IPv6: its /64)."};
inline constexpr log::FieldName kQuotaLimit{
    "limit", "`rate`: in a period of time; `daily`: from 00:00 to 24:00 UTC."};
inline constexpr log::FieldName kQuotaUsed{"used", "Recipients that it counts now."};
inline constexpr log::FieldName kQuotaMost{"most", "Recipients that it allows."};
inline constexpr log::FieldName kQuotaSeconds{"seconds", "In which time: its period."};

}  // namespace signpost::relay::events::field
