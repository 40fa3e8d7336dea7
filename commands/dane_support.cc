#include "commands/dane_support.h"

#include "dns/open_resolver.h"
#include "metrics/registry.h"
#include "net/loop.h"
#include "relay/name_servers.h"

#include <chrono>
#include <optional>

namespace signpost::commands {

namespace {

// A zone that is always there and signed.
constexpr char kSigned[] = "arpa";

}  // namespace

std::string dane_support(const config::Config& config) {
  if (!config.delivery.dane) return "off (delivery.dane)";
  metrics::Registry registry;
  net::Loop loop;
  dns::ResolverOptions options = relay::resolver_options(config);
  options.timeout = std::chrono::seconds(3);
  options.tries = 1;
  auto resolver = dns::open_resolver(loop, options, registry);
  if (!resolver) return "unknown: " + resolver.error().detail;
  if (!(*resolver)->trusts_validation()) {
    return "off: name servers are not believed that they validate (dns.trust_ad, docs/tls.md)";
  }
  std::optional<dns::Answer> found;
  dns::QueryHandle query =
      (*resolver)->ask({dns::RecordType::Mx, kSigned}, [&](const dns::Answer& answer) {
        found = answer;
        loop.stop();
      });
  loop.run();
  query.reset();
  if (found->status == dns::Status::Temporary) {
    return std::string("unknown: looking up ") + kSigned + " failed: " + found->detail;
  }
  return found->authenticated ? "on" : "off: the name servers do not validate (docs/tls.md)";
}

}  // namespace signpost::commands
