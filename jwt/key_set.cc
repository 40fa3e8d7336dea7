#include "jwt/key_set.h"

#include "base/ascii.h"
#include "base/base64.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace signpost::jwt {

namespace {

using Json = nlohmann::json;

constexpr int kLeastModulus = 2048;  // bits: RFC 7518 section 3.3
constexpr int kMostModulus = 8192;   // beyond it a check would take milliseconds
constexpr int kMostExponent = 64;

template <auto Function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using Key = std::shared_ptr<EVP_PKEY>;

struct Curve {
  std::string_view name;  // "crv"
  KeyKind kind;
  const char* group;  // OpenSSL's name
  std::size_t size;   // octets of a coordinate
};
constexpr Curve kCurves[] = {{"P-256", KeyKind::P256, "prime256v1", 32},
                             {"P-384", KeyKind::P384, "secp384r1", 48},
                             {"P-521", KeyKind::P521, "secp521r1", 66}};

// "" if it is missing, or not a text.
std::string text_of(const Json& key, const char* name) {
  const auto found = key.find(name);
  return found != key.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<std::string> octets_of(const Json& key, const char* name) {
  auto octets = base64::decode_url(text_of(key, name));
  if (!octets || octets->empty()) return {};
  return octets;
}

Number number_of(const std::string& octets) {
  return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(octets.data()),
                          static_cast<int>(octets.size()), nullptr));
}

Key owned(EVP_PKEY* key) {
  return {key, [](EVP_PKEY* old) { EVP_PKEY_free(old); }};
}

// Null if OpenSSL refuses the parameters.
Key made_of(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  Key made = owned(key);
  const Context check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return made;
}

Result<Key> rsa_key(const Json& json) {
  const auto modulus = octets_of(json, "n");
  const auto exponent = octets_of(json, "e");
  if (!modulus || !exponent)
    return fail(Errc::InvalidArgument, "lacks n or e, or has damaged ones");
  if (modulus->size() > kMostModulus / 8 + 1 || exponent->size() > kMostExponent / 8) {
    return fail(Errc::InvalidArgument, "is larger than any issuer's");
  }
  const Number n = number_of(*modulus);
  const Number e = number_of(*exponent);
  const int bits = n ? BN_num_bits(n.get()) : 0;
  if (bits < kLeastModulus || bits > kMostModulus) {
    return fail(Errc::InvalidArgument,
                fmt::format("has {} bits, and needs {} to {}", bits, kLeastModulus, kMostModulus));
  }
  const Builder builder(OSSL_PARAM_BLD_new());
  Key key;
  if (e && BN_is_odd(e.get()) && !BN_is_one(e.get()) && builder &&
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1) {
    key = made_of("RSA", builder.get());
  }
  if (!key) return fail(Errc::InvalidArgument, "has no usable n and e");
  return key;
}

Result<Key> curve_key(const Json& json, const Curve& curve) {
  const auto x = octets_of(json, "x");
  const auto y = octets_of(json, "y");
  // RFC 7518 section 6.2.1.2: leading zeros are there.
  if (!x || !y || x->size() != curve.size || y->size() != curve.size) {
    return fail(Errc::InvalidArgument,
                fmt::format("lacks x or y, or has some that are not of {} octets", curve.size));
  }
  const std::string point = fmt::format("\x04{}{}", *x, *y);  // not compressed
  const Builder builder(OSSL_PARAM_BLD_new());
  Key key;
  if (builder &&
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0) ==
          1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) == 1) {
    key = made_of("EC", builder.get());
  }
  if (!key) return fail(Errc::InvalidArgument, "has no point of its curve");
  return key;
}

Result<Key> ed25519_key(const Json& json) {
  const auto x = octets_of(json, "x");
  Key key;
  if (x) {
    key = owned(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(x->data()), x->size()));
  }
  if (!key) return fail(Errc::InvalidArgument, "lacks x, or has a damaged one");
  return key;
}

// Whether it is there to verify signatures, as far as it says (RFC 7517 sections 4.2 and 4.3).
bool is_for_signatures(const Json& json) {
  const std::string use = text_of(json, "use");
  if (!use.empty() && use != "sig") return false;
  const auto operations = json.find("key_ops");
  if (operations == json.end()) return true;
  return operations->is_array() && std::ranges::any_of(*operations, [](const Json& operation) {
           return operation.is_string() && operation.get<std::string>() == "verify";
         });
}

// Nothing for a key of another kind or use.
Result<std::optional<PublicKey>> key_of(const Json& json) {
  if (!json.is_object() || !is_for_signatures(json)) return std::optional<PublicKey>();
  PublicKey found{.id = text_of(json, "kid"), .algorithm = text_of(json, "alg"), .key = {}};
  const std::string type = text_of(json, "kty");
  const std::string crv = text_of(json, "crv");
  const auto* const curve = std::ranges::find(kCurves, crv, &Curve::name);
  Result<Key> key;
  if (type == "RSA") {
    found.kind = KeyKind::Rsa;
    key = rsa_key(json);
  } else if (type == "EC" && curve != std::end(kCurves)) {
    found.kind = curve->kind;
    key = curve_key(json, *curve);
  } else if (type == "OKP" && crv == "Ed25519") {
    found.kind = KeyKind::Ed25519;
    key = ed25519_key(json);
  } else {
    return std::optional<PublicKey>();
  }
  if (!key) return Failure(std::move(key).error());
  found.key = std::move(*key);
  return found;
}

}  // namespace

Result<std::shared_ptr<const KeySet>> KeySet::parse(std::string_view json) {
  if (json.size() > kLargest) {
    return fail(Errc::InvalidArgument,
                fmt::format("is larger than {} KiB, too large for a key set", kLargest >> 10));
  }
  const Json document = Json::parse(json, nullptr, false);
  const auto keys = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || keys == document.end() || !keys->is_array()) {
    return fail(
        Errc::InvalidArgument,
        "is not a JSON Web Key Set (RFC 7517), such as {\"keys\": [{\"kty\": \"RSA\", …}]}");
  }
  if (keys->size() > kMostKeys) {
    return fail(Errc::InvalidArgument, fmt::format("has more than {} keys", kMostKeys));
  }
  auto set = std::make_shared<KeySet>();
  for (std::size_t i = 0; i < keys->size(); ++i) {
    ERR_clear_error();
    auto key = key_of((*keys)[i]);
    ERR_clear_error();
    if (!key) {
      const std::string id = text_of((*keys)[i], "kid");
      return fail(
          Errc::InvalidArgument,
          fmt::format("key {} ({}) {}", i + 1,
                      id.empty() ? "without kid" : ascii::printable(id, 100), key.error().detail));
    }
    if (*key) set->keys_.push_back(std::move(**key));
  }
  if (set->keys_.empty()) {
    return fail(
        Errc::InvalidArgument,
        "has no key that verifies signatures (RSA, EC on P-256, P-384 or P-521, or Ed25519)");
  }
  return set;
}

}  // namespace signpost::jwt
