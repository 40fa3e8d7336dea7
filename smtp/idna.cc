#include "smtp/idna.h"

#include "base/ascii.h"
#include "smtp/address.h"

#include <idn2.h>

namespace signpost::smtp {

Result<std::string> to_a_labels(std::string_view domain) {
  if (ascii::is_ascii(domain)) return ascii::lower(domain);
  char* out = nullptr;
  const std::string text(domain);
  const int status = idn2_to_ascii_8z(text.c_str(), &out, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (status != IDN2_OK) return fail(Errc::InvalidArgument, idn2_strerror(status));
  std::string ascii_form(out);
  idn2_free(out);
  return ascii_form;
}

std::string ascii_domain_form(const std::string& mailbox) {
  const std::size_t at = mailbox.rfind('@');
  if (at == std::string::npos || ascii::is_ascii(mailbox)) return mailbox;
  const std::string_view local = std::string_view(mailbox).substr(0, at);
  if (!ascii::is_ascii(local)) return mailbox;
  const auto domain = to_a_labels(domain_of(mailbox));
  return domain ? std::string(local).append("@").append(*domain) : mailbox;
}

}  // namespace signpost::smtp
