#include "delivery/tls_decision.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using config::TlsPolicy;
using net::TlsTrust;
using smtp::TlsUse;
using OnFailure = TlsRequirement::OnFailure;

const std::string kHost = "mx.example";

std::string name_of(TlsPolicy policy) {
  switch (policy) {
    case TlsPolicy::Off:
      return "Off";
    case TlsPolicy::Opportunistic:
      return "Opportunistic";
    case TlsPolicy::Encrypt:
      return "Encrypt";
    case TlsPolicy::Verify:
      return "Verify";
  }
  return "";
}

// What each policy demands on each try, whatever DNS proves.
struct Row {
  TlsPolicy policy;
  TlsTry attempt;
  TlsUse starttls;
  TlsTrust trust;
  OnFailure on_failure;
};

constexpr Row kRows[] = {
    {TlsPolicy::Off, TlsTry::First, TlsUse::Off, TlsTrust::None, OnFailure::NextHost},
    {TlsPolicy::Off, TlsTry::AfterFailedStart, TlsUse::Off, TlsTrust::None, OnFailure::NextHost},
    {TlsPolicy::Opportunistic, TlsTry::First, TlsUse::IfOffered, TlsTrust::None, OnFailure::Clear},
    {TlsPolicy::Opportunistic, TlsTry::AfterFailedStart, TlsUse::Off, TlsTrust::None,
     OnFailure::NextHost},
    {TlsPolicy::Encrypt, TlsTry::First, TlsUse::Required, TlsTrust::Unverified,
     OnFailure::NextHost},
    {TlsPolicy::Encrypt, TlsTry::AfterFailedStart, TlsUse::Required, TlsTrust::Unverified,
     OnFailure::NextHost},
    {TlsPolicy::Verify, TlsTry::First, TlsUse::Required, TlsTrust::Pkix, OnFailure::NextHost},
    {TlsPolicy::Verify, TlsTry::AfterFailedStart, TlsUse::Required, TlsTrust::Pkix,
     OnFailure::NextHost},
};

net::TlsFacts handshake(TlsTrust trust, const std::string& error = "") {
  net::TlsFacts facts;
  facts.trust = trust;
  facts.trust_error = error;
  return facts;
}

constexpr TlsTrust kTrusts[] = {TlsTrust::None, TlsTrust::Unverified, TlsTrust::Pkix,
                                TlsTrust::Dane};

class TlsDecisionTest : public ::testing::TestWithParam<Row> {
 protected:
  static TlsRequirement decide(const DnsSecurity& security = {}) {
    return decide_tls(GetParam().policy, kHost, security, GetParam().attempt);
  }
};

TEST_P(TlsDecisionTest, DemandsWhatThePolicySays) {
  for (const bool mx : {false, true}) {
    for (const bool addresses : {false, true}) {
      SCOPED_TRACE(testing::Message() << "mx " << mx << ", addresses " << addresses);
      const TlsRequirement requirement =
          decide({.mx_authenticated = mx, .addresses_authenticated = addresses});
      EXPECT_EQ(requirement.starttls, GetParam().starttls);
      EXPECT_EQ(requirement.trust, GetParam().trust);
      EXPECT_EQ(requirement.on_failure, GetParam().on_failure);
      EXPECT_EQ(requirement.expected.server_name, kHost);
      EXPECT_EQ(requirement.expected.names, std::vector<std::string>{kHost});
    }
  }
}

TEST_P(TlsDecisionTest, RefusesOnlyAnUntrustedCertificateThatMustBeTrusted) {
  const TlsRequirement requirement = decide();
  for (const TlsTrust trust : {TlsTrust::Unverified, TlsTrust::Pkix, TlsTrust::Dane}) {
    SCOPED_TRACE(static_cast<int>(trust));
    const bool accepted = GetParam().policy != TlsPolicy::Verify || trust != TlsTrust::Unverified;
    EXPECT_EQ(judge_handshake(requirement, handshake(trust)).has_value(), accepted);
  }
}

INSTANTIATE_TEST_SUITE_P(AllPolicies, TlsDecisionTest, ::testing::ValuesIn(kRows),
                         [](const auto& tested) {
                           return name_of(tested.param.policy) +
                                  (tested.param.attempt == TlsTry::First ? "First" : "Again");
                         });

// A session that follows the decisions asks for clear once, and then for the next host.
TEST(TlsDecision, FallsBackToClearOnceAtMost) {
  const TlsRequirement first = decide_tls(TlsPolicy::Opportunistic, kHost, {}, TlsTry::First);
  ASSERT_EQ(first.on_failure, OnFailure::Clear);
  const TlsRequirement again =
      decide_tls(TlsPolicy::Opportunistic, kHost, {}, TlsTry::AfterFailedStart);
  EXPECT_EQ(again.starttls, TlsUse::Off);
  EXPECT_NE(again.on_failure, OnFailure::Clear);
}

constexpr TlsPolicy kPoliciesWithTls[] = {TlsPolicy::Opportunistic, TlsPolicy::Encrypt,
                                          TlsPolicy::Verify};
constexpr TlsTry kTries[] = {TlsTry::First, TlsTry::AfterFailedStart};

TEST(TlsDecisionByDane, UsableRecordsDemandTheirProofAndNothingElse) {
  const Dane dane{.demand = Dane::Demand::Proof,
                  .base_domain = "all.example",
                  .records = {{3, 1, 1, std::string(32, 'x')}}};
  for (const TlsPolicy policy : kPoliciesWithTls) {
    for (const TlsTry attempt : kTries) {
      SCOPED_TRACE(name_of(policy));
      const TlsRequirement requirement = decide_tls(policy, kHost, {.dane = dane}, attempt);
      EXPECT_EQ(requirement.starttls, TlsUse::Required);
      EXPECT_EQ(requirement.trust, TlsTrust::Dane);
      EXPECT_EQ(requirement.on_failure, OnFailure::NextHost);
      EXPECT_EQ(requirement.expected,
                (net::TlsExpectation{"all.example", {"all.example", kHost}, dane.records}));
    }
  }
  Dane own = dane;
  own.base_domain = kHost;
  EXPECT_EQ(decide_tls(TlsPolicy::Encrypt, kHost, {.dane = own}, TlsTry::First).expected.names,
            std::vector<std::string>{kHost});
}

TEST(TlsDecisionByDane, UnusableRecordsDemandTlsAndLeaveTheProofToThePolicy) {
  const DnsSecurity security{.dane = {.demand = Dane::Demand::Encryption}};
  for (const TlsPolicy policy : kPoliciesWithTls) {
    for (const TlsTry attempt : kTries) {
      SCOPED_TRACE(name_of(policy));
      const TlsRequirement requirement = decide_tls(policy, kHost, security, attempt);
      EXPECT_EQ(requirement.starttls, TlsUse::Required);
      EXPECT_EQ(requirement.trust,
                policy == TlsPolicy::Verify ? TlsTrust::Pkix : TlsTrust::Unverified);
      EXPECT_EQ(requirement.on_failure, OnFailure::NextHost);
      EXPECT_EQ(requirement.expected, (net::TlsExpectation{kHost, {kHost}}));
    }
  }
}

TEST(TlsDecisionByDane, AnUnknownDemandIsNeverSatisfied) {
  const DnsSecurity security{.dane = {.demand = Dane::Demand::Unknown}};
  for (const TlsPolicy policy : kPoliciesWithTls) {
    const TlsRequirement requirement = decide_tls(policy, kHost, security, TlsTry::First);
    EXPECT_EQ(requirement.starttls, TlsUse::Required);
    EXPECT_FALSE(judge_handshake(requirement, handshake(TlsTrust::Pkix)));
    EXPECT_NE(requirement.on_failure, OnFailure::Clear);
  }
}

TEST(TlsDecisionByDane, OffStaysOff) {
  for (const auto demand : {Dane::Demand::Encryption, Dane::Demand::Proof, Dane::Demand::Unknown}) {
    const TlsRequirement requirement =
        decide_tls(TlsPolicy::Off, kHost, {.dane = {.demand = demand}}, TlsTry::First);
    EXPECT_EQ(requirement.starttls, TlsUse::Off);
    EXPECT_EQ(requirement.trust, TlsTrust::None);
  }
}

TEST(TlsJudgement, AcceptsTheTrustThatIsNeededAndMore) {
  for (const TlsTrust needed : kTrusts) {
    for (const TlsTrust reached : kTrusts) {
      SCOPED_TRACE(testing::Message() << "needed " << static_cast<int>(needed) << ", reached "
                                      << static_cast<int>(reached));
      TlsRequirement requirement;
      requirement.trust = needed;
      EXPECT_EQ(judge_handshake(requirement, handshake(reached)).has_value(),
                static_cast<int>(reached) >= static_cast<int>(needed));
    }
  }
}

TEST(TlsJudgement, SaysWhoseCertificateIsRefusedAndWhy) {
  const TlsRequirement requirement = decide_tls(TlsPolicy::Verify, kHost, {}, TlsTry::First);
  const auto verdict =
      judge_handshake(requirement, handshake(TlsTrust::Unverified, "certificate has expired"));
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error(),
            (TlsRefusal{{4, 7, 5},
                        "the certificate of mx.example is not trusted: certificate has expired"}));
}

TEST(TlsJudgement, SaysWithWhomAHandshakeFailedAndHow) {
  const TlsRequirement requirement = decide_tls(TlsPolicy::Encrypt, kHost, {}, TlsTry::First);
  EXPECT_EQ(handshake_failed(requirement, "the handshake timed out"),
            (TlsRefusal{{4, 7, 5}, "TLS with mx.example failed: the handshake timed out"}));
}

TEST(EnforcedPolicy, DemandsAProvenHostWhateverLessIsConfigured) {
  for (const TlsPolicy policy : {TlsPolicy::Opportunistic, TlsPolicy::Encrypt, TlsPolicy::Verify}) {
    TlsRequirement requirement = decide_tls(policy, kHost, {}, TlsTry::First);
    enforce_policy(requirement);
    EXPECT_EQ(requirement.starttls, TlsUse::Required);
    EXPECT_EQ(requirement.trust, TlsTrust::Pkix);
    EXPECT_EQ(requirement.on_failure, OnFailure::NextHost);
    EXPECT_EQ(requirement.wanted, relay::TlsWanted::Sts);
    EXPECT_FALSE(requirement.may_use_old_versions());
    EXPECT_FALSE(judge_handshake(requirement, handshake(TlsTrust::Unverified)));
    EXPECT_TRUE(judge_handshake(requirement, handshake(TlsTrust::Pkix)));
  }
}

TEST(EnforcedPolicy, DoesNotOverruleAnOperatorWhoWantsClearText) {
  TlsRequirement requirement = decide_tls(TlsPolicy::Off, kHost, {}, TlsTry::First);
  const TlsRequirement before = requirement;
  enforce_policy(requirement);
  EXPECT_EQ(requirement.starttls, before.starttls);
  EXPECT_EQ(requirement.wanted, relay::TlsWanted::Off);
}

}  // namespace
}  // namespace signpost::delivery
