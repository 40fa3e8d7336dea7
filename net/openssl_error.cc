#include "net/openssl_error.h"

#include <openssl/err.h>

namespace signpost::net {

std::string take_openssl_errors(const char* otherwise) {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    char number[32];
    if (reason == nullptr) {
      ERR_error_string_n(code, number, sizeof number);
      reason = number;
    }
    if (!text.empty()) text += "; ";
    text += reason;
  }
  return text.empty() ? otherwise : text;
}

}  // namespace signpost::net
