#include "message/mail_loop.h"

#include "message/header_section.h"
#include "message/received.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace signpost::message {
namespace {

bool is_id(std::string_view id) { return id.starts_with("our-"); }

std::string received(std::string_view recipient, std::string_view by = "relay.example",
                     std::string_view id = "our-1", std::string_view hello = "client.example") {
  ReceivedFacts facts;
  facts.hello_name = hello;
  facts.peer_address = "192.0.2.7";
  facts.by = by;
  facts.id = id;
  facts.recipient = recipient;
  facts.tls = true;
  facts.tls_version = "TLSv1.3";
  facts.tls_cipher = "TLS_AES_256_GCM_SHA384";
  return received_field(facts);
}

bool loops(const std::string& fields, std::vector<std::string> recipients = {"b@there.example"}) {
  const LoopFacts facts{"relay.example", is_id, std::move(recipients)};
  return is_in_loop(HeaderSection::parse(fields), facts);
}

TEST(MailLoop, AMessageThatWasHereForTheSameRecipientIsInALoop) {
  EXPECT_TRUE(loops(received("b@there.example")));
  EXPECT_TRUE(loops(received("x@else.example", "mx.there.example") + received("b@there.example")));
  EXPECT_TRUE(loops(received("b@There.Example"), {"a@else.example", "b@there.example"}));
  EXPECT_TRUE(loops(received("b@there.example", "Relay.Example", "our-1", "by")))
      << "the client's name is not a keyword";
}

TEST(MailLoop, AForwardedMessagePassesThroughForAnotherRecipient) {
  EXPECT_FALSE(loops(received("list@there.example") + received("a@there.example")));
  EXPECT_FALSE(loops(received("")));
}

TEST(MailLoop, VisitsThatNameNobodyAreCounted) {
  EXPECT_FALSE(loops(received("") + received("")));
  EXPECT_TRUE(loops(received("") + received("list@there.example") + received("")));
}

TEST(MailLoop, OthersReceivedFieldsAreNotOurs) {
  const std::string other = received("b@there.example", "other.example");
  const std::string postfix = received("b@there.example", "relay.example", "4fVx2k1Zz9z1");
  EXPECT_FALSE(loops(other + other + other + postfix + postfix + postfix));
  EXPECT_FALSE(loops("Received: by\r\nReceived: for <b@there.example> id\r\nReceived: ;\r\n"));
}

TEST(MailLoop, WithoutANameNothingIsALoop) {
  const std::string fields = received("b@there.example", "");
  EXPECT_FALSE(is_in_loop(HeaderSection::parse(fields), {}));
}

}  // namespace
}  // namespace signpost::message
