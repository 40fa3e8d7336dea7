// What the relay's connections to receivers trust and show under TLS: one set of rules for MX
// hosts, and one for each route that has files of its own.
#pragma once

#include "config/config.h"
#include "net/tls.h"
#include "relay/named_file.h"

#include <map>
#include <memory>

namespace signpost::relay {

// Constant after loading; shared by all workers.
class ClientTls {
 public:
  using Context = std::shared_ptr<const net::TlsClientContext>;

  // Every mistake is added to `errors`; what is missing after one must not be asked for. Blocks on
  // files.
  static std::shared_ptr<const ClientTls> load(const config::Config& config, ConfigErrors& errors);
  // With default rules for everything, for tests.
  explicit ClientTls(Context rules) { contexts_.emplace(config::ClientTlsFiles{}, rules); }

  // REQUIRES: `files` are those of a route of the configuration that this was loaded from, or none,
  // which is right for all that have none
  const net::TlsClientContext& of(const config::ClientTlsFiles& files) const {
    return *contexts_.at(files);
  }

 private:
  ClientTls() = default;

  std::map<config::ClientTlsFiles, Context> contexts_;
};

}  // namespace signpost::relay
