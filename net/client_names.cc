#include "net/client_names.h"

#include "base/ascii.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace signpost::net {

namespace {

constexpr std::size_t kMostNames = 16;
constexpr std::size_t kLongestName = 255;

template <auto Function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};

void add(std::vector<std::string>& names, std::string_view name) {
  const bool usable = !name.empty() && name.size() <= kLongestName && ascii::is_utf8(name) &&
                      std::ranges::none_of(name, ascii::is_control);
  if (usable && names.size() < kMostNames) names.emplace_back(name);
}

std::string_view octets_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// With two of them nobody could say which one is meant.
void add_common_name(const X509& certificate, std::vector<std::string>& names) {
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (place < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, place) >= 0) return;
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
  if (size < 0) return;
  add(names, {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
  OPENSSL_free(text);
}

}  // namespace

std::vector<std::string> client_names(const X509& certificate) {
  ERR_clear_error();
  std::vector<std::string> names;
  bool has_address = false;
  const std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>> others(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; others && i < sk_GENERAL_NAME_num(others.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(others.get(), i);
    if (name->type != GEN_EMAIL) continue;
    has_address = true;
    add(names, octets_of(name->d.rfc822Name));
  }
  if (!has_address) add_common_name(certificate, names);
  ERR_clear_error();
  return names;
}

}  // namespace signpost::net
