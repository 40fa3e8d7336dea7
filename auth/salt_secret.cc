#include "auth/salt_secret.h"

#include "base/base64.h"
#include "base/random.h"
#include "base/result.h"
#include "config/text_file.h"

#include <optional>
#include <string_view>

namespace signpost::auth {

namespace {

constexpr std::size_t kSize = 32;

std::optional<std::string> secret_of(std::string_view text) {
  if (!text.ends_with('\n')) return {};
  auto secret = base64::decode(text.substr(0, text.size() - 1));
  return secret && secret->size() == kSize ? secret : std::nullopt;
}

}  // namespace

// A damaged one is replaced: nothing else depends on it.
std::string keep_salt_secret(const std::string& file) {
  if (const auto text = config::read_text_file(file)) {
    if (auto secret = secret_of(*text)) return std::move(*secret);
  }
  std::string secret = secret_bytes(kSize);
  (void)config::edit_private_file(file, [&](const std::string&) -> Result<std::string> {
    return base64::encode(secret) + "\n";
  });
  return secret;
}

}  // namespace signpost::auth
