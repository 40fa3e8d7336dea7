#include "smtp/saslprep.h"

#include "base/ascii.h"

#include <idn-free.h>
#include <stringprep.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace signpost::smtp {

namespace {

// The profile changes and forbids nothing of it.
bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::optional<SecretString> saslprep(std::string_view text) {
  if (is_printable_ascii(text)) return SecretString(text);
  // libidn expects well-formed UTF-8 that ends with a zero octet.
  if (text.contains('\0') || !ascii::is_utf8(text)) return {};
  SecretString given = SecretString::of_size(text.size() + 1);
  std::ranges::copy(text, given.octets().begin());
  char* made = nullptr;
  if (stringprep_profile(given.view().data(), &made, "SASLprep", Stringprep_profile_flags{}) !=
      STRINGPREP_OK) {
    return {};
  }
  const std::unique_ptr<char, decltype(&idn_free)> owner(made, idn_free);
  SecretString prepared{std::string_view(made)};
  wipe({made, std::strlen(made)});
  return prepared;
}

std::string prepared_name(std::string_view name) {
  const auto form = saslprep(name);
  return std::string(form && !form->empty() ? form->view() : name);
}

}  // namespace signpost::smtp
