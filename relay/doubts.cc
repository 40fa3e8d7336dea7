#include "relay/doubts.h"

#include "base/ascii.h"
#include "base/utc.h"
#include "config/memory_limit.h"
#include "config/toml_document.h"
#include "config/units.h"
#include "net/listener.h"
#include "net/server_certificate.h"
#include "relay/data_folder.h"
#include "relay/report_signing.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <set>
#include <string_view>

namespace signpost::relay {

namespace {

using Texts = std::vector<std::string>;
using Doubts = std::vector<config::ConfigError>;

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

void judge_users(const config::Config& config, const std::vector<auth::User>& users,
                 Doubts& doubts) {
  const auto doubt = [&](const std::string& what) {
    doubts.push_back(config::error_at(config, "auth.users", config.users_file + ": " + what));
  };
  if (users.empty()) return doubt("has no users; signpost user add adds one");
  std::vector<std::string> unbound;
  std::vector<std::string> without_way;
  const bool others =
      config.oauth || std::ranges::any_of(config.listeners, [](const auto& listener) {
        return !listener.client_ca.empty();
      });
  for (const auth::User& user : users) {
    // The accounts of a unix socket need none.
    if (user.password.empty() && !others && !user.name.starts_with("uid:")) {
      without_way.push_back(user.name);
    }
    if (!user.has_senders() && user.tenant.empty()) unbound.push_back(user.name);
  }
  if (!without_way.empty()) {
    doubt(
        fmt::format("{} cannot log in without a password; give one with signpost user add "
                    "--replace, or add [auth.oauth] for tokens or listener.client_ca for "
                    "certificates",
                    text_of(without_way)));
  }
  if (unbound.empty() || users.size() == 1) return;
  doubt(
      fmt::format("{} may send with every domain that no other login or tenant has; write "
                  "senders or tenant for {}",
                  text_of(unbound), unbound.size() == 1 ? "it" : "each"));
}

// A copy of the file does not follow updates of the program.
void judge_providers(const config::Config& config, const providers::Providers& providers,
                     Doubts& doubts) {
  const std::string& built_in = providers::Providers::built_in()->edition();
  if (config.delivery.providers.empty() || providers.edition() >= built_in) return;
  doubts.push_back(config::error_at(
      config, "delivery.providers",
      fmt::format("{}: its edition {} is older than the built-in one, {}; bring it up to date from "
                  "/usr/share/signpost/providers.toml, and set edition to that date",
                  config.delivery.providers, providers.edition(), built_in)));
}

// They may be added later, as addresses that move between machines are; until then nothing can
// listen there.
void judge_addresses(const config::Config& config, Doubts& doubts) {
  const auto judge = [&](std::string_view key, const net::IpAddress& address, std::string_view then,
                         std::size_t table) {
    if (net::is_of_this_machine(address)) return;
    doubts.push_back(config::error_at(
        config, key,
        fmt::format("{} is not an address of this machine now; {}", address.text(), then), table));
  };
  constexpr std::string_view kNoStart = "serve cannot start before it is";
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    judge("listener.bind", config.listeners[i].bind.ip, kNoStart, i);
  }
  if (config.admin_bind) judge("admin.bind", config.admin_bind->ip, kNoStart, 0);
  for (const net::IpAddress& source : config.delivery.source) {
    judge("delivery.source", source, "mail cannot be sent from it before it is", 0);
  }
  for (std::size_t i = 0; i < config.sources.size(); ++i) {
    for (const net::IpAddress& address : config.sources[i].addresses) {
      judge("source.address", address, "mail cannot be sent from it before it is", i);
    }
  }
}

// Why a route leads back to a listener on this port; config_rules.cc refuses those that are seen
// without asking the system.
std::string loop_doubt(const config::Config& config, const config::HopConfig& hop) {
  const auto listens = [&](const auto& covers) {
    return std::ranges::any_of(config.listeners, [&](const config::ListenerConfig& listener) {
      return listener.bind.port == hop.port && covers(listener.bind.ip);
    });
  };
  const auto anywhere = [](const net::IpAddress&) { return true; };
  if (ascii::equals_ignore_case(hop.host, config.hostname) && listens(anywhere)) {
    return hop.host + " is this relay's own hostname";
  }
  if (ascii::equals_ignore_case(hop.host, "localhost") &&
      listens([](const net::IpAddress& ip) { return ip.is_loopback() || ip.is_unspecified(); })) {
    return "localhost is this machine";
  }
  const auto address = net::IpAddress::parse(hop.host);
  if (address && !address->is_loopback() && net::is_of_this_machine(*address) &&
      listens([&](const net::IpAddress& ip) {
        return ip.is_unspecified() && ip.is_v6() == address->is_v6();
      })) {
    return hop.host + " is an address of this machine";
  }
  return "";
}

void judge_routes(const config::Config& config, Doubts& doubts) {
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    for (const config::HopConfig& hop : config.routes[i].hops) {
      if (hop.host.empty()) continue;
      const std::string loop = loop_doubt(config, hop);
      if (loop.empty()) continue;
      doubts.push_back(config::error_at(
          config, "route.via",
          fmt::format("{}, and a listener has port {}: the mail would come back; write the address "
                      "of another server",
                      loop, hop.port),
          i));
    }
  }
}

void judge_key_sizes(const Settings& settings, Doubts& doubts) {
  constexpr unsigned kRecommended = 2048;  // RFC 8301 section 3.2
  const config::Config& config = *settings.config;
  for (std::size_t i = 0; i < settings.dkim_keys.size(); ++i) {
    const dkim::PrivateKey* const key = settings.dkim_keys[i].get();
    if (key == nullptr || key->algorithm() != dkim::Algorithm::RsaSha256) continue;
    if (key->bits() >= kRecommended) continue;
    doubts.push_back(config::error_at(
        config, "dkim.key",
        fmt::format("{}: the RSA key has {} bits, which receivers may find too few; make one of "
                    "2048 under a new selector with signpost dkim keygen",
                    config.dkim[i].key, key->bits()),
        i));
  }
}

// RFC 8463 has Ed25519 beside RSA: a receiver that does not know it finds such mail unsigned.
void judge_key_kinds(const Settings& settings, Doubts& doubts) {
  const config::Config& config = *settings.config;
  const auto is_rsa = [&](std::size_t i) {
    const dkim::PrivateKey* const key = settings.dkim_keys[i].get();
    return key == nullptr || key->algorithm() == dkim::Algorithm::RsaSha256;
  };
  std::set<std::string_view> with_rsa;
  for (std::size_t i = 0; i < settings.dkim_keys.size(); ++i) {
    if (is_rsa(i)) with_rsa.insert(config.dkim[i].domain);
  }
  for (std::size_t i = 0; i < settings.dkim_keys.size(); ++i) {
    if (!with_rsa.insert(config.dkim[i].domain).second) continue;
    doubts.push_back(config::error_at(
        config, "dkim.key",
        fmt::format(
            "{} has Ed25519 keys only, which many receivers cannot verify: to them its mail "
            "is unsigned; make an RSA key beside it, under a selector of its own, with signpost "
            "dkim keygen",
            config.dkim[i].domain),
        i));
  }
}

void judge_memory(const config::Config& config, Doubts& doubts) {
  constexpr std::uint64_t kMebibyte = 1 << 20;
  const std::uint64_t all = config::memory_limit() / kMebibyte * kMebibyte;
  if (all == 0 || config.limits.memory <= all) return;
  doubts.push_back(config::error_at(config, "limits.memory",
                                    fmt::format("is more than the {} that this machine or its "
                                                "service has: mail is accepted until the system "
                                                "ends the relay; write half of that at most",
                                                config::size_text(all))));
}

// A relay without any key signs nothing, which its summary says.
bool has_all_keys(const Settings& settings) {
  return !settings.dkim_keys.empty() &&
         std::ranges::none_of(settings.dkim_keys, [](const auto& key) { return key == nullptr; });
}

// The domain of a sender or of a tenant's pattern; "" for a pattern that names none.
std::string domain_of_pattern(std::string_view pattern) {
  const std::size_t at = pattern.rfind('@');
  if (at != std::string_view::npos) pattern.remove_prefix(at + 1);
  if (pattern == "*") return "";
  return pattern.starts_with("*.") ? "any" + std::string(pattern.substr(1)) : std::string(pattern);
}

// Only clients that a listener trusts are asked for no login.
void judge_tenant_networks(const config::Config& config, Doubts& doubts) {
  const auto overlap = [](const net::Network& a, const net::Network& b) {
    return a.contains(b.prefix) || b.contains(a.prefix);
  };
  const auto is_trusted = [&](const net::Network& network) {
    return std::ranges::any_of(config.listeners, [&](const config::ListenerConfig& listener) {
      return std::ranges::any_of(listener.trusted_networks, [&](const net::Network& trusted) {
        return overlap(trusted, network);
      });
    });
  };
  std::size_t table = 0;  // of those that have the key
  for (const config::TenantConfig& tenant : config.tenants) {
    if (tenant.networks.empty()) continue;
    for (const net::Network& network : tenant.networks) {
      if (is_trusted(network)) continue;
      doubts.push_back(config::error_at(
          config, "tenant.networks",
          fmt::format("no listener has {} in trusted_networks: its clients must log in, and count "
                      "as what their login is",
                      network.text()),
          table));
    }
    ++table;
  }
}

// What logins are bound to and nothing signs.
void judge_sender_domains(const Settings& settings, Doubts& doubts) {
  const config::Config& config = *settings.config;
  constexpr std::size_t kMost = 1000;  // of thousands none needs to be counted
  std::vector<std::string> without;    // key
  const auto judge = [&](const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
      if (without.size() >= kMost) return;
      const std::string name = domain_of_pattern(pattern);
      const auto domain = smtp::to_a_labels(name);
      if (name.empty() || !domain || !settings.keys.find(*domain).empty()) continue;
      const std::string shown = pattern.substr(pattern.rfind('@') + 1);
      if (std::ranges::find(without, shown) == without.end()) without.push_back(shown);
    }
  };
  for (const auth::User& user : settings.users->all()) {
    judge(user.senders);
    judge(user.listed_senders);
  }
  for (const config::TenantConfig& tenant : config.tenants) {
    judge(tenant.domains);
    judge(tenant.listed_domains);
  }
  if (without.empty()) return;
  const bool reject = config.unsigned_policy == config::UnsignedPolicy::Reject;
  doubts.push_back(config::error_at(
      config, "auth.users",
      fmt::format("{}: logins may send with {}, for which there is no [[dkim]] key: such mail {}; "
                  "make one with signpost dkim keygen",
                  config.users_file, text_of(without),
                  reject ? "is refused (signing.unsigned)" : "goes out unsigned")));
}

std::string name_doubt(const net::Certificate& certificate, const std::string& hostname) {
  if (hostname.empty() || certificate.is_for(hostname)) return "";  // "": it is wrong itself
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
    return fmt::format(
        "expired at {}: clients refuse it; renew it: the relay takes the new files by itself",
        utc_text(until));
  }
  const auto left = std::chrono::floor<std::chrono::days>(until - now);
  if (left >= kRenewal) return "";
  return fmt::format("expires at {}, in {} {}; renew it: the relay takes the new files by itself",
                     utc_text(until), left.count(), left.count() == 1 ? "day" : "days");
}

}  // namespace

std::vector<std::string> certificate_doubts(const net::Certificate& certificate,
                                            const std::string& hostname, SystemTime now) {
  Texts doubts{time_doubt(certificate, now), name_doubt(certificate, hostname),
               net::purpose_problem(certificate), net::order_problem(certificate),
               certificate.chain_problem()};
  std::erase(doubts, "");
  return doubts;
}

std::vector<config::ConfigError> doubts(const Settings& settings, SystemTime now) {
  const config::Config& config = *settings.config;
  Doubts all = config.doubts;
  judge_addresses(config, all);
  judge_routes(config, all);
  judge_tenant_networks(config, all);
  judge_providers(config, *settings.providers, all);
  if (settings.certificate) {
    for (const std::string& doubt :
         certificate_doubts(*settings.certificate, config.hostname, now)) {
      all.push_back(
          config::error_at(config, "tls.certificate", config.tls->certificate + ": " + doubt));
    }
  }
  if (const std::string exposure = folder_exposure(config.data_dir); !exposure.empty()) {
    all.push_back(config::error_at(config, "data_dir", exposure));
  }
  judge_key_sizes(settings, all);
  judge_key_kinds(settings, all);
  judge_memory(config, all);
  if (settings.users) judge_users(config, settings.users->all(), all);
  // What a key that could not be read would sign is not known.
  const bool knows_keys = has_all_keys(settings);
  if (settings.users && knows_keys) judge_sender_domains(settings, all);
  if (config.dkim.empty() || knows_keys) {
    if (const auto doubt = unsigned_reports_doubt(config, settings.keys)) {
      all.push_back(config::error_at(config, "postmaster", *doubt));
    }
    if (const auto doubt = unsigned_tls_reports_doubt(config, settings.keys)) {
      all.push_back(config::error_at(config, "tlsrpt.from", *doubt));
    }
  }
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
