#include "base/ascii.h"
#include "dkim/key.h"
#include "net/tls.h"
#include "relay/privileges.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "auth/users.h"
#include "commands/command_line.h"
#include "commands/published_keys.h"
#include "commands/table.h"
#include "config/config.h"
#include "config/config_keys.h"
#include "config/text_file.h"
#include <memory>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

struct CheckOptions {
  bool dns = false;
  bool keys = false;
  bool json = false;
};

// What reading the configuration and its files gave.
struct Findings {
  std::shared_ptr<const config::Config> config;
  Json errors = Json::array();
  std::vector<std::string> error_lines;
  std::vector<std::string> warnings;
  std::size_t users = 0;
  std::vector<std::shared_ptr<const dkim::PrivateKey>> keys;  // as config->dkim

  void add_error(const std::string& text) {
    error_lines.push_back(text);
    errors.push_back({{"message", text}});
  }
  void add_error(const config::ConfigError& error) {
    error_lines.push_back(error.text());
    errors.push_back({{"file", error.file},
                      {"line", error.line},
                      {"column", error.column},
                      {"key", error.key},
                      {"message", error.message}});
  }
};

void refuse_public(const std::string& file, Findings& findings) {
  if (const auto checked = config::check_private(file); !checked) {
    findings.add_error(checked.error().detail);
  }
}

void check_tls(const config::Config& config, Findings& findings) {
  if (!config.tls) return;
  const auto context = net::TlsServerContext::load(config.tls->certificate, config.tls->key,
                                                   config.tls->min_version);
  if (!context) findings.add_error(context.error().detail);
  refuse_public(config.tls->key, findings);
}

void check_users(const config::Config& config, Findings& findings) {
  if (config.users_file.empty()) return;
  const auto users = auth::Users::load(config.users_file);
  if (users) {
    findings.users = (*users)->all().size();
    if (findings.users == 0) findings.warnings.push_back(config.users_file + ": holds no user");
  } else {
    for (const std::string_view line : ascii::split(users.error().detail, '\n')) {
      findings.add_error(std::string(line));
    }
  }
  refuse_public(config.users_file, findings);
}

void check_keys(const config::Config& config, Findings& findings) {
  for (const config::DkimConfig& dkim : config.dkim) {
    const auto pem = config::read_text_file(dkim.key);
    if (!pem) {
      findings.add_error(fmt::format("{}: {}", dkim.key, pem.error().detail));
      continue;
    }
    auto key = dkim::PrivateKey::from_pem(*pem);
    if (!key) {
      findings.add_error(fmt::format("{}: {}", dkim.key, key.error().detail));
      continue;
    }
    refuse_public(dkim.key, findings);
    findings.keys.push_back(std::move(*key));
  }
}

void check_token(const config::Config& config, Findings& findings) {
  if (config.admin_token_file.empty()) return;
  const auto token = config::read_text_file(config.admin_token_file);
  if (!token) {
    findings.add_error(fmt::format("{}: {}", config.admin_token_file, token.error().detail));
  } else if (ascii::trim(*token).empty()) {
    findings.add_error(config.admin_token_file + ": holds no token");
  }
  refuse_public(config.admin_token_file, findings);
}

Findings examine(const std::string& config_file) {
  Findings findings;
  config::LoadedConfig loaded = config::load_config(config_file);
  for (const config::ConfigError& error : loaded.errors) findings.add_error(error);
  if (!loaded.config) return findings;
  findings.config = loaded.config;
  // What serve could not read as its account is not good.
  if (auto user = relay::drop_privileges(loaded.config->user, ""); !user) {
    findings.add_error(user.error().detail);
  }
  check_tls(*loaded.config, findings);
  check_users(*loaded.config, findings);
  check_keys(*loaded.config, findings);
  check_token(*loaded.config, findings);
  return findings;
}

void check_published_keys(Findings& findings) {
  const auto published = look_up_keys(*findings.config, findings.keys);
  if (!published) {
    findings.add_error("dns.servers: " + published.error().detail);
    return;
  }
  for (const PublishedKey& key : *published) {
    if (!key.problem.empty()) findings.add_error(fmt::format("{}: {}", key.name, key.problem));
  }
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

void print_summary(const Findings& findings) {
  const config::Config& config = *findings.config;
  std::string text = fmt::format("{} is good\n", config.file);
  text += fmt::format("  hostname  {}\n  queue     {}\n", config.hostname, config.data_dir);
  for (const config::ListenerConfig& listener : config.listeners) {
    text += fmt::format("  listener  {} {}, login {}\n", listener.bind.text(),
                        mode_text(listener.mode), auth_text(listener.auth));
  }
  if (!config.users_file.empty()) text += fmt::format("  users     {}\n", findings.users);
  for (std::size_t i = 0; i < config.dkim.size(); ++i) {
    const config::DkimConfig& dkim = config.dkim[i];
    text +=
        fmt::format("  dkim      {} selector {}, {}, {} bits\n", dkim.domain, dkim.selector,
                    dkim::algorithm_text(findings.keys[i]->algorithm()), findings.keys[i]->bits());
  }
  if (config.dkim.empty()) text += "  dkim      none: mail leaves unsigned\n";
  if (config.admin_bind) text += fmt::format("  admin     {}\n", config.admin_bind->text());
  print(text);
}

Json summary(const Findings& findings) {
  const config::Config& config = *findings.config;
  Json listeners = Json::array();
  for (const config::ListenerConfig& listener : config.listeners) {
    listeners.push_back({{"bind", listener.bind.text()},
                         {"mode", mode_text(listener.mode)},
                         {"auth", auth_text(listener.auth)}});
  }
  Json keys = Json::array();
  for (std::size_t i = 0; i < config.dkim.size(); ++i) {
    keys.push_back({{"domain", config.dkim[i].domain},
                    {"selector", config.dkim[i].selector},
                    {"algorithm", dkim::algorithm_text(findings.keys[i]->algorithm())},
                    {"bits", findings.keys[i]->bits()}});
  }
  return {{"ok", true},
          {"file", config.file},
          {"hostname", config.hostname},
          {"data_dir", config.data_dir},
          {"listeners", listeners},
          {"users", findings.users},
          {"dkim", keys},
          {"warnings", findings.warnings}};
}

int check(const CheckOptions& options, const std::string& config_file) {
  Findings findings = examine(config_file);
  if (options.dns && findings.error_lines.empty()) check_published_keys(findings);
  const bool good = findings.error_lines.empty();
  if (options.json) {
    const Json json =
        good ? summary(findings)
             : Json{{"ok", false}, {"errors", findings.errors}, {"warnings", findings.warnings}};
    print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return good ? kDone : kRefused;
  }
  for (const std::string& warning : findings.warnings) refuse("warning: " + warning);
  if (!good) return refuse(findings.error_lines);
  print_summary(findings);
  return kDone;
}

int show_keys(bool json) {
  Json all = Json::array();
  std::string text;
  for (const config::SectionText& section : config::configuration_reference()) {
    if (!section.name.empty()) text += config::section_header(section) + "\n";
    for (const config::KeyText& key : section.keys) {
      all.push_back({{"section", section.name},
                     {"key", key.name},
                     {"value", key.expect},
                     {"default", key.initial.empty() ? Json() : Json(key.initial)},
                     {"required", key.required},
                     {"meaning", key.help}});
      text +=
          fmt::format("{} = {}\n    {}\n    Write {}.\n", key.name,
                      key.initial.empty() ? (key.required ? "(required)" : "(none)") : key.initial,
                      key.help, key.expect);
    }
    text += "\n";
  }
  print(json ? Json{{"keys", std::move(all)}}.dump(2) + "\n" : text);
  return kDone;
}

}  // namespace

void add_check_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("check", "Read the configuration and every file that it names");
  auto options = std::make_shared<CheckOptions>();
  command->add_flag("--dns", options->dns,
                    "Compare each DKIM key with the record published for it");
  command->add_flag("--keys", options->keys,
                    "Instead, list every key with its default and meaning");
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
