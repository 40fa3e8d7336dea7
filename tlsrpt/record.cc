#include "tlsrpt/record.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace signpost::tlsrpt {

namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";
constexpr std::string_view kRua = "rua=";
constexpr std::string_view kMailto = "mailto:";
constexpr std::string_view kHttps = "https://";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Takes the text before the next `end`, or all that is left, without blanks around it.
std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return trimmed(front);
}

bool is_record(std::string_view text) { return text.contains(';') && take(text, ';') == kVersion; }

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
  return ascii::equals_ignore_case(text.substr(0, start.size()), start);
}

// RFC 3986 section 2.1.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned char octet = 0;
    const std::string_view digits = text.substr(1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + digits.size())
      return {};
    out += static_cast<char>(octet);
    text.remove_prefix(3);
  }
  return out;
}

// What RFC 3986 allows in a URI, without "!", which RFC 8460 wants encoded.
bool may_be_uri(std::string_view text) {
  static constexpr std::string_view kOthers = "-._~:/?#[]@$&'()*+=%";
  return !text.empty() && text.size() <= kLongestUri && std::ranges::all_of(text, [](char c) {
    return ascii::is_alnum(c) || kOthers.contains(c);
  });
}

std::optional<Destination> mail_destination(std::string_view uri) {
  // What follows "?" would set fields of the message.
  const std::string_view encoded = uri.substr(kMailto.size(), uri.find('?') - kMailto.size());
  const auto address = percent_decoded(encoded);
  if (!address) return {};
  auto mailbox = smtp::parse_mailbox(*address, false);
  if (!mailbox || mailbox->domain().empty()) return {};
  return Destination{std::string(uri), std::move(*mailbox)};
}

std::optional<Destination> https_destination(std::string_view uri) {
  const std::string_view rest = uri.substr(kHttps.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty() || authority.contains('@')) return {};
  return Destination{std::string(uri), std::string(uri)};
}

std::optional<Destination> parse_uri(std::string_view uri) {
  if (!may_be_uri(uri)) return {};
  if (starts_with_ignoring_case(uri, kMailto)) return mail_destination(uri);
  if (starts_with_ignoring_case(uri, kHttps)) return https_destination(uri);
  return {};
}

void add_destinations(std::string_view uris, std::vector<Destination>& destinations) {
  while (!uris.empty() && destinations.size() < kMostDestinations) {
    auto destination = parse_uri(take(uris, ','));
    if (!destination) continue;
    const bool is_known =
        std::ranges::find(destinations, destination->uri, &Destination::uri) != destinations.end();
    if (!is_known) destinations.push_back(std::move(*destination));
  }
}

}  // namespace

std::string record_name(std::string_view domain) { return "_smtp._tls." + std::string(domain); }

std::vector<Destination> parse_record(const std::vector<std::string>& texts) {
  std::vector<Destination> destinations;
  if (std::ranges::count_if(texts, is_record) != 1) return destinations;
  std::string_view fields = *std::ranges::find_if(texts, is_record);
  while (!fields.empty()) {
    const std::string_view field = take(fields, ';');
    if (field.starts_with(kRua)) add_destinations(field.substr(kRua.size()), destinations);
  }
  return destinations;
}

}  // namespace signpost::tlsrpt
