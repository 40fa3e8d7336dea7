#include "smtp/xclient.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::smtp {
namespace {

XclientCommand parse(std::string_view attributes) {
  const auto xclient = parse_xclient(attributes);
  EXPECT_TRUE(xclient) << attributes;
  return xclient.value_or(XclientCommand{});
}

void expect_error(CommandError error, std::string_view attributes) {
  const auto xclient = parse_xclient(attributes);
  ASSERT_FALSE(xclient) << attributes;
  EXPECT_EQ(static_cast<int>(xclient.error()), static_cast<int>(error)) << attributes;
}

TEST(Xclient, EveryAttributeIsRead) {
  const XclientCommand all = parse(
      "NAME=client.example ADDR=192.0.2.1 PORT=50000 PROTO=ESMTP HELO=laptop LOGIN=shop "
      "DESTADDR=IPV6:2001:db8::9 DESTPORT=587");
  EXPECT_EQ(all.name, "client.example");
  EXPECT_EQ(all.address, "192.0.2.1");
  EXPECT_EQ(all.port, 50000);
  EXPECT_EQ(all.protocol, "ESMTP");
  EXPECT_EQ(all.hello_name, "laptop");
  EXPECT_EQ(all.login, "shop");
  EXPECT_EQ(all.destination, "2001:db8::9");
  EXPECT_EQ(all.destination_port, 587);
}

TEST(Xclient, WhatIsNotGivenIsNothing) {
  const XclientCommand one = parse("ADDR=192.0.2.1");
  EXPECT_FALSE(one.name || one.port || one.protocol || one.hello_name || one.login ||
               one.destination || one.destination_port);
}

TEST(Xclient, NamesAndWordsAreReadWithoutRegardToCase) {
  const XclientCommand small = parse("addr=ipv6:2001:DB8::1 proto=smtp name=[unavailable]");
  EXPECT_EQ(small.address, "2001:DB8::1");
  EXPECT_EQ(small.protocol, "SMTP");
  EXPECT_EQ(small.name, "");
}

TEST(Xclient, WhatTheFrontEndDoesNotKnowIsEmpty) {
  const XclientCommand unknown = parse(
      "NAME=[TEMPUNAVAIL] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] HELO=[UNAVAILABLE] "
      "LOGIN=[UNAVAILABLE]");
  EXPECT_EQ(unknown.name, "");
  EXPECT_EQ(unknown.address, "");
  EXPECT_EQ(unknown.port, 0);
  EXPECT_EQ(unknown.hello_name, "");
  EXPECT_EQ(unknown.login, "");
}

TEST(Xclient, ValuesAreXtext) {
  EXPECT_EQ(parse("LOGIN=a+2Bb+40shop.example").login, "a+b@shop.example");
  EXPECT_EQ(parse("HELO=two+20words").hello_name, "two words");
  EXPECT_EQ(parse("LOGIN=b+C3+BCcher").login, "bücher");
  expect_error(CommandError::ParameterMalformed, "LOGIN=a+b@shop.example");
  expect_error(CommandError::ParameterMalformed, "LOGIN=a=b");
}

// As an AUTH prepares them.
TEST(Xclient, LoginsHaveTheOneFormOfNamesThatLookTheSame) {
  EXPECT_EQ(parse("LOGIN=bu+CC+88cher").login,
            "b\xc3\xbc"
            "cher");
}

TEST(Xclient, NothingCanBreakALineOrAComment) {
  for (const char* attribute :
       {"NAME=a+0Ab", "NAME=a+20b", "NAME=a(b)", "HELO=a+00b", "LOGIN=+7F", "ADDR=192.0.2.1+0A"}) {
    expect_error(CommandError::ParameterMalformed, attribute);
  }
  expect_error(CommandError::ParameterMalformed, "NAME=" + std::string(256, 'a'));
  expect_error(CommandError::ParameterMalformed, "HELO=" + std::string(256, 'a'));
  expect_error(CommandError::ParameterMalformed, "LOGIN=" + std::string(256, 'a'));
  expect_error(CommandError::ParameterMalformed, "HELO=+FF");
}

TEST(Xclient, AddressesSayTheirFamily) {
  for (const char* attribute :
       {"ADDR=2001:db8::1", "ADDR=IPV6:192.0.2.1", "ADDR=192.0.2", "ADDR=", "ADDR=[192.0.2.1]",
        "ADDR=client.example", "DESTADDR=fe80::1%25eth0"}) {
    expect_error(CommandError::ParameterMalformed, attribute);
  }
}

TEST(Xclient, PortsAreNumbers) {
  for (const char* attribute : {"PORT=0", "PORT=65536", "PORT=-1", "PORT=", "DESTPORT=25x"}) {
    expect_error(CommandError::ParameterMalformed, attribute);
  }
}

TEST(Xclient, OtherAttributesAreRefused) {
  expect_error(CommandError::AttributeUnknown, "COLOR=red");
  expect_error(CommandError::AttributeUnknown, "ADDR");
  expect_error(CommandError::ArgumentMissing, "");
  expect_error(CommandError::ParameterDuplicate, "ADDR=192.0.2.1 ADDR=192.0.2.1");
  expect_error(CommandError::ParameterDuplicate, "PORT=1 PORT=[UNAVAILABLE]");
}

TEST(Xclient, AFurtherCommandAddsWhatWasNotGiven) {
  XclientCommand client = parse("ADDR=192.0.2.1 PORT=50000");
  EXPECT_TRUE(client.add(parse("LOGIN=shop DESTPORT=587")));
  EXPECT_EQ(client, parse("ADDR=192.0.2.1 PORT=50000 LOGIN=shop DESTPORT=587"));
  EXPECT_FALSE(client.add(parse("HELO=laptop LOGIN=boss")));
  EXPECT_FALSE(client.add(parse("PORT=1")));
  EXPECT_EQ(client, parse("ADDR=192.0.2.1 PORT=50000 LOGIN=shop DESTPORT=587"));
}

}  // namespace
}  // namespace signpost::smtp
