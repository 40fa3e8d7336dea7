#include "jwt/key_set.h"

#include "base/base64.h"
#include "jwt/signature.h"
#include "tests/support/token_issuer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::jwt {
namespace {

using test::key_set;
using test::TokenIssuer;

std::string error_of(const std::string& json) {
  const auto set = KeySet::parse(json);
  return set ? "" : set.error().detail;
}

std::size_t keys_in(const std::string& json) {
  const auto set = KeySet::parse(json);
  EXPECT_TRUE(set) << set.error().detail;
  return set ? (*set)->keys().size() : 0;
}

// RFC 7515 appendix A.3, RFC 8037 appendix A.2.
const std::string kP256 =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
const std::string kEd25519 =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

TEST(KeySet, HasTheKeysOfEachKind) {
  const TokenIssuer rsa(KeyKind::Rsa, "r");
  const TokenIssuer p384(KeyKind::P384, "p384");
  const TokenIssuer p521(KeyKind::P521, "p521");
  const auto set =
      KeySet::parse(key_set({rsa.key(R"(,"alg":"RS256","use":"sig")"), kP256,
                             p384.key(R"(,"key_ops":["verify"])"), p521.key(), kEd25519}));
  ASSERT_TRUE(set) << set.error().detail;
  const auto& keys = (*set)->keys();
  ASSERT_EQ(keys.size(), 5U);
  EXPECT_EQ(keys[0].kind, KeyKind::Rsa);
  EXPECT_EQ(keys[0].id, "r");
  EXPECT_EQ(keys[0].algorithm, "RS256");
  EXPECT_EQ(keys[1].kind, KeyKind::P256);
  EXPECT_EQ(keys[1].id, "");
  EXPECT_EQ(keys[2].kind, KeyKind::P384);
  EXPECT_EQ(keys[3].kind, KeyKind::P521);
  EXPECT_EQ(keys[4].kind, KeyKind::Ed25519);
}

TEST(KeySet, PassesOverWhatVerifiesNoSignature) {
  const TokenIssuer rsa(KeyKind::Rsa, "r");
  const std::string secret = R"({"kty":"oct","k":"c2VjcmV0","kid":"s"})";
  EXPECT_EQ(keys_in(key_set({secret, kP256})), 1U);
  EXPECT_EQ(keys_in(key_set({rsa.key(R"(,"use":"enc")"), kP256})), 1U);
  EXPECT_EQ(keys_in(key_set({rsa.key(R"(,"key_ops":["encrypt"])"), kP256})), 1U);
  EXPECT_EQ(keys_in(key_set({R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})", kP256})), 1U);
  EXPECT_EQ(keys_in(key_set({R"({"kty":"OKP","crv":"X25519","x":"AA"})", "7", kP256})), 1U);
  EXPECT_TRUE(error_of(key_set({secret})).starts_with("has no key that verifies signatures"));
  EXPECT_TRUE(error_of(key_set({})).starts_with("has no key that verifies signatures"));
}

TEST(KeySet, SaysWhichKeyIsDamagedOrWeak) {
  EXPECT_EQ(error_of(key_set({kP256, TokenIssuer(KeyKind::Rsa, "weak", 1024).key()})),
            "key 2 (weak) has 1024 bits, and needs 2048 to 8192");
  EXPECT_EQ(error_of(key_set({R"({"kty":"RSA","n":"AQAB"})"})),
            "key 1 (without kid) lacks n or e, or has damaged ones");
  std::string off_curve = kP256;
  off_curve.replace(off_curve.find("f83"), 3, "f84");
  EXPECT_EQ(error_of(key_set({off_curve})), "key 1 (without kid) has no point of its curve");
  std::string short_one = kP256;
  short_one.replace(short_one.find("f83OJ3"), 6, "f8");
  EXPECT_EQ(error_of(key_set({short_one})),
            "key 1 (without kid) lacks x or y, or has some that are not of 32 octets");
  EXPECT_EQ(error_of(key_set({R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"})),
            "key 1 (without kid) lacks x, or has a damaged one");
  for (const char* exponent : {"AQ", "Ag", "AAAAAAAAAAAA"}) {
    std::string json = TokenIssuer(KeyKind::Rsa, "r").key();
    json.replace(json.find("AQAB"), 4, exponent);
    EXPECT_TRUE(error_of(key_set({json})).starts_with("key 1 (r) ")) << exponent;
  }
}

TEST(KeySet, IsAnObjectWithKeys) {
  for (const char* text :
       {"", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[", "<html>", "null", "{\"keys\":\"\"}"}) {
    EXPECT_EQ(error_of(text),
              "is not a JSON Web Key Set (RFC 7517), such as {\"keys\": [{\"kty\": \"RSA\", …}]}")
        << text;
  }
  EXPECT_EQ(error_of(std::string(KeySet::kLargest + 1, ' ')),
            "is larger than 256 KiB, too large for a key set");
  std::string many = "{\"keys\":[0";
  for (std::size_t i = 0; i < KeySet::kMostKeys; ++i) many += ",0";
  EXPECT_EQ(error_of(many + "]}"), "has more than 100 keys");
}

TEST(Signature, OfTheRfcsVerifies) {
  const auto set = KeySet::parse(key_set({kP256, kEd25519}));
  ASSERT_TRUE(set);
  const std::string es256 =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
      "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const TokenIssuer stranger(KeyKind::P256, "");
  EXPECT_TRUE(is_signature((*set)->keys()[0], "ES256", es256,
                           *base64::decode_url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjD"
                                               "xw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")));
  EXPECT_FALSE(is_signature((*set)->keys()[0], "ES256", es256, stranger.signature("ES256", es256)));
  const std::string eddsa = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const std::string signature = *base64::decode_url(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7"
      "sVvpAr_MuM0KAg");
  EXPECT_TRUE(is_signature((*set)->keys()[1], "EdDSA", eddsa, signature));
  EXPECT_TRUE(is_signature((*set)->keys()[1], "Ed25519", eddsa, signature));
  EXPECT_FALSE(is_signature((*set)->keys()[1], "EdDSA", eddsa + "x", signature));
}

TEST(Signature, OfEachAlgorithmVerifiesWithItsKindOfKeyOnly) {
  const struct {
    KeyKind kind;
    std::vector<std::string> algorithms;
  } kinds[] = {{KeyKind::Rsa, {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}},
               {KeyKind::P256, {"ES256"}},
               {KeyKind::P384, {"ES384"}},
               {KeyKind::P521, {"ES512"}},
               {KeyKind::Ed25519, {"EdDSA", "Ed25519"}}};
  for (const auto& own : kinds) {
    const TokenIssuer issuer(own.kind, "k");
    const auto set = KeySet::parse(key_set({issuer.key()}));
    ASSERT_TRUE(set) << set.error().detail;
    const PublicKey& key = (*set)->keys().front();
    for (const auto& other : kinds) {
      for (const std::string& algorithm : other.algorithms) {
        SCOPED_TRACE(algorithm);
        EXPECT_EQ(may_be_used(key, algorithm), own.kind == other.kind);
        if (own.kind != other.kind) {
          EXPECT_FALSE(is_signature(key, algorithm, "text", std::string(64, 'x')));
          continue;
        }
        std::string signature = issuer.signature(algorithm, "text");
        EXPECT_TRUE(is_signature(key, algorithm, "text", signature));
        EXPECT_FALSE(is_signature(key, algorithm, "texts", signature));
        EXPECT_FALSE(is_signature(key, algorithm, "text", signature + "x"));
        EXPECT_FALSE(is_signature(key, algorithm, "text", std::string(signature.size(), '\0')));
        EXPECT_FALSE(is_signature(key, algorithm, "text", ""));
        signature.front() = static_cast<char>(signature.front() ^ 1);
        EXPECT_FALSE(is_signature(key, algorithm, "text", signature));
      }
    }
    for (const char* never : {"none", "None", "", "HS256", "HS384", "HS512", "RS1"}) {
      EXPECT_FALSE(may_be_used(key, never)) << never;
      EXPECT_FALSE(is_signature(key, never, "text", "x")) << never;
    }
  }
}

TEST(Signature, OfAKeyThatNamesItsAlgorithmHasNoOther) {
  const TokenIssuer issuer(KeyKind::Rsa, "k");
  const auto set = KeySet::parse(key_set({issuer.key(R"(,"alg":"PS256")")}));
  ASSERT_TRUE(set);
  EXPECT_TRUE(may_be_used((*set)->keys().front(), "PS256"));
  EXPECT_FALSE(may_be_used((*set)->keys().front(), "RS256"));
}

}  // namespace
}  // namespace signpost::jwt
