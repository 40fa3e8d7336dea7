#include "submission/acceptance.h"

#include "base/check.h"
#include "dkim/key.h"
#include "smtp/command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace signpost::submission {
namespace {

constexpr SystemTime kNoon{std::chrono::seconds(1'700'000'000)};

smtp::Mailbox mailbox(std::string_view text) {
  if (!text.contains('@')) return {text, ""};
  const auto parsed = smtp::parse_mailbox(text, true);
  CHECK(parsed.has_value());
  return *parsed;
}

class AcceptanceTest : public testing::Test {
 protected:
  AcceptanceTest() {
    config.hostname = "relay.example";
    id = generator.next(kNoon);
    transaction.mail.reverse_path = mailbox("orders@shop.example");
    to("b@receiver.example");
  }

  relay::Settings& settings() {
    made.config = std::make_shared<const config::Config>(config);
    return made;
  }

  void to(std::string_view recipient) {
    transaction.recipients.push_back({mailbox(recipient), {}, ""});
  }
  void only_to(std::string_view recipient) {
    transaction.recipients.clear();
    to(recipient);
  }
  void log_in(std::vector<std::string> senders = {}) {
    user.name = "shop";
    user.senders = std::move(senders);
    principal.login = "shop";
    principal.user = &user;
    principal.trusted = false;
  }
  void add_key(const std::string& domain, bool subdomains = false) {
    auto key = dkim::PrivateKey::generate(dkim::Algorithm::Ed25519Sha256, 0);
    CHECK(key.has_value());
    dkim::SigningIdentity identity;
    identity.domain = domain;
    identity.selector = "s";
    identity.key = *key;
    made.keys.add(std::move(identity), subdomains);
    config::DkimConfig& entry = config.dkim.emplace_back();
    entry.domain = domain;
    entry.subdomains = subdomains;
  }
  void add_route(std::vector<std::string> recipients, std::vector<std::string> senders,
                 std::string via) {
    config::RouteConfig route;
    route.recipients = std::move(recipients);
    route.senders = std::move(senders);
    route.via = std::move(via);
    config.routes.push_back(std::move(route));
  }

  std::expected<Accepted, Refused> offer(std::string_view content) {
    message::ContentBuilder builder(
        fix_ups(settings(), principal, transaction, arrival, id, kNoon));
    builder.append(content);
    builder.finish();
    return accept(settings(), principal, transaction, id, builder, kNoon);
  }
  Accepted taken(std::string_view content = kPlain) {
    auto result = offer(content);
    CHECK(result.has_value());
    return std::move(*result);
  }
  std::string refusal(std::string_view content) {
    const auto result = offer(content);
    return result ? "" : result.error().reply.one_line();
  }
  Refusal reason(std::string_view content) {
    const auto result = offer(content);
    CHECK(!result.has_value());
    return result.error().reason;
  }
  std::string sender_refusal() {
    const auto refused = refuse_sender(settings(), principal, transaction.mail.reverse_path);
    return refused ? refused->reply.one_line() : "";
  }

  static constexpr std::string_view kPlain =
      "From: Shop <orders@shop.example>\r\nMessage-ID: <1@shop.example>\r\n\r\nThank you.\r\n";

  config::Config config;
  relay::Settings made;
  auth::User user;
  Principal principal{.trusted = true, .client = net::IpAddress::parse("192.0.2.7").value()};
  Arrival arrival{.hello_name = "client.example"};
  smtp::Transaction transaction;
  queue::MessageIdGenerator generator;
  queue::MessageId id;
};

// ---- Who may send

TEST_F(AcceptanceTest, AStrangerMayNotSend) {
  principal.trusted = false;
  const auto refused = refuse_sender(settings(), principal, transaction.mail.reverse_path);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason, Refusal::NotAuthenticated);
  EXPECT_EQ(refused->reply.one_line(), "530 5.7.0 Authentication required");
}

TEST_F(AcceptanceTest, ATrustedNetworkMaySendAsAnybody) {
  add_key("other.example");
  EXPECT_EQ(sender_refusal(), "");
  EXPECT_EQ(refusal(kPlain), "");
}

TEST_F(AcceptanceTest, ALoginMaySendAsItsSenders) {
  log_in({"@shop.example", "me@elsewhere.example"});
  EXPECT_EQ(sender_refusal(), "");
  transaction.mail.reverse_path = mailbox("me@elsewhere.example");
  EXPECT_EQ(sender_refusal(), "");
  transaction.mail.reverse_path = mailbox("you@elsewhere.example");
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <you@elsewhere.example>; it may use "
            "@shop.example, me@elsewhere.example");
}

TEST_F(AcceptanceTest, ALoginOnATrustedNetworkIsLimitedToItsSenders) {
  log_in({"@shop.example"});
  principal.trusted = true;
  transaction.mail.reverse_path = mailbox("a@other.example");
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <a@other.example>; it may use @shop.example");
}

TEST_F(AcceptanceTest, ALoginWithoutSendersMayUseTheDomainsThatHaveAKey) {
  log_in();
  EXPECT_EQ(sender_refusal(), "");  // there is no key at all: nothing to misuse
  add_key("shop.example");
  EXPECT_EQ(sender_refusal(), "");
  transaction.mail.reverse_path = mailbox("a@other.example");
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <a@other.example>; it may use @shop.example");
  for (const char* domain : {"a.example", "b.example", "c.example", "d.example", "e.example"}) {
    add_key(domain, domain[0] == 'a');
  }
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <a@other.example>; it may use @shop.example, "
            "@a.example, @*.a.example, @b.example, @c.example, ...");
}

TEST_F(AcceptanceTest, AKeyCountsForTheDomainInUnicodeToo) {
  log_in();
  add_key("xn--hndler-bua.example");
  transaction.mail.reverse_path = mailbox("a@händler.example");
  EXPECT_EQ(sender_refusal(), "");
}

TEST_F(AcceptanceTest, ARemovedLoginMayNotSend) {
  log_in();
  principal.user = nullptr;
  EXPECT_EQ(sender_refusal(), "553 5.7.1 This login may not send as <orders@shop.example>");
  EXPECT_EQ(reason(kPlain), Refusal::FromForbidden);
}

TEST_F(AcceptanceTest, AChangedLoginMustLogInAgain) {
  log_in();
  principal.revoked = true;
  EXPECT_EQ(sender_refusal(), "421 4.7.0 This login was changed since it logged in, log in again");
  transaction.mail.reverse_path.reset();
  EXPECT_TRUE(sender_refusal().starts_with("421 4.7.0 "));
}

TEST_F(AcceptanceTest, TheNullReversePathIsAnybodys) {
  log_in({"@shop.example"});
  transaction.mail.reverse_path.reset();
  EXPECT_EQ(sender_refusal(), "");
}

// ---- Content

TEST_F(AcceptanceTest, ContentFaultsAreRefusedWithTheirReasons) {
  EXPECT_EQ(reason("Subject: a\r\n\r\n"), Refusal::NoFrom);
  EXPECT_TRUE(refusal("Subject: a\r\n\r\n").starts_with("550 5.6.0 "));
  EXPECT_EQ(reason("From: a@shop.example\r\nFrom: b@shop.example\r\n\r\n"), Refusal::SeveralFrom);
  EXPECT_EQ(reason("no header at all\r\n\r\n"), Refusal::MalformedHeader);
  std::string loop = "From: a@shop.example\r\n";
  for (int i = 0; i < 101; ++i) loop += "Received: by a; Fri, 21 Nov 1997 09:55:06 -0600\r\n";
  EXPECT_EQ(reason(loop + "\r\n"), Refusal::MailLoop);
  EXPECT_TRUE(refusal(loop + "\r\n").starts_with("554 5.4.6 "));
  const std::string long_header =
      "From: a@shop.example\r\nX: " + std::string(message::ContentBuilder::kMaxHeaderSize, 'x');
  EXPECT_EQ(reason(long_header + "\r\n\r\n"), Refusal::HeaderTooLong);
  EXPECT_TRUE(refusal(long_header + "\r\n\r\n").starts_with("552 5.3.4 "));
}

TEST_F(AcceptanceTest, FromIsLimitedToTheSendersOfTheLogin) {
  log_in({"@shop.example"});
  EXPECT_EQ(refusal(kPlain), "");
  EXPECT_EQ(reason("From: boss@bank.example\r\n\r\n"), Refusal::FromForbidden);
  EXPECT_EQ(refusal("From: boss@bank.example\r\n\r\n"),
            "550 5.7.1 This login may not send with From: <boss@bank.example>; it may use "
            "@shop.example");
  const auto refused = offer("From: The Boss <boss@bank.example>\r\n\r\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "From: The Boss <boss@bank.example>") << "for the log";
  EXPECT_EQ(label_of(refused.error().reason), relay::RejectReason::Sender);
}

TEST_F(AcceptanceTest, EveryAuthorFieldIsLimitedToThem) {
  log_in({"@shop.example"});
  const std::string own = "From: a@shop.example\r\n";
  EXPECT_EQ(refusal(own + "Sender: b@shop.example\r\nResent-From: c@shop.example\r\n\r\n"), "");
  EXPECT_EQ(refusal(own + "Reply-To: x@bank.example\r\nTo: x@bank.example\r\n\r\n"), "");
  for (const char* field : {"Sender", "Resent-From", "Resent-Sender"}) {
    EXPECT_EQ(refusal(own + field + ": x@bank.example\r\n\r\n"),
              std::string("550 5.7.1 This login may not send with ") + field +
                  ": <x@bank.example>; it may use @shop.example");
  }
  EXPECT_EQ(reason("From: a@shop.example, x@bank.example\r\n\r\n"), Refusal::FromForbidden);
  EXPECT_EQ(reason("From: us: a@shop.example, x@bank.example;\r\n\r\n"), Refusal::FromForbidden);
  EXPECT_EQ(reason(own + "resent-from: c@shop.example\r\nRESENT-FROM: x@bank.example\r\n\r\n"),
            Refusal::FromForbidden);
  EXPECT_EQ(refusal(own + "Sender:\r\n\r\n"), "");  // names nobody
  EXPECT_EQ(
      refusal(own + "Sender: x@bank.example (\r\n\r\n"),
      "550 5.7.1 It is not clear which address Sender: names in \"x@bank.example (\"; write it "
      "as in \"Doe, John\" <john@shop.example>, the name in quotes");
}

TEST_F(AcceptanceTest, ANameThatNeedsQuotesIsNotRefused) {
  log_in({"@shop.example"});
  for (const std::string_view from :
       {"Doe, John <me@shop.example>", "John @ Shop <me@shop.example>",
        "Shop: News <me@shop.example>", "=?utf-8?Q?Caf=C3=A9:_News?= <me@shop.example>",
        "support@shop.example via Shop <me@shop.example>", "me@shop.example;",
        "me@shop.example <me@shop.example>"}) {
    const std::string mail = "From: " + std::string(from) + "\r\n\r\n";
    EXPECT_EQ(refusal(mail), "") << from;
    EXPECT_EQ(taken(mail).message->envelope.from_domain, "shop.example") << from;
  }
  EXPECT_EQ(reason("From: a@shop.example <me@shop.example>\r\n\r\n"), Refusal::FromForbidden);
  EXPECT_EQ(reason("From: x@bank.example <me@shop.example>\r\n\r\n"), Refusal::FromForbidden);
  EXPECT_EQ(reason("From: Doe, John <x@bank.example>\r\n\r\n"), Refusal::FromForbidden);
}

TEST_F(AcceptanceTest, AMissingFromIsFilledOnlyWhereTheConfigurationSaysSo) {
  EXPECT_EQ(reason("Subject: a\r\n\r\n"), Refusal::NoFrom);
  config.missing_from = config::MissingFrom::Fill;
  const Accepted accepted = taken("Subject: a\r\n\r\n");
  EXPECT_TRUE(accepted.message->content.contains("\r\nFrom: <orders@shop.example>\r\n"));
  EXPECT_EQ(accepted.message->envelope.from_domain, "shop.example");
  log_in({"@shop.example"});
  EXPECT_EQ(refusal("Subject: a\r\n\r\n"), "");
  transaction.mail.reverse_path.reset();
  EXPECT_EQ(reason("Subject: a\r\n\r\n"), Refusal::NoFrom);
}

TEST_F(AcceptanceTest, AnAddressWithoutADomainGetsTheSenders) {
  const Accepted accepted = taken("From: root (Cron Daemon)\r\nTo: bob\r\n\r\n");
  EXPECT_TRUE(accepted.message->content.contains(
      "\r\nFrom: root@shop.example (Cron Daemon)\r\nTo: bob@shop.example\r\n"));
  EXPECT_EQ(accepted.message->envelope.from_domain, "shop.example");
  log_in({"orders@shop.example"});
  EXPECT_EQ(reason("From: root\r\n\r\n"), Refusal::FromForbidden);
}

TEST_F(AcceptanceTest, WithANullReversePathItIsTheRelays) {
  transaction.mail.reverse_path.reset();
  EXPECT_EQ(taken("From: daemon\r\n\r\n").message->envelope.from_domain, config.hostname);
}

TEST_F(AcceptanceTest, TwoDifferentSubjectsAreRefused) {
  EXPECT_EQ(refusal("From: a@shop.example\r\nSubject: a\r\nSubject: b\r\n\r\n"),
            "550 5.6.0 The message has two Subject fields, \"Subject: a\" and \"Subject: b\"; send "
            "one of them");
}

TEST_F(AcceptanceTest, FieldsAndTheClientsAddressAreLeftOutAsConfigured) {
  config.header.remove = {"x-originating-ip", "x-php-*"};
  config.header.hide_client = true;
  const Accepted accepted = taken(
      "From: a@shop.example\r\nX-Originating-IP: [192.0.2.9]\r\nX-PHP-Script: a\r\nX-B: c\r\n\r\n");
  const std::string& content = accepted.message->content;
  EXPECT_TRUE(content.starts_with("Received: by ")) << content;
  EXPECT_TRUE(content.contains("\r\nX-B: c\r\n"));
  EXPECT_FALSE(content.contains("192.0.2.9") || content.contains("X-PHP")) << content;
}

TEST_F(AcceptanceTest, ALineThatIsTooLongIsRefusedWhereItCannotBeRepaired) {
  const std::string words(999, 'x');
  EXPECT_EQ(refusal("From: a@shop.example\r\n\r\n" + words + "\r\n"), "");
  EXPECT_EQ(reason("From: a@shop.example\r\nX-Token: " + words + "\r\n\r\n"), Refusal::LineTooLong);
  EXPECT_EQ(reason("From: a@shop.example\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n" +
                   words + "\r\n"),
            Refusal::LineTooLong);
}

TEST_F(AcceptanceTest, ForeignAddressesAreReplacedWhereTheLoginSaysSo) {
  log_in({"orders@shop.example", "@shop.example"});
  user.otherwise = auth::Otherwise::Rewrite;
  const Accepted accepted =
      taken("From: \"The Boss\" <boss@bank.example>\r\nSender: a@shop.example\r\n\r\n");
  EXPECT_TRUE(accepted.message->content.contains(
      "\r\nFrom: \"The Boss\" <orders@shop.example>\r\nSender: a@shop.example\r\n"));
  EXPECT_EQ(accepted.message->envelope.from_domain, "shop.example");
}

TEST_F(AcceptanceTest, AForeignReversePathIsReplacedWhereTheLoginSaysSo) {
  log_in({"orders@shop.example", "@shop.example"});
  const auto instead = [&](std::string_view sender) {
    transaction.mail.reverse_path = mailbox(sender);
    return sender_instead(settings(), principal, transaction.mail.reverse_path);
  };
  EXPECT_FALSE(instead("boss@bank.example"));  // it does not say so yet
  user.otherwise = auth::Otherwise::Rewrite;
  EXPECT_EQ(instead("boss@bank.example"), mailbox("orders@shop.example"));
  EXPECT_FALSE(instead("a@shop.example"));
  EXPECT_FALSE(sender_instead(settings(), principal, {}));  // <> is everybody's
  principal.revoked = true;
  EXPECT_FALSE(instead("boss@bank.example"));
  principal.user = nullptr;
  EXPECT_FALSE(instead("boss@bank.example"));
}

TEST_F(AcceptanceTest, SendersMayBeWildcards) {
  log_in({"@*.shop.example"});
  const auto may_send = [&](std::string_view sender) {
    transaction.mail.reverse_path = mailbox(sender);
    return sender_refusal().empty();
  };
  EXPECT_TRUE(may_send("a@news.shop.example"));
  EXPECT_TRUE(may_send("a@b.NEWS.shop.example"));
  EXPECT_FALSE(may_send("a@shop.example"));
  EXPECT_FALSE(may_send("a@badshop.example"));
  EXPECT_FALSE(may_send("a@news.shop.example.bank.example"));
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <a@news.shop.example.bank.example>; it may use "
            "@*.shop.example");
  log_in({"@*"});
  EXPECT_TRUE(may_send("a@bank.example"));
}

TEST_F(AcceptanceTest, SendersMayComeFromAFile) {
  log_in();
  user.senders_file = "domains";
  user.listed_senders = {"@*.b.example", "@a.example", "x@c.example"};
  const auto may_send = [&](std::string_view sender) {
    transaction.mail.reverse_path = mailbox(sender);
    return sender_refusal().empty();
  };
  EXPECT_TRUE(may_send("any@A.example"));
  EXPECT_TRUE(may_send("any@x.b.example"));
  EXPECT_TRUE(may_send("X@c.example"));
  EXPECT_FALSE(may_send("any@b.example"));
  EXPECT_FALSE(may_send("y@c.example"));
  EXPECT_FALSE(may_send("any@x.a.example"));
  user.senders = {"own@shop.example"};
  EXPECT_TRUE(may_send("own@shop.example"));
  EXPECT_FALSE(may_send("any@x.a.example"));
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <any@x.a.example>; it may use own@shop.example, "
            "@*.b.example, @a.example, x@c.example");
  user.senders.clear();
  user.listed_senders.clear();  // an empty file allows nothing
  EXPECT_FALSE(may_send("any@a.example"));
}

TEST_F(AcceptanceTest, ATenantsDomainsMayComeFromAFile) {
  config.tenants.emplace_back().name = "acme";
  config.tenants[0].domains_file = "domains";
  config.tenants[0].listed_domains = {"*.b.example", "a.example"};
  log_in();
  user.tenant = "acme";
  const auto may_send = [&](std::string_view sender) {
    transaction.mail.reverse_path = mailbox(sender);
    return sender_refusal().empty();
  };
  EXPECT_TRUE(may_send("x@a.example"));
  EXPECT_TRUE(may_send("x@c.b.example"));
  EXPECT_FALSE(may_send("x@c.example"));
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <x@c.example>; it may use @*.b.example, "
            "@a.example");
}

TEST_F(AcceptanceTest, ATrustedNetworkMayNameAnybodyInEveryField) {
  add_key("shop.example");
  EXPECT_EQ(refusal("From: x@bank.example, (\r\nSender: y@bank.example\r\n\r\n"), "");
}

// ---- Several logins

TEST_F(AcceptanceTest, ALoginOfATenantMayUseItsDomains) {
  config.tenants = {{"acme", {"acme.example", "*.acme.example"}}};
  log_in();
  user.tenant = "acme";
  for (const char* sender : {"a@acme.example", "a@ACME.example", "a@news.acme.example"}) {
    transaction.mail.reverse_path = mailbox(sender);
    EXPECT_EQ(sender_refusal(), "") << sender;
  }
  add_key("shop.example");
  transaction.mail.reverse_path = mailbox("a@shop.example");
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <a@shop.example>; it may use @acme.example, "
            "@*.acme.example");
  EXPECT_EQ(reason(kPlain), Refusal::FromForbidden);
  EXPECT_EQ(refusal("From: a@acme.example\r\n\r\n"), "");
}

TEST_F(AcceptanceTest, ALoginWithoutSendersMayUseNothingThatOthersHave) {
  for (const char* domain : {"shop.example", "other.example", "xn--hndler-bua.example"}) {
    add_key(domain);
  }
  config.tenants = {{"acme", {"xn--hndler-bua.example"}}};
  const std::string password = "password = \"{SHA512-CRYPT}$6$s$" + std::string(86, 'x') + "\"\n";
  made.users = auth::Users::parse("[shop]\n" + password + "[other]\n" + password +
                                      "senders = [\"@other.example\", \"news@shop.example\"]\n",
                                  "users.toml")
                   .value();
  log_in();
  const auto may_send = [this](const char* address) {
    transaction.mail.reverse_path = mailbox(address);
    return sender_refusal().empty();
  };
  EXPECT_TRUE(may_send("orders@shop.example"));
  EXPECT_FALSE(may_send("news@shop.example"));
  EXPECT_FALSE(may_send("a@other.example"));
  EXPECT_FALSE(may_send("a@OTHER.example"));
  EXPECT_FALSE(may_send("a@händler.example"));
  EXPECT_FALSE(may_send("a@bank.example"));  // no key
  EXPECT_EQ(sender_refusal(),
            "553 5.7.1 This login may not send as <a@bank.example>; it may use @shop.example");
}

TEST_F(AcceptanceTest, TheOnlyLoginMayUseEveryDomainWithAKey) {
  add_key("acme.example");
  config.tenants = {{"acme", {"acme.example"}}};
  const std::string password = "password = \"{SHA512-CRYPT}$6$s$" + std::string(86, 'x') + "\"\n";
  made.users = auth::Users::parse("[shop]\n" + password, "users.toml").value();
  log_in();
  transaction.mail.reverse_path = mailbox("a@acme.example");
  EXPECT_EQ(sender_refusal(), "");
}

TEST_F(AcceptanceTest, AnUnclearFromDoesNotBypassThat) {
  log_in({"@shop.example"});
  EXPECT_EQ(reason("From: undisclosed:;\r\n\r\n"), Refusal::FromForbidden);
}

TEST_F(AcceptanceTest, UnsignedMailIsRefusedWhereTheConfigurationSaysSo) {
  EXPECT_EQ(refusal(kPlain), "");
  config.unsigned_policy = config::UnsignedPolicy::Reject;
  EXPECT_EQ(reason(kPlain), Refusal::NoSigningKey);
  EXPECT_EQ(
      refusal(kPlain),
      "550 5.7.20 No DKIM key for the From: domain shop.example; use a domain that this relay "
      "signs for, or ask its administrator to add a key");
  EXPECT_EQ(refusal("From: Doe, a@b.example\r\n\r\n"),
            "550 5.7.20 No DKIM key, since it is not clear which address From: names in \"Doe, "
            "a@b.example\"; write it as in \"Doe, John\" <john@shop.example>, the name in quotes");
  add_key("shop.example");
  EXPECT_EQ(refusal(kPlain), "");
}

TEST_F(AcceptanceTest, AnAuthorBesideItsOtherSpellingIsClear) {
  config.unsigned_policy = config::UnsignedPolicy::Reject;
  add_key("xn--bcher-kva.example");
  EXPECT_EQ(refusal("From: u@bücher.example <u@xn--bcher-kva.example>\r\n\r\n"), "");
  EXPECT_EQ(refusal("From: u@BÜCHER.example <u@xn--bcher-kva.example>\r\n\r\n"), "");
  EXPECT_EQ(reason("From: x@bücher.example <u@xn--bcher-kva.example>\r\n\r\n"),
            Refusal::NoSigningKey);
}

TEST_F(AcceptanceTest, ARefusedAddressLiteralIsNamed) {
  const auto refused = refuse_recipient(settings(), "", {}, mailbox("a@[192.0.2.1]"));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reply.text,
            "Mail to address literals is not accepted: <a@[192.0.2.1]>; write the domain of the "
            "mailbox after its @ sign");
}

TEST_F(AcceptanceTest, RefusedContentStaysWithTheBuilder) {
  message::ContentBuilder builder(fix_ups(settings(), principal, transaction, arrival, id, kNoon));
  builder.append("From: a@shop.example\r\n\r\nbody\r\n");
  builder.finish();
  config.unsigned_policy = config::UnsignedPolicy::Reject;
  EXPECT_FALSE(accept(settings(), principal, transaction, id, builder, kNoon));
  EXPECT_TRUE(builder.take().ends_with("body\r\n"));
}

// ---- What is stored

TEST_F(AcceptanceTest, TheEnvelopeHoldsWhatTheClientSaid) {
  log_in();
  transaction.mail.ret = smtp::Return::Headers;
  transaction.mail.envelope_id = "order 7";
  const Accepted accepted = taken();
  const queue::Envelope& envelope = accepted.message->envelope;
  EXPECT_EQ(envelope.id, id);
  EXPECT_EQ(envelope.reverse_path->text(), "orders@shop.example");
  EXPECT_EQ(envelope.login, "shop");
  EXPECT_EQ(envelope.peer, "192.0.2.7");
  EXPECT_EQ(envelope.from_domain, "shop.example");
  EXPECT_EQ(envelope.message_id, "<1@shop.example>");
  EXPECT_EQ(envelope.received, kNoon);
  EXPECT_EQ(envelope.size, accepted.message->content.size());
  EXPECT_EQ(envelope.job_count, 1);
  EXPECT_FALSE(envelope.eight_bit);
  EXPECT_FALSE(envelope.smtputf8);
  EXPECT_FALSE(envelope.notification);
  EXPECT_EQ(envelope.ret, smtp::Return::Headers);
  EXPECT_EQ(envelope.envelope_id, "order 7");
}

TEST_F(AcceptanceTest, ANullReversePathIsStoredEmpty) {
  transaction.mail.reverse_path.reset();
  EXPECT_FALSE(taken().message->envelope.reverse_path);
}

TEST_F(AcceptanceTest, AnAccountIsBoundToSendersOnlyIfItHasALogin) {
  principal = {.login = "uid:33", .trusted = true, .client = net::IpAddress::of_account(33)};
  arrival.hello_name = "web (evil)";
  EXPECT_FALSE(refuse_sender(settings(), principal, mailbox("anyone@else.example")));
  const std::string content = taken("From: anyone@else.example\r\n\r\nHi\r\n").message->content;
  EXPECT_TRUE(
      content.starts_with("Received: from localhost (uid:33)\r\n by relay.example with "
                          "ESMTP id"))
      << content;
  user.name = "uid:33";
  user.senders = {"@shop.example"};
  principal.user = &user;
  EXPECT_TRUE(refuse_sender(settings(), principal, mailbox("anyone@else.example")));
  EXPECT_FALSE(refuse_sender(settings(), principal, mailbox("orders@shop.example")));
  EXPECT_FALSE(offer("From: anyone@else.example\r\n\r\nHi\r\n"));
}

TEST_F(AcceptanceTest, ReceivedSaysHowTheMessageCame) {
  const auto received = [this] {
    const std::string content = taken().message->content;
    std::string field = content.substr(0, content.find("\r\nFrom:"));
    std::erase(field, '\r');
    std::erase(field, '\n');
    return field;
  };
  EXPECT_TRUE(received().starts_with("Received: from client.example"));
  EXPECT_TRUE(received().contains("192.0.2.7"));
  EXPECT_TRUE(received().contains("by relay.example"));
  EXPECT_TRUE(received().contains("with ESMTP "));
  EXPECT_TRUE(received().contains(id.text()));
  EXPECT_TRUE(received().contains("for <b@receiver.example>"));
  log_in();
  net::TlsFacts tls;
  tls.version = "TLSv1.3";
  tls.cipher = "TLS_AES_256_GCM_SHA384";
  arrival.tls = &tls;
  to("c@receiver.example");
  EXPECT_TRUE(received().contains("with ESMTPSA"));
  EXPECT_TRUE(received().contains("TLS_AES_256_GCM_SHA384"));
  EXPECT_FALSE(received().contains("for <"));  // one of several recipients may be a secret
  arrival.extended = false;
  arrival.tls = nullptr;
  principal.login = "";
  EXPECT_TRUE(received().contains("with SMTP "));
}

TEST_F(AcceptanceTest, AMissingMessageIdIsMadeOfTheQueueId) {
  EXPECT_EQ(taken("From: a@shop.example\r\n\r\n").message->envelope.message_id,
            "<" + id.text() + "@relay.example>");
}

// ---- Jobs

TEST_F(AcceptanceTest, ReadyJobsAreDueWhenAccepted) {
  const queue::Job job = taken().jobs.at(0);
  EXPECT_EQ(job.ref, (queue::JobRef{id, 0, 0}));
  EXPECT_EQ(job.state, queue::JobState::Ready);
  EXPECT_EQ(job.due, kNoon);
  EXPECT_EQ(job.attempts, 0U);
}

TEST_F(AcceptanceTest, MailForLaterIsDueThen) {
  transaction.mail.hold_for = std::chrono::hours(1);
  for (int pass = 0; pass < 2; ++pass) {
    const Accepted accepted = taken();
    const queue::Envelope& envelope = accepted.message->envelope;
    EXPECT_EQ(envelope.received, kNoon);
    EXPECT_EQ(envelope.release, kNoon + std::chrono::hours(1));
    EXPECT_EQ(envelope.held_for, pass == 0);
    EXPECT_EQ(accepted.jobs.at(0).state, queue::JobState::Deferred);
    EXPECT_EQ(accepted.jobs.at(0).due, kNoon + std::chrono::hours(1));
    EXPECT_EQ(accepted.jobs.at(0).attempts, 0u);
    transaction.mail.hold_for.reset();
    transaction.mail.hold_until = kNoon + std::chrono::hours(1);
  }
}

TEST_F(AcceptanceTest, WhatIsAskedAboutTimeIsRefusedWhereItCannotBeKept) {
  using std::chrono::hours;
  using std::chrono::seconds;
  config.limits.future_release = hours(24);
  smtp::MailCommand mail;
  const auto refusal_of = [&] {
    const auto refused = refuse_times(settings(), mail, kNoon);
    return refused ? refused->reply.one_line() : "";
  };
  EXPECT_EQ(refusal_of(), "");
  mail.hold_for = hours(24);
  EXPECT_EQ(refusal_of(), "");
  mail.hold_for = hours(24) + seconds(1);
  EXPECT_EQ(refusal_of(),
            "501 5.5.4 Mail is held for 86400 seconds at most, now until 2023-11-15T22:13:20Z");
  mail = {};
  mail.hold_until = kNoon + hours(24);
  EXPECT_EQ(refusal_of(), "");
  mail.hold_until = kNoon + hours(25);
  EXPECT_TRUE(refusal_of().contains("86400 seconds at most")) << refusal_of();
  mail.hold_until = kNoon;
  EXPECT_EQ(refusal_of(), "501 5.5.4 HOLDUNTIL has passed: it is 2023-11-14T22:13:20Z here");
  config.limits.future_release = seconds(0);
  mail = {};
  mail.hold_for = seconds(1);
  EXPECT_EQ(refusal_of(), "501 5.5.4 This server holds no mail for later (FUTURERELEASE)");
  mail = {};
  mail.deliver_by = smtp::DeliverBy{seconds(60), smtp::DeliverBy::Mode::Return};
  EXPECT_EQ(refusal_of(), "");
  config.limits.future_release = hours(24);
  mail.deliver_by->time = seconds(300);
  mail.hold_for = seconds(240);
  EXPECT_EQ(refusal_of(), "");
  mail.hold_for = seconds(241);
  EXPECT_EQ(refusal_of(),
            "501 5.5.4 Held that long, the mail cannot be delivered by its deadline (BY), which "
            "needs 60 seconds at least");
  mail.hold_for = {};
  mail.deliver_by->time = seconds(59);
  EXPECT_EQ(refusal_of(), "501 5.5.4 Delivery needs 60 seconds at least (BY)");
  mail.deliver_by->mode = smtp::DeliverBy::Mode::Notify;
  EXPECT_EQ(refusal_of(), "") << "that one may be late";
}

TEST(PermittedPriority, OnlyThoseWhomTheListenerLetsRaiseIt) {
  using enum config::RaisePriority;
  const Principal login{.login = "shop"};
  const Principal network{.trusted = true};
  EXPECT_EQ(permitted_priority(Logins, login, 4), 4);
  EXPECT_EQ(permitted_priority(Logins, network, 4), 0);
  EXPECT_EQ(permitted_priority(All, network, 4), 4);
  EXPECT_EQ(permitted_priority(None, login, 4), 0);
  for (const auto raise : {Logins, All, None}) {
    EXPECT_EQ(permitted_priority(raise, network, -4), -4) << "it may always be lower";
    EXPECT_EQ(permitted_priority(raise, login, 0), 0);
  }
}

TEST_F(AcceptanceTest, ADeadlineCountsFromTheTransactionAndIsKnownToTheJobs) {
  transaction.mail.deliver_by =
      smtp::DeliverBy{std::chrono::seconds(120), smtp::DeliverBy::Mode::Return, true};
  const Accepted accepted = taken();
  const auto& deadline = accepted.message->envelope.deadline;
  ASSERT_TRUE(deadline);
  EXPECT_EQ(deadline->time, id.time() + std::chrono::seconds(120));
  EXPECT_TRUE(deadline->returns() && deadline->trace);
  EXPECT_TRUE(accepted.jobs.at(0).deadline);
  EXPECT_EQ(accepted.jobs.at(0).state, queue::JobState::Ready);
}

TEST_F(AcceptanceTest, MailOfEachPriorityHasALaneOfItsOwn) {
  transaction.mail.priority = 3;
  const Accepted accepted = taken();
  EXPECT_EQ(accepted.message->envelope.priority, 3);
  EXPECT_EQ(accepted.jobs.at(0).lane.priority, 3);
  EXPECT_EQ(accepted.jobs.at(0).due, kNoon);
  EXPECT_TRUE(accepted.message->content.contains("PRIORITY 3")) << "in its Received field";
  transaction.mail.priority = -3;
  const Accepted less_urgent = taken();
  EXPECT_EQ(less_urgent.jobs.at(0).lane.priority, -3);
  EXPECT_EQ(less_urgent.jobs.at(0).due, kNoon) << "nobody waits without need";
}

TEST_F(AcceptanceTest, TheRecipientsOfADomainAreOneJobInTheOrderOfMention) {
  transaction.recipients.clear();
  to("a@one.example");
  to("b@two.example");
  to("c@ONE.example");
  transaction.recipients[2].notify.bits = 1;
  transaction.recipients[2].original_recipient = "rfc822;c@one.example";
  const Accepted accepted = taken();
  ASSERT_EQ(accepted.jobs.size(), 2U);
  EXPECT_EQ(accepted.message->envelope.job_count, 2);
  const queue::Job& one = accepted.jobs[0];
  EXPECT_EQ(one.lane.domain, "one.example");
  ASSERT_EQ(one.recipients.size(), 2U);
  EXPECT_EQ(one.recipients[0].mailbox.text(), "a@one.example");
  EXPECT_EQ(one.recipients[1].mailbox.text(), "c@one.example");
  EXPECT_EQ(one.recipients[1].notify.bits, 1);
  EXPECT_EQ(one.recipients[1].original_recipient, "rfc822;c@one.example");
  EXPECT_EQ(accepted.jobs[1].lane.domain, "two.example");
  EXPECT_EQ(accepted.jobs[1].ref.number, 1);
}

TEST_F(AcceptanceTest, ARecipientThatIsNamedTwiceIsSentOneCopy) {
  transaction.recipients.clear();
  for (const char* recipient :
       {"a@one.example", "b@two.example", "a@ONE.example", "A@one.example", "b@two.example"}) {
    to(recipient);
  }
  const Accepted accepted = taken();
  ASSERT_EQ(accepted.jobs.size(), 2U);
  ASSERT_EQ(accepted.jobs[0].recipients.size(), 2U);
  EXPECT_EQ(accepted.jobs[0].recipients[0].mailbox.text(), "a@one.example");
  EXPECT_EQ(accepted.jobs[0].recipients[1].mailbox.text(),
            "A@one.example");  // may be another mailbox
  EXPECT_EQ(accepted.jobs[1].recipients.size(), 1U);
}

TEST_F(AcceptanceTest, PostmasterWithoutADomainIsOurs) {
  only_to("Postmaster");
  const queue::Job job = taken().jobs.at(0);
  EXPECT_EQ(job.lane.domain, "relay.example");
  EXPECT_EQ(job.recipients.at(0).mailbox.text(), "Postmaster@relay.example");
}

TEST_F(AcceptanceTest, TheAccountOfALaneIsTheLoginOrTheSendersDomainAndTheClient) {
  EXPECT_EQ(taken().jobs.at(0).lane.account, "@shop.example 192.0.2.7");
  principal.client = net::IpAddress::parse("2001:db8::1:2").value();
  EXPECT_EQ(taken().jobs.at(0).lane.account, "@shop.example 2001:db8::") << "its network";
  transaction.mail.reverse_path.reset();
  EXPECT_EQ(taken().jobs.at(0).lane.account, "@ 2001:db8::");
  log_in();
  EXPECT_EQ(taken().jobs.at(0).lane.account, "shop");
}

TEST_F(AcceptanceTest, TheRouteOfALaneIsThatOfTheSender) {
  EXPECT_EQ(taken().jobs.at(0).lane.route, "");
  add_route({"receiver.example"}, {"@shop.example"}, "smtp://inner.example:2525");
  add_route({}, {}, "smtp://smart.example");
  EXPECT_EQ(taken().jobs.at(0).lane.route, "smtp://inner.example:2525");
  transaction.mail.reverse_path = mailbox("a@other.example");
  EXPECT_EQ(taken().jobs.at(0).lane.route, "");
}

// ---- SMTPUTF8

TEST_F(AcceptanceTest, EightBitContentIsNotedAndNeedsNoSmtputf8) {
  transaction.mail.smtputf8 = true;
  const Accepted accepted = taken("From: a@shop.example\r\n\r\nGrüße\r\n");
  EXPECT_TRUE(accepted.message->envelope.eight_bit);
  EXPECT_FALSE(accepted.message->envelope.smtputf8);
}

TEST_F(AcceptanceTest, Smtputf8IsKeptWhereSomethingNeedsIt) {
  transaction.mail.smtputf8 = true;
  EXPECT_FALSE(taken().message->envelope.smtputf8);
  EXPECT_TRUE(taken("From: a@shop.example\r\nSubject: Grüße\r\n\r\n").message->envelope.smtputf8);
  only_to("jürgen@receiver.example");
  EXPECT_TRUE(taken().message->envelope.smtputf8) << "Received names the recipient";
  to("c@receiver.example");
  EXPECT_FALSE(taken().message->envelope.smtputf8) << "only the one recipient needs it";
  transaction.mail.reverse_path = mailbox("jürgen@shop.example");
  EXPECT_TRUE(taken().message->envelope.smtputf8);
}

TEST_F(AcceptanceTest, DomainsInUnicodeNeedNoSmtputf8) {
  transaction.mail.smtputf8 = true;
  transaction.mail.reverse_path = mailbox("me@bücher.example");
  only_to("b@empfänger.example");
  const Accepted accepted = taken();
  EXPECT_FALSE(accepted.message->envelope.smtputf8);
  EXPECT_TRUE(accepted.message->content.contains("for <b@xn--empfnger-3za.example>"))
      << accepted.message->content;
  EXPECT_EQ(accepted.message->envelope.reverse_path->text(), "me@xn--bcher-kva.example");
}

TEST_F(AcceptanceTest, ARecipientInTwoSpellingsOfItsDomainIsOne) {
  only_to("b@bücher.example");
  to("b@xn--bcher-kva.example");
  to("b@BÜCHER.example");
  to("b@Xn--Bcher-Kva.Example");
  const Accepted accepted = taken();
  ASSERT_EQ(accepted.jobs.size(), 1u);
  EXPECT_EQ(accepted.jobs[0].lane.domain, "xn--bcher-kva.example");
  ASSERT_EQ(accepted.jobs[0].recipients.size(), 1u);
  EXPECT_EQ(accepted.jobs[0].recipients[0].mailbox.text(), "b@xn--bcher-kva.example");
}

TEST_F(AcceptanceTest, ARouteOfASenderIsFoundInEachSpelling) {
  add_route({}, {"@xn--bcher-kva.example"}, "smtp://inner.example:2525");
  transaction.mail.reverse_path = mailbox("a@bücher.example");
  EXPECT_EQ(taken().jobs.at(0).lane.route, "smtp://inner.example:2525");
}

TEST_F(AcceptanceTest, WithoutSmtputf8OfTheClientItIsNotAskedFor) {
  EXPECT_FALSE(taken("From: a@shop.example\r\nSubject: Grüße\r\n\r\n").message->envelope.smtputf8);
}

}  // namespace
}  // namespace signpost::submission
