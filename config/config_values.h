// Values of the configuration beyond plain types. Each parser returns the value in its canonical
// form, or says what is wrong with it: `"x" is not a domain name`.
#pragma once

#include "config/config.h"
#include "net/address.h"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::config {

struct ValueError {
  std::string what;  // the start of a message: `"x" is not a domain name`
};

template <typename T>
using ValueResult = std::expected<T, ValueError>;

// A-labels in lower case, without a trailing dot.
ValueResult<std::string> parse_domain(std::string_view text);
// "example.net", "*.example.net", "*".
ValueResult<std::string> parse_domain_pattern(std::string_view text);
// The same, or "mx:" and such a pattern of the names of MX hosts.
ValueResult<std::string> parse_destination_pattern(std::string_view text);
// "@example.net", "@*.example.net", "@*" or "user@example.net", in lower case.
ValueResult<std::string> parse_sender_pattern(std::string_view text);
// The same from a file of domains: one without "@" is "@" and that domain.
ValueResult<std::string> parse_listed_sender(std::string_view text);
ValueResult<std::string> parse_tenant_name(std::string_view text);
// As parse_domain_pattern(), without "*".
ValueResult<std::string> parse_tenant_domain(std::string_view text);
// What tokens have in a claim: some text without blanks or control characters.
ValueResult<std::string> parse_token_text(std::string_view text);
// "https://host/path"; "http://" for a loopback address only.
ValueResult<std::string> parse_keys_url(std::string_view text);
// A domain name with at least one dot.
ValueResult<std::string> parse_full_host_name(std::string_view text);
// "user@example.net".
ValueResult<std::string> parse_address(std::string_view text);
// "10.0.0.0/8"; not the whole Internet, which would make an open relay of the networks' listener.
// Refuses bits after the prefix: a smaller network, or one address, may be meant.
ValueResult<net::Network> parse_network(std::string_view text);
// "2026-12-01" (ISO 8601).
std::optional<std::chrono::sys_days> parse_day(std::string_view text);
ValueResult<std::string> parse_pool_name(std::string_view text);
// An address to send from.
ValueResult<net::IpAddress> parse_source(std::string_view text);
// "relaxed/simple", as DKIM's c= has it.
ValueResult<std::string> parse_canonicalization(std::string_view text);
// "10/s", "600/min", "100/h"; at least one and at most a million.
std::optional<Rate> parse_rate(std::string_view text);
std::string rate_text(const Rate& rate);
// A DKIM selector: one label or several (RFC 6376 section 3.1).
ValueResult<std::string> parse_selector(std::string_view text);
// The name of a header field (RFC 5322 section 2.2).
ValueResult<std::string> parse_field_name(std::string_view text);
bool same_field_name(const std::string& a, const std::string& b);  // ignoring case
// "X-Mailer" or "X-PHP-*", in lower case; not one that takes away what a message needs.
ValueResult<std::string> parse_field_pattern(std::string_view text);
// "192.0.2.1:587", "[2001:db8::1]:587".
ValueResult<net::SocketAddress> parse_bind(std::string_view text);
// The path of a unix socket: absolute, without components that lead elsewhere.
ValueResult<std::string> parse_socket_path(std::string_view text);
// "www-data", "33", "*". Asks the system for the account.
ValueResult<LocalAccount> parse_local_account(std::string_view text);
// "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53".
ValueResult<net::SocketAddress> parse_name_server(std::string_view text);

}  // namespace signpost::config
