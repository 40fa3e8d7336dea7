#include "relay/event_sink.h"

#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::relay {
namespace {

class EventSinkTest : public testing::Test {
 protected:
  // The value of one sample of the exposition; "" when there is none.
  std::string sample(const std::string& series) const {
    const std::string text = "\n" + registry_.text();
    const std::size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const std::size_t from = at + series.size() + 2;
    return text.substr(from, text.find('\n', from) - from);
  }

  metrics::Registry registry_;
  RelayMetrics metrics_{registry_};
  EventSink sink_{metrics_};
};

std::shared_ptr<const providers::Providers> providers_named(const std::string& prefix,
                                                            std::size_t count) {
  std::string text = "version = 1\nedition = \"2026-11-30\"\n";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = prefix + std::to_string(i);
    text += "[[provider]]\nname = \"" + name + "\"\nmx = [\"" + name + ".example.net\"]\n";
  }
  std::vector<config::ConfigError> errors;
  auto parsed = providers::Providers::parse(text, "providers.toml", errors);
  EXPECT_TRUE(errors.empty()) << errors[0].text();
  return parsed;
}

TEST_F(EventSinkTest, CountsAcceptedMessagesWithTheirSizeAndTime) {
  sink_.emit(
      events::Accepted{.id = "1", .size = 1000, .after_end_of_data = std::chrono::seconds(2)});
  sink_.emit(events::Accepted{.id = "2", .size = 24, .bare_linefeeds = true});
  EXPECT_EQ(sample("signpost_messages_accepted_total"), "2");
  EXPECT_EQ(sample("signpost_accepted_bytes_total"), "1024");
  EXPECT_EQ(sample("signpost_accept_seconds_sum"), "2");
  EXPECT_EQ(sample("signpost_accept_seconds_count"), "2");
  EXPECT_EQ(sample("signpost_bare_linefeed_messages_total"), "1");
}

TEST_F(EventSinkTest, CountsWhatTheBooksNeed) {
  sink_.emit(events::Notification{.id = "1"});
  sink_.emit(events::Expired{events::RecipientOutcome{.attempted = false}});
  sink_.emit(events::Bounced{events::RecipientOutcome{}});
  EXPECT_EQ(sample("signpost_notifications_total"), "1");
  EXPECT_EQ(sample("signpost_recipients_expired_total"), "1");
  EXPECT_EQ(sample("signpost_recipients_accepted_total"), "0") << "counted where it is stored";
}

TEST_F(EventSinkTest, CountsRecipientsByLoginAndWhatBecameOfThem) {
  sink_.emit(events::Accepted{.id = "1", .user = "shop", .recipients = 4});
  sink_.emit(events::Accepted{.id = "2", .recipients = 1});
  const events::RecipientOutcome outcome{.user = "shop", .attempt = 2};
  sink_.emit(events::Delivered{outcome});
  sink_.emit(events::Bounced{outcome});
  sink_.emit(events::Expired{outcome});
  sink_.emit(events::Deferred{outcome, {}});
  EXPECT_EQ(sample(R"(signpost_login_messages_accepted_total{login="shop"})"), "1");
  EXPECT_EQ(sample(R"_(signpost_login_messages_accepted_total{login="(none)"})_"), "1");
  const auto recipients = [&](const std::string& result) {
    return sample("signpost_login_recipients_total{login=\"shop\",result=\"" + result + "\"}");
  };
  EXPECT_EQ(recipients("accepted"), "4");
  EXPECT_EQ(recipients("delivered"), "1");
  EXPECT_EQ(recipients("bounced"), "1");
  EXPECT_EQ(recipients("expired"), "1");
  EXPECT_EQ(sample(R"(signpost_delivered_attempts_bucket{le="1"})"), "0");
  EXPECT_EQ(sample(R"(signpost_delivered_attempts_bucket{le="2"})"), "1");
}

TEST_F(EventSinkTest, LoginsHaveNoMoreNumbersThanAThousand) {
  for (int i = 0; i < 1100; ++i) {
    sink_.emit_unlogged(events::Accepted{.user = "login" + std::to_string(i), .recipients = 1});
  }
  EXPECT_EQ(sample(R"(signpost_login_messages_accepted_total{login="login999"})"), "1");
  EXPECT_EQ(sample(R"(signpost_login_messages_accepted_total{login="login1000"})"), "");
  EXPECT_EQ(sample(R"_(signpost_login_messages_accepted_total{login="(other)"})_"), "100");
}

TEST_F(EventSinkTest, CountsTenantsThatWantIt) {
  sink_.emit(events::Accepted{.recipients = 3, .tenant = "acme", .tenant_counted = true});
  sink_.emit(events::Accepted{.recipients = 3, .tenant = "other"});
  sink_.emit(events::Rejected{
      .reason = RejectReason::Limit, .tenant = "acme", .recipients = 2, .tenant_counted = true});
  sink_.emit(
      events::Rejected{.reason = RejectReason::Sender, .tenant = "acme", .tenant_counted = true});
  sink_.emit(events::Rejected{.reason = RejectReason::Limit, .tenant = "other"});
  EXPECT_EQ(sample(R"(signpost_tenant_messages_accepted_total{tenant="acme"})"), "1");
  EXPECT_EQ(sample(R"(signpost_tenant_recipients_total{result="accepted",tenant="acme"})"), "3");
  EXPECT_EQ(sample(R"(signpost_tenant_recipients_total{result="limited",tenant="acme"})"), "2");
  EXPECT_EQ(sample(R"(signpost_tenant_messages_accepted_total{tenant="other"})"), "");
  sink_.emit(events::Delivered{{.user = "shop"}});
  EXPECT_EQ(sample(R"(signpost_tenant_recipients_total{result="delivered",tenant="acme"})"), "0");
  sink_.set_metered(std::make_shared<const MeteredLogins>(MeteredLogins{{"shop", "acme"}}));
  sink_.emit(events::Delivered{{.user = "shop"}});
  sink_.emit(events::Bounced{{.user = "shop"}});
  sink_.emit(events::Expired{{.user = "shop"}});
  sink_.emit(events::Delivered{{.user = "else"}});
  for (const char* result : {"delivered", "bounced", "expired"}) {
    EXPECT_EQ(sample(std::string("signpost_tenant_recipients_total{result=\"") + result +
                     "\",tenant=\"acme\"}"),
              "1");
  }
  for (int i = 0; i < 1100; ++i) {
    sink_.emit_unlogged(
        events::Accepted{.tenant = "tenant" + std::to_string(i), .tenant_counted = true});
  }
  EXPECT_EQ(sample(R"_(signpost_tenant_messages_accepted_total{tenant="(other)"})_"), "101");
}

TEST_F(EventSinkTest, CountsConnectionFailuresByProviderAndKind) {
  metrics_.name_providers(*providers::Providers::built_in());
  sink_.emit(events::ConnectionFailed{.provider = "google", .kind = ConnectionFailure::Tls});
  sink_.emit(events::NoHost{});
  EXPECT_EQ(sample(R"(signpost_delivery_connection_failures_total{kind="tls",provider="google"})"),
            "1");
  EXPECT_EQ(
      sample(R"(signpost_delivery_connection_failures_total{kind="no_host",provider="other"})"),
      "1");
}

TEST_F(EventSinkTest, CountsRejectionsByReason) {
  sink_.emit(events::Rejected{.reason = RejectReason::Relaying});
  EXPECT_EQ(sample(R"(signpost_messages_rejected_total{reason="relaying"})"), "1");
  EXPECT_EQ(sample(R"(signpost_messages_rejected_total{reason="storage"})"), "0");
}

TEST_F(EventSinkTest, CountsAnAttemptByProviderResultAndClass) {
  metrics_.name_providers(*providers::Providers::built_in());
  const events::RecipientOutcome outcome{
      .reply_class = ReplyClass::Accepted, .provider = "google", .delay_ms = 1500};
  sink_.emit(events::Delivered{outcome});
  EXPECT_EQ(sample(R"(signpost_delivery_attempts_total{provider="google",result="delivered"})"),
            "1");
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="accepted",provider="google"})"), "1");
  EXPECT_EQ(sample("signpost_delivery_seconds_sum"), "1.5");
}

TEST_F(EventSinkTest, AProviderWithoutANameIsOther) {
  sink_.emit(events::Deferred{{.reply_class = ReplyClass::Rate, .provider = "example"}, {}});
  EXPECT_EQ(sample(R"(signpost_delivery_attempts_total{provider="other",result="deferred"})"), "1");
}

TEST_F(EventSinkTest, ProvidersHaveNumbersFromTheStartAndKeepThemAfterAReload) {
  metrics_.name_providers(*providers_named("old", 1));
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="policy",provider="old0"})"), "0");
  EXPECT_EQ(sample(R"(signpost_delivery_connections{provider="old0"})"), "0");
  RelayMetrics::OfProvider& held = metrics_.of_provider("old0");
  held.connections.add(1);
  sink_.emit(events::Bounced{{.reply_class = ReplyClass::Policy, .provider = "old0"}});
  metrics_.name_providers(*providers_named("new", 2));
  held.connections.add(-1);  // a connection that outlives the reload
  sink_.emit(events::Bounced{{.reply_class = ReplyClass::Policy, .provider = "new1"}});
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="policy",provider="old0"})"), "1");
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="policy",provider="new1"})"), "1");
  EXPECT_EQ(sample(R"(signpost_delivery_connections{provider="old0"})"), "0");
}

TEST_F(EventSinkTest, ReloadsDoNotMultiplyTheNamesOfProviders) {
  // By name: "b43" is the 39th of the second file.
  for (const char* prefix : {"a", "b", "c"}) metrics_.name_providers(*providers_named(prefix, 60));
  for (const char* name : {"a0", "b43", "b44", "c0"}) {
    sink_.emit(events::Bounced{{.reply_class = ReplyClass::Policy, .provider = name}});
  }
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="policy",provider="a0"})"), "1");
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="policy",provider="b43"})"), "1");
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="policy",provider="b44"})"), "");
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="policy",provider="other"})"), "2");
}

TEST_F(EventSinkTest, CountsRecipientsThatAreGivenUpByClass) {
  sink_.emit(events::Bounced{{.reply_class = ReplyClass::Address}});
  sink_.emit(events::Expired{{.reply_class = ReplyClass::Address}});
  EXPECT_EQ(sample(R"(signpost_bounces_total{class="address"})"), "2");
  EXPECT_EQ(sample(R"(signpost_delivery_attempts_total{provider="other",result="bounced"})"), "1");
  EXPECT_EQ(sample(R"(signpost_delivery_attempts_total{provider="other",result="deferred"})"), "1");
}

TEST_F(EventSinkTest, DoesNotCountAttemptsThatNeverHappened) {
  sink_.emit(events::Deferred{{.reply_class = ReplyClass::Network, .attempted = false}, {}});
  sink_.emit(events::Expired{{.reply_class = ReplyClass::Network, .attempted = false}});
  EXPECT_EQ(sample(R"(signpost_delivery_attempts_total{provider="other",result="deferred"})"), "0");
  EXPECT_EQ(sample(R"(signpost_delivery_replies_total{class="network",provider="other"})"), "0");
  EXPECT_EQ(sample(R"(signpost_bounces_total{class="network"})"), "1");
}

TEST_F(EventSinkTest, CountsLoginsByMechanismAndResult) {
  sink_.emit(events::Authenticated{.mechanism = "PLAIN"});
  sink_.emit(events::AuthFailed{.mechanism = "LOGIN", .result = AuthResult::Locked});
  EXPECT_EQ(sample(R"(signpost_auth_total{mechanism="PLAIN",result="accepted"})"), "1");
  EXPECT_EQ(sample(R"(signpost_auth_total{mechanism="LOGIN",result="locked"})"), "1");
}

TEST_F(EventSinkTest, CountsHandshakesAndTheirFailures) {
  sink_.emit(events::TlsEstablished{
      .direction = TlsDirection::Out, .version = "TLSv1.2", .trust = TlsTrust::Pkix});
  sink_.emit(events::TlsEstablished{.direction = TlsDirection::Out,
                                    .version = "TLSv1.3",
                                    .trust = TlsTrust::Unverified,
                                    .resumed = true});
  sink_.emit(events::TlsFailed{.direction = TlsDirection::In});
  sink_.emit(events::TlsRefused{});
  EXPECT_EQ(
      sample(R"(signpost_tls_handshakes_total{direction="out",trust="pkix",version="TLSv1.2"})"),
      "1");
  EXPECT_EQ(sample(R"(signpost_tls_resumed_total{direction="out"})"), "1");
  EXPECT_EQ(sample(R"(signpost_tls_handshake_failures_total{direction="in"})"), "1");
  EXPECT_EQ(sample(R"(signpost_tls_handshake_failures_total{direction="out"})"), "1");
}

TEST_F(EventSinkTest, CountsRepliesBySource) {
  sink_.emit(events::Delivered{{.source = "192.0.2.1", .reply_class = ReplyClass::Accepted}});
  sink_.emit(events::Bounced{{.source = "192.0.2.1", .reply_class = ReplyClass::Policy}});
  sink_.emit(events::Delivered{{.reply_class = ReplyClass::Accepted}});
  EXPECT_EQ(sample(R"(signpost_source_replies_total{class="accepted",source="192.0.2.1"})"), "1");
  EXPECT_EQ(sample(R"(signpost_source_replies_total{class="policy",source="192.0.2.1"})"), "1");
}

TEST_F(EventSinkTest, CountsSignaturesAndWhyThereIsNone) {
  sink_.emit(events::Signed{.algorithm = "ed25519-sha256"});
  sink_.emit(events::Unsigned{.reason = UnsignedReason::NoKey});
  EXPECT_EQ(sample(R"(signpost_dkim_signatures_total{algorithm="ed25519-sha256"})"), "1");
  EXPECT_EQ(sample(R"(signpost_dkim_unsigned_total{reason="no_key"})"), "1");
}

}  // namespace
}  // namespace signpost::relay
