#include "submission/recipient_quota.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace signpost::submission {
namespace {

using namespace std::chrono_literals;
using quota::Kind;
using quota::Scope;

constexpr SystemTime kNow{1'700'000'000s};

std::string words(const quota::Mark& limit, std::chrono::seconds wait,
                  std::string_view what = "recipient") {
  const quota::Shortage shortage{.limit = limit, .again = kNow + wait};
  return quota_used_up(shortage, what, kNow).reply.one_line();
}

TEST(RecipientQuota, TheRefusalSaysWhatIsUsedUpAndHowLongToWait) {
  EXPECT_EQ(
      words({Scope::Login, "shop", Kind::Rate, 500, 500, 1h}, 7s),
      "450 4.7.1 The login shop may send to 500 recipients an hour and has no more left; send "
      "this recipient again in 7 seconds");
  EXPECT_EQ(words({Scope::Login, "shop", Kind::Daily, 2000, 2000, 24h}, 4h + 1s, "message"),
            "450 4.7.1 The login shop may send to 2000 recipients a day and has no more left; send "
            "this message again after 00:00 UTC, in 5 hours");
  EXPECT_EQ(
      words({Scope::Client, "192.0.2.7", Kind::Rate, 1, 1, 1min}, 1s),
      "450 4.7.1 The address 192.0.2.7 may send to 1 recipient a minute and has no more left; "
      "send this recipient again in 1 second");
  EXPECT_EQ(words({Scope::Tenant, "acme", Kind::Rate, 10, 10, 1s}, 91s),
            "450 4.7.1 The tenant acme, with all of its logins, may send to 10 recipients a second "
            "and has no more left; send this recipient again in 2 minutes");
  EXPECT_EQ(words({Scope::Server, "", Kind::Daily, 9, 9, 24h}, 90min),
            "450 4.7.1 This server, for all of its clients, may send to 9 recipients a day and has "
            "no more left; send this recipient again after 00:00 UTC, in 90 minutes");
}

TEST(RecipientQuota, WhatANameHoldsIsPrintable) {
  const std::string text = words({Scope::Login, std::string(255, 'x'), Kind::Rate, 1, 1, 1h}, 1s);
  EXPECT_LT(text.size(), 512u);
  EXPECT_TRUE(text.contains("xxx... may send")) << text;
}

TEST(RecipientQuota, ALongMessageIsToBeSplit) {
  config::Config config;
  const relay::RecipientSource source{.config = config, .login = "shop", .client = {}};
  EXPECT_EQ(too_many_in_message({Scope::Login, 50}, source).reply.one_line(),
            "452 4.5.3 The login shop may send one message to 50 recipients; send to the others in "
            "another message");
  config.tenants.emplace_back().name = "acme";
  config.tenants[0].networks = {net::Network::parse("192.0.2.0/24").value()};
  const relay::RecipientSource network{
      .config = config, .login = "", .client = net::IpAddress::parse("192.0.2.1").value()};
  EXPECT_EQ(
      too_many_in_message({Scope::Tenant, 1}, network).reply.one_line(),
      "452 4.5.3 The tenant acme, with all of its logins, may send one message to 1 recipient; "
      "send to the others in another message");
}

}  // namespace
}  // namespace signpost::submission
