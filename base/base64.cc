#include "base/base64.h"

#include <array>
#include <cstdint>
#include <span>

namespace signpost::base64 {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kInvalid = 0xff;

using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  values.fill(kInvalid);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr Values kValues = values_of(kAlphabet);
constexpr Values kUrlValues = values_of(kUrlAlphabet);

// The octets of digits without padding. Writes to the front of `out`, which has three octets for
// four digits, rounded up; how many were written.
std::optional<std::size_t> decode_digits(std::string_view digits, const Values& values,
                                         std::span<char> out) {
  std::size_t size = 0;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : digits) {
    const std::uint8_t value = values[static_cast<unsigned char>(c)];
    if (value == kInvalid) return std::nullopt;
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out[size++] = static_cast<char>(bits >> count & 0xff);
    }
  }
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;  // not canonical (section 3.5)
  return size;
}

std::optional<std::size_t> decode_into(std::string_view text, std::span<char> out) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  return decode_digits(text.substr(0, text.size() - padding), kValues, out);
}

}  // namespace

std::string encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data();
  const auto octet = [&](std::size_t at) -> std::uint32_t {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u;
  };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = octet(i) << 16 | octet(i + 1) << 8 | octet(i + 2);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[group >> 12 & 63];
    if (i + 1 < bytes.size()) *to++ = kAlphabet[group >> 6 & 63];
    if (i + 2 < bytes.size()) *to++ = kAlphabet[group & 63];
  }
  return out;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out(text.size() / 4 * 3, '\0');
  const auto size = decode_into(text, out);
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

std::optional<SecretString> decode_secret(std::string_view text) {
  SecretString out = SecretString::of_size(text.size() / 4 * 3);
  const auto size = decode_into(text, out.octets());
  if (!size) return std::nullopt;
  out.shorten(*size);
  return out;
}

std::optional<std::string> decode_url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;  // six bits are no octet
  std::string out((text.size() + 3) / 4 * 3, '\0');
  const auto size = decode_digits(text, kUrlValues, out);
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

}  // namespace signpost::base64
