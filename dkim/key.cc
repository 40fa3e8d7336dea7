#include "dkim/key.h"

#include "base/base64.h"
#include "base/pem.h"
#include "dkim/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>

namespace signpost::dkim {

namespace {

constexpr unsigned kMinRsaBits = 1024;  // RFC 8301 section 3.2
constexpr unsigned kMaxRsaBits = 8192;  // beyond it a signature takes tens of milliseconds
constexpr std::size_t kEd25519Size = 32;
constexpr std::size_t kKeptContexts = 64;  // in each thread

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// A key that needs a passphrase is refused: nobody is there to type it.
int no_passphrase(char*, int, int, void*) noexcept { return -1; }

bool is_rsa_size(unsigned bits) { return bits >= kMinRsaBits && bits <= kMaxRsaBits; }

Failure wrong_rsa_size(unsigned bits) {
  return fail(Errc::InvalidArgument, "the RSA key has " + std::to_string(bits) +
                                         " bits; make one of 2048 (1024 to 8192 are accepted)");
}

Result<Algorithm> algorithm_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return Algorithm::Ed25519Sha256;
  if (EVP_PKEY_is_a(key, "RSA") != 1) {
    return fail(Errc::InvalidArgument,
                "the key is neither RSA nor Ed25519; make one with signpost dkim keygen");
  }
  const auto bits = static_cast<unsigned>(EVP_PKEY_get_bits(key));
  if (!is_rsa_size(bits)) return wrong_rsa_size(bits);
  return Algorithm::RsaSha256;
}

// SubjectPublicKeyInfo, as everyone publishes it, or the bare RSAPublicKey that the text of
// section 3.6.1 asks for (erratum 3017).
PKey read_rsa_public_key(std::string_view der) {
  const auto size = static_cast<long>(der.size());
  const unsigned char* const end = bytes(der) + size;
  const unsigned char* at = bytes(der);
  PKey key(d2i_PUBKEY(nullptr, &at, size));
  if (!key) {
    at = bytes(der);
    key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  }
  if (at != end) key.reset();
  return key;
}

Result<PKeyContext> rsa_signing_context(EVP_PKEY* key) {
  PKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), sha256()) != 1) {
    return Failure(openssl_error(Errc::Io, "preparing an RSA signature"));
  }
  return context;
}

}  // namespace

std::string_view algorithm_text(Algorithm algorithm) {
  return algorithm == Algorithm::RsaSha256 ? "rsa-sha256" : "ed25519-sha256";
}

std::string_view key_type_text(Algorithm algorithm) {
  return algorithm == Algorithm::RsaSha256 ? "rsa" : "ed25519";
}

// Private keys ------------------------------------------------------------------------------------

struct PrivateKey::Impl {
  explicit Impl(PKey pkey) : key(std::move(pkey)) {
    static std::atomic<std::uint64_t> next{1};
    number = next.fetch_add(1, std::memory_order_relaxed);
  }
  ~Impl() { sodium_memzero(ed25519.data(), ed25519.size()); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool expand_ed25519();
  Result<std::string> sign_rsa(std::string_view digest) const;
  std::string sign_ed25519(std::string_view digest) const;

  PKey key;
  std::uint64_t number;  // names the key in a thread's contexts; unlike an address, never reused
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> ed25519{};  // as libsodium wants it
};

Result<std::shared_ptr<const PrivateKey>> PrivateKey::own(std::unique_ptr<Impl> impl) {
  const auto algorithm = algorithm_of(impl->key.get());
  if (!algorithm) return Failure(algorithm.error());
  if (*algorithm == Algorithm::Ed25519Sha256 && !impl->expand_ed25519()) {
    return Failure(openssl_error(Errc::InvalidArgument, "the Ed25519 key cannot be used"));
  }
  return std::shared_ptr<const PrivateKey>(new PrivateKey(std::move(impl), *algorithm));
}

PrivateKey::PrivateKey(std::unique_ptr<Impl> impl, Algorithm algorithm)
    : impl_(std::move(impl)), algorithm_(algorithm) {}

PrivateKey::~PrivateKey() = default;

Result<std::shared_ptr<const PrivateKey>> PrivateKey::from_pem(std::string_view pem) {
  if (pem.size() > std::numeric_limits<int>::max()) {
    return fail(Errc::InvalidArgument, "not a PEM file");
  }
  ERR_clear_error();
  const Bio memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  PKey key(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr)
                  : nullptr);
  if (!key) {
    // OpenSSL's reason comes from the last decoder it tried, which the operator never asked for.
    ERR_clear_error();
    const std::string_view instead = pem::instead_of_private_key(pem);
    if (!instead.empty()) return fail(Errc::InvalidArgument, std::string(instead));
    return fail(Errc::InvalidArgument,
                pem.contains("PRIVATE KEY-----")
                    ? "has a private key that is damaged; copy the whole file again"
                    : "has no private key in PEM (PKCS#8 or PKCS#1); make one with signpost dkim "
                      "keygen");
  }
  return own(std::make_unique<Impl>(std::move(key)));
}

Result<std::shared_ptr<const PrivateKey>> PrivateKey::generate(Algorithm algorithm, unsigned bits) {
  // Checked before it is made: a key of 100,000 bits would take days.
  if (algorithm == Algorithm::RsaSha256 && !is_rsa_size(bits)) return wrong_rsa_size(bits);
  ERR_clear_error();
  PKey key(algorithm == Algorithm::RsaSha256
               ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits))
               : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return Failure(openssl_error(Errc::InvalidArgument, "the key cannot be made"));
  return own(std::make_unique<Impl>(std::move(key)));
}

unsigned PrivateKey::bits() const {
  return static_cast<unsigned>(EVP_PKEY_get_bits(impl_->key.get()));
}

std::string PrivateKey::to_pem() const {
  const Bio memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(memory.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string PrivateKey::public_key_base64() const {
  if (algorithm_ == Algorithm::Ed25519Sha256) {
    unsigned char raw[kEd25519Size];
    std::size_t size = sizeof raw;
    EVP_PKEY_get_raw_public_key(impl_->key.get(), raw, &size);
    return base64::encode({reinterpret_cast<const char*>(raw), size});
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(impl_->key.get(), &der);
  if (size <= 0) return {};
  std::string text =
      base64::encode({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return text;
}

// A context remembers the key's blinding and the fetched algorithm: it is not made again for each
// signature.
Result<std::string> PrivateKey::Impl::sign_rsa(std::string_view digest) const {
  thread_local std::unordered_map<std::uint64_t, PKeyContext> contexts;
  auto found = contexts.find(number);
  if (found == contexts.end()) {
    if (contexts.size() >= kKeptContexts) contexts.clear();  // keys that a reload replaced
    auto context = rsa_signing_context(key.get());
    if (!context) return Failure(std::move(context).error());
    found = contexts.emplace(number, std::move(*context)).first;
  }
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
  std::size_t size = signature.size();
  if (EVP_PKEY_sign(found->second.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                    bytes(digest), digest.size()) != 1) {
    contexts.erase(found);
    return Failure(openssl_error(Errc::Io, "RSA signature"));
  }
  signature.resize(size);
  return signature;
}

bool PrivateKey::Impl::expand_ed25519() {
  std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_half{};
  std::size_t size = seed.size();
  const bool done = sodium_init() >= 0 &&
                    EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &size) == 1 &&
                    size == seed.size() &&
                    crypto_sign_seed_keypair(public_half.data(), ed25519.data(), seed.data()) == 0;
  sodium_memzero(seed.data(), seed.size());
  return done;
}

// PureEdDSA (RFC 8032) signatures are the same in every implementation; libsodium takes less than
// half of OpenSSL's time for it.
std::string PrivateKey::Impl::sign_ed25519(std::string_view digest) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, bytes(digest),
                       digest.size(), ed25519.data());
  return signature;
}

Result<std::string> PrivateKey::sign(std::string_view digest) const {
  if (algorithm_ == Algorithm::Ed25519Sha256) return impl_->sign_ed25519(digest);
  ERR_clear_error();
  return impl_->sign_rsa(digest);
}

// Public keys -------------------------------------------------------------------------------------

struct PublicKey::Impl {
  PKey key;
  Algorithm algorithm;
};

PublicKey::PublicKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::from_base64(Algorithm algorithm, std::string_view base64) {
  ERR_clear_error();
  const auto raw = base64::decode(base64);
  if (!raw) return fail(Errc::InvalidArgument, "p= is not base64");
  PKey key;
  if (algorithm == Algorithm::Ed25519Sha256) {
    key.reset(
        EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, bytes(*raw), raw->size()));
  } else {
    key = read_rsa_public_key(*raw);
  }
  if (!key) return Failure(openssl_error(Errc::InvalidArgument, "p= is not a public key"));
  const auto kind = algorithm_of(key.get());
  if (!kind) return Failure(kind.error());
  if (*kind != algorithm) return fail(Errc::InvalidArgument, "p= is a key of another type");
  return PublicKey(std::make_unique<Impl>(Impl{std::move(key), algorithm}));
}

bool PublicKey::verify(std::string_view digest, std::string_view signature) const {
  ERR_clear_error();
  if (impl_->algorithm == Algorithm::Ed25519Sha256) {
    const DigestContext context(EVP_MD_CTX_new());
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, impl_->key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(digest),
                            digest.size()) == 1;
  }
  const PKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, impl_->key.get(), nullptr));
  return context && EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context.get(), sha256()) == 1 &&
         EVP_PKEY_verify(context.get(), bytes(signature), signature.size(), bytes(digest),
                         digest.size()) == 1;
}

}  // namespace signpost::dkim
