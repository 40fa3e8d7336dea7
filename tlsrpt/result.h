// What one session with a receiver showed of TLS (RFC 8460).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::tlsrpt {

// Section 4.4, "policy-type".
enum class PolicyType : std::uint8_t { Tlsa, Sts, NoPolicyFound };

constexpr std::array<std::string_view, 3> texts_of(PolicyType) {
  return {"tlsa", "sts", "no-policy-found"};
}

// The policy that a session was held to.
struct AppliedPolicy {
  PolicyType type = PolicyType::NoPolicyFound;
  // TLSA: each record in presentation form, "3 1 1 0B9F…". STS: each line of the policy file.
  std::vector<std::string> strings{};
  // Whose policy it is, in A-labels and lower case. TLSA: the TLSA base domain; else the
  // recipient domain.
  std::string domain{};
  std::vector<std::string> mx_hosts{};  // STS: the patterns of the policy
  friend bool operator==(const AppliedPolicy&, const AppliedPolicy&) = default;
};

// Section 4.3.
enum class ResultType : std::uint8_t {
  StarttlsNotSupported,
  CertificateHostMismatch,
  CertificateExpired,
  CertificateNotTrusted,
  ValidationFailure,  // any other
  TlsaInvalid,
  DnssecInvalid,
  DaneRequired,
  StsPolicyFetchError,
  StsPolicyInvalid,
  StsWebpkiInvalid,
};

constexpr std::array<std::string_view, 11> texts_of(ResultType) {
  return {"starttls-not-supported", "certificate-host-mismatch",
          "certificate-expired",    "certificate-not-trusted",
          "validation-failure",     "tlsa-invalid",
          "dnssec-invalid",         "dane-required",
          "sts-policy-fetch-error", "sts-policy-invalid",
          "sts-webpki-invalid"};
}

// "": not known, and not reported.
struct Failure {
  ResultType type = ResultType::ValidationFailure;
  std::string sending_ip{};
  std::string receiving_mx_hostname{};
  std::string receiving_ip{};
  std::string receiving_mx_helo{};  // the name in the server's greeting
  std::string reason_code{};        // our own words: "failure-reason-code"
  friend bool operator==(const Failure&, const Failure&) = default;
};

struct Session {
  std::string recipient_domain{};  // in A-labels and lower case
  AppliedPolicy policy{};
  std::optional<Failure> failure{};  // nothing: TLS as the policy wants it
};

}  // namespace signpost::tlsrpt
