#include "auth/password_scheme.h"

#include "auth/scram_keys.h"
#include "base/ascii.h"
#include "base/check.h"
#include "sasl/scram_hash.h"
#include "smtp/saslprep.h"

#include <crypt.h>
#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <memory>
#include <span>

namespace signpost::auth {

namespace {

constexpr std::string_view kArgon = "$argon2id$";

// Dovecot's names, and the hashes that may follow each; without a name, any. Those that libcrypt
// has and Dovecot's {CRYPT} takes: SHA-crypt, bcrypt, yescrypt, gost-yescrypt, scrypt and
// sha1crypt.
constexpr std::string_view kScrypt = "$7$";
constexpr std::string_view kSha1 = "$sha1$";
constexpr std::string_view kPrefixes[] = {kArgon, "$6$", "$5$",  "$2a$",  "$2b$",
                                          "$2y$", "$y$", "$gy$", kScrypt, kSha1};
struct Scheme {
  std::string_view name;
  std::span<const std::string_view> prefixes;
};
constexpr Scheme kSchemes[] = {{"ARGON2ID", std::span(kPrefixes).subspan(0, 1)},
                               {"SHA512-CRYPT", std::span(kPrefixes).subspan(1, 1)},
                               {"SHA256-CRYPT", std::span(kPrefixes).subspan(2, 1)},
                               {"BLF-CRYPT", std::span(kPrefixes).subspan(3, 3)},
                               {"CRYPT", std::span(kPrefixes).subspan(1)},
                               {"", kPrefixes}};

// Schemes that a graphics card tries by the billion per second, or that need no guessing at all.
constexpr std::string_view kWeakSchemes[] = {
    "DES-CRYPT", "MD5-CRYPT",  "MD5",    "PLAIN-MD5", "LDAP-MD5", "SMD5",   "CRAM-MD5",
    "HMAC-MD5",  "DIGEST-MD5", "SHA",    "SHA1",      "SSHA",     "SHA256", "SSHA256",
    "SHA512",    "SSHA512",    "LANMAN", "NTLM",      "PLAIN",    "CLEAR",  "CLEARTEXT"};

// Others of Dovecot's, which may be strong enough: nothing here checks passwords against them.
constexpr std::string_view kOtherSchemes[] = {"PBKDF2", "ARGON2I", "SCRAM-SHA-1"};

constexpr std::size_t kLongestPassword = 1024;

// What one check may cost: libsodium's "moderate" limits with some room for time.
constexpr std::uint64_t kMostMemory = 256 * 1024;  // KiB
constexpr std::uint64_t kMostPasses = 16;
constexpr std::uint64_t kMostLanes = 16;
constexpr std::uint64_t kMostRounds = 1'000'000;               // of SHA-crypt; 5000 is its default
constexpr std::uint64_t kMostBcrypt = 14;                      // 2^14 rounds; 10 to 12 are usual
constexpr std::uint64_t kMostYescrypt = 16;                    // 2^16 blocks of 4 KiB; 12 are usual
constexpr std::uint64_t kMostScrypt = std::uint64_t{1} << 21;  // N x r x p, of 128 octets each
constexpr std::uint64_t kFewestSha1Rounds = 1000;              // as SHA-crypt has at least
constexpr std::size_t kScryptNumber = 5;                       // digits of r and of p

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
std::optional<std::string> sha_problem(std::string_view hash) {
  const bool sha512 = hash.starts_with("$6$");
  const std::string_view none =
      sha512 ? "this is not a SHA512-CRYPT hash" : "this is not a SHA256-CRYPT hash";
  const auto parts = ascii::split(hash, '$');
  const bool rounds_given = parts.size() == 5 && parts[2].starts_with("rounds=");
  if ((parts.size() != 4 && !rounds_given) || parts.back().size() != (sha512 ? 86 : 43)) {
    return std::string(none);
  }
  if (!rounds_given) return {};
  const auto rounds = number_after(parts[2], "rounds=");
  if (!rounds) return std::string(none);
  if (*rounds > kMostRounds) return "this hash costs too much to check (at most rounds=1000000)";
  return {};
}

// "$2b$12$" and 53 characters of salt and hash
std::optional<std::string> bcrypt_problem(std::string_view hash) {
  const auto parts = ascii::split(hash, '$');
  const auto cost =
      parts.size() == 4 && parts[2].size() == 2 ? number_after(parts[2], "") : std::nullopt;
  if (!cost || parts[3].size() != 53) return "this is not a BLF-CRYPT hash";
  if (*cost > kMostBcrypt) return "this hash costs too much to check (at most cost 14)";
  return {};
}

constexpr std::string_view kCryptDigits =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// The logarithm of its blocks. "$y$j9T$salt$hash": "j" are the flags that everybody uses, "9" is
// the number of blocks, "T" or "5" (32 or 8 times 128 octets) the size of each.
std::optional<std::uint64_t> yescrypt_blocks(std::string_view hash) {
  const auto parts = ascii::split(hash, '$');
  if (parts.size() != 5 || parts[4].size() != 43 || parts[2].size() != 3 || parts[2][0] != 'j' ||
      (parts[2][2] != 'T' && parts[2][2] != '5')) {
    return {};
  }
  const std::size_t digit = kCryptDigits.find(parts[2][1]);
  return digit == std::string_view::npos ? std::nullopt : std::optional(digit + 1);
}

std::optional<std::string> yescrypt_problem(std::string_view hash) {
  const auto blocks = yescrypt_blocks(hash);
  if (!blocks) return "this is not a yescrypt hash of the usual form";
  if (*blocks > kMostYescrypt) return "this hash costs too much to check (at most $y$jDT$)";
  return {};
}

// Of crypt(3), the lowest digit first.
std::optional<std::uint64_t> crypt_number(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t i = text.size(); i > 0; --i) {
    const std::size_t digit = kCryptDigits.find(text[i - 1]);
    if (digit == std::string_view::npos) return {};
    number = number * kCryptDigits.size() + digit;
  }
  return number;
}

// N x r x p, or more than kMostScrypt. "$7$CU..../....salt$hash": "C" is the logarithm of N,
// "U...." is r and "/...." is p. Without p, which is time only, that much memory.
std::optional<std::uint64_t> scrypt_blocks(std::string_view hash) {
  const auto parts = ascii::split(hash, '$');
  if (parts.size() != 4 || parts[2].size() < 1 + 2 * kScryptNumber || parts[3].size() != 43) {
    return {};
  }
  const auto logarithm = crypt_number(parts[2].substr(0, 1));
  const auto r = crypt_number(parts[2].substr(1, kScryptNumber));
  const auto p = crypt_number(parts[2].substr(1 + kScryptNumber, kScryptNumber));
  if (!logarithm || !r || !p || *logarithm == 0 || *r == 0 || *p == 0) return {};
  if ((kMostScrypt >> *logarithm) == 0 || *r > kMostScrypt || *p > kMostScrypt) {
    return kMostScrypt + 1;
  }
  // No product of three such numbers overflows.
  return (std::uint64_t{1} << *logarithm) * *r * *p;
}

std::optional<std::string> scrypt_problem(std::string_view hash) {
  const auto blocks = scrypt_blocks(hash);
  if (!blocks) return "this is not an scrypt hash";
  if (*blocks > kMostScrypt) {
    return "this hash costs too much to check (at most N=65536, r=32, p=1)";
  }
  return {};
}

// "$sha1$198009$salt$hash"
std::optional<std::uint64_t> sha1_rounds(std::string_view hash) {
  const auto parts = ascii::split(hash, '$');
  if (parts.size() != 5 || parts[3].empty() || parts[4].size() != 28) return {};
  return number_after(parts[2], "");
}

bool is_sha(std::string_view hash) { return hash.starts_with("$5$") || hash.starts_with("$6$"); }
bool is_bcrypt(std::string_view hash) { return hash.starts_with("$2"); }

std::string_view hash_of(std::string_view stored) {
  return stored.starts_with('{') ? stored.substr(std::min(stored.find('}'), stored.size() - 1) + 1)
                                 : stored;
}

// "{NAME}" without its braces; "" without them.
std::string_view scheme_of(std::string_view stored) {
  const std::size_t end = stored.starts_with('{') ? stored.find('}') : std::string_view::npos;
  return end == std::string_view::npos ? "" : stored.substr(1, end - 1);
}

std::string too_weak(std::string_view what) {
  return fmt::format("{} is too weak: whoever gets the file can soon guess its passwords", what);
}

std::optional<std::string> sha1_problem(std::string_view hash) {
  const auto rounds = sha1_rounds(hash);
  if (!rounds) return "this is not a sha1crypt hash";
  if (*rounds < kFewestSha1Rounds) {
    return too_weak(fmt::format("sha1crypt with fewer than {} rounds", kFewestSha1Rounds));
  }
  if (*rounds > kMostRounds) return "this hash costs too much to check (at most 1000000 rounds)";
  return {};
}

// Only known names are shown: what looks like one may be part of a password in clear.
std::optional<std::string> weakness(std::string_view scheme, std::string_view hash) {
  for (const std::string_view weak : kWeakSchemes) {
    if (ascii::equals_ignore_case(weak, scheme)) return too_weak(fmt::format("{{{}}}", weak));
  }
  // What these begin with has a meaning of its own after other names, as in {PBKDF2}$1$.
  const bool is_crypt = ascii::equals_ignore_case(scheme, "CRYPT");
  if (!is_crypt && !scheme.empty()) return {};
  if (hash.starts_with("$1$")) return too_weak("MD5 ($1$)");
  constexpr std::size_t kDesLength = 13;
  if (hash.size() != kDesLength || hash.find_first_not_of(kCryptDigits) != std::string_view::npos) {
    return {};
  }
  // Without a name it may as well be a password in clear.
  return is_crypt ? too_weak("DES")
                  : "not a supported password hash: " + too_weak("DES, if that is what it is,");
}

std::string not_supported(std::string_view scheme) {
  for (const std::string_view other : kOtherSchemes) {
    if (ascii::equals_ignore_case(other, scheme))
      return fmt::format("{{{}}} is not supported", other);
  }
  return "not a supported password hash";
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

bool verify_scram(const ScramKeys& keys, std::string_view password) {
  const ScramKeys made = derive_scram_keys(password, keys.salt, keys.iterations);
  return sasl::equal_in_constant_time(text_of(made.stored_key), text_of(keys.stored_key));
}

bool verify(std::string_view stored, std::string_view password) {
  if (const auto keys = parse_scram(stored)) return verify_scram(*keys, password);
  const std::string_view hash = hash_of(stored);
  if (hash.starts_with(kArgon)) return verify_argon(hash, password);
  return verify_crypt(std::string(hash), password);
}

// Of forms without problems. The factors were measured on one core; only their order matters.
std::uint64_t argon_cost(std::string_view hash) {
  const auto costs = ascii::split(ascii::split(hash, '$')[3], ',');
  return *number_after(costs[0], "m=") * *number_after(costs[1], "t=") * 6 / 10;
}

std::uint64_t sha_cost(std::string_view hash) {
  constexpr std::uint64_t kDefaultRounds = 5000;
  const auto parts = ascii::split(hash, '$');
  return number_after(parts[2], "rounds=").value_or(kDefaultRounds) * 6 / 10;
}

std::uint64_t bcrypt_cost(std::string_view hash) {
  return (std::uint64_t{1} << *number_after(ascii::split(hash, '$')[2], "")) * 80;
}

std::uint64_t yescrypt_cost(std::string_view hash) {
  return (std::uint64_t{1} << *yescrypt_blocks(hash)) * 10;
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
  (void)verify(nobody, password);
  return false;
}

}  // namespace

std::optional<std::string> password_hash_problem(std::string_view stored) {
  const std::string_view name = scheme_of(stored);
  if (ascii::equals_ignore_case(name, "SCRAM-SHA-256")) return scram_problem(stored);
  const std::string_view hash = hash_of(stored);
  if (!std::ranges::all_of(hash, [](char c) { return c > ' ' && c <= '~'; })) {
    return "not a supported password hash";
  }
  if (auto weak = weakness(name, hash)) return weak;
  const auto scheme = std::ranges::find_if(
      kSchemes, [&](const Scheme& known) { return ascii::equals_ignore_case(known.name, name); });
  if (scheme == std::end(kSchemes)) return not_supported(name);
  const auto begins = [&](std::string_view prefix) { return hash.starts_with(prefix); };
  if (std::ranges::none_of(scheme->prefixes, begins)) {
    return name.empty() || scheme->name == "CRYPT"
               ? std::string("not a supported password hash")
               : fmt::format("this is not a hash of {{{}}}", scheme->name);
  }
  if (begins(kArgon)) return argon_problem(hash);
  if (is_sha(hash)) return sha_problem(hash);
  if (begins(kScrypt)) return scrypt_problem(hash);
  if (begins(kSha1)) return sha1_problem(hash);
  return is_bcrypt(hash) ? bcrypt_problem(hash) : yescrypt_problem(hash);
}

std::string hash_password(std::string_view password) {
  start_sodium();
  const auto form = smtp::saslprep(password);
  if (form) password = form->view();
  std::array<char, crypto_pwhash_STRBYTES> text{};
  // Fails only when 64 MiB cannot be allocated.
  CHECK(crypto_pwhash_str(text.data(), password.data(), password.size(),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0);
  return std::string("{ARGON2ID}") + text.data();
}

std::uint64_t password_cost(std::string_view stored) {
  if (password_hash_problem(stored)) return 0;
  if (const auto keys = parse_scram(stored)) return keys->iterations / 2;
  const std::string_view hash = hash_of(stored);
  if (hash.starts_with(kArgon)) return argon_cost(hash);
  if (is_sha(hash)) return sha_cost(hash);
  if (hash.starts_with(kScrypt)) return *scrypt_blocks(hash) / 3;
  if (hash.starts_with(kSha1)) return *sha1_rounds(hash);
  return is_bcrypt(hash) ? bcrypt_cost(hash) : yescrypt_cost(hash);
}

namespace {

bool verify_form(const User* user, std::string_view password, std::string_view costliest) {
  if (user == nullptr || password.size() > kLongestPassword ||
      password_hash_problem(user->password)) {
    return pretend_to_verify(password.substr(0, kLongestPassword), costliest);
  }
  return verify(user->password, password);
}

}  // namespace

bool verify_password(const User* user, std::string_view password, std::string_view costliest) {
  start_sodium();
  const auto form = smtp::saslprep(password.substr(0, kLongestPassword + 1));
  if (form && form->view() != password && verify_form(user, form->view(), costliest)) return true;
  return verify_form(user, password, costliest);
}

}  // namespace signpost::auth
