// What happens to the process: start, stop, configuration, and what it needs from the machine.
#pragma once

#include "base/event.h"
#include "relay/events/fields.h"

#include <cstdint>
#include <string_view>

namespace signpost::relay::events {

struct Starting {
  std::string_view version{};
  std::string_view commit{};
  std::string_view hostname{};
  std::string_view config{};
  std::string_view user{};
  static constexpr auto kEvent =
      log::describe("starting", log::Level::Info, "The relay starts.",
                    log::field("version", &Starting::version, "Version of the program."),
                    log::field("commit", &Starting::commit, "The commit it was built from."),
                    log::field("hostname", &Starting::hostname, "The name it uses in SMTP."),
                    log::field("config", &Starting::config, "The configuration file."),
                    log::field("user", &Starting::user, "The account that it runs as."));
};

struct RunningAsRoot {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("running_as_root", log::Level::Warning, "The relay kept root's privileges.",
                    log::field("detail", &RunningAsRoot::detail, "What to do about it."));
};

struct NetworksAllowed {
  std::string_view networks{};
  static constexpr auto kEvent = log::describe(
      "networks_allowed", log::Level::Warning,
      "Mail may go by MX to networks that are forbidden by default (delivery.allow_networks).",
      log::field("networks", &NetworksAllowed::networks, "Those networks."));
};

struct QueueOpened {
  std::string_view directory{};
  std::string_view engine{};
  std::uint64_t ready = 0;
  std::uint64_t deferred = 0;
  std::uint64_t held = 0;
  static constexpr auto kEvent = log::describe(
      "queue_opened", log::Level::Info, "The queue is open.",
      log::field("directory", &QueueOpened::directory, "The queue's directory."),
      log::field("engine", &QueueOpened::engine, "Kind and version of the store."),
      log::field("ready", &QueueOpened::ready, "Jobs that were not tried yet."),
      log::field("deferred", &QueueOpened::deferred, "Jobs that wait for another attempt."),
      log::field("held", &QueueOpened::held, "Jobs that an operator holds."));
};

struct Listening {
  std::string_view bind{};
  std::string_view family{};
  bool inherited = false;
  static constexpr auto kEvent = log::describe(
      "listening", log::Level::Info, "Clients can connect.",
      log::field("bind", &Listening::bind, "Where, as written in the configuration."),
      log::field("family", &Listening::family,
                 "Which clients can: `ipv4`, `ipv6`, `ipv4 and ipv6`, or `unix`: accounts of "
                 "this machine."),
      log::field("inherited", &Listening::inherited,
                 "Whether the socket came from the service manager."));
};

struct ListenerClosed {
  std::string_view bind{};
  static constexpr auto kEvent = log::describe(
      "listener_closed", log::Level::Info,
      "A reload took a listener away. Sessions that came through it go on.",
      log::field("bind", &ListenerClosed::bind, "Where, as it was written in the configuration."));
};

struct LetterRefused {
  std::string_view file{};
  std::string_view user{};
  std::string_view from{};
  std::string_view to{};
  std::string_view reply{};
  bool reported = false;
  static constexpr auto kEvent = log::describe(
      "letter_refused", log::Level::Warning,
      "The relay refused mail that the sendmail command had kept. If its sender could not be told, "
      "its file has the prefix `refused-` now; without it, it is tried again.",
      log::field("file", &LetterRefused::file, "The file, as it was called."),
      log::field(field::kUser, &LetterRefused::user),
      log::field(field::kFrom, &LetterRefused::from), log::field(field::kTo, &LetterRefused::to),
      log::field(field::kReply, &LetterRefused::reply),
      log::field("reported", &LetterRefused::reported, "Whether its sender gets a report."));
};

struct LetterUnusable {
  std::string_view file{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "letter_unusable", log::Level::Warning,
      "A file in the spool of the sendmail command is not a letter, or cannot be read. It is set "
      "aside under the prefix `refused-` if that is possible.",
      log::field("file", &LetterUnusable::file, "The file."),
      log::field("detail", &LetterUnusable::detail, "What is wrong with it."));
};

struct AdminListening {
  std::string_view bind{};
  static constexpr auto kEvent = log::describe(
      "admin_listening", log::Level::Info, "Health, metrics and the API are served.",
      log::field("bind", &AdminListening::bind, "Where: an address, or a socket's path."));
};

struct DescriptorsShort {
  std::uint64_t sessions = 0;
  std::uint64_t wanted = 0;
  std::uint64_t deliveries = 0;
  static constexpr auto kEvent = log::describe(
      "descriptors_short", log::Level::Warning,
      "The system allows this process fewer descriptors than limits.sessions needs. Raise the "
      "limit "
      "(LimitNOFILE in the unit, ulimit -n) or lower limits.sessions.",
      log::field("sessions", &DescriptorsShort::sessions, "Sessions that there are enough for."),
      log::field("wanted", &DescriptorsShort::wanted, "limits.sessions."),
      log::field("deliveries", &DescriptorsShort::deliveries,
                 "Connections to receivers that there are enough for."));
};

struct Started {
  static constexpr auto kEvent =
      log::describe("started", log::Level::Info, "The relay accepts and delivers mail.");
};

struct Stopping {
  std::string_view signal{};
  static constexpr auto kEvent =
      log::describe("stopping", log::Level::Info,
                    "The relay accepts no more mail, finishes what is in flight and ends.",
                    log::field("signal", &Stopping::signal, "The signal that asked for it."));
};

struct RestartNeeded {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("restart_needed", log::Level::Error,
                    "The relay ends with exit code 1 because only a restart can help. The "
                    "service manager starts it again.",
                    log::field(field::kDetail, &RestartNeeded::detail));
};

struct Stopped {
  std::uint64_t sessions_cut = 0;
  static constexpr auto kEvent =
      log::describe("stopped", log::Level::Info, "The relay has stopped.",
                    log::field("sessions_cut", &Stopped::sessions_cut,
                               "Sessions that were still open after 30 seconds and got 421."));
};

struct ConfigReloaded {
  std::string_view file{};
  std::uint64_t users_before = 0;
  std::uint64_t users = 0;
  std::string_view by{};
  static constexpr auto kEvent = log::describe(
      "config_reloaded", log::Level::Info, "A new configuration is in force.",
      log::field("file", &ConfigReloaded::file, "The configuration file."),
      log::field("users_before", &ConfigReloaded::users_before, "Logins in the users file before."),
      log::field("users", &ConfigReloaded::users, "Logins in it now."),
      log::field(field::kBy, &ConfigReloaded::by));
};

struct ConfigDoubtful {
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "config_doubtful", log::Level::Warning,
      "Something in the configuration in force is probably not intended.",
      log::field("detail", &ConfigDoubtful::detail, "What, and what to do about it."));
};

struct KnownLoginsLost {
  std::string_view file{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("known_logins_lost", log::Level::Warning,
                    "The file of logins known at their clients cannot be used. Until "
                    "each has logged "
                    "in again, somebody else's wrong guesses may lock it out.",
                    log::field("file", &KnownLoginsLost::file, "The file."),
                    log::field(field::kDetail, &KnownLoginsLost::detail));
};

struct QuotaCountersLost {
  std::string_view file{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("quota_counters_lost", log::Level::Warning,
                    "The file with the recipient-limit counts cannot be used. After a restart "
                    "they count from zero.",
                    log::field("file", &QuotaCountersLost::file, "The file."),
                    log::field(field::kDetail, &QuotaCountersLost::detail));
};

struct WarmUpLost {
  std::string_view file{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("warm_up_lost", log::Level::Warning,
                    "The file of what new sources have sent today cannot be used. After a restart "
                    "they may send as much again.",
                    log::field("file", &WarmUpLost::file, "The file."),
                    log::field(field::kDetail, &WarmUpLost::detail));
};

struct SitePausesLost {
  std::string_view file{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("site_pauses_lost", log::Level::Warning,
                    "The file of paused sites cannot be used: they are not paused any more.",
                    log::field("file", &SitePausesLost::file, "The file."),
                    log::field(field::kDetail, &SitePausesLost::detail));
};

struct ConfigReloadFailed {
  std::string_view detail{};
  std::string_view by{};
  static constexpr auto kEvent =
      log::describe("config_reload_failed", log::Level::Error,
                    "The configuration has an error. The previous one stays in force.",
                    log::field("detail", &ConfigReloadFailed::detail, "The errors, one per line."),
                    log::field(field::kBy, &ConfigReloadFailed::by));
};

struct CertificateReloaded {
  std::string_view file{};
  SystemTime expires{};
  static constexpr auto kEvent =
      log::describe("certificate_reloaded", log::Level::Info,
                    "The certificate's files were replaced, and new connections use the new one.",
                    log::field("file", &CertificateReloaded::file, "The certificate's file."),
                    log::field("expires", &CertificateReloaded::expires, "When it expires."));
};

struct CertificateNotReloaded {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("certificate_not_reloaded", log::Level::Error,
                    "The certificate's new files cannot be used. The "
                    "previous ones stay in force until the files change again, or a reload.",
                    log::field("detail", &CertificateNotReloaded::detail, "What is wrong."));
};

struct StartFailed {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("start_failed", log::Level::Error, "The relay does not start.",
                    log::field("detail", &StartFailed::detail, "What is wrong, and its remedy."));
};

struct ConfigNeedsRestart {
  std::string_view key{};
  static constexpr auto kEvent =
      log::describe("config_needs_restart", log::Level::Warning,
                    "A changed key takes effect only at the next start.",
                    log::field("key", &ConfigNeedsRestart::key, "The key."));
};

struct DiskFull {
  std::string_view directory{};
  std::uint64_t free_bytes = 0;
  std::uint64_t needed = 0;
  std::uint64_t pending = 0;
  static constexpr auto kEvent = log::describe(
      "disk_full", log::Level::Error,
      "Too little disk space is free. No mail is accepted until there is more; delivery goes on.",
      log::field("directory", &DiskFull::directory, "A directory on that disk."),
      log::field("free_bytes", &DiskFull::free_bytes, "Octets that are free."),
      log::field("needed", &DiskFull::needed, "Octets that limits.disk_free asks for."),
      log::field("pending", &DiskFull::pending, "Octets that the queue still has to write."));
};

struct DiskHasRoom {
  std::string_view directory{};
  std::uint64_t free_bytes = 0;
  static constexpr auto kEvent = log::describe(
      "disk_has_room", log::Level::Info, "Enough disk space is free again: mail is accepted.",
      log::field("directory", &DiskHasRoom::directory, "A directory on that disk."),
      log::field("free_bytes", &DiskHasRoom::free_bytes, "Octets that are free."));
};

struct QueueReclaimingFailed {
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "queue_reclaiming_failed", log::Level::Warning,
      "The space of mail that has left the queue could not be returned to the file system.",
      log::field(field::kDetail, &QueueReclaimingFailed::detail));
};

struct QueueUnreadable {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("queue_unreadable", log::Level::Error,
                    "Due mail could not be read from the queue. It is tried again.",
                    log::field(field::kDetail, &QueueUnreadable::detail));
};

}  // namespace signpost::relay::events
