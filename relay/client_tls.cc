#include "relay/client_tls.h"

#include "net/certificate.h"

#include <optional>
#include <string>
#include <utility>

namespace signpost::relay {

namespace {

using Certificates = std::shared_ptr<const net::Certificate>;

// Null without a file, and after a mistake.
Certificates read_certificates(const config::Config& config, const NamedFile& file,
                               std::string_view otherwise, ConfigErrors& errors) {
  const auto pem = read(config, file, otherwise, errors);
  if (!pem) return nullptr;
  auto certificates = net::Certificate::from_pem(*pem);
  if (certificates) return std::move(*certificates);
  add(errors, config, file, certificates.error().detail);
  return nullptr;
}

// How many tables before this one have each key.
struct Tables {
  std::size_t ca_file = 0;
  std::size_t certificate = 0;
  std::size_t key = 0;
};

// Null after a mistake.
ClientTls::Context load_context(const config::Config& config, const config::ClientTlsFiles& files,
                                const Tables& tables, ConfigErrors& errors) {
  const std::size_t before = errors.size();
  const NamedFile ca = files.ca_file.empty()
                           ? NamedFile{"delivery.ca_file", config.delivery.ca_file}
                           : NamedFile{"route.ca_file", files.ca_file, tables.ca_file};
  const NamedFile certificate{"route.client_certificate", files.certificate, tables.certificate};
  const NamedFile key{"route.client_key", files.key, tables.key};
  const Certificates authorities = read_certificates(
      config, ca, "write the path of the certificates of those who vouch for receivers", errors);
  const Certificates own = read_certificates(
      config, certificate, "write the path of the certificate with its chain", errors);
  const auto secret = read(config, key, "write the path of the certificate's private key", errors);
  if (secret) check_secret(config, key, errors);
  if (errors.size() > before) return nullptr;
  auto context = net::TlsClientContext::create(
      {.authorities = authorities.get(), .certificate = own.get(), .key = secret.value_or("")});
  if (context) return std::move(*context);
  if (files.key.empty()) {
    errors.push_back({"", 0, 0, "", context.error().detail});
  } else {
    add(errors, config, key, context.error().detail);
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<const ClientTls> ClientTls::load(const config::Config& config,
                                                 ConfigErrors& errors) {
  std::shared_ptr<ClientTls> all(new ClientTls());
  all->contexts_[{}] = load_context(config, {}, {}, errors);
  Tables tables;
  for (const config::RouteConfig& route : config.routes) {
    const config::ClientTlsFiles files = client_tls_of(route);
    if (!all->contexts_.contains(files)) {
      all->contexts_[files] = load_context(config, files, tables, errors);
    }
    tables.ca_file += route.ca_file.empty() ? 0 : 1;
    tables.certificate += route.client_certificate.empty() ? 0 : 1;
    tables.key += route.client_key.empty() ? 0 : 1;
  }
  return all;
}

}  // namespace signpost::relay
