#include "message/received.h"

#include "base/ascii.h"
#include "message/header_section.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace signpost::message {
namespace {

ReceivedFacts facts() {
  ReceivedFacts out;
  out.hello_name = "client.example.com";
  out.peer_address = "192.0.2.1";
  out.by = "relay.example";
  out.id = "4XyZ";
  out.time = SystemTime(std::chrono::seconds(1795465450));
  return out;
}

// The field is one field, its lines are short, and nothing in it is a control character.
void expect_sound(const std::string& field) {
  const HeaderSection section = HeaderSection::parse(field);
  ASSERT_EQ(section.fields().size(), 1U) << field;
  EXPECT_EQ(section.fields()[0].raw, field);
  EXPECT_EQ(section.fields()[0].name, "Received");
  for (const char c : unfold(section.fields()[0].value)) {
    EXPECT_TRUE(c == '\t' || !ascii::is_control(c)) << field;
  }
  for (const auto line : ascii::split(field, '\n')) EXPECT_LE(line.size(), 998U);
}

TEST(Received, PlainSession) {
  EXPECT_EQ(received_field(facts()),
            "Received: from client.example.com ([192.0.2.1])\r\n"
            " by relay.example with ESMTP id 4XyZ;\r\n"
            " Mon, 23 Nov 2026 20:24:10 +0000\r\n");
}

TEST(Received, TheNameOfAPeerThatIsKnownStandsBeforeItsAddress) {
  ReceivedFacts f = facts();
  f.peer_name = "host-1.provider.example";
  EXPECT_TRUE(received_field(f).starts_with(
      "Received: from client.example.com (host-1.provider.example [192.0.2.1])\r\n"))
      << received_field(f);
  f.peer_name = "a) by (b";
  EXPECT_TRUE(received_field(f).starts_with("Received: from client.example.com ([192.0.2.1])\r\n"))
      << received_field(f);
}

TEST(Received, TheOriginCanBeLeftOut) {
  ReceivedFacts hidden = facts();
  hidden.origin = false;
  EXPECT_EQ(
      received_field(hidden),
      "Received: by relay.example with ESMTP id 4XyZ;\r\n Mon, 23 Nov 2026 20:24:10 +0000\r\n");
}

TEST(Received, AuthenticatedSessionWithTlsAndOneRecipient) {
  ReceivedFacts f = facts();
  f.tls = f.authenticated = true;
  f.tls_version = "TLSv1.3";
  f.tls_cipher = "TLS_AES_256_GCM_SHA384";
  f.recipient = "user@example.net";
  f.peer_address = "2001:db8::1";
  EXPECT_EQ(received_field(f),
            "Received: from client.example.com ([IPv6:2001:db8::1])\r\n"
            " by relay.example with ESMTPSA id 4XyZ\r\n"
            " for <user@example.net>\r\n"
            " tls TLS_AES_256_GCM_SHA384 (TLSv1.3);\r\n"
            " Mon, 23 Nov 2026 20:24:10 +0000\r\n");
}

TEST(Received, ACipherWithoutItsRegisteredNameIsAComment) {
  ReceivedFacts f = facts();
  f.tls = true;
  f.tls_version = "TLSv1.2";
  f.tls_cipher = "ECDHE-RSA-AES256-GCM-SHA384";
  const std::string field = received_field(f);
  EXPECT_TRUE(field.contains("\r\n (TLSv1.2/ECDHE-RSA-AES256-GCM-SHA384);\r\n")) << field;
  EXPECT_FALSE(field.contains(" tls ")) << field;
}

TEST(Received, NoTlsClauseWithoutTls) {
  ReceivedFacts f = facts();
  f.tls_version = "TLSv1.3";
  f.tls_cipher = "TLS_AES_256_GCM_SHA384";
  EXPECT_FALSE(received_field(f).contains("TLS"));
}

TEST(Received, WithKeywords) {
  EXPECT_EQ(protocol_keyword(false, false, false, false), "SMTP");
  EXPECT_EQ(protocol_keyword(true, false, false, false), "ESMTP");
  EXPECT_EQ(protocol_keyword(true, true, false, false), "ESMTPS");
  EXPECT_EQ(protocol_keyword(true, false, true, false), "ESMTPA");
  EXPECT_EQ(protocol_keyword(true, true, true, false), "ESMTPSA");
  EXPECT_EQ(protocol_keyword(true, false, false, true), "UTF8SMTP");
  EXPECT_EQ(protocol_keyword(true, true, false, true), "UTF8SMTPS");
  EXPECT_EQ(protocol_keyword(true, false, true, true), "UTF8SMTPA");
  EXPECT_EQ(protocol_keyword(true, true, true, true), "UTF8SMTPSA");
}

TEST(Received, AnAddressLiteralOrANetBiosNameIsShownAsItIs) {
  ReceivedFacts f = facts();
  f.hello_name = "[IPv6:::1]";
  EXPECT_TRUE(received_field(f).starts_with("Received: from [IPv6:::1] ([192.0.2.1])\r\n"));
  f.hello_name = "DESKTOP_17";
  EXPECT_TRUE(received_field(f).starts_with("Received: from DESKTOP_17 ([192.0.2.1])\r\n"));
}

TEST(Received, AnInvalidNameGoesIntoAComment) {
  ReceivedFacts f = facts();
  f.hello_name = "x (by evil; with) \\y";
  const std::string field = received_field(f);
  EXPECT_TRUE(field.starts_with(
      "Received: from [192.0.2.1] (EHLO x?\\(by?evil;?with\\)?\\\\y)\r\n by relay.example "))
      << field;
  expect_sound(field);
}

TEST(Received, NoLineCanBeInjected) {
  ReceivedFacts f = facts();
  f.hello_name = "x\r\nBcc: y@example.org\r\n\r\nbody";
  f.recipient = "a@b\r\nX: y";
  const std::string field = received_field(f);
  expect_sound(field);
  EXPECT_FALSE(field.contains(" for "));
}

TEST(Received, TheHelloNameIsBounded) {
  ReceivedFacts f = facts();
  f.hello_name = "";
  EXPECT_TRUE(received_field(f).starts_with("Received: from [192.0.2.1]\r\n by"));
  for (const char c : {'x', '(', '\x01', '\xff'}) {
    const std::string name(5000, c);
    f.hello_name = name;
    // Each of 255 octets may become \\xHH.
    EXPECT_LT(received_field(f).size(), 255U * 5 + 250) << c;
  }
  const std::string parentheses(5000, '(');
  f.hello_name = parentheses;
  expect_sound(received_field(f));
}

TEST(Received, UnknownPeer) {
  ReceivedFacts f = facts();
  f.peer_address = "";
  EXPECT_TRUE(received_field(f).starts_with("Received: from client.example.com\r\n"));
  f.hello_name = "";
  EXPECT_TRUE(received_field(f).starts_with("Received: from unknown\r\n"));
}

TEST(Received, TheZoneOfALinkLocalAddressIsLeftOut) {
  ReceivedFacts f = facts();
  f.peer_address = "fe80::1%eth0";
  EXPECT_TRUE(received_field(f).contains("([IPv6:fe80::1])"));
}

TEST(Received, Utf8RecipientsOnlyWithSmtputf8) {
  ReceivedFacts f = facts();
  f.recipient = "j\xC3\xB6rg@example.net";
  EXPECT_FALSE(received_field(f).contains(" for "));
  f.smtputf8 = true;
  EXPECT_TRUE(received_field(f).contains("with UTF8SMTP id"));
  EXPECT_TRUE(received_field(f).contains(" for <j\xC3\xB6rg@example.net>;"));
}

TEST(Received, LongNamesFoldBelow78Octets) {
  ReceivedFacts f = facts();
  const std::string host(60, 'h');
  f.hello_name = f.by = host;
  f.authenticated = f.tls = true;
  const std::string field = received_field(f);
  expect_sound(field);
  for (const auto line : ascii::split(field, '\n')) EXPECT_LE(line.size(), 78U) << field;
}

}  // namespace
}  // namespace signpost::message
