#include "commands/mail_hosts.h"

#include "dns/open_resolver.h"
#include "metrics/registry.h"
#include "net/loop.h"
#include "relay/name_servers.h"

#include <chrono>
#include <optional>
#include <utility>

namespace signpost::commands {

Result<dns::MxAnswer> look_up_mail_hosts(const config::Config& config, const std::string& domain) {
  metrics::Registry registry;
  net::Loop loop;
  dns::ResolverOptions options = relay::resolver_options(config);
  options.timeout = std::chrono::seconds(3);
  options.tries = 2;
  auto resolver = dns::open_resolver(loop, options, registry);
  if (!resolver) return Failure(std::move(resolver).error());
  std::optional<dns::MxAnswer> found;
  dns::QueryHandle query = (*resolver)->mail_exchangers(domain, [&](const dns::MxAnswer& answer) {
    found = answer;
    loop.stop();
  });
  loop.run();
  query.reset();
  return std::move(*found);
}

}  // namespace signpost::commands
