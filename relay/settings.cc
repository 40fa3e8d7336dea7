#include "relay/settings.h"

#include "config/text_file.h"
#include "config/toml_document.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace signpost::relay {

namespace {

using Errors = std::vector<config::ConfigError>;

// What is wrong with a file as a whole, where the configuration names it.
void add(Errors& errors, const config::Config& config, const std::string& file,
         const std::string& message) {
  const auto named = std::ranges::find(config.named_files, file, &config::NamedFile::path);
  if (named == config.named_files.end()) {
    errors.push_back({file, 0, 0, "", message});
  } else {
    errors.push_back({config.file, named->line, named->column, named->key, file + ": " + message});
  }
}

// The text of a file that must exist; `otherwise` says what to do when it does not.
std::optional<std::string> read(const config::Config& config, const std::string& file,
                                std::string_view otherwise, Errors& errors) {
  auto text = config::read_text_file(file);
  if (text) return std::move(*text);
  std::string message = text.error().detail;
  if (text.error().code == Errc::NotFound) message.append("; ").append(otherwise);
  add(errors, config, file, message);
  return {};
}

void check_secret(const config::Config& config, const std::string& file, Errors& errors) {
  if (auto checked = config::check_private(file); !checked) {
    add(errors, config, file, checked.error().detail);
  }
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

void load_certificate(const config::Config& config, Settings& settings, Errors& errors) {
  const config::TlsConfig& tls = *config.tls;
  settings.certificate_files = CertificateFiles::of(tls);
  const auto pem =
      read(config, tls.certificate, "write the path of the certificate with its chain", errors);
  const auto key = read(config, tls.key, "write the path of the certificate's private key", errors);
  check_secret(config, tls.key, errors);
  if (!pem) return;
  auto certificate = net::Certificate::from_pem(*pem);
  if (!certificate) return add(errors, config, tls.certificate, certificate.error().detail);
  settings.certificate = std::move(*certificate);
  if (!key) return;
  auto context = net::TlsServerContext::create(*settings.certificate, *key, tls.min_version);
  if (!context) return add(errors, config, tls.key, context.error().detail);
  settings.tls = std::move(*context);
}

void load_tls(const config::Config& config, Settings& settings, Errors& errors) {
  if (auto context = net::TlsClientContext::create()) {
    settings.client_tls = std::move(*context);
  } else {
    errors.push_back({"", 0, 0, "", context.error().detail});
  }
  if (config.tls) load_certificate(config, settings, errors);
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
                      fmt::format("{} is not in a domain of tenant {}; write one that is, or add "
                                  "its domain to the tenant",
                                  config::toml_string(sender), name)});
  }
}

void load_users(const config::Config& config, Settings& settings, Errors& errors) {
  if (config.users_file.empty()) return;
  const auto text =
      read(config, config.users_file, "signpost user add makes it with its first login", errors);
  check_secret(config, config.users_file, errors);
  if (!text) return;
  // A program that truncates the file before writing it must not remove everybody's login
  // meanwhile.
  if (text->empty()) {
    return add(errors, config, config.users_file,
               "is empty, as a file is while it is being written; add a login, or a comment to "
               "have none");
  }
  settings.users = auth::Users::parse(*text, config.users_file, errors);
  if (!settings.users) return;
  for (const auth::User& user : settings.users->all()) check_tenant(config, user, errors);
}

void load_keys(const config::Config& config, Settings& settings, Errors& errors) {
  for (const config::DkimConfig& dkim : config.dkim) {
    const auto pem = read(config, dkim.key,
                          fmt::format("make it with signpost dkim keygen --domain {} --selector {} "
                                      "--out {}",
                                      dkim.domain, dkim.selector, dkim.key),
                          errors);
    if (!pem) continue;
    auto key = dkim::PrivateKey::from_pem(*pem);
    if (!key) {
      add(errors, config, dkim.key, key.error().detail);
      continue;
    }
    check_secret(config, dkim.key, errors);
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
    std::string message = token.error().detail;
    if (token.error().code == Errc::NotFound) message += "; write a secret into it";
    add(errors, config, config.admin_token_file, message);
  }
  check_secret(config, config.admin_token_file, errors);
}

// A missing folder is made at the start.
void check_data_dir(const config::Config& config, Errors& errors) {
  std::error_code error;
  const auto status = std::filesystem::status(config.data_dir, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
    errors.push_back({config.file, 0, 0, "data_dir", config.data_dir + " is not a folder"});
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

std::vector<std::string> LoadedSettings::error_texts() const {
  std::vector<std::string> texts;
  texts.reserve(errors.size());
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

LoadedSettings with_certificate_read_again(const Settings& settings) {
  LoadedSettings result;
  auto changed = std::make_shared<Settings>(settings);
  load_certificate(*changed->config, *changed, result.errors);
  if (result.errors.empty()) result.settings = std::move(changed);
  return result;
}

}  // namespace signpost::relay
