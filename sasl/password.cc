#include "sasl/password.h"

#include "smtp/saslprep.h"

namespace signpost::sasl {

std::string Password::salted(ScramHash hash, std::string_view salt,
                             std::uint32_t iterations) const {
  const MutexLock lock(mutex_);
  if (iterations_ != iterations || hash_ != hash || salt_ != salt) {
    const auto form = smtp::saslprep(text_.view());
    salted_ = salted_password(hash, form ? form->view() : text_.view(), salt, iterations);
    hash_ = hash;
    salt_ = salt;
    iterations_ = iterations;
  }
  return std::string(salted_.view());
}

}  // namespace signpost::sasl
