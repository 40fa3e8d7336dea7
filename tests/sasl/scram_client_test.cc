// The exchanges of RFC 7677 section 3 and RFC 5802 section 5, and servers that are not to be
// trusted.
#include "sasl/scram_client.h"

#include "base/base64.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace signpost::sasl {
namespace {

constexpr std::string_view kFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kProof =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view kSignature = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramClient client(std::string_view password = "pencil") {
  return {Mechanism::ScramSha256, "user", std::make_shared<const Password>(password),
          "rOprNGfwEbeRWgbNEkqO"};
}

std::string answer(ScramClient& scram, std::string_view challenge) {
  const auto response = scram.respond(challenge);
  return response ? *response : "error: " + response.error();
}

TEST(ScramClient, SpeaksTheExchangeOfRfc7677) {
  ScramClient scram = client();
  EXPECT_EQ(scram.initial_response(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(answer(scram, kFirst), kProof);
  EXPECT_EQ(answer(scram, kSignature), "");
  EXPECT_EQ(scram.accepted(), "");
}

TEST(ScramClient, SpeaksTheExchangeOfRfc5802WithSha1) {
  ScramClient scram(Mechanism::ScramSha1, "user", std::make_shared<const Password>("pencil"),
                    "fyko+d2lbbFgONRv9qkxdawL");
  EXPECT_EQ(scram.initial_response(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
  EXPECT_EQ(answer(scram, "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
  EXPECT_EQ(answer(scram, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), "");
  EXPECT_EQ(scram.accepted(), "");
}

TEST(ScramClient, AnImpostorIsFoundByItsSignature) {
  ScramClient scram = client();
  EXPECT_EQ(answer(scram, kFirst), kProof);
  EXPECT_EQ(answer(scram, "v=" + base64::encode(std::string(32, 'x'))),
            "error: the peer does not know the password: it may be an impostor");
  EXPECT_NE(scram.accepted(), "");
}

TEST(ScramClient, AnImpostorThatShowsNoSignatureIsNotBelieved) {
  ScramClient scram = client();
  EXPECT_EQ(scram.accepted(),
            "the peer accepted the login without proving that it knows the password");
  EXPECT_EQ(answer(scram, kFirst), kProof);
  EXPECT_NE(scram.accepted(), "");
}

TEST(ScramClient, AnErrorOfTheServerIsRepeated) {
  ScramClient scram = client();
  EXPECT_EQ(answer(scram, kFirst), kProof);
  EXPECT_EQ(answer(scram, "e=invalid-proof"), "error: the peer refused the login: invalid-proof");
}

TEST(ScramClient, TheFirstMessageIsRepeatedOnceForAServerThatOverlooksIt) {
  ScramClient scram = client();
  EXPECT_EQ(answer(scram, ""), *scram.initial_response());
  EXPECT_EQ(answer(scram, kFirst), kProof);
  ScramClient other = client();
  EXPECT_EQ(answer(other, ""), *other.initial_response());
  EXPECT_TRUE(answer(other, "").starts_with("error: "));
}

TEST(ScramClient, WhatIsNotAServersFirstMessageEndsTheExchange) {
  const std::string nonce = "r=rOprNGfwEbeRWgbNEkqOmore";
  for (const std::string& challenge :
       {std::string("hello"), nonce, nonce + ",s=c2FsdA==", nonce + ",i=4096,s=c2FsdA==",
        "m=x," + nonce + ",s=c2FsdA==,i=4096", std::string("r=other,s=c2FsdA==,i=4096"),
        std::string("r=rOprNGfwEbeRWgbNEkqO,s=c2FsdA==,i=4096"), nonce + ",s=,i=4096",
        nonce + ",s=!,i=4096", nonce + ",s=c2FsdA==,i=4095", nonce + ",s=c2FsdA==,i=1000001",
        nonce + ",s=c2FsdA==,i=x", nonce + ",s=c2FsdA==,i=4096x"}) {
    ScramClient scram = client();
    EXPECT_TRUE(answer(scram, challenge).starts_with("error: the peer does not speak SCRAM: "))
        << challenge;
    EXPECT_TRUE(answer(scram, kFirst).starts_with("error: ")) << "it is over";
  }
}

TEST(ScramClient, MoreThanTheMechanismHasEndsTheExchange) {
  ScramClient scram = client();
  EXPECT_EQ(answer(scram, kFirst), kProof);
  EXPECT_EQ(answer(scram, kSignature), "");
  EXPECT_TRUE(answer(scram, kSignature).starts_with("error: "));
}

TEST(Password, TheSaltedFormIsKeptForTheNextConnection) {
  const Password password("pencil");
  const std::string first = password.salted(ScramHash::Sha256, "salt", 4096);
  EXPECT_EQ(password.salted(ScramHash::Sha256, "salt", 4096), first);
  EXPECT_EQ(first, salted_password(ScramHash::Sha256, "pencil", "salt", 4096).view());
  EXPECT_NE(password.salted(ScramHash::Sha256, "other", 4096), first);
  EXPECT_NE(password.salted(ScramHash::Sha256, "salt", 4097), first);
  EXPECT_EQ(password.salted(ScramHash::Sha1, "salt", 4096),
            salted_password(ScramHash::Sha1, "pencil", "salt", 4096).view());
  EXPECT_EQ(password.salted(ScramHash::Sha256, "salt", 4096), first);
}

}  // namespace
}  // namespace signpost::sasl
