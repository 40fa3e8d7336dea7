// Keys (RFC 6376 section 3.3, RFC 8301, RFC 8463) and the DNS records that publish them.
#pragma once

#include "base/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace signpost::dkim {

enum class Algorithm { RsaSha256, Ed25519Sha256 };
std::string_view algorithm_text(Algorithm algorithm);  // "rsa-sha256", for a=
std::string_view key_type_text(Algorithm algorithm);   // "rsa", for k=

// A private key, loaded once and shared. sign() may be called from any thread: each thread has its
// own context. Never logged or printed.
class PrivateKey {
 public:
  // PEM, PKCS#8 or PKCS#1; RSA of at least 1024 bits (RFC 8301 section 3.2) or Ed25519.
  static Result<std::shared_ptr<const PrivateKey>> from_pem(std::string_view pem);
  static Result<std::shared_ptr<const PrivateKey>> generate(Algorithm algorithm, unsigned bits);
  ~PrivateKey();

  Algorithm algorithm() const { return algorithm_; }
  unsigned bits() const;
  std::string to_pem() const;  // PKCS#8

  // The public half as p= holds it: base64 of SubjectPublicKeyInfo (RSA) or of the 32 raw octets
  // (Ed25519, RFC 8463 section 4.2).
  std::string public_key_base64() const;

  // The raw signature of `digest`, the SHA-256 of what is signed: RSA is PKCS#1 v1.5 over the
  // digest, Ed25519 is PureEdDSA over the 32 octets of the digest (RFC 8463 section 3).
  Result<std::string> sign(std::string_view digest) const;

 private:
  struct Impl;
  explicit PrivateKey(std::unique_ptr<Impl> impl, Algorithm algorithm);
  static Result<std::shared_ptr<const PrivateKey>> own(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  Algorithm algorithm_;
};

class PublicKey {
 public:
  // The value of a key record's p=, base64.
  static Result<PublicKey> from_base64(Algorithm algorithm, std::string_view base64);
  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();
  bool verify(std::string_view digest, std::string_view signature) const;

 private:
  struct Impl;
  explicit PublicKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::dkim
