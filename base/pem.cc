#include "base/pem.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace signpost::pem {

namespace {

// ASN.1's tags, as far as they distinguish the kinds of files.
constexpr char kInteger = 0x02;
constexpr char kBitString = 0x03;
constexpr char kOctetString = 0x04;
constexpr char kObject = 0x06;
constexpr char kSequence = 0x30;
constexpr char kCertificateVersion = static_cast<char>(0xA0);
constexpr std::string_view kRequestVersion{"\2\1\0", 3};  // RFC 2986 section 4.1

struct Value {
  char tag = 0;
  std::string_view content;
};

// Takes one value off the front of `der`. Lengths of up to four octets.
std::optional<Value> take(std::string_view& der) {
  if (der.size() < 2) return std::nullopt;
  const char tag = der[0];
  std::size_t size = static_cast<std::uint8_t>(der[1]);
  der.remove_prefix(2);
  if (size >= 0x80) {
    const std::size_t octets = size & 0x7f;
    if (octets == 0 || octets > 4 || der.size() < octets) return std::nullopt;
    size = 0;
    for (const char octet : der.substr(0, octets))
      size = size << 8 | static_cast<std::uint8_t>(octet);
    der.remove_prefix(octets);
  }
  if (der.size() < size) return std::nullopt;
  const Value value{tag, der.substr(0, size)};
  der.remove_prefix(size);
  return value;
}

enum class Der { None, Pkcs12, Pkcs7, PrivateKey, EncryptedKey, PublicKey, Certificate, Request };

// All of these are one sequence.
Der kind_of(std::string_view text) {
  const auto whole = take(text);
  if (!whole || whole->tag != kSequence || !text.empty()) return Der::None;
  std::string_view rest = whole->content;
  const auto first = take(rest);
  if (!first) return Der::None;
  if (first->tag == kInteger) {
    constexpr std::string_view kPkcs12Version{"\3", 1};
    return first->content == kPkcs12Version ? Der::Pkcs12 : Der::PrivateKey;
  }
  if (first->tag == kObject) return Der::Pkcs7;
  if (first->tag != kSequence) return Der::None;
  // An algorithm and a string of octets or bits, or a certificate.
  const auto second = take(rest);
  if (first->content.starts_with(kCertificateVersion)) return Der::Certificate;
  if (first->content.starts_with(kRequestVersion)) return Der::Request;
  if (!first->content.starts_with(kObject)) return Der::None;
  if (second && second->tag == kOctetString) return Der::EncryptedKey;
  return second && second->tag == kBitString ? Der::PublicKey : Der::None;
}

constexpr std::string_view kPassphrase =
    "has a passphrase, which nobody can type at startup; remove it with "
    "openssl pkey -in FILE -out NEW";
constexpr std::string_view kPublicKey =
    "is a public key; name the file of the private key that belongs to it";
constexpr std::string_view kRequest =
    "is a certificate request; name the file of the certificate that was issued for it";
constexpr std::string_view kRequestForKey =
    "is a certificate request; name the file of the private key that it was made with";
constexpr std::string_view kPkcs7ForKey =
    "is PKCS#7, which holds certificates and no key; name the file of the private key that belongs "
    "to them";
constexpr std::string_view kCutOff =
    "is cut off: a -----BEGIN line has no -----END line; copy the whole file again";

bool is_cut_off(std::string_view text) {
  const std::size_t begin = text.rfind("-----BEGIN ");
  return begin != std::string_view::npos && !text.substr(begin).contains("-----END ");
}

}  // namespace

std::string_view instead_of_private_key(std::string_view text) {
  if (text.contains("OPENSSH PRIVATE KEY-----")) {
    return "is a key of OpenSSH; make one in PEM with openssl genpkey";
  }
  if (text.contains("PRIVATE KEY-----")) {
    if (text.contains("ENCRYPTED")) return kPassphrase;
    return is_cut_off(text) ? kCutOff : "";
  }
  if (text.contains("PUBLIC KEY-----")) return kPublicKey;
  if (text.contains("CERTIFICATE REQUEST-----")) return kRequestForKey;
  if (text.contains("BEGIN PKCS7-----")) return kPkcs7ForKey;
  if (text.contains("CERTIFICATE-----")) {
    return "is a certificate; name the file of the private key that belongs to it";
  }
  switch (kind_of(text)) {
    case Der::PrivateKey:
      return "is DER; convert it to PEM with openssl pkey -inform DER -in FILE -out NEW";
    case Der::EncryptedKey:
      return "is DER and has a passphrase; convert it to PEM without one with "
             "openssl pkcs8 -inform DER -in FILE -out NEW";
    case Der::Pkcs12:
      return "is PKCS#12; extract the key with "
             "openssl pkcs12 -in FILE -nocerts -nodes -out NEW";
    case Der::PublicKey:
      return kPublicKey;
    case Der::Certificate:
      return "is a certificate in DER; name the file of the private key that belongs to it";
    case Der::Pkcs7:
      return kPkcs7ForKey;
    case Der::Request:
      return kRequestForKey;
    case Der::None:
      return "";
  }
  return "";
}

std::string_view instead_of_certificate(std::string_view text) {
  if (text.contains("CERTIFICATE REQUEST-----")) return kRequest;
  if (text.contains("BEGIN PKCS7-----")) {
    return "is PKCS#7; extract the certificates with "
           "openssl pkcs7 -print_certs -in FILE -out NEW";
  }
  if (text.contains("CERTIFICATE-----")) return is_cut_off(text) ? kCutOff : "";
  if (text.contains(" KEY-----")) {
    return "is a key; name the file of the certificate that belongs to it";
  }
  switch (kind_of(text)) {
    case Der::Certificate:
      return "is DER; convert it to PEM with openssl x509 -inform DER -in FILE -out NEW";
    case Der::Pkcs12:
      return "is PKCS#12; extract the certificates with "
             "openssl pkcs12 -in FILE -nokeys -out NEW";
    case Der::Pkcs7:
      return "is PKCS#7 in DER; extract the certificates with "
             "openssl pkcs7 -inform DER -print_certs -in FILE -out NEW";
    case Der::Request:
      return kRequest;
    case Der::PrivateKey:
    case Der::EncryptedKey:
    case Der::PublicKey:
      return "is a key in DER; name the file of the certificate that belongs to it";
    case Der::None:
      return "";
  }
  return "";
}

}  // namespace signpost::pem
