#include "auth/external_exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace signpost::auth {
namespace {

// "login right", "login wrong" or "malformed".
std::string said(const std::vector<std::string>& names, std::string_view message) {
  const auto users = Users::parse("[web1]\n[\"anna@shop.example\"]\n", "users.toml").value();
  ExternalExchange exchange(names, users);
  auto answer = exchange.respond(message);
  const auto* claim = std::get_if<SaslExchange::Claim>(&answer);
  if (claim == nullptr) return "malformed";
  EXPECT_FALSE(claim->may_be_guess);
  EXPECT_EQ(claim->authorization_identity, message);
  return claim->login + (claim->right ? " right" : " wrong");
}

TEST(ExternalExchange, TakesTheCertificatesName) {
  EXPECT_EQ(said({"web1"}, ""), "web1 right");
  EXPECT_EQ(said({"web1"}, "web1"), "web1 right");
  EXPECT_EQ(said({"web2"}, ""), "web2 wrong");
  EXPECT_EQ(said({}, ""), " wrong");
}

TEST(ExternalExchange, OfSeveralNamesTheFirstThatIsALoginOrTheOneThatIsAskedFor) {
  const std::vector<std::string> names{"nobody@shop.example", "anna@shop.example", "web1"};
  EXPECT_EQ(said(names, ""), "anna@shop.example right");
  EXPECT_EQ(said(names, "web1"), "web1 right");
  EXPECT_EQ(said(names, "nobody@shop.example"), "nobody@shop.example wrong");
}

TEST(ExternalExchange, GivesNobodyAnothersName) {
  EXPECT_EQ(said({"web1"}, "anna@shop.example"), "anna@shop.example wrong");
  EXPECT_EQ(said({}, "web1"), "web1 wrong");
  EXPECT_EQ(said({"web1"}, std::string_view("web1\0", 5)), "malformed");
}

TEST(ExternalExchange, EndsWithItsAnswer) {
  const auto users = Users::parse("[web1]\n", "users.toml").value();
  ExternalExchange exchange({"web1"}, users);
  EXPECT_TRUE(std::holds_alternative<SaslExchange::Claim>(exchange.respond("")));
  EXPECT_TRUE(std::holds_alternative<SaslExchange::Malformed>(exchange.respond("")));
  EXPECT_EQ(exchange.last_words(Verdict::Rejected), "");
}

}  // namespace
}  // namespace signpost::auth
