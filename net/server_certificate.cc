#include "net/server_certificate.h"

#include "base/concat.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace signpost::net {

namespace {

constexpr int kLeastKeySecurity = 112;       // bits: those of RSA with 2048, RFC 9325 section 4.5
constexpr int kLeastSignatureSecurity = 80;  // SHA-1 has fewer, SHA-224 more

constexpr std::string_view kOtherKey =
    "; have it issued for an RSA key of 2048 bits or more, or for one on P-256";

std::string curve_problem(const EVP_PKEY* key) {
  constexpr std::array<std::string_view, 3> kCurves{"prime256v1", "secp384r1", "secp521r1"};
  std::array<char, 80> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) {
    return concat({"has a key on a curve without a name, which clients do not know", kOtherKey});
  }
  const std::string_view curve(name.data(), size);
  if (std::ranges::find(kCurves, curve) != kCurves.end()) return "";
  return concat({"has a key on the curve ", curve, ", which clients do not know", kOtherKey});
}

std::string key_problem(const EVP_PKEY* key) {
  if (key == nullptr) {
    return concat({"has a key of a kind that this system does not know", kOtherKey});
  }
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
      return curve_problem(key);
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
      return "";
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      if (EVP_PKEY_get_security_bits(key) >= kLeastKeySecurity) return "";
      return concat({"has an RSA key of ", std::to_string(EVP_PKEY_get_bits(key)),
                     " bits, which clients refuse as too short", kOtherKey});
    default: {
      const char* const kind = OBJ_nid2sn(EVP_PKEY_get_base_id(key));
      return concat({"has a key of the kind ", kind == nullptr ? "?" : kind,
                     ", which clients do not know", kOtherKey});
    }
  }
}

bool is_root(X509* certificate) { return (X509_get_extension_flags(certificate) & EXFLAG_SS) != 0; }

// Nobody looks at the signature of a root.
std::string signature_problem(X509* certificate) {
  int digest = NID_undef;
  int security = 0;
  if (is_root(certificate) ||
      X509_get_signature_info(certificate, &digest, nullptr, &security, nullptr) != 1 ||
      security >= kLeastSignatureSecurity) {
    return "";
  }
  const char* const name = OBJ_nid2sn(digest);
  return concat({"is signed with ", name == nullptr ? "an outdated digest" : name,
                 ", which clients no longer accept; have it issued with a signature that uses "
                 "SHA-256"});
}

std::string problem_of(X509* certificate) {
  std::string problem = key_problem(X509_get0_pubkey(certificate));
  return problem.empty() ? signature_problem(certificate) : problem;
}

std::vector<X509*> all_of(const Certificate& certificate) {
  std::vector<X509*> all = certificate.others();
  all.insert(all.begin(), certificate.own());
  return all;
}

bool issued(X509* issuer, X509* subject) { return X509_check_issued(issuer, subject) == X509_V_OK; }

}  // namespace

std::string unusable_certificate(const Certificate& certificate) {
  std::string problem = problem_of(certificate.own());
  std::size_t number = 1;
  for (X509* const other : certificate.others()) {
    ++number;
    if (!problem.empty()) break;
    problem = problem_of(other);
    if (!problem.empty()) {
      problem = concat({"certificate ", std::to_string(number), " in the file ", problem});
    }
  }
  ERR_clear_error();
  return problem;
}

std::string purpose_problem(const Certificate& certificate) {
  X509* const own = certificate.own();
  const std::uint32_t flags = X509_get_extension_flags(own);
  if ((flags & EXFLAG_XKUSAGE) != 0 &&
      (X509_get_extended_key_usage(own) & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0) {
    return "is not for servers (its extendedKeyUsage lacks serverAuth): clients refuse it; have "
           "one issued for a TLS server";
  }
  // An extension that is absent has all bits set.
  if ((X509_get_key_usage(own) & (KU_DIGITAL_SIGNATURE)) == 0) {
    return "is not for TLS (its keyUsage lacks digitalSignature): clients refuse it; have one "
           "issued for a TLS server";
  }
  return "";
}

std::string order_problem(const Certificate& certificate) {
  const std::vector<X509*> chain = all_of(certificate);
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (issued(chain[i + 1], chain[i])) continue;
    for (std::size_t j = 0; j < chain.size(); ++j) {
      if (j == i || !issued(chain[j], chain[i])) continue;
      constexpr std::string_view kRemedy =
          "; write each one right before the one that issued it, or some clients refuse the chain";
      return concat({"the chain is out of order: certificate ", std::to_string(i + 1),
                     " in the file was issued by number ", std::to_string(j + 1), kRemedy});
    }
  }
  return "";
}

}  // namespace signpost::net
