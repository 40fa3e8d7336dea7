#include "delivery/tls_outcome.h"

#include "mta_sts/policy.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace signpost::delivery {

namespace {

using tlsrpt::PolicyType;
using tlsrpt::ResultType;

// In presentation form (RFC 6698 section 2.2).
std::string text_of(const net::TlsaRecord& record) {
  std::string text = fmt::format("{} {} {} ", record.usage, record.selector, record.matching);
  for (const char octet : record.data) {
    fmt::format_to(std::back_inserter(text), "{:02X}", static_cast<unsigned char>(octet));
  }
  return text;
}

TlsOutcome::Fault fault_of(const TlsOutcome& outcome) {
  if (outcome.fault) return *outcome.fault;
  if (!outcome.reached) return {ResultType::StarttlsNotSupported, ""};
  return {ResultType::ValidationFailure, ""};
}

// Why the policy itself could not be had.
ResultType result_of_fetch(mta_sts::Fault fault) {
  switch (fault) {
    case mta_sts::Fault::Invalid:
      return ResultType::StsPolicyInvalid;
    case mta_sts::Fault::WebPki:
      return ResultType::StsWebpkiInvalid;
    case mta_sts::Fault::None:
    case mta_sts::Fault::FetchFailed:
      break;
  }
  return ResultType::StsPolicyFetchError;
}

bool has_reached(const TlsOutcome& outcome, net::TlsTrust least) {
  return outcome.reached && *outcome.reached >= least;
}

}  // namespace

tlsrpt::ResultType result_of(net::TlsFault fault) {
  switch (fault) {
    case net::TlsFault::Expired:
      return ResultType::CertificateExpired;
    case net::TlsFault::NameMismatch:
      return ResultType::CertificateHostMismatch;
    case net::TlsFault::NotTrusted:
      return ResultType::CertificateNotTrusted;
    case net::TlsFault::None:
    case net::TlsFault::Other:
      break;
  }
  return ResultType::ValidationFailure;
}

tlsrpt::Session session_of(const std::string& domain, const mta_sts::Finding& finding,
                           const TlsOutcome& outcome) {
  tlsrpt::Session session;
  session.recipient_domain = domain;
  session.policy.domain = domain;
  std::optional<TlsOutcome::Fault> fault;
  if (!outcome.tlsa_domain.empty()) {
    session.policy.type = PolicyType::Tlsa;
    session.policy.domain = outcome.tlsa_domain;
    for (const net::TlsaRecord& record : outcome.tlsa) {
      session.policy.strings.push_back(text_of(record));
    }
    const auto least = outcome.tlsa.empty() ? net::TlsTrust::Unverified : net::TlsTrust::Dane;
    if (!has_reached(outcome, least)) fault = fault_of(outcome);
  } else if (finding.policy != nullptr && finding.policy->mode != mta_sts::Mode::None) {
    session.policy.type = PolicyType::Sts;
    session.policy.strings = finding.policy->lines;
    session.policy.mx_hosts = finding.policy->mx;
    if (!mta_sts::lists(*finding.policy, outcome.mx)) {
      fault = {ResultType::ValidationFailure, "the policy does not name the host"};
    } else if (!has_reached(outcome, net::TlsTrust::Pkix)) {
      fault = fault_of(outcome);
    }
  } else if (finding.policy == nullptr && finding.fault != mta_sts::Fault::None) {
    session.policy.type = PolicyType::Sts;
    fault = {result_of_fetch(finding.fault), finding.detail};
  } else if (!outcome.reached) {
    fault = fault_of(outcome);
  }
  if (!fault) return session;
  session.failure = tlsrpt::Failure{.type = fault->type,
                                    .sending_ip = outcome.source,
                                    .receiving_mx_hostname = outcome.mx,
                                    .receiving_ip = outcome.address,
                                    .receiving_mx_helo = outcome.helo,
                                    .reason_code = std::move(fault->detail)};
  return session;
}

}  // namespace signpost::delivery
