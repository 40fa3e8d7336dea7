#include "auth/password_scheme.h"

#include "base/ascii.h"
#include "base/check.h"

#include <crypt.h>
#include <sodium.h>

#include <array>
#include <charconv>
#include <memory>

namespace signpost::auth {

namespace {

constexpr std::string_view kArgon = "{ARGON2ID}";
constexpr std::string_view kCrypt = "{SHA512-CRYPT}";
constexpr std::size_t kLongestPassword = 1024;

// What one check may cost: libsodium's "moderate" limits with some room for time.
constexpr std::uint64_t kMostMemory = 256 * 1024;  // KiB
constexpr std::uint64_t kMostPasses = 16;
constexpr std::uint64_t kMostLanes = 16;
constexpr std::uint64_t kMostRounds = 1'000'000;  // of SHA512-CRYPT; 5000 is its default

void start_sodium() {
  static const bool started = sodium_init() >= 0;
  CHECK(started);
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return {};
  text.remove_prefix(name.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

// "$argon2id$v=19$m=65536,t=2,p=1$salt$hash"
std::optional<std::string> argon_problem(std::string_view hash) {
  const auto parts = ascii::split(hash, '$');
  if (hash.size() >= crypto_pwhash_STRBYTES || parts.size() != 6 || !parts[0].empty() ||
      parts[1] != "argon2id" || parts[2] != "v=19" || parts[4].empty() || parts[5].empty()) {
    return "this is not an argon2id hash";
  }
  const auto costs = ascii::split(parts[3], ',');
  if (costs.size() != 3) return "this is not an argon2id hash";
  const auto memory = number_after(costs[0], "m=");
  const auto passes = number_after(costs[1], "t=");
  const auto lanes = number_after(costs[2], "p=");
  if (!memory || !passes || !lanes) return "this is not an argon2id hash";
  if (*memory > kMostMemory || *passes > kMostPasses || *lanes > kMostLanes) {
    return "this hash costs too much to check (at most m=262144, t=16, p=16)";
  }
  return {};
}

// "$6$[rounds=5000$]salt$hash"
std::optional<std::string> crypt_problem(std::string_view hash) {
  constexpr std::size_t kHashLength = 86;
  const auto parts = ascii::split(hash, '$');
  const bool rounds_given = parts.size() == 5 && parts[2].starts_with("rounds=");
  if ((parts.size() != 4 && !rounds_given) || !parts[0].empty() || parts[1] != "6" ||
      parts.back().size() != kHashLength) {
    return "this is not a SHA512-CRYPT hash";
  }
  if (!rounds_given) return {};
  const auto rounds = number_after(parts[2], "rounds=");
  if (!rounds) return "this is not a SHA512-CRYPT hash";
  if (*rounds > kMostRounds) return "this hash costs too much to check (at most rounds=1000000)";
  return {};
}

bool verify_argon(std::string_view hash, std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};  // libsodium wants the rest zeroed
  hash.copy(text.data(), text.size() - 1);
  return crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
}

bool verify_crypt(const std::string& hash, std::string_view password) {
  if (password.find('\0') != std::string_view::npos) return false;  // crypt would stop there
  const auto work = std::make_unique<crypt_data>();  // 32 KiB: not for a thread's stack
  std::string phrase(password);
  const char* made = crypt_r(phrase.c_str(), hash.c_str(), work.get());
  sodium_memzero(phrase.data(), phrase.size());
  const bool right = made != nullptr && std::string_view(made).size() == hash.size() &&
                     sodium_memcmp(made, hash.data(), hash.size()) == 0;
  sodium_memzero(work.get(), sizeof *work);
  return right;
}

bool verify(std::string_view stored, std::string_view password) {
  if (stored.starts_with(kArgon)) return verify_argon(stored.substr(kArgon.size()), password);
  return verify_crypt(std::string(stored.substr(kCrypt.size())), password);
}

// Of a form without problems. The factors were measured on one core; their order is what counts.
std::uint64_t argon_cost(std::string_view hash) {
  const auto costs = ascii::split(ascii::split(hash, '$')[3], ',');
  return *number_after(costs[0], "m=") * *number_after(costs[1], "t=") * 6 / 10;
}

std::uint64_t crypt_cost(std::string_view hash) {
  constexpr std::uint64_t kDefaultRounds = 5000;
  const auto parts = ascii::split(hash, '$');
  return number_after(parts[2], "rounds=").value_or(kDefaultRounds) * 6 / 10;
}

// The work of a check that no password passes.
bool pretend_to_verify(std::string_view password, std::string_view costliest) {
  if (!costliest.empty()) {
    (void)verify(costliest, password);
    return false;
  }
  static const std::string nobody = [] {
    std::array<char, 32> secret;
    randombytes_buf(secret.data(), secret.size());
    return hash_password({secret.data(), secret.size()});
  }();
  (void)verify_argon(std::string_view(nobody).substr(kArgon.size()), password);
  return false;
}

}  // namespace

std::optional<std::string> password_hash_problem(std::string_view stored) {
  if (stored.starts_with(kArgon)) return argon_problem(stored.substr(kArgon.size()));
  if (stored.starts_with(kCrypt)) return crypt_problem(stored.substr(kCrypt.size()));
  return "not a supported password hash";
}

std::string hash_password(std::string_view password) {
  start_sodium();
  std::array<char, crypto_pwhash_STRBYTES> text{};
  // Fails only when 64 MiB cannot be had.
  CHECK(crypto_pwhash_str(text.data(), password.data(), password.size(),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0);
  return std::string(kArgon) + text.data();
}

std::uint64_t password_cost(std::string_view stored) {
  if (password_hash_problem(stored)) return 0;
  return stored.starts_with(kArgon) ? argon_cost(stored.substr(kArgon.size()))
                                    : crypt_cost(stored.substr(kCrypt.size()));
}

bool verify_password(const User* user, std::string_view password, std::string_view costliest) {
  start_sodium();
  if (user == nullptr || password.size() > kLongestPassword ||
      password_hash_problem(user->password)) {
    return pretend_to_verify(password.substr(0, kLongestPassword), costliest);
  }
  return verify(user->password, password);
}

}  // namespace signpost::auth
