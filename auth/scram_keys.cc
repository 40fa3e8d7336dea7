#include "auth/scram_keys.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/random.h"
#include "sasl/scram_hash.h"
#include "smtp/saslprep.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace signpost::auth {

namespace {

constexpr std::string_view kScheme = "{SCRAM-SHA-256}";
constexpr std::string_view kNone = "this is not a hash of {SCRAM-SHA-256}";
constexpr std::uint32_t kFewestIterations = 4096;  // RFC 7677 section 4
constexpr std::uint32_t kMostIterations = 1'000'000;
// Some 30 ms of a client's time. More would make clients in scripting languages wait for seconds.
constexpr std::uint32_t kIterations = 65'536;
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kLongestSalt = 64;

constexpr auto kHash = sasl::ScramHash::Sha256;

Sha256 octets(std::string_view hash) {
  Sha256 made{};
  CHECK(hash.size() == made.size());
  std::ranges::copy(hash, made.begin());
  return made;
}

std::optional<Sha256> decode_key(std::string_view base64) {
  const auto decoded = base64::decode(base64);
  Sha256 key{};
  if (!decoded || decoded->size() != key.size()) return {};
  std::ranges::copy(*decoded, key.begin());
  return key;
}

}  // namespace

Sha256 sha256(std::string_view text) { return octets(sasl::hash(kHash, text)); }

Sha256 hmac_sha256(std::string_view key, std::string_view text) {
  return octets(sasl::hmac(kHash, key, text));
}

std::string scram_text(const ScramKeys& keys) {
  return fmt::format("{}{},{},{},{}", kScheme, keys.iterations, base64::encode(keys.salt),
                     base64::encode(text_of(keys.stored_key)),
                     base64::encode(text_of(keys.server_key)));
}

std::optional<ScramKeys> parse_scram(std::string_view stored) {
  if (!ascii::starts_with_ignore_case(stored, kScheme)) return {};
  const auto parts = ascii::split(stored.substr(kScheme.size()), ',');
  if (parts.size() != 4) return {};
  ScramKeys keys;
  const char* const end = parts[0].data() + parts[0].size();
  const auto read = std::from_chars(parts[0].data(), end, keys.iterations);
  auto salt = base64::decode(parts[1]);
  const auto stored_key = decode_key(parts[2]);
  const auto server_key = decode_key(parts[3]);
  if (read.ec != std::errc() || read.ptr != end || !salt || salt->empty() ||
      salt->size() > kLongestSalt || !stored_key || !server_key) {
    return {};
  }
  keys.salt = std::move(*salt);
  keys.stored_key = *stored_key;
  keys.server_key = *server_key;
  return keys;
}

std::optional<std::string> scram_problem(std::string_view stored) {
  const auto keys = parse_scram(stored);
  if (!keys) return std::string(kNone);
  if (keys->iterations < kFewestIterations) return "too few iterations (at least 4096)";
  if (keys->iterations > kMostIterations) return "too many iterations (at most 1000000)";
  return {};
}

ScramKeys derive_scram_keys(std::string_view password, std::string_view salt,
                            std::uint32_t iterations) {
  const SecretString salted = sasl::salted_password(kHash, password, salt, iterations);
  return {.iterations = iterations,
          .salt = std::string(salt),
          .stored_key = sha256(sasl::client_key(kHash, salted.view())),
          .server_key = octets(sasl::server_key(kHash, salted.view()))};
}

std::string make_scram(std::string_view password) {
  const auto form = smtp::saslprep(password);
  return scram_text(
      derive_scram_keys(form ? form->view() : password, secret_bytes(kSaltSize), kIterations));
}

}  // namespace signpost::auth
