// Two messages to SCRAM, apart by a line end: nothing that is not the password's proof is right,
// and nothing is said twice.
#include "auth/scram_exchange.h"
#include "base/check.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace {

using namespace signpost::auth;

const std::shared_ptr<const Users>& users() {
  static const std::shared_ptr<const Users> made = [] {
    const std::string keys = scram_text(derive_scram_keys("pencil", "saltsaltsaltsalt", 4096));
    return *Users::parse("[user]\npassword = \"" + keys + "\"\n", "users.toml");
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t end = text.find('\n');
  ScramExchange exchange({.users = users(),
                          .salt_secret = "secret",
                          .binding = {.exporter = "exporter", .end_point = ""},
                          .plus = (data[0] & 1) != 0,
                          .plus_offered = (data[0] & 2) != 0,
                          .nonce = "nonce"});
  const auto first = exchange.respond(text.substr(0, end));
  CHECK(!std::holds_alternative<SaslExchange::Claim>(first));
  if (end == std::string_view::npos) return 0;
  const auto last = exchange.respond(text.substr(end + 1));
  CHECK(!std::holds_alternative<SaslExchange::Challenge>(last));
  if (const auto* claim = std::get_if<SaslExchange::Claim>(&last)) {
    CHECK(!claim->right && !claim->login.empty());
  }
  CHECK(std::holds_alternative<SaslExchange::Malformed>(exchange.respond(text)));
  return 0;
}
