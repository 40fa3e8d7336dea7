#include "relay/report_signing.h"

#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

namespace signpost::relay {

namespace {

bool is_signed(std::string_view domain, const dkim::KeyTable& keys) {
  const auto a_labels = smtp::to_a_labels(domain);
  return a_labels && !keys.find_for_own(*a_labels).empty();
}

}  // namespace

std::optional<std::string> unsigned_reports_doubt(const config::Config& config,
                                                  const dkim::KeyTable& keys) {
  const bool reject = config.unsigned_policy == config::UnsignedPolicy::Reject;
  if ((keys.empty() && !reject) || config.postmaster.empty()) return {};
  const std::string domain(smtp::domain_of(config.postmaster));
  if (is_signed(domain, keys)) return {};
  const std::string_view also = reject ? "; signing.unsigned = \"reject\" applies to what clients "
                                         "send and does not hold reports back"
                                       : "";
  return fmt::format(
      "reports of failed mail come from {} and are sent unsigned, since no [[dkim]] key is for "
      "{} or a domain above it{}; set postmaster to an address in a domain with a key",
      config.postmaster, domain, also);
}

std::optional<std::string> unsigned_tls_reports_doubt(const config::Config& config,
                                                      const dkim::KeyTable& keys) {
  const std::string_view domain = smtp::domain_of(config.tlsrpt.from);
  if (domain.empty() || is_signed(domain, keys)) return {};
  return fmt::format(
      "reports on TLS come from {} and are sent unsigned, so that receivers drop them, since no "
      "[[dkim]] key is for {} or a domain above it",
      config.tlsrpt.from, domain);
}

}  // namespace signpost::relay
