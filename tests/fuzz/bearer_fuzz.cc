// A message of OAUTHBEARER or XOAUTH2, chosen by its first octet: what is taken from it was in it.
#include "auth/bearer_exchange.h"
#include "base/check.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost::auth;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto form =
      (data[0] & 1) != 0 ? BearerExchange::Form::XOauth2 : BearerExchange::Form::OauthBearer;
  BearerExchange exchange(form, {.issuer = "https://id.example", .scope = "smtp"});
  const auto answer = exchange.respond(text);
  if (const auto* bearer = std::get_if<SaslExchange::Bearer>(&answer)) {
    const std::string_view token = bearer->token.view();
    CHECK(!token.empty() && text.contains(token));
    CHECK(std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; }));
    CHECK(form == BearerExchange::Form::OauthBearer || !bearer->authorization_identity.empty());
    CHECK(!bearer->authorization_identity.contains('\0'));
  } else {
    CHECK(std::holds_alternative<SaslExchange::Malformed>(answer));
  }
  CHECK(std::holds_alternative<SaslExchange::Malformed>(exchange.respond(text)));
  CHECK(!exchange.last_words(Verdict::Rejected).empty());
  return 0;
}
