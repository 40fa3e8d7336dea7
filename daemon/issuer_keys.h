// Fetches the keys of an issuer of tokens (auth.oauth.jwks) from its URL.
#pragma once

#include "base/result.h"

#include <atomic>
#include <string>

namespace signpost::daemon {

// The document. Blocks for ten seconds at most. The error is the reason in words.
Result<std::string> fetch_keys(const std::string& url, const std::atomic<bool>& cancelled);

}  // namespace signpost::daemon
