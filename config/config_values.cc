#include "config/config_values.h"

#include "base/ascii.h"
#include "config/toml_document.h"
#include "dkim/canonicalization.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

namespace signpost::config {

namespace {

std::unexpected<ValueError> wrong(std::string_view text, std::string_view what) {
  return std::unexpected(ValueError{fmt::format("{} {}", shown(text), what)});
}

struct RateUnit {
  std::string_view name;
  std::chrono::seconds per;
};
constexpr std::array<RateUnit, 3> kRateUnits{{{"s", std::chrono::seconds(1)},
                                              {"min", std::chrono::minutes(1)},
                                              {"h", std::chrono::hours(1)}}};

}  // namespace

ValueResult<std::string> parse_domain(std::string_view text) {
  // The IDNA library takes C strings: it would not see what follows a NUL.
  if (text.empty() || text.find('\0') != std::string_view::npos) {
    return wrong(text, "is not a domain name");
  }
  if (text.ends_with('.')) text.remove_suffix(1);
  auto domain = smtp::to_a_labels(text);
  // A name whose last label is a number would be taken for an address (RFC 1123 section 2.1).
  const std::size_t last_label = text.rfind('.') + 1;
  if (!domain || !smtp::is_domain_name(*domain, false) ||
      std::ranges::all_of(text.substr(last_label), ascii::is_digit)) {
    return wrong(text, "is not a domain name");
  }
  return std::move(*domain);
}

ValueResult<std::string> parse_domain_pattern(std::string_view text) {
  if (text == "*") return std::string(text);
  const std::string_view below = text.starts_with("*.") ? "*." : "";
  auto domain = parse_domain(text.substr(below.size()));
  if (!domain) return wrong(text, "is not a domain or a pattern of domains");
  return std::string(below) + *domain;
}

ValueResult<std::string> parse_destination_pattern(std::string_view text) {
  if (!text.starts_with(kMxPrefix)) return parse_domain_pattern(text);
  auto pattern = parse_domain_pattern(text.substr(kMxPrefix.size()));
  if (!pattern) return wrong(text, "is not \"mx:\" and a pattern of host names");
  return std::string(kMxPrefix) + *pattern;
}

ValueResult<std::string> parse_sender_pattern(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return wrong(text, "has no \"@\"");
  const std::string_view rest = text.substr(at + 1);
  auto domain = at == 0 ? parse_domain_pattern(rest) : parse_domain(rest);
  if (!domain) return wrong(text, "does not end with a domain name");
  std::string pattern = ascii::lower(text.substr(0, at)) + "@" + *domain;
  if (at > 0 && !smtp::parse_mailbox(pattern, true)) return wrong(text, "is not an address");
  return pattern;
}

ValueResult<std::string> parse_listed_sender(std::string_view text) {
  if (text.contains('@')) {
    auto pattern = parse_sender_pattern(text);
    if (!pattern || !pattern->starts_with('"')) return pattern;
    const std::size_t end = pattern->rfind('@');  // compared as what it means
    return smtp::unquoted(pattern->substr(0, end)) + pattern->substr(end);
  }
  auto domain = parse_domain_pattern(text);
  if (!domain) return domain;
  return "@" + *domain;
}

ValueResult<std::string> parse_tenant_name(std::string_view text) {
  constexpr std::size_t kLongest = 255;
  if (text.empty()) return wrong(text, "is empty");
  if (text.size() > kLongest) return wrong(text, "has more than 255 octets");
  if (!ascii::is_utf8(text) || std::ranges::any_of(text, ascii::is_control)) {
    return wrong(text, "has characters that cannot be printed");
  }
  return std::string(text);
}

ValueResult<std::string> parse_token_text(std::string_view text) {
  constexpr std::size_t kLongest = 1024;
  if (text.empty()) return wrong(text, "is empty");
  if (text.size() > kLongest) return wrong(text, "has more than 1024 octets");
  const auto is_blank = [](char c) { return c == ' ' || ascii::is_control(c); };
  if (!ascii::is_utf8(text) || std::ranges::any_of(text, is_blank)) {
    return wrong(text, "has blanks, or characters that cannot be printed");
  }
  return std::string(text);
}

ValueResult<std::string> parse_keys_url(std::string_view text) {
  constexpr std::string_view kClear = "http://";
  constexpr std::string_view kSecure = "https://";
  if (auto plain = parse_token_text(text); !plain) return plain;
  const bool clear = text.starts_with(kClear);
  std::string_view host = text.substr(clear ? kClear.size() : kSecure.size());
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.contains('@')) return wrong(text, "has a login, which is not supported");
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') == std::string_view::npos ? 0 : host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  if (host.empty()) return wrong(text, "names no host");
  const auto address = net::IpAddress::parse(host);
  // Whoever can change them on the way can make tokens.
  if (clear && host != "localhost" && !(address && address->is_loopback())) {
    return wrong(text, "would fetch the keys in clear");
  }
  return std::string(text);
}

ValueResult<std::string> parse_tenant_domain(std::string_view text) {
  if (text == "*") return wrong(text, "would be every domain");
  return parse_domain_pattern(text);
}

ValueResult<std::string> parse_full_host_name(std::string_view text) {
  auto name = parse_domain(text);
  if (name && name->find('.') == std::string::npos) return wrong(text, "has no domain");
  return name;
}

ValueResult<std::string> parse_address(std::string_view text) {
  // In ASCII, since servers without SMTPUTF8 must be able to read it.
  const auto mailbox = smtp::parse_mailbox(text, true);
  if (!mailbox || mailbox->needs_smtputf8()) return wrong(text, "is not an address");
  return mailbox->text();
}

ValueResult<net::Network> parse_network(std::string_view text) {
  const auto network = net::Network::parse(text);
  if (!network) return wrong(text, "is not a network");
  if (network->length == 0) return wrong(text, "covers everyone");
  const auto address = net::IpAddress::parse(text.substr(0, text.find('/')));
  if (address && *address != network->prefix) {
    return wrong(text,
                 fmt::format("is an address within the network {}", toml_string(network->text())));
  }
  return *network;
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00";
  const auto fits = [](char c, char form) { return form == '0' ? ascii::is_digit(c) : c == form; };
  if (!std::ranges::equal(text, kForm, fits)) return {};
  const auto number = [&](std::size_t from, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(from, count)) value = 10 * value + (c - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok()) return {};
  return std::chrono::sys_days(day);
}

ValueResult<std::string> parse_pool_name(std::string_view text) {
  const auto fits = [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; };
  constexpr std::size_t kLongest = 63;
  if (text.empty()) return wrong(text, "is empty");
  if (text.size() > kLongest || !std::ranges::all_of(text, fits)) {
    return wrong(text, "has more than letters, digits, - and _, or is longer than 63 of them");
  }
  return std::string(text);
}

ValueResult<net::IpAddress> parse_source(std::string_view text) {
  const auto address = net::IpAddress::parse(text);
  if (!address || address->is_unspecified())
    return wrong(text, "is not an address of this machine");
  return *address;
}

ValueResult<std::string> parse_canonicalization(std::string_view text) {
  const auto pair = dkim::CanonicalizationPair::parse(text);
  if (!pair) return wrong(text, "is not a canonicalization");
  return pair->text();
}

std::optional<Rate> parse_rate(std::string_view text) {
  constexpr std::uint32_t kMost = 1'000'000;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  Rate rate;
  const char* const end = text.data() + slash;
  const auto [rest, error] = std::from_chars(text.data(), end, rate.count);
  if (error != std::errc() || rest != end || rate.count == 0 || rate.count > kMost) return {};
  const auto unit = std::ranges::find(kRateUnits, text.substr(slash + 1), &RateUnit::name);
  if (unit == kRateUnits.end()) return {};
  rate.per = unit->per;
  return rate;
}

std::string rate_text(const Rate& rate) {
  const auto unit = std::ranges::find(kRateUnits, rate.per, &RateUnit::per);
  return fmt::format("{}/{}", rate.count, unit == kRateUnits.end() ? "?" : unit->name);
}

ValueResult<std::string> parse_selector(std::string_view text) {
  if (!smtp::is_domain_name(text, false)) return wrong(text, "is not a selector");
  return ascii::lower(text);
}

ValueResult<std::string> parse_field_name(std::string_view text) {
  const auto allowed = [](char c) { return c > ' ' && c < 0x7f && c != ':'; };
  if (text.empty() || text.size() > 76 || !std::ranges::all_of(text, allowed)) {
    return wrong(text, "is not the name of a header field");
  }
  return std::string(text);
}

ValueResult<std::string> parse_field_pattern(std::string_view text) {
  constexpr std::array<std::string_view, 12> kNeeded{
      "From",        "To",         "Cc",           "Subject",
      "Date",        "Message-ID", "Received",     "MIME-Version",
      "In-Reply-To", "References", "Content-Type", "Content-Transfer-Encoding"};
  std::string_view name = text;
  if (name.ends_with('*')) name.remove_suffix(1);
  if (const auto checked = parse_field_name(name); !checked) {
    return wrong(text, "is not the name of a header field, or the start of one with * behind it");
  }
  std::string pattern = ascii::lower(text);
  for (const std::string_view needed : kNeeded) {
    if (field_matches(pattern, needed)) {
      return wrong(text, fmt::format("takes away {}, which mail needs", needed));
    }
  }
  return pattern;
}

bool same_field_name(const std::string& a, const std::string& b) {
  return ascii::equals_ignore_case(a, b);
}

ValueResult<net::SocketAddress> parse_bind(std::string_view text) {
  const auto address = net::SocketAddress::parse(text);
  if (!address) return wrong(text, "is not an IP address with a port");
  if (address->port == 0) return wrong(text, "has port 0");
  return *address;
}

ValueResult<std::string> parse_socket_path(std::string_view text) {
  const std::filesystem::path path(text);
  if (!path.is_absolute() || !path.has_filename() || path.lexically_normal().string() != text ||
      std::ranges::any_of(text, ascii::is_control)) {
    return wrong(text, "is not the absolute path of a socket");
  }
  return std::string(text);
}

ValueResult<LocalAccount> parse_local_account(std::string_view text) {
  constexpr std::size_t kLongestName = 255;
  LocalAccount account{.name = std::string(text), .uid = {}};
  if (text == "*") return account;
  uid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) {
    account.uid = number;
    return account;
  }
  if (text.empty() || text.size() > kLongestName || std::ranges::any_of(text, ascii::is_control)) {
    return wrong(text, "is not the name of an account");
  }
  std::vector<char> buffer(16 << 10);
  passwd entry{};
  passwd* found = nullptr;
  (void)::getpwnam_r(account.name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return wrong(text, "is not an account of this machine");
  account.uid = found->pw_uid;
  return account;
}

ValueResult<net::SocketAddress> parse_name_server(std::string_view text) {
  constexpr std::uint16_t kDnsPort = 53;
  if (const auto ip = net::IpAddress::parse(text)) return net::SocketAddress{*ip, kDnsPort};
  const auto address = net::SocketAddress::parse(text, kDnsPort);
  if (!address || address->port == 0) return wrong(text, "is not an IP address");
  return *address;
}

}  // namespace signpost::config
