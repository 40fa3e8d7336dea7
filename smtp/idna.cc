#include "smtp/idna.h"

#include "base/ascii.h"

#include <idn2.h>

#include <cstddef>
#include <utility>

namespace signpost::smtp {

namespace {

struct Halves {
  std::string_view before;  // with the "@"; empty for a bare domain
  std::string_view domain;
};

Halves halves_of(std::string_view address) {
  const std::size_t domain = address.rfind('@') + 1;  // 0 without "@"
  return {address.substr(0, domain), address.substr(domain)};
}

std::string joined(const Halves& halves, std::string_view domain) {
  return std::string(halves.before).append(domain);
}

// A copy of what the library returns, which is freed; "" means failure.
std::string taken(int status, char* out) {
  std::string text = status == IDN2_OK ? out : "";
  idn2_free(out);
  return text;
}

bool is_of_name(char c) {
  return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.' || !ascii::is_ascii({&c, 1});
}

// A dot at either end is that of "*.example", or of a sentence.
template <typename Form>
std::string within_dots(std::string_view name, const Form& form) {
  const std::size_t first = name.find_first_not_of('.');
  if (first == std::string_view::npos) return std::string(name);
  const std::size_t end = name.find_last_not_of('.') + 1;
  return std::string(name.substr(0, first))
      .append(form(name.substr(first, end - first)))
      .append(name.substr(end));
}

// `text` with each domain in it replaced by `form` of it.
template <typename Form>
std::string with_domains(std::string_view text, const Form& form) {
  std::string made;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && is_of_name(text[end])) ++end;
    const std::string_view name = text.substr(begin, end - begin);
    const std::string_view rest = text.substr(end);
    const bool stays = made.ends_with('/') || rest.starts_with('/') || rest.starts_with('@');
    made.append(stays ? std::string(name) : within_dots(name, form));
    made.append(rest.substr(0, 1));
    begin = end + 1;
  }
  return made;
}

}  // namespace

Result<std::string> to_a_labels(std::string_view domain) {
  if (ascii::is_ascii(domain)) return ascii::lower(domain);
  if (domain.contains('\0')) return fail(Errc::InvalidArgument, "it has an octet 0");
  char* out = nullptr;
  const std::string text(domain);
  const int status = idn2_to_ascii_8z(text.c_str(), &out, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (status != IDN2_OK) return fail(Errc::InvalidArgument, idn2_strerror(status));
  std::string mapped = taken(status, out);
  // Characters that mean nothing, such as a soft hyphen, are mapped to nothing.
  if (mapped.empty() || mapped.front() == '.' || mapped.contains("..")) {
    return fail(Errc::InvalidArgument, "it has a label without a letter or digit");
  }
  return mapped;
}

std::string with_a_labels(std::string_view address) {
  const Halves halves = halves_of(address);
  const auto domain = to_a_labels(halves.domain);
  return domain ? joined(halves, *domain) : std::string(address);
}

std::string with_u_labels(std::string_view address) {
  const Halves halves = halves_of(address);
  if (!halves.domain.contains("xn--")) return std::string(address);
  char* out = nullptr;
  const std::string text(halves.domain);
  const int status = idn2_to_unicode_8z8z(text.c_str(), &out, 0);
  const std::string domain = taken(status, out);
  // A label that does not map back might look like another domain.
  const auto again = to_a_labels(domain);
  return again && *again == halves.domain ? joined(halves, domain) : std::string(address);
}

std::string text_with_u_labels(std::string_view text) {
  if (!text.contains("xn--")) return std::string(text);
  return with_domains(text, [](std::string_view domain) { return with_u_labels(domain); });
}

std::string text_with_a_labels(std::string_view text) {
  if (ascii::is_ascii(text)) return std::string(text);
  return with_domains(text, [](std::string_view domain) {
    return ascii::is_ascii(domain) ? std::string(domain) : with_a_labels(domain);
  });
}

}  // namespace signpost::smtp
