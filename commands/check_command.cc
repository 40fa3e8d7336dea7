#include "base/clock.h"
#include "commands/command_line.h"
#include "commands/dane_support.h"
#include "commands/published_keys.h"
#include "commands/reference.h"
#include "commands/running_relay.h"
#include "daemon/issuer_keys.h"
#include "daemon/privileges.h"
#include "dkim/key.h"
#include "jwt/key_set.h"
#include "relay/data_folder.h"
#include "relay/doubts.h"
#include "relay/settings.h"
#include "relay/start_obstacles.h"
#include "smtp/idna.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

struct CheckOptions {
  bool dns = false;
  bool keys = false;
  bool json = false;
};

Json json_of(const config::ConfigError& error) {
  Json json{{"message", error.message}};
  if (!error.file.empty()) json["file"] = error.file;
  if (error.line > 0) {
    json["line"] = error.line;
    json["column"] = error.column;
  }
  if (!error.key.empty()) json["key"] = error.key;
  return json;
}

// What there is to say, apart from the summary.
struct Findings {
  std::vector<config::ConfigError> errors;
  std::vector<config::ConfigError> warnings;
  std::vector<PublishedKey> published;  // what the DNS was asked for
  std::string dane;                     // dane_support(), if that was asked for
};

// Compares our keys with the published ones; differences are errors.
void check_published_keys(const relay::Settings& settings, Findings& findings) {
  auto published = look_up_keys(*settings.config, settings.dkim_keys);
  if (!published) {
    findings.errors.push_back(
        config::error_at(*settings.config, "dns.servers", published.error().detail));
    return;
  }
  findings.published = std::move(*published);
  for (const PublishedKey& key : findings.published) {
    if (key.problem.empty()) continue;
    findings.errors.push_back(config::error_at(*settings.config, "dkim.selector",
                                               fmt::format("{}: {}", key.name, key.problem),
                                               key.table));
  }
}

// Whether the issuer's keys are at their URL. A warning: it may be away for now, and the relay
// starts without it.
void check_issuer(const relay::Settings& settings, Findings& findings) {
  const config::Config& config = *settings.config;
  if (!settings.token_rules || !config.oauth->is_fetched()) return;
  const std::atomic<bool> cancelled{false};
  const auto document = daemon::fetch_keys(config.oauth->jwks, cancelled);
  std::string problem;
  if (!document) {
    problem = "cannot be fetched: " + document.error().detail;
  } else if (const auto keys = jwt::KeySet::parse(*document); !keys) {
    problem = keys.error().detail;
  }
  if (problem.empty()) return;
  findings.warnings.push_back(config::error_at(
      config, "auth.oauth.jwks",
      fmt::format("{} {}; until then no token is accepted", config.oauth->jwks, problem)));
}

// All there is to find in one run: of a configuration with mistakes, too, as far as it can be read.
Findings examine(relay::LoadedSettings& loaded, bool ask_dns) {
  Findings findings{
      .errors = std::move(loaded.errors), .warnings = {}, .published = {}, .dane = {}};
  if (!loaded.partly) return findings;
  const config::Config& config = *loaded.partly->config;
  if (!loaded.not_ready.empty()) {
    findings.errors.push_back(config::error_at(config, "", loaded.not_ready));
  } else {
    // Started by root, serve makes the folder for the account that it becomes.
    const auto folder = relay::examine_data_folder(config, !loaded.account.empty());
    if (!folder.obstacle.empty()) {
      findings.errors.push_back(config::error_at(config, "data_dir", folder.obstacle));
    }
    if (!folder.unknown.empty()) {
      findings.warnings.push_back(config::error_at(config, "data_dir", folder.unknown));
    }
  }
  std::ranges::move(relay::doubts(*loaded.partly, system_now()),
                    std::back_inserter(findings.warnings));
  std::ranges::move(relay::port_obstacles(config, find_running_relay(config)),
                    std::back_inserter(findings.warnings));
  std::ranges::move(relay::disk_obstacles(config), std::back_inserter(findings.warnings));
  std::ranges::move(relay::descriptor_obstacles(config), std::back_inserter(findings.warnings));
  check_issuer(*loaded.partly, findings);
  if (ask_dns) {
    check_published_keys(*loaded.partly, findings);
    findings.dane = dane_support(config);
  }
  return findings;
}

std::string_view mode_text(config::ListenerMode mode) {
  switch (mode) {
    case config::ListenerMode::StartTls:
      return "starttls";
    case config::ListenerMode::Implicit:
      return "implicit TLS";
    case config::ListenerMode::Plain:
      return "plain";
  }
  return "";
}

std::string_view auth_text(config::AuthMode auth) {
  switch (auth) {
    case config::AuthMode::Required:
      return "required";
    case config::AuthMode::Optional:
      return "optional";
    case config::AuthMode::Off:
      return "off";
  }
  return "";
}

// Who may use a unix socket.
std::string accounts_text(const config::ListenerConfig& listener) {
  std::string text = "root";
  for (const config::LocalAccount& account : listener.allow_users) {
    if (!account.uid) return "every account of this machine";
    text += ", " + account.name;
  }
  return text;
}

// A note, not a warning: a resolver elsewhere works, but its answers can be forged in transit.
std::string name_servers_text(const config::Config& config) {
  if (config.dns_servers.empty()) return "those of /etc/resolv.conf";
  std::string text;
  bool elsewhere = false;
  for (const net::SocketAddress& server : config.dns_servers) {
    text += (text.empty() ? "" : ", ") + server.text();
    elsewhere = elsewhere || !server.ip.is_loopback();
  }
  return text + (elsewhere ? " (a resolver on loopback would be safer: docs/operations.md)" : "");
}

std::string_view published_text(Published state) {
  switch (state) {
    case Published::Same:
      return "the record is that of our key";
    case Published::Wrong:
      return "wrong, see above";
    case Published::Unknown:
      return "unknown, see above";
  }
  return "";
}

void print_published(const Findings& findings) {
  std::string text;
  for (const PublishedKey& key : findings.published) {
    text += fmt::format("  published {}: {}\n", key.name, published_text(key.state));
  }
  if (!text.empty()) {
    text += "  not compared: SPF, DMARC, the addresses of hostname and their reverse names\n";
  }
  print(text);
}

// Of an address that other software takes for both families.
std::string_view family_note(const config::Config& config, const net::SocketAddress& bind) {
  if (!bind.ip.is_v6() || !bind.ip.is_unspecified()) return "";
  const bool has_v4 = std::ranges::any_of(config.listeners, [&](const auto& other) {
    return !other.bind.ip.is_v6() && other.bind.port == bind.port;
  });
  return has_v4 ? ", IPv6 only" : ", IPv6 only (for IPv4, another [[listener]] with 0.0.0.0)";
}

void print_summary(const relay::Settings& settings) {
  const config::Config& config = *settings.config;
  std::string text = fmt::format("{} is good\n", config.file);
  text += fmt::format("  hostname  {}\n  queue     {}\n", config.hostname, config.data_dir);
  for (const config::ListenerConfig& listener : config.listeners) {
    if (!listener.socket.empty()) {
      text += fmt::format("  listener  {}, for {}\n", listener.name, accounts_text(listener));
      continue;
    }
    text += fmt::format("  listener  {} {}, login {}{}\n", listener.bind.text(),
                        mode_text(listener.mode), auth_text(listener.auth),
                        family_note(config, listener.bind));
  }
  if (settings.users) text += fmt::format("  users     {}\n", settings.users->all().size());
  if (config.oauth) {
    text +=
        fmt::format("  tokens    of {}, keys from {}\n", config.oauth->issuer, config.oauth->jwks);
  }
  text += fmt::format("  dns       {}\n", name_servers_text(config));
  for (std::size_t i = 0; i < config.dkim.size(); ++i) {
    const dkim::PrivateKey& key = *settings.dkim_keys[i];
    text += fmt::format("  dkim      {} selector {}, {}, {} bits\n",
                        smtp::with_u_labels(config.dkim[i].domain), config.dkim[i].selector,
                        dkim::algorithm_text(key.algorithm()), key.bits());
  }
  if (config.dkim.empty()) text += "  dkim      none: mail is sent unsigned\n";
  if (config.admin_bind) text += fmt::format("  admin     {}\n", config.admin_bind->text());
  if (!config.admin_socket.empty()) text += fmt::format("  admin     {}\n", config.admin_socket);
  print(text);
}

Json summary(const relay::Settings& settings) {
  const config::Config& config = *settings.config;
  Json listeners = Json::array();
  for (const config::ListenerConfig& listener : config.listeners) {
    const bool is_socket = !listener.socket.empty();
    listeners.push_back({{"bind", is_socket ? listener.name : listener.bind.text()},
                         {"mode", mode_text(listener.mode)},
                         {"auth", auth_text(listener.auth)}});
  }
  Json keys = Json::array();
  for (std::size_t i = 0; i < config.dkim.size(); ++i) {
    keys.push_back({{"domain", config.dkim[i].domain},
                    {"selector", config.dkim[i].selector},
                    {"algorithm", dkim::algorithm_text(settings.dkim_keys[i]->algorithm())},
                    {"bits", settings.dkim_keys[i]->bits()}});
  }
  return {{"ok", true},
          {"file", config.file},
          {"hostname", config.hostname},
          {"data_dir", config.data_dir},
          {"listeners", listeners},
          {"users", settings.users ? settings.users->all().size() : 0},
          {"dkim", keys}};
}

Json json_of(const Findings& findings, const relay::Settings* settings) {
  Json json = settings != nullptr ? summary(*settings) : Json{{"ok", false}};
  if (settings == nullptr) {
    Json errors = Json::array();
    for (const config::ConfigError& error : findings.errors) errors.push_back(json_of(error));
    json["errors"] = std::move(errors);
  }
  json["warnings"] = Json::array();
  for (const config::ConfigError& warning : findings.warnings) {
    json["warnings"].push_back(warning.text());
  }
  for (const PublishedKey& key : findings.published) {
    Json record{{"name", key.name}};
    record["ok"] = key.state == Published::Unknown ? Json() : Json(key.state == Published::Same);
    if (!key.problem.empty()) record["problem"] = key.problem;
    json["published"].push_back(std::move(record));
  }
  if (!findings.dane.empty()) json["dane"] = findings.dane;
  return json;
}

void print_json(const Json& json) {
  print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

int check(const CheckOptions& options, const std::string& config_file) {
  relay::LoadedSettings loaded =
      daemon::load_settings_as_account(config_file, daemon::DataDir::Try);
  const Findings findings = examine(loaded, options.dns);
  const bool good = findings.errors.empty();
  if (options.json) {
    print_json(json_of(findings, good ? loaded.settings.get() : nullptr));
    return good ? kDone : kRefused;
  }
  for (const config::ConfigError& warning : findings.warnings) {
    warn(smtp::text_with_u_labels(warning.text()));
  }
  for (const config::ConfigError& error : findings.errors) refuse(error.text());
  if (good) print_summary(*loaded.settings);
  if (!findings.dane.empty()) print(fmt::format("  dane      {}\n", findings.dane));
  print_published(findings);
  return good ? kDone : kRefused;
}

int show_keys(bool json) {
  print(json ? keys_reference(Format::Json, config::sections()) : keys_text(config::sections()));
  return kDone;
}

}  // namespace

void add_check_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("check", "Read the configuration and every file that it names");
  auto options = std::make_shared<CheckOptions>();
  command->add_flag(
      "--dns", options->dns,
      "Compare each DKIM key with the record published for it; no other records are compared");
  command->add_flag("--keys", options->keys, "List every key with its default and meaning instead");
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(
      "Prints a summary, or every mistake with file, line and column.\n"
      "Example: signpost check -c ./signpost.toml");
  command->callback([&line, options] {
    line.run = [&line, options] {
      return options->keys ? show_keys(options->json) : check(*options, line.config_file);
    };
  });
}

}  // namespace signpost::commands
