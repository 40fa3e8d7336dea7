#include "base/pem.h"

#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::pem {
namespace {

std::string key(std::string_view der) { return std::string(instead_of_private_key(der)); }
std::string certificate(std::string_view der) { return std::string(instead_of_certificate(der)); }

// A sequence of these octets. Nothing in the contents is looked at beyond its kind.
std::string sequence(const std::string& content) {
  return std::string("\x30") + static_cast<char>(content.size()) + content;
}
std::string value(char tag, const std::string& content) {
  return std::string{tag, static_cast<char>(content.size())} + content;
}
std::string number(char n) { return value(2, std::string(1, n)); }

const std::string kAlgorithm = sequence(value(6, "oid"));
const std::string kKey = sequence(number(0) + kAlgorithm + value(4, "key"));
const std::string kEncryptedKey = sequence(kAlgorithm + value(4, "octets"));
const std::string kPublicKey = sequence(kAlgorithm + value(3, "bits"));
const std::string kPkcs12 = sequence(number(3) + sequence(""));
const std::string kRequest = sequence(sequence(number(0) + sequence("name")) + kAlgorithm);
const std::string kPkcs7 = sequence(value(6, "oid") + value('\xA0', ""));
const std::string kCertificate = sequence(sequence(value('\xA0', number(2))) + kAlgorithm);

TEST(Pem, NamesWhatIsThereInsteadOfAPrivateKey) {
  EXPECT_TRUE(key(kKey).ends_with("openssl pkey -inform DER -in FILE -out NEW"));
  EXPECT_TRUE(key(kEncryptedKey).starts_with("is DER and has a passphrase; "));
  EXPECT_TRUE(key(kPkcs12).ends_with("openssl pkcs12 -in FILE -nocerts -nodes -out NEW"));
  EXPECT_TRUE(key(kPublicKey).starts_with("is a public key; "));
  EXPECT_TRUE(key("-----BEGIN PUBLIC KEY-----\nAAAA\n").starts_with("is a public key; "));
  EXPECT_TRUE(key("-----BEGIN RSA PUBLIC KEY-----\n").starts_with("is a public key; "));
  EXPECT_TRUE(key(kCertificate).starts_with("is a certificate in DER; "));
  EXPECT_TRUE(key("-----BEGIN CERTIFICATE-----\n").starts_with("is a certificate; "));
  EXPECT_TRUE(key("-----BEGIN ENCRYPTED PRIVATE KEY-----\n").starts_with("has a passphrase, "));
  EXPECT_TRUE(key("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n")
                  .starts_with("has a passphrase, "));
  EXPECT_TRUE(key("-----BEGIN OPENSSH PRIVATE KEY-----\n").starts_with("is a key of OpenSSH; "));
}

TEST(Pem, NamesWhatHasNoKey) {
  const std::string pkcs7 = "is PKCS#7, which holds certificates and no key; ";
  EXPECT_TRUE(key(kPkcs7).starts_with(pkcs7));
  EXPECT_TRUE(key("-----BEGIN PKCS7-----\n").starts_with(pkcs7));
  EXPECT_TRUE(key(kRequest).starts_with("is a certificate request; name the file of the pri"));
  EXPECT_TRUE(key("-----BEGIN CERTIFICATE REQUEST-----\n").starts_with("is a certificate request"));
  EXPECT_TRUE(certificate(kRequest).ends_with("the certificate that was issued for it"));
}

TEST(Pem, NamesWhatIsCutOff) {
  const std::string cut = "is cut off: a -----BEGIN line has no -----END line; ";
  EXPECT_TRUE(key("-----BEGIN PRIVATE KEY-----\nAAAA\n").starts_with(cut));
  EXPECT_TRUE(certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
                          "-----BEGIN CERTIFICATE-----\nAA")
                  .starts_with(cut));
}

TEST(Pem, NamesWhatIsThereInsteadOfACertificate) {
  EXPECT_TRUE(certificate(kCertificate).ends_with("openssl x509 -inform DER -in FILE -out NEW"));
  EXPECT_TRUE(certificate(kPkcs12).ends_with("openssl pkcs12 -in FILE -nokeys -out NEW"));
  EXPECT_TRUE(certificate(kPkcs7).contains("pkcs7 -inform DER -print_certs"));
  EXPECT_TRUE(certificate("-----BEGIN PKCS7-----\n").contains("pkcs7 -print_certs"));
  EXPECT_TRUE(certificate("-----BEGIN CERTIFICATE REQUEST-----\n")
                  .starts_with("is a certificate request;"));
  EXPECT_TRUE(certificate("-----BEGIN NEW CERTIFICATE REQUEST-----\n")
                  .starts_with("is a certificate request;"));
  EXPECT_TRUE(certificate("-----BEGIN EC PRIVATE KEY-----\n").starts_with("is a key; "));
  for (const std::string& der : {kKey, kEncryptedKey, kPublicKey}) {
    EXPECT_TRUE(certificate(der).starts_with("is a key in DER; "));
  }
}

TEST(Pem, SaysNothingAboutCorrectOrUnknownFiles) {
  EXPECT_EQ(key("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"), "");
  EXPECT_EQ(certificate("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), "");
  const std::string cut = kKey.substr(0, kKey.size() - 1);
  const std::string endless = "\x30\x84\xff\xff\xff\xff" + kKey;
  for (const std::string& text : {std::string(), std::string("\x30"), std::string("0\x80", 2),
                                  std::string("junk"), cut, kKey + "\n", endless, sequence("")}) {
    EXPECT_EQ(key(text), "") << base64::encode(text);
    EXPECT_EQ(certificate(text), "") << base64::encode(text);
  }
}

// Lengths of more than 127 octets.
TEST(Pem, KnowsFilesOfRealSizes) {
  const std::string modulus = "\x02\x82\x01\x01" + std::string(257, 'n');
  const std::string content = number(0) + modulus;
  EXPECT_TRUE(key("\x30\x82\x01\x08" + content).starts_with("is DER; "));
}

}  // namespace
}  // namespace signpost::pem
