// Keys for tests. Making one of RSA takes long: each is made once for the program.
#pragma once

#include "base/check.h"
#include "dkim/key.h"
#include "dkim/key_record.h"
#include "dkim/signer.h"
#include "dkim/verifier.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::dkim {

using KeyPtr = std::shared_ptr<const PrivateKey>;

inline KeyPtr make_key(Algorithm algorithm, unsigned bits) {
  auto key = PrivateKey::generate(algorithm, bits);
  CHECK(key.has_value());
  return *key;
}
inline const KeyPtr& rsa_key() {
  static const KeyPtr key = make_key(Algorithm::RsaSha256, 1024);
  return key;
}
inline const KeyPtr& ed25519_key() {
  static const KeyPtr key = make_key(Algorithm::Ed25519Sha256, 0);
  return key;
}

inline SigningIdentity identity(std::string domain, std::string selector, KeyPtr key) {
  SigningIdentity made;
  made.domain = std::move(domain);
  made.selector = std::move(selector);
  made.key = std::move(key);
  return made;
}

// Key records by name, as a RecordSource.
class Records {
 public:
  Records& add(std::string_view domain, std::string_view selector, std::string text) {
    texts_[record_name(domain, selector)] = std::move(text);
    return *this;
  }
  Records& add(const SigningIdentity& signer) {
    return add(signer.domain, signer.selector, record_text(*signer.key));
  }
  std::optional<std::string> operator()(std::string_view name) const {
    const auto found = texts_.find(name);
    if (found == texts_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

}  // namespace signpost::dkim
