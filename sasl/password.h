// A password of ours at a server, or a token.
#pragma once

#include "base/mutex.h"
#include "base/secret_string.h"
#include "sasl/scram_hash.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::sasl {

// A password, and the last salted form of it: servers keep their salt, so that each connection but
// the first does without the slow derivation. Constant but for that; any thread.
class Password {
 public:
  explicit Password(std::string_view text) : text_(text) {}

  std::string_view view() const { return text_.view(); }
  std::string salted(ScramHash hash, std::string_view salt, std::uint32_t iterations) const;

 private:
  const SecretString text_;
  mutable Mutex mutex_;
  mutable ScramHash hash_ GUARDED_BY(mutex_) = ScramHash::Sha256;
  mutable std::string salt_ GUARDED_BY(mutex_);
  mutable std::uint32_t iterations_ GUARDED_BY(mutex_) = 0;  // 0: none is known
  mutable SecretString salted_ GUARDED_BY(mutex_);
};

}  // namespace signpost::sasl
