#include "dkim/key.h"

#include "base/base64.h"
#include "tests/dkim/test_keys.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace signpost::dkim {
namespace {

using OwnedKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string written(const std::function<int(BIO*)>& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  CHECK(write(memory.get()) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

OwnedKey rsa_of(std::size_t bits) {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits), &EVP_PKEY_free};
}
OwnedKey parsed(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return {PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
}

std::string pkcs8(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
  std::string passphrase = "secret";
  return written([&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, key, cipher,
                                         cipher != nullptr ? passphrase.data() : nullptr,
                                         cipher != nullptr ? 6 : 0, nullptr, nullptr);
  });
}
std::string traditional(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
  const unsigned char passphrase[] = "secret";
  return written([&](BIO* out) {
    return PEM_write_bio_PrivateKey_traditional(out, key, cipher,
                                                cipher != nullptr ? passphrase : nullptr,
                                                cipher != nullptr ? 6 : 0, nullptr, nullptr);
  });
}

const std::string kDigest(32, '\x5a');

void expect_signs(const PrivateKey& key) {
  const auto signature = key.sign(kDigest);
  ASSERT_TRUE(signature) << signature.error().detail;
  const auto half = PublicKey::from_base64(key.algorithm(), key.public_key_base64());
  ASSERT_TRUE(half) << half.error().detail;
  EXPECT_TRUE(half->verify(kDigest, *signature));
  EXPECT_FALSE(half->verify(std::string(32, '\x5b'), *signature));
  std::string other = *signature;
  other.back() = static_cast<char>(other.back() ^ 1);
  EXPECT_FALSE(half->verify(kDigest, other));
  EXPECT_FALSE(half->verify(kDigest, ""));
  EXPECT_FALSE(half->verify(kDigest, signature->substr(1)));
  EXPECT_FALSE(half->verify(kDigest, *signature + "x"));
}

TEST(PrivateKey, IsReadFromPkcs8AndPkcs1) {
  const OwnedKey rsa = rsa_of(1024);
  for (const std::string& pem : {pkcs8(rsa.get()), traditional(rsa.get())}) {
    const auto key = PrivateKey::from_pem(pem);
    ASSERT_TRUE(key) << pem << key.error().detail;
    EXPECT_EQ((*key)->algorithm(), Algorithm::RsaSha256);
    EXPECT_EQ((*key)->bits(), 1024U);
    expect_signs(**key);
  }
  EXPECT_TRUE(traditional(rsa.get()).starts_with("-----BEGIN RSA PRIVATE KEY-----"));
}

TEST(PrivateKey, Ed25519IsReadFromPkcs8) {
  const auto key = PrivateKey::from_pem(ed25519_key()->to_pem());
  ASSERT_TRUE(key);
  EXPECT_EQ((*key)->algorithm(), Algorithm::Ed25519Sha256);
  EXPECT_EQ(base64::decode((*key)->public_key_base64())->size(), 32U);
  expect_signs(**key);
}

// The plain version is OpenSSL's.
TEST(PrivateKey, Ed25519SignaturesAreThoseOfOpenSsl) {
  for (int n = 0; n < 50; ++n) {
    const OwnedKey reference(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
    const auto key = PrivateKey::from_pem(pkcs8(reference.get()));
    ASSERT_TRUE(key) << key.error().detail;
    const std::string digest(32, static_cast<char>(n));
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    std::string expected(64, '\0');
    std::size_t size = expected.size();
    ASSERT_EQ(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, reference.get()), 1);
    ASSERT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(expected.data()), &size,
                             reinterpret_cast<const unsigned char*>(digest.data()), digest.size()),
              1);
    EVP_MD_CTX_free(context);
    EXPECT_EQ((*key)->sign(digest).value(), expected);
  }
}

TEST(PrivateKey, IsWrittenAsPkcs8AndReadAgain) {
  for (const KeyPtr& key : {rsa_key(), ed25519_key()}) {
    const std::string pem = key->to_pem();
    EXPECT_TRUE(pem.starts_with("-----BEGIN PRIVATE KEY-----\n")) << pem.substr(0, 40);
    const auto again = PrivateKey::from_pem(pem);
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->public_key_base64(), key->public_key_base64());
  }
}

TEST(PrivateKey, RefusesSmallAndForeignKeys) {
  const OwnedKey curve{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), &EVP_PKEY_free};
  const OwnedKey x25519{EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"), &EVP_PKEY_free};
  const auto small = PrivateKey::from_pem(pkcs8(rsa_of(1023).get()));
  ASSERT_FALSE(small);
  EXPECT_NE(small.error().detail.find("1023 bits"), std::string::npos) << small.error().detail;
  for (EVP_PKEY* key : {curve.get(), x25519.get()}) {
    const auto refused = PrivateKey::from_pem(pkcs8(key));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("neither RSA nor Ed25519"), std::string::npos);
  }
}

TEST(PrivateKey, RefusesAPassphraseWithoutAskingForIt) {
  const OwnedKey rsa = parsed(rsa_key()->to_pem());
  for (const std::string& pem :
       {pkcs8(rsa.get(), EVP_aes_128_cbc()), traditional(rsa.get(), EVP_aes_128_cbc())}) {
    EXPECT_NE(pem.find("ENCRYPTED"), std::string::npos);
    const auto refused = PrivateKey::from_pem(pem);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("has a passphrase"), std::string::npos);
  }
}

TEST(PrivateKey, RefusesWhatIsNotAKey) {
  const OwnedKey rsa = parsed(rsa_key()->to_pem());
  const std::string half = written([&](BIO* out) { return PEM_write_bio_PUBKEY(out, rsa.get()); });
  const std::string pem = rsa_key()->to_pem();
  for (const std::string& text : {std::string(), std::string("key"), half,
                                  pem.substr(0, pem.size() / 2), std::string(70'000, '-')}) {
    const auto refused = PrivateKey::from_pem(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Errc::InvalidArgument);
  }
}

TEST(PrivateKey, IsMadeOnlyInAcceptedSizes) {
  const auto key = PrivateKey::generate(Algorithm::RsaSha256, 1536);
  ASSERT_TRUE(key);
  EXPECT_EQ((*key)->bits(), 1536U);
  for (const unsigned bits : {0U, 512U, 1023U, 8193U, 1'000'000U}) {
    EXPECT_FALSE(PrivateKey::generate(Algorithm::RsaSha256, bits)) << bits;
  }
}

TEST(PrivateKey, SignsADigestOnly) {
  EXPECT_FALSE(rsa_key()->sign("not a digest"));
  EXPECT_TRUE(rsa_key()->sign(kDigest));  // a failure leaves nothing behind
}

TEST(PrivateKey, SignaturesAreDeterministic) {
  for (const KeyPtr& key : {rsa_key(), ed25519_key()}) {
    EXPECT_EQ(*key->sign(kDigest), *key->sign(kDigest));
  }
}

TEST(PrivateKey, SignsInManyThreads) {
  const std::string expected = *rsa_key()->sign(kDigest);
  std::vector<int> wrong(4);
  std::vector<std::jthread> threads;
  for (int& mine : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) mine += *rsa_key()->sign(kDigest) != expected;
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

// More keys than a thread keeps contexts for, and keys that are gone.
TEST(PrivateKey, ManyKeysInOneThread) {
  const std::string pem = rsa_key()->to_pem();
  const std::string expected = *rsa_key()->sign(kDigest);
  for (int i = 0; i < 200; ++i) {
    const auto key = PrivateKey::from_pem(pem);
    ASSERT_TRUE(key);
    ASSERT_EQ(*(*key)->sign(kDigest), expected);
  }
  EXPECT_EQ(*rsa_key()->sign(kDigest), expected);
}

TEST(PublicKey, IsReadFromTheBareRsaPublicKeyToo) {
  const OwnedKey rsa = parsed(rsa_key()->to_pem());
  unsigned char* der = nullptr;
  const int size = i2d_PublicKey(rsa.get(), &der);
  ASSERT_GT(size, 0);
  const std::string bare(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  const auto key = PublicKey::from_base64(Algorithm::RsaSha256, base64::encode(bare));
  ASSERT_TRUE(key) << key.error().detail;
  EXPECT_TRUE(key->verify(kDigest, *rsa_key()->sign(kDigest)));
}

TEST(PublicKey, RefusesWhatIsNone) {
  const auto info = *base64::decode(rsa_key()->public_key_base64());
  const std::string rsa_refused[] = {"",
                                     "!",
                                     "Zm9v",
                                     ed25519_key()->public_key_base64(),
                                     base64::encode(info + "x"),
                                     base64::encode(info.substr(0, info.size() - 1))};
  for (const std::string& text : rsa_refused) {
    EXPECT_FALSE(PublicKey::from_base64(Algorithm::RsaSha256, text)) << text;
  }
  for (const std::string& text :
       {std::string(), base64::encode(std::string(31, 'x')), base64::encode(std::string(33, 'x')),
        rsa_key()->public_key_base64()}) {
    EXPECT_FALSE(PublicKey::from_base64(Algorithm::Ed25519Sha256, text)) << text;
  }
  const OwnedKey small = rsa_of(768);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(small.get(), &der);
  const std::string text =
      base64::encode({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  EXPECT_FALSE(PublicKey::from_base64(Algorithm::RsaSha256, text));  // RFC 8301 section 3.2
}

TEST(PublicKey, AnotherKeysSignatureDoesNotPass) {
  const auto half =
      PublicKey::from_base64(Algorithm::Ed25519Sha256, ed25519_key()->public_key_base64());
  EXPECT_FALSE(half->verify(kDigest, *make_key(Algorithm::Ed25519Sha256, 0)->sign(kDigest)));
}

TEST(Algorithm, HasItsNames) {
  EXPECT_EQ(algorithm_text(Algorithm::RsaSha256), "rsa-sha256");
  EXPECT_EQ(algorithm_text(Algorithm::Ed25519Sha256), "ed25519-sha256");
  EXPECT_EQ(key_type_text(Algorithm::RsaSha256), "rsa");
  EXPECT_EQ(key_type_text(Algorithm::Ed25519Sha256), "ed25519");
}

}  // namespace
}  // namespace signpost::dkim
