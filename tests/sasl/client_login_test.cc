#include "sasl/client_login.h"

#include "sasl/mechanism.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::sasl {
namespace {

ClientLogin login(bool is_token = false, std::optional<Mechanism> fixed = std::nullopt) {
  return {"me", std::make_shared<const Password>("secret"), is_token, fixed};
}

std::string chosen(const ClientLogin& login, const std::vector<std::string>& offered,
                   bool is_private = true) {
  const auto exchange = login.begin(offered, is_private);
  return exchange ? std::string((*exchange)->mechanism()) : "error: " + exchange.error();
}

TEST(ClientLogin, TheStrongestMechanismThatIsOfferedIsChosen) {
  EXPECT_EQ(chosen(login(), {"LOGIN", "PLAIN"}), "PLAIN");
  EXPECT_EQ(chosen(login(), {"LOGIN", "plain", "scram-sha-1"}), "SCRAM-SHA-1");
  EXPECT_EQ(chosen(login(), {"SCRAM-SHA-1", "XOAUTH2", "SCRAM-SHA-256"}), "SCRAM-SHA-256");
  EXPECT_EQ(chosen(login(), {"LOGIN", "CRAM-MD5"}), "LOGIN");
  EXPECT_EQ(chosen(login(true), {"PLAIN", "XOAUTH2", "OAUTHBEARER"}), "OAUTHBEARER");
  EXPECT_EQ(chosen(login(true), {"PLAIN", "XOAUTH2"}), "XOAUTH2");
}

TEST(ClientLogin, OneThatIsFixedIsChosenWhateverElseIsOffered) {
  EXPECT_EQ(chosen(login(false, Mechanism::Plain), {"PLAIN", "SCRAM-SHA-256"}), "PLAIN");
  EXPECT_EQ(chosen(login(false, Mechanism::ScramSha256), {"PLAIN"}),
            "error: the peer offers AUTH PLAIN only, and this login can use SCRAM-SHA-256");
}

TEST(ClientLogin, InClearOnlyWhatDoesNotShowThePasswordIsUsed) {
  EXPECT_EQ(chosen(login(), {"PLAIN", "SCRAM-SHA-256"}, false), "SCRAM-SHA-256");
  EXPECT_EQ(chosen(login(), {"PLAIN", "LOGIN"}, false),
            "error: a password is not sent without TLS");
  EXPECT_EQ(chosen(login(true), {"XOAUTH2"}, false), "error: a token is not sent without TLS");
}

TEST(ClientLogin, ANameIsPreparedAndEscapedForScram) {
  const ClientLogin odd("a=b,c", std::make_shared<const Password>("x"), false, std::nullopt);
  const std::vector<std::string> offered{"SCRAM-SHA-256"};
  const auto first = (*odd.begin(offered, true))->initial_response();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->starts_with("n,,n=a=3Db=2Cc,r=")) << *first;
  const auto second = (*odd.begin(offered, true))->initial_response();
  EXPECT_NE(first, second) << "each exchange has a nonce of its own";
}

TEST(Mechanism, NamesAreReadInAnyCase) {
  for (const Mechanism mechanism : kMechanisms) {
    EXPECT_EQ(mechanism_named(name_of(mechanism)), mechanism);
  }
  EXPECT_EQ(mechanism_named("Plain"), Mechanism::Plain);
  EXPECT_EQ(mechanism_named("PLAINER"), std::nullopt);
}

}  // namespace
}  // namespace signpost::sasl
