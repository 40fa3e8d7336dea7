#include "tlsrpt/record.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace signpost::tlsrpt {
namespace {

using Texts = std::vector<std::string>;

// "mail ADDRESS" or "post URL" for each destination.
Texts destinations(const Texts& texts) {
  Texts out;
  for (const Destination& each : parse_record(texts)) {
    const auto* const mailbox = std::get_if<smtp::Mailbox>(&each.target);
    out.push_back(mailbox != nullptr ? "mail " + mailbox->text()
                                     : "post " + std::get<std::string>(each.target));
  }
  return out;
}

TEST(TlsrptRecord, ItsNameIsBelowTheDomain) {
  EXPECT_EQ(record_name("receiver.example"), "_smtp._tls.receiver.example");
}

TEST(TlsrptRecord, DestinationsAreReadInTheirOrder) {
  EXPECT_EQ(destinations({"v=TLSRPTv1; rua=mailto:reports@receiver.example"}),
            Texts{"mail reports@receiver.example"});
  EXPECT_EQ(destinations({"v=TLSRPTv1;rua=https://receiver.example/tls?a=b"}),
            Texts{"post https://receiver.example/tls?a=b"});
  EXPECT_EQ(destinations({"v=TLSRPTv1 ; rua=mailto:a@b.example , https://c.example/ ; x=y;"}),
            (Texts{"mail a@b.example", "post https://c.example/"}));
  EXPECT_EQ(destinations({"v=TLSRPTv1;x=y;rua=mailto:a@b.example;rua=mailto:c@b.example"}),
            (Texts{"mail a@b.example", "mail c@b.example"}));
}

TEST(TlsrptRecord, SeveralRecordsAreNone) {
  const std::string record = "v=TLSRPTv1; rua=mailto:a@b.example";
  EXPECT_EQ(destinations({record, "v=spf1 -all"}), Texts{"mail a@b.example"});
  EXPECT_EQ(destinations({record, record}), Texts());
  EXPECT_EQ(destinations({record, "v=TLSRPTv1;"}), Texts());
  EXPECT_EQ(destinations({}), Texts());
}

TEST(TlsrptRecord, OtherTextsAreNoRecord) {
  for (const char* text :
       {"", "v=TLSRPTv1", "V=TLSRPTv1; rua=mailto:a@b.example",
        "v=TLSRPTv2; rua=mailto:a@b.example", "v=TLSRPTv10; rua=mailto:a@b.example",
        "rua=mailto:a@b.example; v=TLSRPTv1;", "v=TLSRPTv1;", "v=TLSRPTv1; RUA=mailto:a@b.example",
        "v=TLSRPTv1; rua="}) {
    EXPECT_EQ(destinations({text}), Texts()) << text;
  }
}

TEST(TlsrptRecord, WhatCannotBeUsedIsIgnored) {
  const auto of = [](const std::string& uri) {
    return destinations({"v=TLSRPTv1; rua=" + uri + ",mailto:ok@b.example"});
  };
  const Texts others{"mail ok@b.example"};
  for (const char* uri :
       {"ftp://b.example/", "http://b.example/", "https://", "https:///path",
        "https://user@b.example/", "https://b.example/a b", "mailto:", "mailto:a", "mailto:@b",
        "mailto:a@", "mailto:a@b.example!10m", "mailto:a%0d%0aX@b.example", "mailto:a%@b.example",
        "mailto:a%zz@b.example", "mailto:\xc3\xa4@b.example", "https://b.example/\x01", ""}) {
    EXPECT_EQ(of(uri), others) << uri;
  }
  EXPECT_EQ(of("https://b.example/" + std::string(kLongestUri, 'x')), others);
}

TEST(TlsrptRecord, UrisAreDecoded) {
  EXPECT_EQ(destinations({"v=TLSRPTv1; rua=MAILTO:a%2bb@c.example?subject=x"}),
            Texts{"mail a+b@c.example"});
  EXPECT_EQ(destinations({"v=TLSRPTv1; rua=mailto:a%21b@c.example"}), Texts{"mail a!b@c.example"});
  EXPECT_EQ(destinations({"v=TLSRPTv1; rua=HTTPS://c.example/"}), Texts{"post HTTPS://c.example/"});
}

TEST(TlsrptRecord, EachDestinationCountsOnceAndTheirNumberIsBounded) {
  EXPECT_EQ(destinations({"v=TLSRPTv1; rua=mailto:a@b.example,mailto:a@b.example"}).size(), 1U);
  std::string uris;
  for (int i = 0; i < 20; ++i) uris += "mailto:" + std::to_string(i) + "@b.example,";
  EXPECT_EQ(destinations({"v=TLSRPTv1; rua=" + uris}).size(), kMostDestinations);
}

}  // namespace
}  // namespace signpost::tlsrpt
