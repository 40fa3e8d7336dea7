#include "auth/scram_exchange.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "sasl/scram_hash.h"
#include "smtp/saslprep.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace signpost::auth {

namespace {

constexpr std::size_t kLongestNonce = 256;
constexpr std::size_t kFakeSaltSize = 16;
constexpr std::uint32_t kFakeIterations = 4096;

// "=2C" and "=3D" are a comma and an equals sign; no other "=" is allowed (RFC 5802 section 5.1).
std::optional<std::string> decode_name(std::string_view text) {
  std::string name;
  while (!text.empty()) {
    if (text.starts_with("=2C") || text.starts_with("=3D")) {
      name += text[2] == 'C' ? ',' : '=';
      text.remove_prefix(3);
    } else if (text.front() == '=' || text.front() == '\0') {
      return {};
    } else {
      name += text.front();
      text.remove_prefix(1);
    }
  }
  return name;
}

bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= kLongestNonce &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

// Cuts off what stands before the next comma, which is dropped; nothing without one.
std::optional<std::string_view> cut_field(std::string_view& text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return {};
  const std::string_view field = text.substr(0, comma);
  text.remove_prefix(comma + 1);
  return field;
}

// The stored form that SCRAM uses for a login; null if there is none.
const std::string* scram_of(const User& user) {
  if (!user.scram.empty()) return &user.scram;
  return parse_scram(user.password) ? &user.password : nullptr;
}

}  // namespace

bool scram_serves_all(const Users& users) {
  const auto has_password = [](const User& user) { return !user.password.empty(); };
  return std::ranges::any_of(users.all(), has_password) &&
         std::ranges::all_of(users.all(), [&](const User& user) {
           return !has_password(user) || scram_of(user) != nullptr;
         });
}

SaslExchange::Answer ScramExchange::respond(std::string_view message) {
  switch (std::exchange(expected_, Expected::Nothing)) {
    case Expected::ClientFirst:
      return on_client_first(message);
    case Expected::ClientFinal:
      return on_client_final(message);
    case Expected::Nothing:
      break;
  }
  return Malformed{};
}

// "n": the client cannot bind; "y": it believes that we cannot; "p=TYPE": it does.
bool ScramExchange::take_binding_flag(std::string_view flag) {
  if (!server_.plus) {
    downgraded_ = flag == "y" && server_.plus_offered;
    return flag == "n" || flag == "y";
  }
  if (flag == "p=tls-exporter") binding_ = server_.binding.exporter;
  if (flag == "p=tls-server-end-point") binding_ = server_.binding.end_point;
  return !binding_.empty();
}

// gs2-cbind-flag "," ["a=" authzid] "," "n=" name ",r=" nonce ["," extensions]
SaslExchange::Answer ScramExchange::on_client_first(std::string_view message) {
  std::string_view rest = message;
  const auto flag = cut_field(rest);
  const auto identity = cut_field(rest);
  if (!flag || !identity || !take_binding_flag(*flag)) return Malformed{};
  if (!identity->empty()) {
    const auto name = identity->starts_with("a=") ? decode_name(identity->substr(2)) : std::nullopt;
    if (!name) return Malformed{};
    authorization_identity_ = smtp::prepared_name(*name);
  }
  gs2_header_ = message.substr(0, message.size() - rest.size());
  client_first_bare_ = rest;
  // A mandatory extension, "m=", would stand first: there is none that we know.
  const auto fields = ascii::split(rest, ',');
  if (fields.size() < 2 || !fields[0].starts_with("n=") || !fields[1].starts_with("r=")) {
    return Malformed{};
  }
  const auto name = decode_name(fields[0].substr(2));
  const std::string_view client_nonce = fields[1].substr(2);
  if (!name || name->empty() || !is_nonce(client_nonce)) return Malformed{};
  login_ = smtp::prepared_name(*name);
  keys_ = keys_of(login_);
  const User* const user = server_.users ? server_.users->find(login_) : nullptr;
  known_ = user != nullptr && scram_of(*user) != nullptr;
  nonce_ = fmt::format("{}{}", client_nonce, server_.nonce);
  server_first_ =
      fmt::format("r={},s={},i={}", nonce_, base64::encode(keys_.salt), keys_.iterations);
  expected_ = Expected::ClientFinal;
  return Challenge{server_first_};
}

// A login that does not exist gets a salt, too, always the same, with the iterations of one that
// does: who does not know a password must not learn names.
ScramKeys ScramExchange::keys_of(const std::string& login) const {
  const User* const user = server_.users ? server_.users->find(login) : nullptr;
  if (user != nullptr && scram_of(*user) != nullptr) return parse_scram(*scram_of(*user)).value();
  const Sha256 hash = hmac_sha256(server_.salt_secret, login);
  ScramKeys keys;
  keys.salt = text_of(hash).substr(0, kFakeSaltSize);
  keys.iterations = kFakeIterations;
  if (!server_.users || !scram_serves_all(*server_.users)) return keys;
  std::vector<const std::string*> all;
  for (const User& other : server_.users->all()) {
    if (const std::string* stored = scram_of(other)) all.push_back(stored);
  }
  keys.iterations = parse_scram(*all[hash.back() % all.size()]).value().iterations;
  return keys;
}

// "c=" base64(gs2-header and binding) ",r=" nonce ["," extensions] ",p=" base64(proof)
SaslExchange::Answer ScramExchange::on_client_final(std::string_view message) {
  const std::size_t end = message.rfind(",p=");
  if (end == std::string_view::npos) return Malformed{};
  const std::string_view without_proof = message.substr(0, end);
  const auto proof = base64::decode(message.substr(end + 3));
  const auto fields = ascii::split(without_proof, ',');
  if (!proof || proof->size() != Sha256().size() || fields.size() < 2 ||
      !fields[0].starts_with("c=") || !fields[1].starts_with("r=")) {
    return Malformed{};
  }
  const auto binding = base64::decode(fields[0].substr(2));
  if (!binding) return Malformed{};
  const std::string said =
      fmt::format("{},{},{}", client_first_bare_, server_first_, without_proof);
  Sha256 client_key = hmac_sha256(text_of(keys_.stored_key), said);
  for (std::size_t i = 0; i < client_key.size(); ++i) {
    client_key[i] =
        static_cast<unsigned char>(client_key[i] ^ static_cast<unsigned char>((*proof)[i]));
  }
  const bool proven =
      sasl::equal_in_constant_time(text_of(sha256(text_of(client_key))), text_of(keys_.stored_key));
  const bool bound = sasl::equal_in_constant_time(*binding, gs2_header_ + binding_);
  server_signature_ = text_of(hmac_sha256(text_of(keys_.server_key), said));
  return Claim{.login = login_,
               .authorization_identity = authorization_identity_,
               .right = known_ && proven && bound && !downgraded_ && fields[1].substr(2) == nonce_};
}

// That we know the password, too.
std::string ScramExchange::last_words(Verdict verdict) {
  return verdict == Verdict::Accepted ? "v=" + base64::encode(server_signature_) : "";
}

}  // namespace signpost::auth
