#include "delivery/tls_decision.h"

#include <fmt/format.h>

#include <algorithm>

namespace signpost::delivery {

namespace {

using OnFailure = TlsRequirement::OnFailure;

constexpr smtp::EnhancedStatus kCryptographicFailure{4, 7, 5};  // RFC 3463 section 3.8

TlsRequirement by_policy(config::TlsPolicy policy, const std::string& host, TlsTry attempt) {
  TlsRequirement requirement;
  requirement.expected = {.server_name = host, .names = {host}};
  switch (policy) {
    case config::TlsPolicy::Off:
      requirement.wanted = relay::TlsWanted::Off;
      requirement.starttls = smtp::TlsUse::Off;
      break;
    case config::TlsPolicy::Opportunistic:
      requirement.wanted = relay::TlsWanted::Opportunistic;
      if (attempt == TlsTry::AfterFailedStart) {
        requirement.starttls = smtp::TlsUse::Off;
      } else {
        requirement.starttls = smtp::TlsUse::IfOffered;
        requirement.on_failure = OnFailure::Clear;
      }
      break;
    case config::TlsPolicy::Encrypt:
      requirement.wanted = relay::TlsWanted::Encrypt;
      requirement.starttls = smtp::TlsUse::Required;
      requirement.trust = net::TlsTrust::Unverified;
      break;
    case config::TlsPolicy::Verify:
      requirement.wanted = relay::TlsWanted::Verify;
      requirement.starttls = smtp::TlsUse::Required;
      requirement.trust = net::TlsTrust::Pkix;
      break;
  }
  return requirement;
}

void raise_by(const Dane& dane, const std::string& host, TlsRequirement& requirement) {
  if (dane.demand == Dane::Demand::None) return;
  requirement.starttls = smtp::TlsUse::Required;
  requirement.on_failure = OnFailure::NextHost;
  requirement.trust = std::max(requirement.trust, net::TlsTrust::Unverified);
  if (requirement.trust == net::TlsTrust::Unverified) requirement.wanted = relay::TlsWanted::Dane;
  if (dane.demand == Dane::Demand::Encryption) return;
  // Without records, as of an unknown demand, nothing satisfies it.
  requirement.trust = net::TlsTrust::Dane;
  requirement.wanted = relay::TlsWanted::Dane;
  if (dane.demand == Dane::Demand::Unknown) return;
  requirement.expected = {
      .server_name = dane.base_domain, .names = {dane.base_domain}, .tlsa = dane.records};
  if (host != dane.base_domain) requirement.expected.names.push_back(host);
}

}  // namespace

TlsRequirement decide_tls(config::TlsPolicy policy, const std::string& host,
                          const DnsSecurity& security, TlsTry attempt) {
  TlsRequirement requirement = by_policy(policy, host, attempt);
  if (policy != config::TlsPolicy::Off) raise_by(security.dane, host, requirement);
  return requirement;
}

void enforce_policy(TlsRequirement& requirement) {
  const bool stricter = requirement.trust == net::TlsTrust::Dane;
  if (stricter || requirement.wanted == relay::TlsWanted::Off) return;
  requirement.starttls = smtp::TlsUse::Required;
  requirement.trust = net::TlsTrust::Pkix;
  requirement.on_failure = OnFailure::NextHost;
  requirement.wanted = relay::TlsWanted::Sts;
}

std::expected<void, TlsRefusal> judge_handshake(const TlsRequirement& requirement,
                                                const net::TlsFacts& facts) {
  if (facts.trust >= requirement.trust) return {};
  return std::unexpected(TlsRefusal{
      kCryptographicFailure, fmt::format("the certificate of {} is not trusted: {}",
                                         requirement.expected.server_name, facts.trust_error)});
}

TlsRefusal handshake_failed(const TlsRequirement& requirement, std::string_view detail) {
  return {kCryptographicFailure,
          fmt::format("TLS with {} failed: {}", requirement.expected.server_name, detail)};
}

}  // namespace signpost::delivery
