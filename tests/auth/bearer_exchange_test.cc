#include "auth/bearer_exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace signpost::auth {
namespace {

using Form = BearerExchange::Form;

// "identity|token", or "malformed". A circumflex stands for the separator.
std::string taken(Form form, std::string message) {
  for (char& c : message) c = c == '^' ? '\x01' : c;
  BearerExchange exchange(form, {.issuer = "https://id.example", .scope = ""});
  const auto answer = exchange.respond(message);
  if (const auto* bearer = std::get_if<SaslExchange::Bearer>(&answer)) {
    return bearer->authorization_identity + "|" + std::string(bearer->token.view());
  }
  EXPECT_TRUE(std::holds_alternative<SaslExchange::Malformed>(answer));
  return "malformed";
}

// RFC 7628 section 4.1.
TEST(BearerExchange, TakesTheMessageOfItsRfc) {
  EXPECT_EQ(taken(Form::OauthBearer,
                  "n,a=user@example.com,^host=server.example.com^port=143^"
                  "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==^^"),
            "user@example.com|vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
}

TEST(BearerExchange, NeedsNoIdentityAndDecodesIt) {
  EXPECT_EQ(taken(Form::OauthBearer, "n,,^auth=Bearer abc^^"), "|abc");
  EXPECT_EQ(taken(Form::OauthBearer, "y,,^auth=bearer  abc^^"), "|abc");
  EXPECT_EQ(taken(Form::OauthBearer, "n,a=a=2Cb=3Dc,^auth=Bearer abc^^"), "a,b=c|abc");
}

TEST(BearerExchange, TakesGooglesForm) {
  EXPECT_EQ(taken(Form::XOauth2, "user=someuser@example.com^auth=Bearer ya29.vF9dft4^^"),
            "someuser@example.com|ya29.vF9dft4");
  EXPECT_EQ(taken(Form::XOauth2, "user=a=b^auth=Bearer abc^^"), "a=b|abc");
}

TEST(BearerExchange, RefusesWhatItCannotRead) {
  for (const char* message :
       {"", "^^", "n,,", "n,,^^", "n,,^auth=Bearer abc^", "n,,^auth=Bearer abc",
        "n,^auth=Bearer a^^", "n,a=,^auth=Bearer a^^", "n,a=b=c,^auth=Bearer a^^",
        "n,a=b,c,^auth=Bearer a^^", "n,b,^auth=Bearer a^^", "p=tls-exporter,,^auth=Bearer a^^",
        "x,,^auth=Bearer a^^", "n,,^auth=Basic abc^^", "n,,^auth=Bearer ^^",
        "n,,^auth=Bearer a b^^", "n,,^auth=Bearer a^auth=Bearer b^^", "n,,^auth^^",
        "user=a^auth=Bearer b^^"}) {
    EXPECT_EQ(taken(Form::OauthBearer, message), "malformed") << message;
  }
  for (const char* message :
       {"", "^^", "auth=Bearer abc^^", "user=^auth=Bearer abc^^", "user=a^^", "user=a^auth=abc^^",
        "user=a^user=b^auth=Bearer abc^^", "n,a=user,^auth=Bearer abc^^"}) {
    EXPECT_EQ(taken(Form::XOauth2, message), "malformed") << message;
  }
  const std::string nul(
      "user=a\0b\x01"
      "auth=Bearer abc\x01\x01",
      26);
  EXPECT_TRUE(std::holds_alternative<SaslExchange::Malformed>(
      BearerExchange(Form::XOauth2, {}).respond(nul)));
}

TEST(BearerExchange, TellsWhereABetterTokenIs) {
  BearerExchange bearer(Form::OauthBearer, {.issuer = "https://id.example", .scope = "smtp"});
  EXPECT_EQ(bearer.last_words(Verdict::Rejected),
            R"({"status":"invalid_token","scope":"smtp","openid-configuration":)"
            R"("https://id.example/.well-known/openid-configuration"})");
  for (const Verdict verdict : {Verdict::Accepted, Verdict::Locked, Verdict::Unavailable}) {
    EXPECT_EQ(bearer.last_words(verdict), "");
  }
  BearerExchange slash(Form::OauthBearer, {.issuer = "https://id.example/a/", .scope = ""});
  EXPECT_EQ(slash.last_words(Verdict::Rejected),
            R"({"status":"invalid_token","openid-configuration":)"
            R"("https://id.example/a/.well-known/openid-configuration"})");
  BearerExchange name(Form::OauthBearer, {.issuer = "accounts", .scope = ""});
  EXPECT_EQ(name.last_words(Verdict::Rejected), R"({"status":"invalid_token"})");
  BearerExchange google(Form::XOauth2, {.issuer = "https://id.example", .scope = "smtp"});
  EXPECT_EQ(google.last_words(Verdict::Rejected),
            R"({"status":"401","schemes":"bearer","scope":"smtp"})");
}

}  // namespace
}  // namespace signpost::auth
