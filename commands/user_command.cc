#include "auth/scram_keys.h"
#include "auth/users.h"
#include "commands/command_line.h"
#include "commands/password_prompt.h"
#include "commands/table.h"
#include "commands/terminal.h"
#include "commands/user_import.h"
#include "commands/user_show.h"
#include "config/config_file.h"
#include "config/config_values.h"
#include "config/toml_document.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

struct UserOptions {
  std::string name;
  std::vector<std::string> senders;
  std::string tenant;
  std::string mail_class;  // "": none given
  std::string rate;        // "": none given
  std::optional<std::uint64_t> daily;
  std::string file;  // "": as the configuration says
  bool replace = false;
  bool no_password = false;
  bool json = false;
  ImportOptions import;
};

// users.toml of the configuration, unless it was named.
Result<std::string> users_file(const UserOptions& options, const std::string& config_file) {
  if (!options.file.empty()) return options.file;
  const config::LoadedConfig loaded = config::load_config_partly(config_file);
  for (const config::ConfigError& error : loaded.errors) {
    if (!loaded.config || error.key.starts_with("auth")) {
      return fail(Errc::InvalidArgument, error.text());
    }
  }
  if (loaded.config->users_file.empty()) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} has no [auth] users; add it, or give --users", config_file));
  }
  return loaded.config->users_file;
}

// For the right form of a sender: what was given, if it is a domain.
std::string suggested_domain(const std::string& sender) {
  const auto domain = config::parse_domain_pattern(sender);
  return domain ? *domain : "shop.example";
}

// The login that the options say, without its password.
Result<auth::User> user_of(const UserOptions& options) {
  if (auto problem = auth::user_name_problem(options.name)) {
    return fail(Errc::InvalidArgument, *problem);
  }
  auth::User user{.name = options.name, .tenant = options.tenant, .daily = options.daily};
  if (!options.mail_class.empty()) {
    user.mail_class = auth::mail_class_named(options.mail_class).value_or(auth::MailClass::Usual);
  }
  for (const std::string& sender : options.senders) {
    auto pattern = config::parse_sender_pattern(sender);
    if (!pattern) {
      return fail(Errc::InvalidArgument,
                  fmt::format("--sender: {}; write @{} for a domain, or an address",
                              pattern.error().what, suggested_domain(sender)));
    }
    user.senders.push_back(std::move(*pattern));
  }
  if (options.rate.empty()) return user;
  user.rate = config::parse_rate(options.rate);
  if (user.rate) return user;
  return fail(
      Errc::InvalidArgument,
      fmt::format(
          "--rate: {} is not a rate; write one from 1/h to 1000000/s, as in 500/h or 10/min",
          config::shown(options.rate)));
}

int add(const UserOptions& options, const std::string& config_file) {
  const auto file = users_file(options, config_file);
  if (!file) return refuse(file.error().detail);
  // Refuse what can be refused before anyone types a password.
  auto user = user_of(options);
  if (!user) return refuse(user.error().detail);
  if (!options.no_password) {
    const auto password = read_new_password();
    if (!password) return refuse(password.error().detail);
    user->password = auth::hash_password(*password);
    user->scram = auth::make_scram(*password);
  }
  const auto added = auth::add_user(*file, *user, options.replace);
  if (!added) {
    const std::string hint = options.replace ? "" : "; give --replace to change the password";
    return refuse(added.error().detail +
                  (added.error().detail.ends_with(" already exists") ? hint : ""));
  }
  print(fmt::format("{} is in {}; run `signpost reload` to put it in force\n",
                    config::toml_string(options.name), *file));
  return kDone;
}

int import(const UserOptions& options, const std::string& config_file) {
  const auto file = users_file(options, config_file);
  if (!file) return refuse(file.error().detail);
  const auto found = read_logins(options.name, options.import);
  if (!found) return refuse(found.error().detail);
  if (!found->left_out.empty()) print(found->left_out + "\n");
  if (const auto added = auth::add_users(*file, found->users, options.replace); !added) {
    const bool exists = added.error().detail.ends_with(" already exists");
    return refuse(added.error().detail + (exists ? "; give --replace to change its password" : ""));
  }
  print(fmt::format("{} logins are imported into {}; run `signpost reload` to put them in force\n",
                    found->users.size(), *file));
  return kDone;
}

int remove(const UserOptions& options, const std::string& config_file) {
  const auto file = users_file(options, config_file);
  if (!file) return refuse(file.error().detail);
  std::error_code error;
  if (!std::filesystem::exists(*file, error)) return refuse(*file + ": no such file");
  if (const auto removed = auth::remove_user(*file, options.name); !removed) {
    return refuse(removed.error().detail);
  }
  print(fmt::format("{} is removed from {}; run `signpost reload` to put it in force\n",
                    config::toml_string(options.name), *file));
  return kDone;
}

std::string scheme_of(const std::string& hash) {
  if (hash.empty()) return "none";
  return hash.substr(1, std::min(hash.find('}'), hash.size()) - 1);
}

std::string senders_text(const auth::User& user) {
  std::string text = fmt::format("{}", fmt::join(user.senders, ", "));
  if (!user.senders_file.empty()) {
    text += fmt::format("{}{} of {}", text.empty() ? "" : ", ", user.listed_senders.size(),
                        user.senders_file);
  }
  if (!text.empty()) return text;
  return user.tenant.empty() ? "any domain with a key" : "the domains of " + user.tenant;
}

int list(const UserOptions& options, const std::string& config_file) {
  const auto file = users_file(options, config_file);
  if (!file) return refuse(file.error().detail);
  const auto users = auth::Users::load(*file);
  if (!users) return refuse(users.error().detail);
  if (options.json) {
    Json json = Json::array();
    for (const auth::User& user : (*users)->all()) {
      json.push_back({{"name", user.name},
                      {"scheme", scheme_of(user.password)},
                      {"senders", user.senders},
                      {"tenant", user.tenant},
                      {"class", auth::name_of(user.mail_class)}});
    }
    print(Json{{"users", std::move(json)}}.dump(2) + "\n");
    return kDone;
  }
  Table table({{"NAME"}, {"SCHEME"}, {"SENDERS", Table::Align::Left, Table::Fit::Cut}},
              output_width());
  for (const auth::User& user : (*users)->all()) {
    table.add({user.name, scheme_of(user.password), senders_text(user)});
  }
  print(table.take());
  return kDone;
}

using UserAction = int (*)(const UserOptions&, const std::string&);

CLI::App* add_command(CLI::App& user, CommandLine& line, const char* name, const char* help,
                      UserAction action, const std::shared_ptr<UserOptions>& options) {
  CLI::App* command = user.add_subcommand(name, help);
  command
      ->add_option("--users", options->file,
                   "File of users; without it, the one that the configuration names")
      ->type_name("FILE");
  command->callback([&line, options, action] {
    line.run = [&line, options, action] { return action(*options, line.config_file); };
  });
  return command;
}

}  // namespace

void add_user_commands(CLI::App& app, CommandLine& line) {
  CLI::App* user =
      app.add_subcommand("user", "Add, remove, list and show the logins of users.toml");
  user->require_subcommand(1);

  auto options = std::make_shared<UserOptions>();
  CLI::App* command = add_command(*user, line, "add", "Add a login", add, options);
  command->add_option("name", options->name, "The login")->required();
  command
      ->add_option(
          "--sender", options->senders,
          "Address or @domain that it may send as; may be repeated. Without it: any domain "
          "that has a DKIM key")
      ->type_name("ADDRESS")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--tenant", options->tenant, "[[tenant]] that the login belongs to")
      ->type_name("NAME");
  command
      ->add_option("--class", options->mail_class,
                   "What it sends: transactional mail goes before its tenant's other mail, bulk "
                   "mail after it")
      ->type_name("CLASS")
      ->check(CLI::IsMember({"transactional", "bulk"}));
  command
      ->add_option(
          "--rate", options->rate,
          "Recipients in a second, a minute or an hour, as in 10/min or 500/h; the reply to "
          "more is 450")
      ->type_name("NUMBER/PERIOD");
  command->add_option("--daily", options->daily, "Recipients from 00:00 to 24:00 UTC")
      ->type_name("NUMBER")
      ->check(CLI::Range(1, 1'000'000'000));
  command->add_flag("--replace", options->replace,
                    "Change the password of an existing login, and what else is given");
  command->add_flag("--no-password", options->no_password,
                    "The login has a token or a certificate instead of a password");
  command->footer(
      "The password comes from the terminal, or else from the first line of standard input.\n"
      "Example: signpost user add shop --sender @shop.example --rate 500/h --daily 5000");

  options = std::make_shared<UserOptions>();
  command = add_command(*user, line, "import", "Add the logins of another program's file", import,
                        options);
  command
      ->add_option("file", options->name,
                   "File of lines \"name:hash\": Dovecot's passwd-file, htpasswd or shadow(5)")
      ->type_name("FILE")
      ->required();
  command->add_flag("--own-address", options->import.own_address,
                    "Each login, which is an address, may send as that address only");
  command->add_flag("--skip-refused", options->import.skip_refused,
                    "Import the others when some lines are refused; without it, none");
  command->add_flag("--replace", options->replace, "Change the passwords of existing logins");
  command->footer(
      "Taken are the hashes that users.toml may have; a password in clear, {PLAIN}, is hashed. "
      "Weak\n"
      "hashes (MD5, SHA1, DES, ...) are refused.\n"
      "Example: signpost user import /etc/dovecot/users --own-address");

  options = std::make_shared<UserOptions>();
  command = add_command(*user, line, "remove", "Remove a login", remove, options);
  command->add_option("name", options->name, "The login")->required();
  command->footer("Example: signpost user remove shop");

  options = std::make_shared<UserOptions>();
  command = add_command(*user, line, "list", "List the logins", list, options);
  command->add_flag("--json", options->json, "Print JSON");
  command->footer("Example: signpost user list --json");

  options = std::make_shared<UserOptions>();
  command = user->add_subcommand("show", "Show what a login may, and what it has used of it");
  command->callback([&line, options] {
    line.run = [&line, options] {
      return show_user(options->name, options->json, line.config_file);
    };
  });
  command->add_option("name", options->name, "The login; of an account, as in uid:33")->required();
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(
      "The running relay says it: its limits on recipients, and those of its tenant and of the "
      "whole\nrelay.\n"
      "Example: signpost user show shop");
}

}  // namespace signpost::commands
