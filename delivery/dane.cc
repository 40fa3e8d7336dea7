#include "delivery/dane.h"

#include "net/dane.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace signpost::delivery {

namespace {

auto fields_of(const net::TlsaRecord& record) {
  return std::tie(record.usage, record.selector, record.matching, record.data);
}

}  // namespace

std::vector<std::string> tlsa_base_domains(const std::string& host,
                                           const dns::AddressAnswer& addresses) {
  if (!addresses.authenticated) return {};
  if (addresses.canonical.empty()) return {host};
  return {addresses.canonical, host};
}

bool may_be_proven_alias(const dns::AddressAnswer& addresses) {
  return !addresses.authenticated && !addresses.canonical.empty();
}

std::string tlsa_name(std::uint16_t port, const std::string& base_domain) {
  return fmt::format("_{}._tcp.{}", port, base_domain);
}

Dane dane_at(const std::string& base_domain, const dns::TlsaAnswer& answer) {
  if (answer.status == dns::Status::Temporary) {
    return {.demand = Dane::Demand::Unknown, .base_domain = base_domain, .detail = answer.detail};
  }
  if (!answer.authenticated || answer.records.empty()) return {};
  std::vector<net::TlsaRecord> usable;
  std::ranges::copy_if(answer.records, std::back_inserter(usable), net::is_usable);
  if (usable.empty()) return {.demand = Dane::Demand::Encryption};
  // TLS sessions are kept by what they were made for (delivery/tls_sessions.h), and name servers
  // rotate the records of a set.
  std::ranges::sort(usable, [](const net::TlsaRecord& a, const net::TlsaRecord& b) {
    return fields_of(a) < fields_of(b);
  });
  return {.demand = Dane::Demand::Proof, .base_domain = base_domain, .records = std::move(usable)};
}

}  // namespace signpost::delivery
