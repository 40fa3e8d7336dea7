// The configuration in force together with every file that it names: loaded whole, then constant
// and shared. A reload makes new settings; sessions keep those that they began with.
#pragma once

#include "auth/token_rules.h"
#include "auth/users.h"
#include "config/config.h"
#include "dkim/key.h"
#include "dkim/key_table.h"
#include "net/certificate.h"
#include "net/tls.h"
#include "providers/providers.h"
#include "queue/retry_schedule.h"
#include "relay/client_tls.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::relay {

// Which files the certificate and its key are, without their contents: whether they were replaced
// or changed in any way.
struct CertificateFiles {
  struct File {
    std::uint64_t device = 0;  // all zero: it cannot be read
    std::uint64_t number = 0;
    std::int64_t size = 0;
    std::int64_t changed = 0;  // nanoseconds; a change of rights counts
    bool operator==(const File&) const = default;
  };
  File certificate;
  File key;

  static CertificateFiles of(const config::TlsConfig& tls);  // as they are now
  bool operator==(const CertificateFiles&) const = default;
};

// Logins whose tenants have metrics of their own, with these tenants.
using MeteredLogins = std::map<std::string, std::string, std::less<>>;

struct Settings {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const auth::Users> users;             // null without [auth]
  std::shared_ptr<const MeteredLogins> metered_logins;  // null: none
  std::shared_ptr<const auth::TokenRules> token_rules;  // null without [auth.oauth]
  std::shared_ptr<const net::Certificate> certificate;  // null without [tls]
  std::shared_ptr<const net::TlsServerContext> tls;     // null without [tls]
  // The same with client_ca, by the names of the listeners that have it.
  std::map<std::string, std::shared_ptr<const net::TlsServerContext>, std::less<>> asking_tls;
  CertificateFiles certificate_files;  // as they were before they were read
  std::shared_ptr<const ClientTls> client_tls;
  // As config->dkim; null where LoadedSettings::partly has none.
  std::vector<std::shared_ptr<const dkim::PrivateKey>> dkim_keys;
  dkim::KeyTable keys;
  // Never null: what delivery.providers names, else the built-in ones.
  std::shared_ptr<const providers::Providers> providers = providers::Providers::built_in();
  queue::RetrySchedule retry;
  std::string admin_token;         // "" without admin.token_file
  bool limits_recipients = false;  // somebody's recipients are limited beyond the server's per
                                   // message: relay/recipient_limits.h

  // Of a listener with TLS.
  const net::TlsServerContext& tls_of(std::string_view listener) const {
    const auto asking = asking_tls.find(listener);
    return asking == asking_tls.end() ? *tls : *asking->second;
  }
};

// The settings, or every mistake: each names its file, its line and column where they are known,
// and the remedy.
struct LoadedSettings {
  std::shared_ptr<const Settings> settings;  // null if there are errors
  // What could be loaded, for whatever else is to be said of it; null if the file is no TOML.
  std::shared_ptr<const Settings> partly;
  std::vector<config::ConfigError> errors;
  std::string account;  // that the process has switched to; "" if it has not
  // What this machine lacks for a start, which the configuration is not to blame for; "" if
  // nothing is known.
  std::string not_ready;

  std::vector<std::string> error_texts() const;
};

// What `config` says of providers, for those who need nothing else. Null after a mistake, which is
// added to `errors`. Any thread; blocks on the file.
std::shared_ptr<const providers::Providers> load_providers(
    const config::Config& config, std::vector<config::ConfigError>& errors);

// The one loader of serve, reload and check: every mistake for which a start refuses the
// configuration is found here, all of them at once unless the file is no TOML. Any thread; blocks
// on files.
LoadedSettings load_settings(const std::string& config_file);

// The files whose changes wait for a reload: the configuration and those that it names, without the
// certificate and its key.
std::vector<std::string> reloaded_files(const Settings& settings);

// The same settings with the certificate and its key as they are on disk now. REQUIRES:
// settings.config->tls. Any thread; blocks on files.
LoadedSettings with_certificate_read_again(const Settings& settings);

}  // namespace signpost::relay
