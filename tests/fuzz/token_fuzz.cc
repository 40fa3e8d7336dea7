// A key set, a line end, and a token: whatever they are, no token is right that was not signed, and
// the token of the key set's own secret is not known to a fuzzer.
#include "base/check.h"
#include "jwt/key_set.h"
#include "jwt/token.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace {

using namespace signpost;

// RFC 8037 appendix A.2.
constexpr std::string_view kKey = R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k",)"
                                  R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

const jwt::Expectation& expected() {
  static const jwt::Expectation made{
      .issuer = "i", .audience = "a", .scope = "s", .login_claim = "email"};
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto own = jwt::KeySet::parse(kKey).value();
  constexpr SystemTime kNow{std::chrono::seconds(1'800'000'000)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const std::string_view token = end == std::string_view::npos ? text : text.substr(end + 1);
  CHECK(!jwt::login_of(token, *own, expected(), kNow));
  const auto keys = jwt::KeySet::parse(text.substr(0, end));
  if (!keys) return 0;
  CHECK(!(*keys)->keys().empty());
  if (const auto login = jwt::login_of(token, **keys, expected(), kNow)) {
    CHECK(!login->empty());
  }
  return 0;
}
