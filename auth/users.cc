#include "auth/users.h"

#include "auth/password_scheme.h"
#include "auth/scram_keys.h"
#include "auth/user_keys.h"
#include "base/ascii.h"
#include "config/config_reader.h"
#include "config/config_values.h"
#include "config/name_list.h"
#include "config/text_file.h"
#include "config/value_forms.h"
#include "smtp/saslprep.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace signpost::auth {

namespace {

using Kind = config::TomlValue::Kind;

void read_senders(config::Setting& setting, User& user) {
  const auto* items = setting.strings();
  if (items == nullptr) return;
  // [] would read as "no sender" and act as "any sender".
  if (items->empty()) setting.wrong("the list is empty");
  for (const config::TomlValue& item : *items) {
    auto sender = config::parse_sender_pattern(item.string);
    if (sender) {
      user.senders.push_back(std::move(*sender));
    } else {
      setting.wrong(item, sender.error().what);
    }
  }
}

void read_senders_file(config::Setting& setting, User& user) {
  auto path = setting.path();
  if (!path) return;
  auto senders = config::read_name_list(*path, config::parse_listed_sender);
  if (!senders) {
    setting.wrong(*path + ": " + senders.error().detail);
    return;
  }
  user.senders_file = std::move(*path);
  user.listed_senders = std::move(*senders);
}

void read_tenant(config::Setting& setting, User& user) {
  const std::string* name = setting.string();
  if (name == nullptr) return;
  if (name->empty()) {
    setting.wrong("the name is empty");
  } else {
    user.tenant = *name;
  }
}

void read_class(config::Setting& setting, User& user) {
  const std::string* word = setting.string();
  if (word == nullptr) return;
  if (const auto mail_class = mail_class_named(*word)) {
    user.mail_class = *mail_class;
  } else {
    setting.wrong("unknown value " + config::shown(*word));
  }
}

void read_otherwise(config::Setting& setting, User& user) {
  const std::string* word = setting.string();
  if (word == nullptr) return;
  if (*word == "rewrite") {
    user.otherwise = Otherwise::Rewrite;
  } else if (*word != "reject") {
    setting.wrong("unknown value " + config::shown(*word));
  }
}

void read_password(config::Setting& setting, User& user) {
  const std::string* hash = setting.string();
  if (hash == nullptr) return;
  // The value is never shown: it may be a password in clear.
  if (const auto problem = password_hash_problem(*hash)) {
    setting.wrong(*problem);
  } else {
    user.password = *hash;
  }
}

void read_scram(config::Setting& setting, User& user) {
  const std::string* keys = setting.string();
  if (keys == nullptr) return;
  if (const auto problem = scram_problem(*keys)) {
    setting.wrong(*problem);
  } else {
    user.scram = *keys;
  }
}

const config::Keys<User>& keys_of_user() {
  static const config::Keys<User> keys{
      {{"password",
        "a hash as `signpost user add` makes it, \"{ARGON2ID}...\", or one of SHA512-CRYPT, "
        "SHA256-CRYPT, BLF-CRYPT, yescrypt, scrypt or SCRAM-SHA-256",
        "",
        "The password's hash, with the name of its scheme as Dovecot writes it, in any case, or "
        "without; see PASSWORDS. Without it the login has no password: it logs in with a token "
        "([auth.oauth]) or with a client certificate (client_ca), or it is an account at a unix "
        "socket. `signpost user add --no-password` adds such a login."},
       read_password},
      {{"scram", "keys as `signpost user add` makes them, \"{SCRAM-SHA-256}...\", or leave it out",
        "",
        "Keys of the same password for SCRAM-SHA-256; Dovecot's `doveadm pw -s SCRAM-SHA-256` "
        "makes them, too. SCRAM is offered when every login that has a password has them."},
       read_scram},
      {{"senders",
        "addresses and domains, as in [\"@shop.example\"], or leave it out for any domain "
        "that has a key",
        "",
        "What this login may send as, in the envelope and in From:, Sender:, Resent-From: and "
        "Resent-Sender:. \"@*.shop.example\" is the subdomains of shop.example, \"@*\" any domain. "
        "Without it and senders_file: the domains of tenant; without that too: any domain that has "
        "a key in signpost.toml; if there are other logins, none that a tenant or their senders "
        "have."},
       read_senders},
      {{"senders_file",
        "the path of a file with a domain or address on each line, as in \"shop-domains\"", "",
        "A file with more of what this login may send as; # begins a comment. A domain there is "
        "that domain with @ before it. It is read at the start and at a reload."},
       read_senders_file},
      {{"tenant", "the name of a [[tenant]], as in \"acme\"", "",
        "The tenant whose domains this login may send with; its senders, if any, must be in them."},
       read_tenant},
      {{"class", "\"transactional\" or \"bulk\", or leave it out", "",
        "What this login sends. To each receiver the transactional mail of its tenant, or its own, "
        "goes first, then mail of no class, then bulk mail; within a class mail with a higher "
        "MT-PRIORITY goes first."},
       read_class},
      {{"otherwise", "\"reject\" or \"rewrite\"", "\"reject\"",
        "What happens to an envelope sender, or an address in From:, Sender:, Resent-From: or "
        "Resent-Sender:, that this login may not use: the message is refused, or the address is "
        "replaced by the first of senders, which must be an address, and keeps its display name."},
       read_otherwise},
      config::key("rate", &User::rate, config::rate(),
                  "Recipients in a period of time: all of them at once, or spread over it. Beyond "
                  "them 450 4.7.1. Without it: login_rate of the login's [[tenant]], or of "
                  "[limits]."),
      config::key("daily", &User::daily, config::whole_number(1, 1'000'000'000),
                  "Recipients from 00:00 to 24:00 UTC. Beyond them 450 4.7.1. Without it: "
                  "login_daily of the login's [[tenant]], or of [limits]."),
      config::key("recipients_per_message", &User::recipients_per_message,
                  config::whole_number(1, 50'000),
                  "Recipients of one message. Beyond them 452 4.5.3."),
  };
  return keys;
}

// `directory`: where relative paths start.
void read_user(const config::TomlMember& member, const std::string& directory,
               config::ConfigErrors& errors, std::vector<User>& users) {
  const std::string shown = ascii::printable(member.key, 100);
  if (const auto problem = user_name_problem(member.key)) {
    errors.add(member.begin, shown, *problem + "; write another name for this login");
    return;
  }
  if (member.value.kind != Kind::Table) {
    errors.add(member.begin, shown,
               fmt::format("expected a table [{}] with password, found {}",
                           config::toml_string(shown), describe(member.value.kind)));
    return;
  }
  User& user = users.emplace_back();
  user.name = member.key;
  // "[a.b]" without quotes is a table in a table.
  for (const config::TomlMember& inner : member.value.members) {
    if (inner.value.kind != Kind::Table) continue;
    errors.add(inner.begin, shown,
               fmt::format("a name with dots needs quotes; write [{}]",
                           config::toml_string(shown + "." + ascii::printable(inner.key, 100))));
    return;
  }
  config::read_table(member.value, config::toml_key(shown), keys_of_user(), {errors, directory},
                     user);
  const auto* scram = member.value.find("scram");
  if (scram != nullptr && member.value.find("password") == nullptr) {
    errors.add(scram->begin, config::toml_key(shown) + ".scram",
               "is of a password, and there is none; write password, or remove it");
  }
  const auto* otherwise = member.value.find("otherwise");
  if (user.otherwise == Otherwise::Rewrite &&
      (user.senders.empty() || user.senders.front().front() == '@')) {
    errors.add(otherwise->begin, config::toml_key(shown) + ".otherwise",
               "\"rewrite\" needs an address to write; put one first in senders");
  }
}

// What names that are alike have in common.
std::string common_form(std::string_view name) {
  return config::parse_sender_pattern(name).value_or(ascii::lower(name));
}

std::string all_texts(const std::vector<config::ConfigError>& errors) {
  std::string text;
  for (const config::ConfigError& error : errors) {
    if (!text.empty()) text += '\n';
    text += error.text();
  }
  return text;
}

}  // namespace

std::vector<config::KeyText> user_keys() {
  std::vector<config::KeyText> texts;
  for (const auto& key : keys_of_user()) texts.push_back(key.text);
  return texts;
}

std::optional<std::string> user_name_problem(std::string_view name) {
  constexpr std::size_t kLongestName = 255;
  if (name.empty()) return "a name cannot be empty";
  if (name.size() > kLongestName) return "a name may have at most 255 octets";
  if (!ascii::is_utf8(name)) return "a name must be UTF-8";
  if (std::ranges::any_of(name, ascii::is_control))
    return "a name cannot contain control characters";
  // A login is looked up in this form.
  const auto form = smtp::saslprep(name);
  if (!form) return "a name cannot have characters that SASLprep (RFC 4013) forbids";
  if (form->view() != name) {
    return fmt::format("a name must be in the form of SASLprep (RFC 4013), as in {}",
                       config::toml_string(form->view()));
  }
  if (name.front() == ' ' || name.back() == ' ') return "a name cannot begin or end with a space";
  return {};
}

Result<std::shared_ptr<const Users>> Users::load(const std::string& file) {
  const auto text = config::read_text_file(file);
  if (!text) return fail(text.error().code, file + ": " + text.error().detail);
  return parse(*text, file);
}

Result<std::shared_ptr<const Users>> Users::parse(std::string_view toml, const std::string& file) {
  std::vector<config::ConfigError> errors;
  auto users = parse(toml, file, errors);
  if (users == nullptr) return fail(Errc::InvalidArgument, all_texts(errors));
  return users;
}

std::shared_ptr<const Users> Users::parse(std::string_view toml, const std::string& file,
                                          std::vector<config::ConfigError>& errors) {
  config::ConfigErrors found(file);
  const std::string directory = std::filesystem::path(file).parent_path();
  auto users = std::make_shared<Users>();
  if (const auto root = config::parse_toml(toml)) {
    for (const config::TomlMember& member : root->members) {
      read_user(member, directory, found, users->users_);
      users->places_.emplace(member.key, member.begin);
    }
  } else {
    found.add(root.error().position, "", root.error().message);
  }
  if (!found.empty()) {
    std::ranges::move(found.take(), std::back_inserter(errors));
    return nullptr;
  }
  std::ranges::sort(users->users_, {}, &User::name);
  const auto costliest = std::ranges::max_element(
      users->users_, {}, [](const User& user) { return password_cost(user.password); });
  if (costliest != users->users_.end()) users->costliest_password_ = costliest->password;
  for (const User& user : users->users_) {
    users->senders_.insert(users->senders_.end(), user.senders.begin(), user.senders.end());
    users->senders_.insert(users->senders_.end(), user.listed_senders.begin(),
                           user.listed_senders.end());
  }
  std::ranges::sort(users->senders_);
  for (std::size_t i = 0; i < users->users_.size(); ++i) {
    users->alike_.emplace(common_form(users->users_[i].name), i);
  }
  return users;
}

const User* Users::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(users_, name, {}, &User::name);
  return found == users_.end() || found->name != name ? nullptr : &*found;
}

Users::Alike Users::find_alike(std::string_view name) const {
  if (const User* const exact = find(name)) return {.user = exact};
  const auto [first, end] = alike_.equal_range(common_form(name));
  if (first == end) return {};
  if (std::next(first) != end) return {.several = true};
  return {.user = &users_[first->second]};
}

config::TomlPosition Users::place_of(const User& user) const {
  const auto found = places_.find(user.name);
  return found == places_.end() ? config::TomlPosition() : found->second;
}

bool Users::are_senders(std::string_view address) const {
  const auto has = [this](const std::string& sender) {
    return std::ranges::binary_search(senders_, sender);
  };
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return false;
  if (has(ascii::lower(address))) return true;
  // A key may sign for subdomains, and receivers treat a domain and its subdomains
  // as one organization (RFC 7489 section 3.1.1).
  std::string domain = ascii::lower(address.substr(at + 1));
  for (;;) {
    if (has("@" + domain)) return true;
    const std::size_t dot = domain.find('.');
    if (dot == std::string::npos) return false;
    domain.erase(0, dot + 1);
    if (has("@*." + domain)) return true;
  }
}

bool is_sender(const User& user, std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) return false;
  if (std::ranges::any_of(user.senders, [&](const std::string& sender) {
        return config::sender_matches(sender, address);
      })) {
    return true;
  }
  return std::ranges::binary_search(user.listed_senders, ascii::lower(address)) ||
         config::list_has_domain(user.listed_senders, "@", address.substr(at + 1));
}

}  // namespace signpost::auth
