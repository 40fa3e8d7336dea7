#include "delivery/tls_decision.h"

#include <fmt/format.h>

namespace signpost::delivery {

namespace {

using OnFailure = TlsRequirement::OnFailure;

constexpr smtp::EnhancedStatus kCryptographicFailure{4, 7, 5};  // RFC 3463 section 3.8

}  // namespace

// The four policies do not depend on DNS security; DANE and MTA-STS raise them by it.
TlsRequirement decide_tls(config::TlsPolicy policy, const std::string& host, const DnsSecurity&,
                          TlsTry attempt) {
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

void enforce_policy(TlsRequirement& requirement) {
  switch (requirement.wanted) {
    case relay::TlsWanted::Opportunistic:
    case relay::TlsWanted::Encrypt:
    case relay::TlsWanted::Verify:
      requirement.starttls = smtp::TlsUse::Required;
      requirement.trust = net::TlsTrust::Pkix;
      requirement.on_failure = OnFailure::NextHost;
      requirement.wanted = relay::TlsWanted::Sts;
      return;
    case relay::TlsWanted::Off:
    case relay::TlsWanted::Sts:
    case relay::TlsWanted::Dane:
    case relay::TlsWanted::RequireTls:
      return;
  }
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
