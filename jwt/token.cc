#include "jwt/token.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "jwt/signature.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

namespace signpost::jwt {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostTried = 8;  // keys, for a token that names none
constexpr std::size_t kLongestLogin = 255;

// "" if it is missing or not a text.
std::string text_of(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// The JSON object in a part of the token; null after a mistake.
Json object_in(std::string_view part) {
  const auto text = base64::decode_url(part);
  if (!text) return {};
  Json object = Json::parse(*text, nullptr, false);
  return object.is_object() ? object : Json();
}

// Tokens for other purposes say so (RFC 8725 section 3.11): those of a logout, of an event.
bool is_type_of_access(const Json& header) {
  if (!header.contains("typ")) return true;
  std::string type = ascii::lower(text_of(header, "typ"));
  constexpr std::string_view kFamily = "application/";
  if (type.starts_with(kFamily)) type.erase(0, kFamily.size());
  return type == "jwt" || type == "at+jwt";
}

// The keys that may have signed it: those of its "kid", or without one all that fit.
std::vector<const PublicKey*> keys_for(const KeySet& keys, const Json& header) {
  const std::string id = text_of(header, "kid");
  std::vector<const PublicKey*> found;
  for (const PublicKey& key : keys.keys()) {
    if (id.empty() || key.id == id) found.push_back(&key);
  }
  return found;
}

// True for the text itself, and for a list that has it.
bool has_text(const Json& value, std::string_view text) {
  if (value.is_string()) return value.get_ref<const std::string&>() == text;
  return value.is_array() && std::ranges::any_of(value, [&](const Json& item) {
           return item.is_string() && item.get_ref<const std::string&>() == text;
         });
}

// "scope" is words in one text (RFC 9068 section 2.2.3); some issuers have "scp", or a list.
bool has_scope(const Json& claims, std::string_view scope) {
  for (const char* name : {"scope", "scp"}) {
    const auto value = claims.find(name);
    if (value == claims.end()) continue;
    if (value->is_array() && has_text(*value, scope)) return true;
    if (!value->is_string()) continue;
    const auto words = ascii::split(value->get_ref<const std::string&>(), ' ');
    if (std::ranges::find(words, scope) != words.end()) return true;
  }
  return false;
}

// Seconds since 1970, with or without a fraction (RFC 7519 section 2).
std::optional<double> time_of(const Json& claims, const char* name) {
  const auto value = claims.find(name);
  if (value == claims.end() || !value->is_number()) return {};
  return value->get<double>();
}

std::optional<Fault> fault_of_time(const Json& claims, SystemTime now) {
  const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  const auto leeway = static_cast<double>(kLeeway.count());
  const auto end = time_of(claims, "exp");
  if (!end || (claims.contains("nbf") && !time_of(claims, "nbf"))) return Fault::Malformed;
  if (!(seconds < *end + leeway)) return Fault::Expired;
  const auto begin = time_of(claims, "nbf");
  if (begin && !(seconds > *begin - leeway)) return Fault::NotYetValid;
  return {};
}

std::expected<std::string, Fault> login_in(const Json& claims, const Expectation& expected) {
  std::string login = text_of(claims, expected.login_claim);
  if (login.empty() || login.size() > kLongestLogin ||
      std::ranges::any_of(login, ascii::is_control)) {
    return std::unexpected(Fault::NoLogin);
  }
  // Else whoever may change his own address at the issuer takes over another's login.
  if (expected.login_claim == "email") {
    const auto verified = claims.find("email_verified");
    const bool says_no =
        verified != claims.end() && *verified != Json(true) && *verified != Json("true");
    if (says_no) return std::unexpected(Fault::EmailUnverified);
  }
  return login;
}

std::expected<std::string, Fault> judge_claims(const Json& claims, const Expectation& expected,
                                               SystemTime now) {
  if (!claims.is_object()) return std::unexpected(Fault::Malformed);
  if (text_of(claims, "iss") != expected.issuer) return std::unexpected(Fault::Issuer);
  const auto audience = claims.find("aud");
  if (audience == claims.end() || !has_text(*audience, expected.audience)) {
    return std::unexpected(Fault::Audience);
  }
  if (const auto fault = fault_of_time(claims, now)) return std::unexpected(*fault);
  if (!expected.scope.empty() && !has_scope(claims, expected.scope)) {
    return std::unexpected(Fault::Scope);
  }
  return login_in(claims, expected);
}

// Nothing if the issuer has signed `text`.
std::optional<Fault> fault_of_signature(const Json& header, const KeySet& keys,
                                        std::string_view text, std::string_view signature) {
  const std::string algorithm = text_of(header, "alg");
  if (!is_known_algorithm(algorithm)) return Fault::Algorithm;
  const auto candidates = keys_for(keys, header);
  if (candidates.empty()) return Fault::UnknownKey;
  std::size_t tried = 0;
  for (const PublicKey* key : candidates) {
    if (!may_be_used(*key, algorithm)) continue;
    if (is_signature(*key, algorithm, text, signature)) return {};
    if (++tried == kMostTried) break;
  }
  return Fault::Signature;
}

}  // namespace

std::string_view words_of(Fault fault) {
  switch (fault) {
    case Fault::Malformed:
      return "it is not a signed JSON Web Token";
    case Fault::Type:
      return "it is a token for another purpose (typ)";
    case Fault::Algorithm:
      return "it is not signed with an algorithm that is accepted";
    case Fault::UnknownKey:
      return "it names a key that the issuer does not have";
    case Fault::Signature:
      return "its signature is wrong";
    case Fault::Issuer:
      return "it is from another issuer than auth.oauth.issuer";
    case Fault::Audience:
      return "it is for another audience than auth.oauth.audience";
    case Fault::Expired:
      return "it has expired";
    case Fault::NotYetValid:
      return "it is not valid yet; is the clock right?";
    case Fault::Scope:
      return "it lacks the scope auth.oauth.scope";
    case Fault::NoLogin:
      return "it lacks the claim auth.oauth.login_claim, or has no login there";
    case Fault::EmailUnverified:
      return "the issuer has not verified its email (email_verified)";
  }
  return "";
}

std::expected<std::string, Fault> login_of(std::string_view token, const KeySet& keys,
                                           const Expectation& expected, SystemTime now) {
  if (token.size() > kLongestToken) return std::unexpected(Fault::Malformed);
  const auto parts = ascii::split(token, '.');
  if (parts.size() != 3) return std::unexpected(Fault::Malformed);
  const Json header = object_in(parts[0]);
  const auto signature = base64::decode_url(parts[2]);
  // No extension is known that must be (RFC 7515 section 4.1.11).
  if (!header.is_object() || !signature || header.contains("crit")) {
    return std::unexpected(Fault::Malformed);
  }
  if (!is_type_of_access(header)) return std::unexpected(Fault::Type);
  const std::string_view text = token.substr(0, parts[0].size() + 1 + parts[1].size());
  if (const auto fault = fault_of_signature(header, keys, text, *signature)) {
    return std::unexpected(*fault);
  }
  return judge_claims(object_in(parts[1]), expected, now);
}

}  // namespace signpost::jwt
