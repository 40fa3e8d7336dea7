#include "relay/settings.h"

#include "config/config_file.h"
#include "config/config_values.h"
#include "config/name_list.h"
#include "config/text_file.h"
#include "config/toml_document.h"
#include "net/server_certificate.h"
#include "relay/named_file.h"
#include "relay/recipient_limits.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

namespace signpost::relay {

namespace {

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

// For each listener that asks its clients for a certificate.
void load_client_authorities(const config::Config& config, std::string_view key, Settings& settings,
                             ConfigErrors& errors) {
  settings.asking_tls.clear();
  for (std::size_t i = 0, table = 0; i < config.listeners.size(); ++i) {
    const config::ListenerConfig& listener = config.listeners[i];
    if (listener.client_ca.empty()) continue;
    const NamedFile file{"listener.client_ca", listener.client_ca, table++};
    const auto pem = read(
        config, file, "write the path of the certificates of those who vouch for clients", errors);
    if (!pem) continue;
    const auto authorities = net::Certificate::from_pem(*pem);
    if (!authorities) {
      add(errors, config, file, authorities.error().detail);
      continue;
    }
    if (!settings.tls) continue;
    auto context = net::TlsServerContext::create(*settings.certificate, key,
                                                 config.tls->min_version, authorities->get());
    if (!context) {
      add(errors, config, file, context.error().detail);
    } else {
      settings.asking_tls[listener.name] = std::move(*context);
    }
  }
}

void load_certificate(const config::Config& config, Settings& settings, ConfigErrors& errors) {
  const config::TlsConfig& tls = *config.tls;
  const NamedFile certificate_file{"tls.certificate", tls.certificate};
  const NamedFile key_file{"tls.key", tls.key};
  settings.certificate_files = CertificateFiles::of(tls);
  const auto pem =
      read(config, certificate_file, "write the path of the certificate with its chain", errors);
  const auto key =
      read(config, key_file, "write the path of the certificate's private key", errors);
  check_secret(config, key_file, errors);
  std::shared_ptr<const net::Certificate> certificate;
  if (pem) {
    if (auto read = net::Certificate::from_pem(*pem)) {
      if (const std::string unusable = net::unusable_certificate(**read); !unusable.empty()) {
        add(errors, config, certificate_file, unusable);
      } else {
        certificate = std::move(*read);
      }
    } else {
      add(errors, config, certificate_file, read.error().detail);
    }
  }
  settings.certificate = certificate;
  if (!key) return;
  if (!certificate) {  // the key may be wrong by itself, too: they may have been swapped
    if (auto checked = net::check_private_key(*key); !checked) {
      add(errors, config, key_file, checked.error().detail);
    }
    return;
  }
  auto context = net::TlsServerContext::create(*certificate, *key, tls.min_version);
  if (!context) return add(errors, config, key_file, context.error().detail);
  settings.tls = std::move(*context);
  load_client_authorities(config, *key, settings, errors);
}

void load_tls(const config::Config& config, Settings& settings, ConfigErrors& errors) {
  settings.client_tls = ClientTls::load(config, errors);
  if (config.tls) load_certificate(config, settings, errors);
}

// A sender that the tenant does not have could never be used.
void check_tenant(const config::Config& config, const auth::Users& users, const auth::User& user,
                  ConfigErrors& errors) {
  if (user.tenant.empty()) return;
  const config::TomlPosition place = users.place_of(user);
  const auto refuse = [&](std::string_view key, std::string message) {
    errors.push_back({config.users_file, place.line, place.column,
                      config::toml_key(user.name) + std::string(key), std::move(message)});
  };
  const std::string name = config::toml_string(user.tenant);
  const config::TenantConfig* const tenant = config::find_tenant(config, user.tenant);
  if (tenant == nullptr) {
    refuse(".tenant", fmt::format("unknown tenant {}; write [[tenant]] with name = {} in {}", name,
                                  name, config.file));
    return;
  }
  const auto check = [&](std::string_view key, const std::vector<std::string>& senders) {
    for (const std::string& sender : senders) {
      if (config::has_domain(*tenant, smtp::domain_of(sender))) continue;
      refuse(key, fmt::format("{} is not in a domain of tenant {}; write one that is, or add its "
                              "domain to the tenant",
                              config::toml_string(sender), name));
    }
  };
  check(".senders", user.senders);
  check(".senders_file", user.listed_senders);
}

// A domain that another tenant has would belong to neither.
void load_domains(config::Config& config, ConfigErrors& errors) {
  std::map<std::string, std::string> owner;  // of a domain: the tenant's name
  for (const config::TenantConfig& tenant : config.tenants) {
    for (const std::string& domain : tenant.domains) owner.emplace(domain, tenant.name);
  }
  std::size_t table = 0;  // of those that have the key
  for (config::TenantConfig& tenant : config.tenants) {
    if (tenant.domains_file.empty()) continue;
    const NamedFile file{"tenant.domains_file", tenant.domains_file, table++};
    auto domains = config::read_name_list(tenant.domains_file, config::parse_tenant_domain);
    if (!domains) {
      add(errors, config, file, domains.error().detail);
      continue;
    }
    for (const std::string& domain : *domains) {
      const auto [first, fresh] = owner.emplace(domain, tenant.name);
      if (fresh || first->second == tenant.name) continue;
      add(errors, config, file,
          fmt::format("{} is in the tenant {} as well; remove it from one of them",
                      config::toml_string(domain), config::toml_string(first->second)));
      break;  // one file may repeat all of another
    }
    tenant.listed_domains = std::move(*domains);
  }
}

void load_users(const config::Config& config, Settings& settings, ConfigErrors& errors) {
  if (config.users_file.empty()) return;
  const NamedFile file{"auth.users", config.users_file};
  const auto text = read(config, file, "signpost user add makes it with its first login", errors);
  check_secret(config, file, errors);
  if (!text) return;
  // A program that truncates the file before writing it must not remove everybody's login
  // meanwhile.
  if (text->empty()) {
    return add(errors, config, file,
               "is empty, as a file is while it is being written; add a login, or a comment to "
               "have none");
  }
  settings.users = auth::Users::parse(*text, config.users_file, errors);
  if (!settings.users) return;
  for (const auth::User& user : settings.users->all()) {
    check_tenant(config, *settings.users, user, errors);
  }
}

std::shared_ptr<const MeteredLogins> metered_logins(const config::Config& config,
                                                    const auth::Users* users) {
  auto logins = std::make_shared<MeteredLogins>();
  if (users == nullptr) return nullptr;
  for (const auth::User& user : users->all()) {
    const config::TenantConfig* const tenant = config::find_tenant(config, user.tenant);
    if (tenant != nullptr && tenant->metrics) logins->emplace(user.name, tenant->name);
  }
  return logins->empty() ? nullptr : logins;
}

// Fetched keys come later: an issuer that is away must not keep the relay from starting.
void load_oauth(const config::Config& config, Settings& settings, ConfigErrors& errors) {
  if (!config.oauth) return;
  const config::OauthConfig& oauth = *config.oauth;
  auto rules = std::make_shared<auth::TokenRules>(
      auth::TokenRules{.expected = {.issuer = oauth.issuer,
                                    .audience = oauth.audience,
                                    .scope = oauth.scope,
                                    .login_claim = oauth.login_claim},
                       .keys = nullptr,
                       .unlisted = oauth.unlisted == config::Unlisted::OwnAddress});
  if (!oauth.is_fetched()) {
    const NamedFile file{"auth.oauth.jwks", oauth.jwks};
    const auto text = read(config, file, "save the issuer's key set there", errors);
    if (!text) return;
    auto keys = jwt::KeySet::parse(*text);
    if (!keys) return add(errors, config, file, keys.error().detail);
    rules->keys = std::move(*keys);
  }
  settings.token_rules = std::move(rules);
}

// The key of the table of this number; null after a mistake.
std::shared_ptr<const dkim::PrivateKey> load_key(const config::Config& config, std::size_t table,
                                                 ConfigErrors& errors) {
  const config::DkimConfig& dkim = config.dkim[table];
  const NamedFile file{"dkim.key", dkim.key, table};
  const auto pem = read(config, file,
                        fmt::format("make it with signpost dkim keygen --domain {} --selector {} "
                                    "--out {}",
                                    dkim.domain, dkim.selector, dkim.key),
                        errors);
  if (!pem) return nullptr;
  auto key = dkim::PrivateKey::from_pem(*pem);
  if (!key) {
    add(errors, config, file, key.error().detail);
    return nullptr;
  }
  check_secret(config, file, errors);
  return std::move(*key);
}

void load_keys(const config::Config& config, Settings& settings, ConfigErrors& errors) {
  for (std::size_t i = 0; i < config.dkim.size(); ++i) {
    const config::DkimConfig& dkim = config.dkim[i];
    auto key = load_key(config, i, errors);
    settings.dkim_keys.push_back(key);
    if (!key || dkim.domain.empty()) continue;
    auto identity = identity_of(dkim, std::move(key));
    if (identity) {
      settings.keys.add(std::move(*identity), dkim.subdomains);
    } else {
      errors.push_back(config::error_at(config, "dkim.domain", identity.error().detail, i));
    }
  }
}

void load_admin_token(const config::Config& config, Settings& settings, ConfigErrors& errors) {
  if (config.admin_token_file.empty()) return;
  const NamedFile file{"admin.token_file", config.admin_token_file};
  if (auto token = read_secret(config, file, "write a secret into it", errors)) {
    settings.admin_token = std::move(*token);
  }
}

// The secrets of next hops. A token is read again for each connection: here it is proved that it
// can be.
void load_route_secrets(config::Config& config, ConfigErrors& errors) {
  std::size_t passwords = 0;  // tables that have the key
  std::size_t tokens = 0;
  for (config::RouteConfig& route : config.routes) {
    if (!route.token_file.empty()) {
      const NamedFile file{"route.token_file", route.token_file, tokens++};
      (void)read_secret(config, file, "have the token written there", errors);
    }
    if (route.password_file.empty()) continue;
    const NamedFile file{"route.password_file", route.password_file, passwords++};
    const auto text = read_secret(config, file, "write the password into it", errors);
    if (!text) continue;
    const auto password = std::make_shared<const sasl::Password>(*text);
    for (config::HopConfig& hop : route.hops) {
      if (!hop.login.empty() && !hop.password) hop.password = password;
    }
  }
}

// A missing folder is made at the start.
void check_data_dir(const config::Config& config, ConfigErrors& errors) {
  std::error_code error;
  const auto status = std::filesystem::status(config.data_dir, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
    errors.push_back(config::error_at(config, "data_dir",
                                      config.data_dir + " is not a folder; write the path of one"));
  }
}

}  // namespace

CertificateFiles CertificateFiles::of(const config::TlsConfig& tls) {
  const auto look = [](const std::string& path) -> File {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return {};  // follows links, such as certbot's
    return {.device = facts.st_dev,
            .number = facts.st_ino,
            .size = facts.st_size,
            .changed = facts.st_ctim.tv_sec * 1'000'000'000 + facts.st_ctim.tv_nsec};
  };
  return {look(tls.certificate), look(tls.key)};
}

std::vector<std::string> reloaded_files(const Settings& settings) {
  const config::Config& config = *settings.config;
  std::vector<std::string> files{config.file, config.users_file, config.admin_token_file,
                                 config.delivery.providers};
  if (settings.users) {
    for (const auth::User& user : settings.users->all()) files.push_back(user.senders_file);
  }
  for (const config::DkimConfig& key : config.dkim) files.push_back(key.key);
  for (const config::TenantConfig& tenant : config.tenants) files.push_back(tenant.domains_file);
  for (const config::ListenerConfig& listener : config.listeners) {
    files.push_back(listener.client_ca);
  }
  std::erase(files, "");
  return files;
}

std::vector<std::string> LoadedSettings::error_texts() const {
  std::vector<std::string> texts;
  texts.reserve(errors.size());
  for (const config::ConfigError& error : errors) texts.push_back(error.text());
  return texts;
}

std::shared_ptr<const providers::Providers> load_providers(
    const config::Config& config, std::vector<config::ConfigError>& errors) {
  if (config.delivery.providers.empty()) return providers::Providers::built_in();
  const NamedFile file{"delivery.providers", config.delivery.providers};
  const auto text = read(
      config, file, "copy /usr/share/signpost/providers.toml there, or remove the key", errors);
  if (!text) return nullptr;
  return providers::Providers::parse(*text, config.delivery.providers, errors);
}

LoadedSettings load_settings(const std::string& config_file) {
  LoadedSettings result;
  config::LoadedConfig loaded = config::load_config_partly(config_file);
  result.errors = std::move(loaded.errors);
  if (!loaded.config) return result;

  auto config_with_files = std::make_shared<config::Config>(*loaded.config);
  load_domains(*config_with_files, result.errors);
  load_route_secrets(*config_with_files, result.errors);
  const config::Config& config = *config_with_files;
  auto settings = std::make_shared<Settings>();
  settings->config = std::move(config_with_files);
  settings->retry = {config.retry.schedule, config.retry.expire, config.retry.delay_notice};
  check_data_dir(config, result.errors);
  load_tls(config, *settings, result.errors);
  load_users(config, *settings, result.errors);
  load_oauth(config, *settings, result.errors);
  load_keys(config, *settings, result.errors);
  if (auto loaded_providers = load_providers(config, result.errors)) {
    settings->providers = std::move(loaded_providers);
  }
  load_admin_token(config, *settings, result.errors);
  settings->metered_logins = metered_logins(config, settings->users.get());
  settings->limits_recipients = limits_recipients(config, settings->users.get());
  result.partly = settings;
  if (result.errors.empty()) result.settings = std::move(settings);
  return result;
}

LoadedSettings with_certificate_read_again(const Settings& settings) {
  LoadedSettings result;
  auto changed = std::make_shared<Settings>(settings);
  load_certificate(*changed->config, *changed, result.errors);
  if (result.errors.empty()) result.settings = std::move(changed);
  return result;
}

}  // namespace signpost::relay
