#include "relay/settings.h"

#include "relay/next_hop.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include "config/text_file.h"
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace signpost::relay {

namespace {

Result<std::string> read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Errc::Io, fmt::format("{}: {}", file, std::strerror(errno)));
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

Result<dkim::SigningIdentity> load_identity(const config::DkimConfig& config) {
  auto pem = read_file(config.key);
  if (!pem) return Failure(std::move(pem).error());
  auto key = dkim::PrivateKey::from_pem(*pem);
  if (!key) return fail(key.error().code, fmt::format("{}: {}", config.key, key.error().detail));
  auto domain = smtp::to_a_labels(config.domain);
  if (!domain) return Failure(std::move(domain).error());
  auto canonicalization = dkim::CanonicalizationPair::parse(config.canonicalization);
  if (!canonicalization) return fail(Errc::InvalidArgument, canonicalization.error());
  dkim::SigningIdentity identity;
  identity.domain = std::move(*domain);
  identity.selector = config.selector;
  identity.key = std::move(*key);
  identity.canonicalization = *canonicalization;
  identity.expire = config.expire;
  if (!config.headers.empty()) identity.signed_fields = config.headers;
  if (!config.oversign.empty()) identity.oversigned_fields = config.oversign;
  return identity;
}

void load_keys(const config::Config& config, Settings& settings, std::vector<std::string>& errors) {
  for (const config::DkimConfig& dkim : config.dkim) {
    auto identity = load_identity(dkim);
    if (identity) {
      settings.keys.add(std::move(*identity), dkim.subdomains);
    } else {
      errors.push_back(
          fmt::format("dkim {} {}: {}", dkim.domain, dkim.selector, identity.error().detail));
    }
  }
}

// Secrets that everybody may read are none.
void check_secrets(const config::Config& config, std::vector<std::string>& errors) {
  std::vector<std::string> files;
  for (const config::DkimConfig& dkim : config.dkim) files.push_back(dkim.key);
  if (config.tls) files.push_back(config.tls->key);
  for (const std::string& file : {config.users_file, config.admin_token_file}) {
    if (!file.empty()) files.push_back(file);
  }
  for (const std::string& file : files) {
    if (auto checked = config::check_private(file); !checked)
      errors.push_back(checked.error().detail);
  }
}

// Takes what a loader gave, or its words.
template <typename T>
void keep(Result<std::shared_ptr<const T>> loaded, std::shared_ptr<const T>& into,
          std::vector<std::string>& errors) {
  if (loaded) {
    into = std::move(*loaded);
  } else {
    errors.push_back(std::move(loaded).error().detail);
  }
}

}  // namespace

LoadedSettings load_settings(const std::string& config_file) {
  LoadedSettings result;
  config::LoadedConfig loaded = config::load_config(config_file);
  for (const config::ConfigError& error : loaded.errors) result.errors.push_back(error.text());
  if (!loaded.config) return result;

  const config::Config& config = *loaded.config;
  auto settings = std::make_shared<Settings>();
  settings->config = loaded.config;
  settings->retry = {config.retry.schedule, config.retry.expire, config.retry.delay_notice};
  if (!config.users_file.empty()) {
    keep(auth::Users::load(config.users_file), settings->users, result.errors);
  }
  if (config.tls) {
    keep(net::TlsServerContext::load(config.tls->certificate, config.tls->key,
                                     config.tls->min_version),
         settings->tls, result.errors);
  }
  keep(net::TlsClientContext::create(), settings->client_tls, result.errors);
  load_keys(config, *settings, result.errors);
  check_secrets(config, result.errors);
  if (result.errors.empty()) result.settings = std::move(settings);
  return result;
}

}  // namespace signpost::relay
