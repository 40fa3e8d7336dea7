#include "auth/bearer_exchange.h"

#include "base/ascii.h"
#include "smtp/saslprep.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace signpost::auth {

namespace {

constexpr char kSeparator = '\x01';

// "=2C" and "=3D" are a comma and an equals sign; no other "=" is allowed (RFC 5801 section 4).
std::optional<std::string> decode_name(std::string_view text) {
  std::string name;
  while (!text.empty()) {
    if (text.starts_with("=2C") || text.starts_with("=3D")) {
      name += text[2] == 'C' ? ',' : '=';
      text.remove_prefix(3);
    } else if (text.front() == '=' || text.front() == ',' || text.front() == '\0') {
      return {};
    } else {
      name += text.front();
      text.remove_prefix(1);
    }
  }
  return name;
}

// The identity in "n,a=IDENTITY,", and "" for "n,,". No channel can be bound: "y" is an honest
// client's way to say that it could, and "p=…" would demand it.
std::optional<std::string> identity_of(std::string_view header) {
  if (!header.starts_with("n,") && !header.starts_with("y,")) return {};
  header.remove_prefix(2);
  if (!header.ends_with(',')) return {};
  header.remove_suffix(1);
  if (header.empty()) return "";
  if (!header.starts_with("a=") || header.size() == 2) return {};
  return decode_name(header.substr(2));
}

// The token in "Bearer TOKEN"; the scheme in any case (RFC 7235 section 2.1).
std::optional<std::string_view> token_of(std::string_view credentials) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!ascii::starts_with_ignore_case(credentials, kScheme)) return {};
  std::string_view token = credentials.substr(kScheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  const bool readable =
      !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
  return readable ? std::optional(token) : std::nullopt;
}

struct Parts {
  std::string identity;
  std::string_view token;
};

// OAUTHBEARER: header ^A *("key=value" ^A) ^A (RFC 7628 section 3.1). XOAUTH2 has "user=IDENTITY"
// among them instead of a header. Keys that are not known are passed over.
std::optional<Parts> parts_of(BearerExchange::Form form, std::string_view message) {
  const std::string_view end("\x01\x01", 2);
  if (!message.ends_with(end)) return {};
  message.remove_suffix(end.size());
  std::optional<std::string> identity;
  std::optional<std::string_view> token;
  auto fields = ascii::split(message, kSeparator);
  if (form == BearerExchange::Form::OauthBearer) {
    identity = identity_of(fields.front());
    fields.erase(fields.begin());
  }
  for (const std::string_view field : fields) {
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view key = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (key == "auth") {
      if (token) return {};
      token = token_of(value);
      if (!token) return {};
    } else if (key == "user" && form == BearerExchange::Form::XOauth2) {
      if (identity || value.empty() || value.contains('\0')) return {};
      identity = std::string(value);
    }
  }
  if (!identity || !token) return {};
  return Parts{.identity = smtp::prepared_name(*identity), .token = *token};
}

}  // namespace

SaslExchange::Answer BearerExchange::respond(std::string_view message) {
  if (std::exchange(done_, true)) return Malformed{};
  auto parts = parts_of(form_, message);
  if (!parts) return Malformed{};
  return Bearer{.authorization_identity = std::move(parts->identity),
                .token = SecretString(parts->token)};
}

std::string BearerExchange::last_words(Verdict verdict) {
  if (verdict != Verdict::Rejected) return "";
  nlohmann::ordered_json words;
  if (form_ == Form::XOauth2) {
    words["status"] = "401";
    words["schemes"] = "bearer";
  } else {
    words["status"] = "invalid_token";
  }
  if (!advice_.scope.empty()) words["scope"] = advice_.scope;
  if (form_ == Form::OauthBearer && advice_.issuer.starts_with("https://")) {
    const bool slash = advice_.issuer.ends_with('/');
    words["openid-configuration"] =
        advice_.issuer + (slash ? "" : "/") + ".well-known/openid-configuration";
  }
  return words.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace signpost::auth
