#include "relay/settings.h"

#include "config/text_file.h"
#include "config/toml_document.h"
#include "relay/report_signing.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <filesystem>
#include <initializer_list>
#include <optional>

namespace signpost::relay {

namespace {

using Errors = std::vector<config::ConfigError>;

void add(Errors& errors, const std::string& file, std::string message) {
  errors.push_back({file, 0, 0, "", std::move(message)});
}

// What a loader gave, or null. Its words begin with the file, if it was one of `files`.
template <typename T>
std::shared_ptr<const T> taken(Result<std::shared_ptr<const T>> loaded,
                               std::initializer_list<std::string> files, Errors& errors) {
  if (loaded) return std::move(*loaded);
  const std::string& detail = loaded.error().detail;
  for (const std::string& file : files) {
    if (!detail.starts_with(file + ": ")) continue;
    add(errors, file, detail.substr(file.size() + 2));
    return nullptr;
  }
  errors.push_back({"", 0, 0, "", detail});
  return nullptr;
}

void check_secret(const std::string& file, Errors& errors) {
  if (auto checked = config::check_private(file); !checked) {
    add(errors, file, checked.error().detail);
  }
}

Result<std::shared_ptr<const dkim::PrivateKey>> load_key(const std::string& file) {
  const auto pem = config::read_text_file(file);
  if (!pem) return Failure(pem.error());
  return dkim::PrivateKey::from_pem(*pem);
}

Result<dkim::SigningIdentity> identity_of(const config::DkimConfig& config,
                                          std::shared_ptr<const dkim::PrivateKey> key) {
  auto domain = smtp::to_a_labels(config.domain);
  if (!domain) return Failure(std::move(domain).error());
  auto canonicalization = dkim::CanonicalizationPair::parse(config.canonicalization);
  if (!canonicalization) return fail(Errc::InvalidArgument, canonicalization.error());
  dkim::SigningIdentity identity;
  identity.domain = std::move(*domain);
  identity.selector = config.selector;
  identity.key = std::move(key);
  identity.canonicalization = *canonicalization;
  identity.expire = config.expire;
  if (!config.headers.empty()) identity.signed_fields = config.headers;
  if (!config.oversign.empty()) identity.oversigned_fields = config.oversign;
  return identity;
}

void load_tls(const config::Config& config, Settings& settings, Errors& errors) {
  settings.client_tls = taken(net::TlsClientContext::create(), {}, errors);
  if (!config.tls) return;
  const config::TlsConfig& tls = *config.tls;
  settings.tls = taken(net::TlsServerContext::load(tls.certificate, tls.key, tls.min_version),
                       {tls.certificate, tls.key}, errors);
  check_secret(tls.key, errors);
}

// A sender that the tenant does not have could never be used.
void check_tenant(const config::Config& config, const auth::User& user, Errors& errors) {
  if (user.tenant.empty()) return;
  const std::string name = config::toml_string(user.tenant);
  const config::TenantConfig* const tenant = config::find_tenant(config, user.tenant);
  if (tenant == nullptr) {
    errors.push_back({config.users_file, 0, 0, config::toml_key(user.name) + ".tenant",
                      fmt::format("unknown tenant {}; write [[tenant]] with name = {} in {}", name,
                                  name, config.file)});
    return;
  }
  for (const std::string& sender : user.senders) {
    if (config::has_domain(*tenant, smtp::domain_of(sender))) continue;
    errors.push_back({config.users_file, 0, 0, config::toml_key(user.name) + ".senders",
                      fmt::format("{} is not of a domain of tenant {}; write one that is, or add "
                                  "its domain to the tenant",
                                  config::toml_string(sender), name)});
  }
}

void load_users(const config::Config& config, Settings& settings, Errors& errors) {
  if (config.users_file.empty()) return;
  settings.users = auth::Users::load(config.users_file, errors);
  check_secret(config.users_file, errors);
  if (!settings.users) return;
  for (const auth::User& user : settings.users->all()) check_tenant(config, user, errors);
}

void load_keys(const config::Config& config, Settings& settings, Errors& errors) {
  for (const config::DkimConfig& dkim : config.dkim) {
    auto key = load_key(dkim.key);
    if (!key) {
      add(errors, dkim.key, key.error().detail);
      continue;
    }
    check_secret(dkim.key, errors);
    settings.dkim_keys.push_back(*key);
    auto identity = identity_of(dkim, std::move(*key));
    if (identity) {
      settings.keys.add(std::move(*identity), dkim.subdomains);
    } else {
      errors.push_back({config.file, 0, 0, "dkim.domain", identity.error().detail});
    }
  }
}

void load_admin_token(const config::Config& config, Settings& settings, Errors& errors) {
  if (config.admin_token_file.empty()) return;
  auto token = config::read_secret_file(config.admin_token_file);
  if (token) {
    settings.admin_token = std::move(*token);
  } else {
    add(errors, config.admin_token_file, token.error().detail);
  }
  check_secret(config.admin_token_file, errors);
}

// A folder that is not there yet is made at the start.
void check_data_dir(const config::Config& config, Errors& errors) {
  std::error_code error;
  const auto status = std::filesystem::status(config.data_dir, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
    errors.push_back({config.file, 0, 0, "data_dir", config.data_dir + " is not a folder"});
  }
}

}  // namespace

namespace {

std::optional<std::string> unbound_logins_doubt(const Settings& settings) {
  constexpr std::size_t kNamed = 5;
  if (!settings.users) return {};
  const std::string& file = settings.config->users_file;
  const std::vector<auth::User>& users = settings.users->all();
  if (users.empty()) return file + ": has no users";
  std::size_t unbound = 0;
  std::string names;
  for (const auth::User& user : users) {
    if (!user.senders.empty() || !user.tenant.empty()) continue;
    if (++unbound > kNamed) continue;
    names += (names.empty() ? "" : ", ") + config::toml_string(user.name);
  }
  if (unbound == 0 || users.size() == 1) return {};
  if (unbound > kNamed) names += fmt::format(" and {} more", unbound - kNamed);
  return fmt::format(
      "{}: {} may send with every domain that no other login or tenant has; write "
      "senders or tenant for {}",
      file, names, unbound == 1 ? "it" : "each");
}

}  // namespace

std::vector<std::string> doubts(const Settings& settings) {
  std::vector<std::string> all;
  for (auto& doubt :
       {unbound_logins_doubt(settings), unsigned_reports_doubt(*settings.config, settings.keys)}) {
    if (doubt) all.push_back(*doubt);
  }
  return all;
}

std::vector<std::string> LoadedSettings::error_texts() const {
  std::vector<std::string> texts;
  for (const config::ConfigError& error : errors) texts.push_back(error.text());
  return texts;
}

LoadedSettings load_settings(const std::string& config_file) {
  LoadedSettings result;
  config::LoadedConfig loaded = config::load_config(config_file);
  result.errors = std::move(loaded.errors);
  if (!loaded.config) return result;

  const config::Config& config = *loaded.config;
  auto settings = std::make_shared<Settings>();
  settings->config = loaded.config;
  settings->retry = {config.retry.schedule, config.retry.expire, config.retry.delay_notice};
  check_data_dir(config, result.errors);
  load_tls(config, *settings, result.errors);
  load_users(config, *settings, result.errors);
  load_keys(config, *settings, result.errors);
  load_admin_token(config, *settings, result.errors);
  if (result.errors.empty()) result.settings = std::move(settings);
  return result;
}

}  // namespace signpost::relay
