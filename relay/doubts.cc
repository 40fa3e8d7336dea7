#include "relay/doubts.h"

#include "base/utc.h"
#include "config/toml_document.h"
#include "net/listener.h"
#include "relay/report_signing.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <ranges>

namespace signpost::relay {

namespace {

using Texts = std::vector<std::string>;

constexpr std::chrono::days kRenewal{14};  // before the end: time to find out why it did not happen

// The first few of `names`, quoted: `"a", "b" and 7 more`.
std::string text_of(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 5;
  std::string text;
  for (const std::string& name : names | std::views::take(kNamed)) {
    text += (text.empty() ? "" : ", ") + config::toml_string(name);
  }
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return text;
}

Texts user_doubts(const std::string& file, const std::vector<auth::User>& users) {
  if (users.empty()) return {file + ": has no users"};
  std::vector<std::string> unbound;
  for (const auth::User& user : users) {
    if (user.senders.empty() && user.tenant.empty()) unbound.push_back(user.name);
  }
  if (unbound.empty() || users.size() == 1) return {};
  return {
      fmt::format("{}: {} may send with every domain that no other login or tenant has; write "
                  "senders or tenant for {}",
                  file, text_of(unbound), unbound.size() == 1 ? "it" : "each")};
}

// They may be added later, as addresses that move between machines are; until then nothing can
// listen there.
Texts address_doubts(const config::Config& config) {
  Texts doubts;
  const auto judge = [&](std::string_view key, const net::IpAddress& address,
                         std::string_view then) {
    if (net::is_of_this_machine(address)) return;
    doubts.push_back(fmt::format("{}: {}: {} is not an address of this machine now; {}",
                                 config.file, key, address.text(), then));
  };
  constexpr std::string_view kNoStart = "serve cannot start before it is";
  for (const config::ListenerConfig& listener : config.listeners) {
    judge("listener.bind", listener.bind.ip, kNoStart);
  }
  if (config.admin_bind) judge("admin.bind", config.admin_bind->ip, kNoStart);
  for (const net::IpAddress& source : config.delivery.source) {
    judge("delivery.source", source, "mail cannot be sent from it before it is");
  }
  return doubts;
}

std::string name_doubt(const net::Certificate& certificate, const std::string& hostname) {
  if (certificate.is_for(hostname)) return "";
  const Texts names = certificate.names();
  return fmt::format(
      "is not valid for {} (hostname), {}: clients that connect by that name refuse it", hostname,
      names.empty() ? "nor for any other name" : "only for " + text_of(names));
}

std::string time_doubt(const net::Certificate& certificate, SystemTime now) {
  const SystemTime from = certificate.not_before();
  const SystemTime until = certificate.not_after();
  if (now < from) {
    return fmt::format("is not valid before {}: clients refuse it; is the clock right?",
                       utc_text(from));
  }
  if (now >= until) {
    return fmt::format("expired at {}: clients refuse it; renew it and reload", utc_text(until));
  }
  const auto left = std::chrono::floor<std::chrono::days>(until - now);
  if (left >= kRenewal) return "";
  return fmt::format("expires at {}, in {} {}; renew it and reload", utc_text(until), left.count(),
                     left.count() == 1 ? "day" : "days");
}

}  // namespace

std::vector<std::string> certificate_doubts(const net::Certificate& certificate,
                                            const std::string& hostname, SystemTime now) {
  Texts doubts{time_doubt(certificate, now), name_doubt(certificate, hostname),
               certificate.chain_problem()};
  std::erase(doubts, "");
  return doubts;
}

std::vector<std::string> doubts(const Settings& settings, SystemTime now) {
  const config::Config& config = *settings.config;
  Texts all;
  for (const config::ConfigError& doubt : config.doubts) all.push_back(doubt.text());
  std::ranges::move(address_doubts(config), std::back_inserter(all));
  if (settings.certificate) {
    for (const std::string& doubt :
         certificate_doubts(*settings.certificate, config.hostname, now)) {
      all.push_back(config.tls->certificate + ": " + doubt);
    }
  }
  if (settings.users) {
    std::ranges::move(user_doubts(config.users_file, settings.users->all()),
                      std::back_inserter(all));
  }
  if (auto doubt = unsigned_reports_doubt(config, settings.keys)) all.push_back(std::move(*doubt));
  return all;
}

std::vector<std::string> doubts_about_change(const Settings& before, const Settings& after) {
  if (!before.users || !after.users) return {};
  std::vector<std::string> gone;
  for (const auth::User& user : before.users->all()) {
    if (after.users->find(user.name) == nullptr) gone.push_back(user.name);
  }
  if (gone.empty()) return {};
  return {
      fmt::format("{}: {} of {} logins {} gone: {}; if that is not intended, the file was read "
                  "while it was being written: reload again",
                  after.config->users_file, gone.size(), before.users->all().size(),
                  gone.size() == 1 ? "is" : "are", text_of(gone))};
}

}  // namespace signpost::relay
