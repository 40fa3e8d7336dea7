// The relay's own metrics: the question each answers, when to worry, and what its labels may be.
// Names stay: dashboards and alerts are built on them. docs/metrics.md is printed from this.
#pragma once

#include "metrics/instruments.h"
#include "relay/labels.h"

#include <string_view>

namespace signpost::relay::metric {

using metrics::Description;
using metrics::LabelDescription;

// Values of labels that are not enumerations here.
inline constexpr std::string_view kMechanisms[] = {
    "PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "OAUTHBEARER", "XOAUTH2", "EXTERNAL"};
inline constexpr std::string_view kAlgorithms[] = {"rsa-sha256", "ed25519-sha256"};
inline constexpr std::string_view kTlsVersions[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
inline constexpr std::string_view kReloadResults[] = {"ok", "failed"};
inline constexpr std::string_view kJobStates[] = {"ready", "active", "deferred", "held"};
inline constexpr std::string_view kStoredStates[] = {"ready", "deferred", "held"};
inline constexpr std::string_view kSiteStates[] = {"usable", "backing_off"};
inline constexpr std::string_view kLockedKinds[] = {"client", "login"};
inline constexpr std::string_view kStallKinds[] = {"slowdown", "stop"};
inline constexpr std::string_view kNotReadyReasons[] = {"draining", "storage", "disk", "memory"};

inline constexpr LabelDescription kListenerLabels[] = {{"listener", {}, "as written in `bind`"}};
inline constexpr std::string_view kProvider =
    "a name that `signpost provider list` has, else other; the first 99 since the start";
inline constexpr std::string_view kQueueProvider =
    "a name that `signpost provider list` has, else other; unknown before the first look-up";
inline constexpr LabelDescription kProviderLabels[] = {{"provider", {}, kProvider}};
inline constexpr LabelDescription kClassLabels[] = {{"class", kTexts<ReplyClass>}};

inline constexpr Description kSessions = {
    "signpost_smtp_sessions",
    "Open submission sessions. Near limits.sessions: clients hang, or an attack is under way.",
    kListenerLabels};
inline constexpr Description kSessionsLimit = {
    "signpost_smtp_sessions_limit",
    "The most submission sessions at once: limits.sessions, or what the open files allow."};
inline constexpr Description kSessionsTotal = {
    "signpost_smtp_sessions_total", "Submission sessions since the start.", kListenerLabels};

inline constexpr LabelDescription kAuthLabels[] = {{"mechanism", kMechanisms},
                                                   {"result", kTexts<AuthResult>}};
inline constexpr Description kAuth = {
    "signpost_auth_total",
    "AUTH attempts. A rise of rejected: a wrong password somewhere, or guessing; locked: the "
    "guessing continued.",
    kAuthLabels};

inline constexpr LabelDescription kFetchLabels[] = {{"result", kReloadResults}};
inline constexpr Description kKeyFetches = {
    "signpost_auth_key_fetches_total",
    "Fetches of the keys at auth.oauth.jwks. A rise of failed: the keys that are known stay in "
    "force, "
    "and logins with newer ones fail; token_keys_failed in the log says why.",
    kFetchLabels};

inline constexpr LabelDescription kLockLabels[] = {{"kind", kLockedKinds}};
inline constexpr Description kAuthLocks = {
    "signpost_auth_locks",
    "Clients and logins for which no password is checked at present, after too many failures.",
    kLockLabels};
inline constexpr Description kChecksWaiting = {
    "signpost_auth_checks_waiting",
    "Passwords that wait to be checked. Hundreds: a flood of guesses, or too few processors; from "
    "256 on logins are answered with 454."};

inline constexpr LabelDescription kLoginLabels[] = {
    {"login",
     {},
     "as in `auth.users`; `(none)`: a trusted network, and notifications; `(other)`: "
     "those beyond 1,000"}};
inline constexpr Description kLoginMessages = {
    "signpost_login_messages_accepted_total",
    "Accepted messages by login. One far above its usual rate: a newsletter, or a stolen password.",
    kLoginLabels};
inline constexpr LabelDescription kLoginRecipientLabels[] = {kLoginLabels[0],
                                                             {"result", kTexts<LoginResult>}};
inline constexpr Description kLoginRecipients = {
    "signpost_login_recipients_total",
    "Recipients by login and outcome. Many bounced at one login: an old address "
    "list, or a stolen password.",
    kLoginRecipientLabels};

inline constexpr LabelDescription kTenantLabels[] = {
    {"tenant",
     {},
     "a `[[tenant]]` with `metrics = true`; `(other)`: those beyond 1,000, since the start"}};
inline constexpr Description kTenantMessages = {
    "signpost_tenant_messages_accepted_total",
    "Accepted messages by tenant, of those that have metrics of their own.", kTenantLabels};
inline constexpr LabelDescription kTenantRecipientLabels[] = {kTenantLabels[0],
                                                              {"result", kTexts<TenantResult>}};
inline constexpr Description kTenantRecipients = {
    "signpost_tenant_recipients_total",
    "Recipients by tenant, of those that have metrics of their own. limited: refused because of a "
    "limit, on the tenant or another one; many: the tenant needs a higher limit, or a look. "
    "delivered, bounced and expired count mail of its logins.",
    kTenantRecipientLabels};

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

inline constexpr Description kSignatureSeconds = {
    "signpost_dkim_signature_seconds",
    "Time to sign one message with all keys of its domain. Above a few milliseconds: the "
    "processors are busy, or an RSA key is larger than 2048 bits."};
inline constexpr LabelDescription kSignatureLabels[] = {{"algorithm", kAlgorithms}};
inline constexpr Description kSignatures = {"signpost_dkim_signatures_total",
                                            "DKIM signatures made.", kSignatureLabels};
inline constexpr LabelDescription kUnsignedLabels[] = {{"reason", kTexts<UnsignedReason>}};
inline constexpr Description kUnsigned = {
    "signpost_dkim_unsigned_total",
    "Messages sent without a signature. no_key: a From: domain lacks its [[dkim]] table.",
    kUnsignedLabels};

inline constexpr LabelDescription kAttemptLabels[] = {{"provider", {}, kProvider},
                                                      {"result", kTexts<AttemptResult>}};
inline constexpr Description kAttempts = {"signpost_delivery_attempts_total",
                                          "Attempts, one per recipient. A failed connection "
                                          "is an attempt of one job, not of all that wait.",
                                          kAttemptLabels};
inline constexpr LabelDescription kReplyLabels[] = {{"class", kTexts<ReplyClass>},
                                                    {"provider", {}, kProvider}};
inline constexpr Description kReplies = {
    "signpost_delivery_replies_total",
    "What receivers' replies were about, one per recipient. policy or rate rising at one provider: "
    "it reacts to complaints or to the volume.",
    kReplyLabels};
inline constexpr LabelDescription kSourceReplyLabels[] = {
    {"class", kTexts<ReplyClass>},
    {"source",
     {},
     "the first address of a `[[source]]`; `(other)`: those beyond 1,000, since the start"}};
inline constexpr Description kSourceReplies = {
    "signpost_source_replies_total",
    "What receivers' replies to mail from a `[[source]]` were about, one per recipient. policy or "
    "rate rising for one of them: receivers distrust that address.",
    kSourceReplyLabels};
inline constexpr Description kDeliverySeconds = {
    "signpost_delivery_seconds", "From acceptance to the receiver's 250, once per recipient."};
inline constexpr Description kDeliveredAttempts = {
    "signpost_delivered_attempts",
    "How many attempts delivered recipients took. More than one is usual for greylisting; a rising "
    "share of many: receivers refuse for now."};
inline constexpr LabelDescription kPutOffLabels[] = {{"reason", kTexts<PutOffReason>}};
inline constexpr Description kPutOff = {
    "signpost_delivery_put_off_total",
    "Jobs that wait again although nothing was tried. memory: limits.memory is too small for the "
    "mail "
    "being sent; limit: usual where receivers take few messages per connection; unreadable: "
    "look for queue_row_corrupt in the log.",
    kPutOffLabels};
inline constexpr LabelDescription kConnectionFailureLabels[] = {
    {"provider", {}, kProvider}, {"kind", kTexts<ConnectionFailure>}};
inline constexpr Description kConnectionFailures = {
    "signpost_delivery_connection_failures_total",
    "Hosts of receivers that could not be used, by cause. timeout or unreachable at all providers: "
    "port 25 is blocked on the way, or this machine's network is down.",
    kConnectionFailureLabels};
inline constexpr Description kConnectionsLimit = {
    "signpost_delivery_connections_limit",
    "The most connections to receivers at once, from what the open files allow. Near it: sites "
    "take turns."};
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

// An authority vouches for the host, as the recipient domain's MTA-STS policy demands.
inline constexpr std::string_view kTrustSts = "sts";
inline constexpr std::string_view kTrusts[] = {"none", "unverified", "pkix", "dane", kTrustSts};
inline constexpr LabelDescription kHandshakeLabels[] = {
    {"direction", kTexts<TlsDirection>}, {"version", kTlsVersions}, {"trust", kTrusts}};
inline constexpr Description kHandshakes = {
    "signpost_tls_handshakes_total",
    "Finished TLS handshakes, with clients (in) and receivers (out), by the trust in the peer's "
    "certificate.",
    kHandshakeLabels};
inline constexpr LabelDescription kDeliveredTlsLabels[] = {{"wanted", kTexts<TlsWanted>},
                                                           {"reached", kTexts<TlsReached>}};
inline constexpr Description kDeliveredTls = {
    "signpost_delivered_tls_total",
    "Delivered recipients, by the TLS that their connection had to reach and what it reached. "
    "opportunistic with clear: mail that anyone on the way can read.",
    kDeliveredTlsLabels};
inline constexpr LabelDescription kDirectionLabels[] = {{"direction", kTexts<TlsDirection>}};
inline constexpr Description kTlsResumed = {
    "signpost_tls_resumed_total",
    "TLS handshakes that continued an earlier session, of those in signpost_tls_handshakes_total. "
    "They cost a fraction of the others. With clients (in) there are none.",
    kDirectionLabels};
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
inline constexpr LabelDescription kQueueJobLabels[] = {
    {"provider", {}, kQueueProvider}, {"route", {}, "via of the [[route]], or mx without one"}};
inline constexpr Description kQueueJobs = {
    "signpost_queue_jobs",
    "Ready and deferred jobs by where they go, counted every few seconds. unknown: not looked up "
    "since the start, or the DNS does not answer. One provider rising: that receiver; all: the "
    "network.",
    kQueueJobLabels};
inline constexpr LabelDescription kSiteLabels[] = {{"state", kSiteStates}};
inline constexpr Description kSites = {
    "signpost_queue_sites",
    "Next hops (sets of MX hosts, routes) with mail or connections. backing_off: could not be used "
    "and is left alone until its next try. Nearly all backing_off: the network is down.",
    kSiteLabels};
inline constexpr Description kSitesPaused = {
    "signpost_sites_paused",
    "Sites and providers whose mail waits because an operator has paused them (signpost site "
    "list). More than 0 for longer than was meant: somebody forgot to resume one."};
inline constexpr Description kSitesSlowed = {
    "signpost_sites_slowed",
    "Receivers that are sent less than usual, since their replies have asked for less: a provider, "
    "or a site with limits of its own; site_slowed in the log has the reply. More than 0 for "
    "hours: lower rate or connections in a [[destination]].",
    kProviderLabels};
inline constexpr Description kJobsInMemory = {
    "signpost_queue_jobs_in_memory",
    "Jobs that wait in memory for a connection; the others wait in the store."};
inline constexpr Description kJobsInMemoryLimit = {
    "signpost_queue_jobs_in_memory_limit",
    "The most of them. Near it new mail waits in the store, which costs reading."};
inline constexpr Description kUnwritten = {
    "signpost_queue_unwritten_bytes",
    "Octets of changes that wait for the disk. Rising: the disk is too slow."};
inline constexpr Description kUnwrittenLimit = {"signpost_queue_unwritten_limit_bytes",
                                                "The most of them; beyond it new mail gets a 451."};
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
    "When the listeners' certificate expires. Less than two weeks ahead: renew it, which the "
    "relay notices by itself; after that, clients refuse to connect.",
    kCertificateLabels};
inline constexpr Description kLastReloadSuccessful = {
    "signpost_config_last_reload_successful",
    "Whether the last reload, or the start, put its configuration in force. 0: what the files say "
    "is not what runs."};
inline constexpr Description kLoaded = {"signpost_config_last_reload_success_timestamp_seconds",
                                        "When the configuration in force was read."};
inline constexpr Description kConfigChanged = {
    "signpost_config_file_timestamp_seconds",
    "When the configuration, or a file that it names and that a reload reads (users, keys, "
    "lists), was changed last; 0: none can be read. Later than "
    "signpost_config_last_reload_success_timestamp_seconds: an edit that is not in force."};
inline constexpr LabelDescription kReadyLabels[] = {{"reason", kNotReadyReasons}};
inline constexpr Description kReady = {
    "signpost_ready",
    "0 while mail is not accepted for this reason, which /readyz gives in words; 1 otherwise.",
    kReadyLabels};

inline constexpr Description kMemory = {"signpost_memory_bytes",
                                        "Octets of mail in memory, received or on its way out."};
inline constexpr Description kMemoryLimit = {"signpost_memory_limit_bytes",
                                             "limits.memory: at it new mail gets a 452."};
inline constexpr Description kDiskFree = {
    "signpost_disk_free_bytes",
    "Free space on the file system of data_dir, less what is still to be written to it."};
inline constexpr Description kDiskFreeLimit = {
    "signpost_disk_free_limit_bytes",
    "limits.disk_free in octets: with less free space new mail gets a 452."};

inline constexpr Description kStoreMemory = {
    "signpost_store_memory_bytes", "Octets that the store has yet to write to data files."};
inline constexpr Description kStoreFiles = {
    "signpost_store_file_bytes",
    "Octets in the store's data files, including removed mail whose space is not given back yet."};
inline constexpr Description kStoreCompaction = {
    "signpost_store_compaction_pending_bytes",
    "Octets that the store means to rewrite. Rising for hours: the disk is too slow for the load."};
inline constexpr LabelDescription kStallLabels[] = {{"kind", kStallKinds}};
inline constexpr Description kStoreStalls = {
    "signpost_store_write_stalls_total",
    "How often the store slowed writes down or stopped them because the disk could not follow. "
    "Each one makes clients wait for their 250.",
    kStallLabels};
inline constexpr Description kStoreStopped = {
    "signpost_store_writes_stopped", "1 while the store accepts no writes for that reason."};

inline constexpr LabelDescription kWorkerLabels[] = {{"worker", {}, "its number, from 0"}};
inline constexpr Description kLoopLag = {
    "signpost_loop_lag_seconds",
    "The longest delay of anything due on this worker's event loop, in the last 15 "
    "to 30 seconds. Above 0.1: too few processors for the load; seconds: something blocks.",
    kWorkerLabels};
inline constexpr Description kLogLinesDropped = {
    "signpost_log_dropped_total",
    "Log lines that were lost because the reader of standard error was too slow. Rising: the log "
    "has gaps; see log_dropped."};

}  // namespace signpost::relay::metric
