#include "sasl/scram_client.h"

#include "base/ascii.h"
#include "base/base64.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace signpost::sasl {

namespace {

constexpr std::string_view kGs2Header = "n,,";
constexpr std::size_t kLongestNonce = 1024;
constexpr std::size_t kLongestSalt = 1024;

std::unexpected<std::string> not_scram(std::string_view why) {
  return std::unexpected(fmt::format("the peer does not speak SCRAM: {}", why));
}

}  // namespace

ScramClient::ScramClient(Mechanism mechanism, const std::string& name,
                         std::shared_ptr<const Password> password, std::string nonce)
    : mechanism_(mechanism),
      hash_(mechanism == Mechanism::ScramSha1 ? ScramHash::Sha1 : ScramHash::Sha256),
      password_(std::move(password)),
      nonce_(std::move(nonce)),
      first_bare_(fmt::format("n={},r={}", name, nonce_)) {}

std::optional<std::string> ScramClient::initial_response() {
  return std::string(kGs2Header) + first_bare_;
}

// state        challenge                                  response
// -----------  -----------------------------------------  ------------------------------
// ServerFirst  empty, once: the command's was overlooked  client-first
//              server-first-message                       client-final; ServerFinal
// ServerFinal  server-final-message                       empty; Nothing
std::expected<std::string, std::string> ScramClient::respond(std::string_view challenge) {
  if (expected_ == Expected::ServerFirst && challenge.empty() && !std::exchange(repeated_, true)) {
    return initial_response().value();
  }
  switch (std::exchange(expected_, Expected::Nothing)) {
    case Expected::ServerFirst:
      return on_server_first(challenge);
    case Expected::ServerFinal:
      return on_server_final(challenge);
    case Expected::Nothing:
      break;
  }
  return not_scram("it asks for more than the mechanism provides");
}

// "r=" nonce ",s=" salt ",i=" iterations [","extensions]
std::expected<std::string, std::string> ScramClient::on_server_first(std::string_view message) {
  const auto fields = ascii::split(message, ',');
  // A mandatory extension, "m=", would be first: there is none that we know.
  if (fields.size() < 3 || !fields[0].starts_with("r=") || !fields[1].starts_with("s=") ||
      !fields[2].starts_with("i=")) {
    return not_scram("its first message has another form");
  }
  const std::string_view nonce = fields[0].substr(2);
  if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size() || nonce.size() > kLongestNonce) {
    return not_scram("its nonce does not continue ours");
  }
  const auto salt = base64::decode(fields[1].substr(2));
  if (!salt || salt->empty() || salt->size() > kLongestSalt) {
    return not_scram("its salt cannot be used");
  }
  const std::string_view count = fields[2].substr(2);
  std::uint32_t iterations = 0;
  const auto read = std::from_chars(count.data(), count.data() + count.size(), iterations);
  if (read.ec != std::errc() || read.ptr != count.data() + count.size() ||
      iterations < kFewestIterations || iterations > kMostIterations) {
    return not_scram(fmt::format("its iterations are not between {} and {}", kFewestIterations,
                                 kMostIterations));
  }
  std::string salted = password_->salted(hash_, *salt, iterations);
  std::string proof = client_key(hash_, salted);
  const std::string without_proof = fmt::format("c={},r={}", base64::encode(kGs2Header), nonce);
  const std::string said = fmt::format("{},{},{}", first_bare_, message, without_proof);
  const std::string signature = hmac(hash_, hash(hash_, proof), said);
  for (std::size_t i = 0; i < proof.size(); ++i) {
    proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  }
  server_signature_ = hmac(hash_, server_key(hash_, salted), said);
  wipe(salted);
  expected_ = Expected::ServerFinal;
  return fmt::format("{},p={}", without_proof, base64::encode(proof));
}

// "v=" signature, or "e=" error
std::expected<std::string, std::string> ScramClient::on_server_final(std::string_view message) {
  const std::string_view field = message.substr(0, message.find(','));
  if (field.starts_with("e=")) {
    return std::unexpected(
        fmt::format("the peer refused the login: {}", ascii::printable(field.substr(2), 100)));
  }
  const auto shown = field.starts_with("v=") ? base64::decode(field.substr(2)) : std::nullopt;
  if (!shown || !equal_in_constant_time(*shown, server_signature_)) {
    return std::unexpected(
        std::string("the peer does not know the password: it may be an impostor"));
  }
  proven_ = true;
  return "";
}

std::string ScramClient::accepted() {
  return proven_ ? "" : "the peer accepted the login without proving that it knows the password";
}

}  // namespace signpost::sasl
