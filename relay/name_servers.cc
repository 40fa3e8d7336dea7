#include "relay/name_servers.h"

namespace signpost::relay {

namespace {

dns::TrustAd trust_of(config::TrustAd trust) {
  switch (trust) {
    case config::TrustAd::Auto:
      return dns::TrustAd::Auto;
    case config::TrustAd::Always:
      return dns::TrustAd::Always;
    case config::TrustAd::Never:
      break;
  }
  return dns::TrustAd::Never;
}

}  // namespace

dns::ResolverOptions resolver_options(const config::Config& config) {
  dns::ResolverOptions options;
  options.servers = config.dns_servers;
  options.trust_ad = trust_of(config.trust_ad);
  return options;
}

}  // namespace signpost::relay
