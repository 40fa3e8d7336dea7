// The relay's own metrics: the question each answers, when to worry, and what its labels may be.
// Names stay: dashboards and alerts are built on them. docs/metrics.md is printed from this.
#pragma once

#include "metrics/instruments.h"
#include "relay/labels.h"

#include <array>
#include <string_view>

namespace signpost::relay::metric {

using metrics::Description;
using metrics::LabelDescription;

// Values of labels that are not enumerations here.
inline constexpr std::string_view kMechanisms[] = {"PLAIN", "LOGIN"};
inline constexpr std::string_view kAlgorithms[] = {"rsa-sha256", "ed25519-sha256"};
inline constexpr std::string_view kTlsVersions[] = {"TLSv1.2", "TLSv1.3"};
inline constexpr std::string_view kReloadResults[] = {"ok", "failed"};
inline constexpr std::string_view kJobStates[] = {"ready", "active", "deferred", "held"};
inline constexpr std::string_view kStoredStates[] = {"ready", "deferred", "held"};

inline constexpr LabelDescription kListenerLabels[] = {{"listener", {}, "as written in `bind`"}};
inline constexpr LabelDescription kProviderLabels[] = {{"provider", kProviders}};
inline constexpr LabelDescription kClassLabels[] = {{"class", kTexts<ReplyClass>}};

inline constexpr Description kSessions = {
    "signpost_smtp_sessions",
    "Open submission sessions. Near limits.sessions: clients hang, or an attack is under way.",
    kListenerLabels};
inline constexpr Description kSessionsTotal = {
    "signpost_smtp_sessions_total", "Submission sessions since the start.", kListenerLabels};

inline constexpr LabelDescription kAuthLabels[] = {{"mechanism", kMechanisms},
                                                   {"result", kTexts<AuthResult>}};
inline constexpr Description kAuth = {
    "signpost_auth_total",
    "AUTH attempts. A rise of rejected: a wrong password somewhere, or guessing; locked: the "
    "guessing continued.",
    kAuthLabels};

inline constexpr Description kAccepted = {"signpost_messages_accepted_total",
                                          "Messages acknowledged with 250."};
inline constexpr Description kAcceptedBytes = {"signpost_accepted_bytes_total",
                                               "Octets of content of accepted messages."};
// These balance, in recipients and since the start: accepted + notifications + queued at the start
// = delivered (kDeliverySeconds) + given up (kBounces, with the expired ones) + removed + queued
// now.
inline constexpr Description kRecipientsAccepted = {
    "signpost_recipients_accepted_total",
    "Recipients of stored mail. With signpost_notifications_total they are in the end delivered "
    "(signpost_delivery_seconds_count), given up (signpost_bounces_total) or removed; until then "
    "signpost_queue_recipients has them."};
inline constexpr Description kRecipientsExpired = {
    "signpost_recipients_expired_total",
    "Recipients given up because their mail was too old; signpost_bounces_total has them too. Each "
    "had a receiver that could not be reached for days, or kept refusing for now."};
inline constexpr Description kRecipientsRemoved = {
    "signpost_recipients_removed_total",
    "Recipients that an operator removed from the queue, without delivery or notification."};
inline constexpr Description kNotifications = {
    "signpost_notifications_total",
    "Delivery status notifications queued, each for one recipient."};
inline constexpr Description kQueueRecipients = {"signpost_queue_recipients",
                                                 "Recipients in the queue, of jobs in any state."};
inline constexpr Description kAcceptSeconds = {
    "signpost_accept_seconds",
    "From the end of data to the 250: what a shop waits for. Above 0.1 the disk is slow."};
inline constexpr Description kBareLf = {
    "signpost_bare_linefeed_messages_total",
    "Accepted messages in which bare line feeds were repaired: old clients, or attempts at "
    "smuggling."};

inline constexpr LabelDescription kRejectedLabels[] = {{"reason", kTexts<RejectReason>}};
inline constexpr Description kRejected = {
    "signpost_messages_rejected_total",
    "Commands and messages refused with 4xx or 5xx. storage, disk or memory: the relay itself is "
    "in trouble.",
    kRejectedLabels};

inline constexpr LabelDescription kSignatureLabels[] = {{"algorithm", kAlgorithms}};
inline constexpr Description kSignatures = {"signpost_dkim_signatures_total",
                                            "DKIM signatures made.", kSignatureLabels};
inline constexpr LabelDescription kUnsignedLabels[] = {{"reason", kTexts<UnsignedReason>}};
inline constexpr Description kUnsigned = {
    "signpost_dkim_unsigned_total",
    "Messages sent without a signature. no_key: a From: domain lacks its [[dkim]] table.",
    kUnsignedLabels};

inline constexpr LabelDescription kAttemptLabels[] = {{"provider", kProviders},
                                                      {"result", kTexts<AttemptResult>}};
inline constexpr Description kAttempts = {"signpost_delivery_attempts_total",
                                          "Attempts, one per recipient. A failed connection "
                                          "is an attempt of one job, not of all that wait.",
                                          kAttemptLabels};
inline constexpr LabelDescription kReplyLabels[] = {{"class", kTexts<ReplyClass>},
                                                    {"provider", kProviders}};
inline constexpr Description kReplies = {
    "signpost_delivery_replies_total",
    "What receivers' replies were about, one per recipient. policy or rate rising at one provider: "
    "it reacts to complaints or to the volume.",
    kReplyLabels};
inline constexpr Description kDeliverySeconds = {
    "signpost_delivery_seconds", "From acceptance to the receiver's 250, once per recipient."};
inline constexpr Description kConnections = {"signpost_delivery_connections",
                                             "Open connections to receivers.", kProviderLabels};
inline constexpr Description kBounces = {
    "signpost_bounces_total", "Recipients given up, by class of the deciding reply.", kClassLabels};

inline constexpr LabelDescription kDroppedLabels[] = {{"reason", kTexts<DropReason>}};
inline constexpr Description kNotificationsDropped = {
    "signpost_notifications_dropped_total",
    "Notifications that were due and are not sent. per_message or per_sender rising: someone sends "
    "mail that fails in bulk, perhaps in another's name.",
    kDroppedLabels};

inline constexpr LabelDescription kHandshakeLabels[] = {
    {"direction", kTexts<TlsDirection>}, {"version", kTlsVersions}, {"trust", kTexts<TlsTrust>}};
inline constexpr Description kHandshakes = {
    "signpost_tls_handshakes_total",
    "Finished TLS handshakes, with clients (in) and receivers (out), by the trust in the peer's "
    "certificate.",
    kHandshakeLabels};
inline constexpr LabelDescription kDirectionLabels[] = {{"direction", kTexts<TlsDirection>}};
inline constexpr Description kTlsFailures = {
    "signpost_tls_handshake_failures_total",
    "TLS handshakes that failed. Rising out: a receiver's certificate or protocol is broken; mail "
    "goes in clear where the policy allows it.",
    kDirectionLabels};

inline constexpr LabelDescription kJobStateLabels[] = {{"state", kJobStates}};
inline constexpr Description kQueueMessages = {
    "signpost_queue_messages",
    "Jobs in the queue, one per message and recipient domain: ready (not tried yet, or due and in "
    "line for a connection), active (with a connection, or waiting for a common report), deferred "
    "(tried, and waiting for their time or their receiver), held. Ready rising: receivers are "
    "slower than the clients, or down; deferred rising: receivers refuse.",
    kJobStateLabels};
inline constexpr LabelDescription kStoredStateLabels[] = {{"state", kStoredStates}};
inline constexpr Description kQueueOldest = {
    "signpost_queue_oldest_seconds",
    "Age of the oldest message with a job in this state; active ones count as ready. Ready above a "
    "few minutes: a receiver is "
    "down, or slower than its mail comes in.",
    kStoredStateLabels};

inline constexpr LabelDescription kBuildLabels[] = {{"version", {}, "of the program"},
                                                    {"commit", {}, "it was built from"}};
inline constexpr Description kBuildInfo = {
    "signpost_build_info", "Always 1; the labels say which build this is.", kBuildLabels};
inline constexpr LabelDescription kReloadLabels[] = {{"result", kReloadResults}};
inline constexpr Description kReloads = {
    "signpost_config_reloads_total",
    "Reloads of the configuration. After a failed one the previous configuration stays in force: "
    "signpost check shows why.",
    kReloadLabels};

inline constexpr LabelDescription kCertificateLabels[] = {
    {"certificate", {}, "the file of `tls.certificate`"}};
inline constexpr Description kCertificateExpiry = {
    "signpost_certificate_expiry_timestamp_seconds",
    "When the listeners' certificate expires. Less than two weeks ahead: renew it and reload; "
    "after that, clients refuse to connect.",
    kCertificateLabels};
inline constexpr Description kLogLinesDropped = {
    "signpost_log_lines_dropped_total",
    "Log lines that were lost because the reader of standard error was too slow. Rising: the log "
    "has gaps; see log_dropped."};

}  // namespace signpost::relay::metric
