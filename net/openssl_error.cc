#include "net/openssl_error.h"

#include <openssl/err.h>

#include <system_error>

namespace signpost::net {

namespace {

std::string reason_text(unsigned long code) {
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  char number[64];
  ERR_error_string_n(code, number, sizeof number);
  return number;
}

}  // namespace

std::string take_openssl_errors(const char* otherwise) {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const std::string reason = reason_text(code);
    if (text.contains(reason)) continue;  // each layer repeats what the one below said
    if (!text.empty()) text += "; ";
    text += reason;
  }
  return text.empty() ? otherwise : text;
}

}  // namespace signpost::net
