#include "delivery/tls_outcome.h"

#include "mta_sts/policy.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using net::TlsTrust;
using tlsrpt::PolicyType;
using tlsrpt::ResultType;

const std::string kDomain = "a.example";

mta_sts::Finding policy(mta_sts::Mode mode) {
  mta_sts::Finding finding;
  finding.policy = std::make_shared<const mta_sts::Policy>(
      mta_sts::Policy{.id = "1",
                      .mode = mode,
                      .mx = {"*.hoster.example"},
                      .max_age = std::chrono::hours(24),
                      .lines = {"version: STSv1", "mode: enforce"}});
  return finding;
}

TlsOutcome outcome(std::optional<TlsTrust> reached, std::optional<ResultType> fault = {}) {
  TlsOutcome made{.mx = "mx.hoster.example",
                  .address = "192.0.2.1",
                  .source = "198.51.100.1",
                  .helo = "hello.hoster.example",
                  .reached = reached};
  if (fault) made.fault = TlsOutcome::Fault{*fault, "why"};
  return made;
}

std::optional<ResultType> failure_of(const tlsrpt::Session& session) {
  if (!session.failure) return {};
  return session.failure->type;
}

TEST(SessionOfADomain, WithoutAPolicyIsASuccessUnderAnyTls) {
  const auto good = session_of(kDomain, {}, outcome(TlsTrust::Unverified));
  EXPECT_EQ(good.policy.type, PolicyType::NoPolicyFound);
  EXPECT_EQ(good.policy.domain, kDomain);
  EXPECT_EQ(failure_of(good), std::nullopt);
  EXPECT_EQ(failure_of(session_of(kDomain, {}, outcome({}))), ResultType::StarttlsNotSupported);
}

TEST(SessionOfADomain, UnderItsPolicyNeedsAProvenHostThatItNames) {
  for (const auto mode : {mta_sts::Mode::Testing, mta_sts::Mode::Enforce}) {
    const auto good = session_of(kDomain, policy(mode), outcome(TlsTrust::Pkix));
    EXPECT_EQ(good.policy.type, PolicyType::Sts);
    EXPECT_EQ(good.policy.strings, (std::vector<std::string>{"version: STSv1", "mode: enforce"}));
    EXPECT_EQ(good.policy.mx_hosts, (std::vector<std::string>{"*.hoster.example"}));
    EXPECT_EQ(failure_of(good), std::nullopt);
    EXPECT_EQ(failure_of(session_of(kDomain, policy(mode),
                                    outcome(TlsTrust::Unverified, ResultType::CertificateExpired))),
              ResultType::CertificateExpired);
    TlsOutcome elsewhere = outcome(TlsTrust::Pkix);
    elsewhere.mx = "mx.elsewhere.example";
    EXPECT_EQ(failure_of(session_of(kDomain, policy(mode), elsewhere)),
              ResultType::ValidationFailure);
  }
}

TEST(SessionOfADomain, WhosePolicyAsksForNothingHasNone) {
  const auto session =
      session_of(kDomain, policy(mta_sts::Mode::None), outcome(TlsTrust::Unverified));
  EXPECT_EQ(session.policy.type, PolicyType::NoPolicyFound);
  EXPECT_EQ(failure_of(session), std::nullopt);
}

TEST(SessionOfADomain, TellsThatThePolicyCannotBeHad) {
  mta_sts::Finding finding;
  finding.fault = mta_sts::Fault::WebPki;
  finding.detail = "the certificate has expired";
  const auto session = session_of(kDomain, finding, outcome(TlsTrust::Pkix));
  EXPECT_EQ(session.policy.type, PolicyType::Sts);
  EXPECT_EQ(failure_of(session), ResultType::StsWebpkiInvalid);
  EXPECT_EQ(session.failure->reason_code, "the certificate has expired");
}

TEST(SessionOfADomain, IsJudgedByTlsaRecordsFirst) {
  TlsOutcome proven = outcome(TlsTrust::Dane);
  proven.tlsa_domain = "mx.hoster.example";
  proven.tlsa = {{.usage = 3, .selector = 1, .matching = 1, .data = "\x01\xab"}};
  const auto good = session_of(kDomain, policy(mta_sts::Mode::Enforce), proven);
  EXPECT_EQ(good.policy.type, PolicyType::Tlsa);
  EXPECT_EQ(good.policy.domain, "mx.hoster.example");
  EXPECT_EQ(good.policy.strings, (std::vector<std::string>{"3 1 1 01AB"}));
  EXPECT_EQ(failure_of(good), std::nullopt);
  proven.reached = TlsTrust::Unverified;
  EXPECT_EQ(failure_of(session_of(kDomain, {}, proven)), ResultType::ValidationFailure);
  proven.tlsa.clear();  // none is usable: any TLS will do
  EXPECT_EQ(failure_of(session_of(kDomain, {}, proven)), std::nullopt);
}

TEST(SessionOfADomain, NamesBothEndsOfAFailure) {
  const auto session = session_of(kDomain, {}, outcome({}, ResultType::ValidationFailure));
  EXPECT_EQ(session.failure->sending_ip, "198.51.100.1");
  EXPECT_EQ(session.failure->receiving_ip, "192.0.2.1");
  EXPECT_EQ(session.failure->receiving_mx_hostname, "mx.hoster.example");
  EXPECT_EQ(session.failure->receiving_mx_helo, "hello.hoster.example");
  EXPECT_EQ(session.failure->reason_code, "why");
}

}  // namespace
}  // namespace signpost::delivery
