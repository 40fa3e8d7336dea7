#include "jwt/token.h"

#include "tests/support/token_issuer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace signpost::jwt {
namespace {

using namespace std::chrono_literals;
using test::encode_url;
using test::key_set;
using test::TokenIssuer;

constexpr SystemTime kNow{std::chrono::seconds(1'800'000'000)};

class TokenTest : public testing::Test {
 protected:
  // What it is refused for, or the login.
  std::string judged(const std::string& token, SystemTime now = kNow) const {
    const auto found = login_of(token, *keys, expected, now);
    return found ? *found : std::string(words_of(found.error()));
  }
  std::string signed_by_issuer(const std::string& claims) const {
    return issuer.sign("ES256", claims);
  }
  // Good claims, where `old` is replaced.
  static std::string claims(const std::string& old = "", const std::string& text = "") {
    std::string json =
        R"({"iss":"https://id.example","aud":"signpost","exp":1800000100,"nbf":1799999900,)"
        R"("email":"anna@shop.example","email_verified":true,"scope":"openid smtp"})";
    if (!old.empty()) {
      EXPECT_TRUE(json.contains(old)) << old;
      json.replace(json.find(old), old.size(), text);
    }
    return json;
  }
  std::string judged_with(const std::string& old, const std::string& text) const {
    return judged(signed_by_issuer(claims(old, text)));
  }
  std::string judged_header(const std::string& header) const {
    return judged(issuer.sign("ES256", header, claims()));
  }

  const TokenIssuer issuer{KeyKind::P256, "k1"};
  std::shared_ptr<const KeySet> keys = KeySet::parse(key_set({issuer.key()})).value();
  Expectation expected{
      .issuer = "https://id.example", .audience = "signpost", .scope = "", .login_claim = "email"};
};

TEST_F(TokenTest, NamesItsLogin) {
  EXPECT_EQ(judged(signed_by_issuer(claims())), "anna@shop.example");
  expected.login_claim = "scope";
  EXPECT_EQ(judged(signed_by_issuer(claims())), "openid smtp");
}

TEST_F(TokenTest, IsForThisAudience) {
  EXPECT_EQ(judged_with(R"("signpost")", R"(["other","signpost"])"), "anna@shop.example");
  const std::string wrong = "it is for another audience than auth.oauth.audience";
  EXPECT_EQ(judged_with(R"("signpost")", R"("signpost2")"), wrong);
  EXPECT_EQ(judged_with(R"("signpost")", R"(["other",7])"), wrong);
  EXPECT_EQ(judged_with(R"("signpost")", "[]"), wrong);
  EXPECT_EQ(judged_with(R"("aud":"signpost",)", ""), wrong);
}

TEST_F(TokenTest, IsFromThisIssuer) {
  const std::string wrong = "it is from another issuer than auth.oauth.issuer";
  EXPECT_EQ(judged_with("id.example", "id.example/"), wrong);
  EXPECT_EQ(judged_with(R"("iss":"https://id.example",)", ""), wrong);
  EXPECT_EQ(judged_with(R"("https://id.example")", R"(["https://id.example"])"), wrong);
}

TEST_F(TokenTest, HasItsTime) {
  const std::string token = signed_by_issuer(claims());
  EXPECT_EQ(judged(token, kNow + 159s), "anna@shop.example");
  EXPECT_EQ(judged(token, kNow + 160s), "it has expired");
  EXPECT_EQ(judged(token, kNow - 159s), "anna@shop.example");
  EXPECT_EQ(judged(token, kNow - 160s), "it is not valid yet; is the clock right?");
  EXPECT_EQ(judged_with(R"("nbf":1799999900,)", ""), "anna@shop.example");
  EXPECT_EQ(judged_with("1800000100", "1800000100.5"), "anna@shop.example");
  EXPECT_EQ(judged_with("1800000100", "1e99"), "anna@shop.example");
  const std::string malformed = "it is not a signed JSON Web Token";
  EXPECT_EQ(judged_with(R"("exp":1800000100,)", ""), malformed);
  EXPECT_EQ(judged_with("1800000100", R"("1800000100")"), malformed);
  EXPECT_EQ(judged_with("1799999900", R"("soon")"), malformed);
}

TEST_F(TokenTest, HasTheScope) {
  expected.scope = "smtp";
  EXPECT_EQ(judged(signed_by_issuer(claims())), "anna@shop.example");
  EXPECT_EQ(judged_with(R"("scope":"openid smtp")", R"("scp":["smtp"])"), "anna@shop.example");
  EXPECT_EQ(judged_with(R"("scope":"openid smtp")", R"("scp":"smtp mail")"), "anna@shop.example");
  const std::string wrong = "it lacks the scope auth.oauth.scope";
  EXPECT_EQ(judged_with("openid smtp", "openid smtps"), wrong);
  EXPECT_EQ(judged_with(R"("scope":"openid smtp")", R"("scope":7)"), wrong);
}

TEST_F(TokenTest, HasALoginThatTheIssuerVouchesFor) {
  const std::string missing = "it lacks the claim auth.oauth.login_claim, or has no login there";
  EXPECT_EQ(judged_with("anna@shop.example", ""), missing);
  EXPECT_EQ(judged_with("anna@shop.example", "a\\u0000b"), missing);
  EXPECT_EQ(judged_with("anna@shop.example", std::string(256, 'a')), missing);
  EXPECT_EQ(judged_with(R"("anna@shop.example")", "7"), missing);
  const std::string unverified = "the issuer has not verified its email (email_verified)";
  EXPECT_EQ(judged_with("\"email_verified\":true", "\"email_verified\":false"), unverified);
  EXPECT_EQ(judged_with("\"email_verified\":true", "\"email_verified\":\"false\""), unverified);
  EXPECT_EQ(judged_with("\"email_verified\":true,", ""), "anna@shop.example");
  expected.login_claim = "iss";
  EXPECT_EQ(judged_with("\"email_verified\":true", "\"email_verified\":false"),
            "https://id.example");
}

TEST_F(TokenTest, IsSignedByTheIssuer) {
  const std::string wrong = "its signature is wrong";
  const TokenIssuer stranger(KeyKind::P256, "k1");
  EXPECT_EQ(judged(stranger.sign("ES256", claims())), wrong);
  std::string token = signed_by_issuer(claims());
  const std::size_t dot = token.find('.') + 1;
  token.replace(dot, token.rfind('.') - dot, encode_url(claims("anna", "boss")));
  EXPECT_EQ(judged(token), wrong);
  EXPECT_EQ(judged(TokenIssuer(KeyKind::P256, "k2").sign("ES256", claims())),
            "it names a key that the issuer does not have");
}

TEST_F(TokenTest, IsNeverUnsignedAndNeverSignedWithASecret) {
  const std::string wrong = "it is not signed with an algorithm that is accepted";
  const std::string good = signed_by_issuer(claims());
  for (const char* algorithm : {"none", "None", "NONE", "HS256", "HS512", ""}) {
    const std::string header = std::string(R"({"alg":")") + algorithm + R"(","kid":"k1"})";
    EXPECT_EQ(judged(encode_url(header) + "." + encode_url(claims()) + "."), wrong) << algorithm;
    EXPECT_EQ(judged_header(header), wrong) << algorithm;
  }
  EXPECT_EQ(judged_header(R"({"kid":"k1"})"), wrong);
  EXPECT_EQ(judged_header(R"({"alg":["ES256"],"kid":"k1"})"), wrong);
  // Another kind of algorithm than the key is for.
  EXPECT_EQ(judged_header(R"({"alg":"RS256","kid":"k1"})"), "its signature is wrong");
  EXPECT_EQ(judged_header(R"({"alg":"ES384","kid":"k1"})"), "its signature is wrong");
  EXPECT_EQ(judged(good.substr(0, good.rfind('.') + 1)), "its signature is wrong");
}

TEST_F(TokenTest, WithoutAKeysNameIsTriedWithThoseThatFit) {
  const TokenIssuer other(KeyKind::P256, "other");
  const TokenIssuer edwards(KeyKind::Ed25519, "e");
  keys = KeySet::parse(key_set({other.key(), edwards.key(), issuer.key()})).value();
  EXPECT_EQ(judged_header(R"({"alg":"ES256"})"), "anna@shop.example");
  EXPECT_EQ(judged(edwards.sign("EdDSA", R"({"alg":"EdDSA"})", claims())), "anna@shop.example");
  EXPECT_EQ(judged(TokenIssuer(KeyKind::P256, "").sign("ES256", R"({"alg":"ES256"})", claims())),
            "its signature is wrong");
}

TEST_F(TokenTest, OfAnotherPurposeIsNone) {
  for (const char* type : {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"}) {
    EXPECT_EQ(judged_header(std::string(R"({"alg":"ES256","kid":"k1","typ":")") + type + "\"}"),
              "anna@shop.example")
        << type;
  }
  for (const char* type : {"logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE", ""}) {
    EXPECT_EQ(judged_header(std::string(R"({"alg":"ES256","kid":"k1","typ":")") + type + "\"}"),
              "it is a token for another purpose (typ)")
        << type;
  }
}

TEST_F(TokenTest, ThatCannotBeReadIsNone) {
  const std::string malformed = "it is not a signed JSON Web Token";
  EXPECT_EQ(judged_header(R"({"alg":"ES256","kid":"k1","crit":["exp"],"exp":1})"), malformed);
  EXPECT_EQ(judged_header("[]"), malformed);
  EXPECT_EQ(judged(signed_by_issuer("[]")), malformed);
  EXPECT_EQ(judged(signed_by_issuer("{\"iss\":")), malformed);
  const std::string good = signed_by_issuer(claims());
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), good + ".", good + "=", " " + good,
        good.substr(good.find('.')), std::string(kLongestToken + 1, 'a')}) {
    EXPECT_EQ(judged(text), malformed) << text.substr(0, 100);
  }
}

TEST(Fault, OfAGenuineTokenIsNoGuess) {
  for (const Fault fault :
       {Fault::Expired, Fault::NotYetValid, Fault::Scope, Fault::NoLogin, Fault::EmailUnverified}) {
    EXPECT_TRUE(is_genuine(fault)) << words_of(fault);
  }
  for (const Fault fault : {Fault::Malformed, Fault::Type, Fault::Algorithm, Fault::UnknownKey,
                            Fault::Signature, Fault::Issuer, Fault::Audience}) {
    EXPECT_FALSE(is_genuine(fault)) << words_of(fault);
  }
}

}  // namespace
}  // namespace signpost::jwt
