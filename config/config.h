// The configuration: etc/signpost.toml read once, checked whole, then constant and shared.
//
// Every member is the key of the same name; its initializer is the documented default.
// config_keys.cc binds names to members.
#pragma once

#include "base/log_line.h"
#include "base/result.h"
#include "net/address.h"
#include "net/tls.h"
#include "sasl/mechanism.h"
#include "sasl/password.h"

#include <sys/types.h>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::config {

// So many in a period of time.
struct Rate {
  std::uint32_t count = 1;
  std::chrono::seconds per{1};
  friend bool operator==(const Rate&, const Rate&) = default;
};

enum class ListenerMode { StartTls, Implicit, Plain };
enum class AuthMode { Required, Optional, Off };
enum class ClearLogin { Loopback, Never };
enum class RaisePriority { Logins, All, None };

// Who may connect to a unix socket.
struct LocalAccount {
  std::string name;          // as written: "www-data", "33", "*"
  std::optional<uid_t> uid;  // nothing: every account of the machine
  friend bool operator==(const LocalAccount&, const LocalAccount&) = default;
};

// What the sendmail command uses where it may not read the configuration.
constexpr const char* kDefaultSubmitSocket = "/run/signpost/submit";
constexpr const char* kDefaultSpool = "/var/spool/signpost";

// Whether a token may be of a login that users has not.
enum class Unlisted { Refuse, OwnAddress };

// Tokens that serve as logins.
struct OauthConfig {
  std::string issuer;
  std::string audience;
  std::string jwks;  // of the issuer's keys: "https://…", or the path of a file
  std::string login_claim = "email";
  std::string scope;  // "": none is asked for
  Unlisted unlisted = Unlisted::Refuse;
  friend bool operator==(const OauthConfig&, const OauthConfig&) = default;

  bool is_fetched() const { return jwks.starts_with("https://") || jwks.starts_with("http://"); }
};

struct ListenerConfig {
  std::string name;  // "127.0.0.1:587", the `listener` label of metrics: as written in `bind`
  net::SocketAddress bind;
  std::string socket;  // the path in bind = "unix:…", which then stands in for an address; or ""
  ListenerMode mode = ListenerMode::StartTls;
  AuthMode auth = AuthMode::Required;
  ClearLogin login_in_clear = ClearLogin::Loopback;
  std::vector<net::Network> trusted_networks;
  bool trust_wide_networks = false;
  std::vector<net::Network> proxy_protocol_from;
  std::vector<net::Network> xclient_from;
  bool xclient_logins = false;
  RaisePriority raise_priority = RaisePriority::Logins;
  std::string client_ca;                  // file; "": clients are asked for no certificate
  std::vector<LocalAccount> allow_users;  // of a unix socket, beside root
  std::string spool = kDefaultSpool;      // of the sendmail command that uses the socket
};

struct TlsConfig {
  std::string certificate;  // paths are absolute after loading
  std::string key;
  net::TlsVersion min_version = net::TlsVersion::Tls12;
};

// Another certificate of the listeners, for clients that ask for one of its names (RFC 6066).
struct CertificateConfig {
  std::string certificate;  // as in TlsConfig
  std::string key;
};

struct LimitsConfig {
  std::size_t message_size = 50 << 20;
  std::size_t recipients_per_message = 1000;
  std::size_t sessions = 10'000;
  std::size_t sessions_per_client = 100;
  std::chrono::seconds idle_timeout{300};
  std::chrono::seconds future_release{7 * 86'400};  // 0: not offered
  double memory_share = 0.5;      // of memory_limit(); used when memory is not given
  std::size_t memory = 0;         // octets; loading resolves the share
  double disk_free_share = 0.05;  // of the file system; used when disk_free_bytes is 0
  std::uint64_t disk_free_bytes = 0;
  // Recipients of all mail together, of each login that has no limit of its own, and of each client
  // address. Nothing: as many as they like.
  std::optional<Rate> rate;
  std::optional<std::uint64_t> daily;
  std::optional<Rate> login_rate;
  std::optional<std::uint64_t> login_daily;
  std::optional<Rate> client_rate;
  std::optional<std::uint64_t> client_daily;
};

struct DkimConfig {
  std::string domain;
  std::string selector;
  std::string key;  // file
  bool subdomains = false;
  std::string canonicalization = "relaxed/relaxed";
  std::vector<std::string> headers;   // empty: dkim::default_signed_fields()
  std::vector<std::string> oversign;  // empty: dkim::default_oversigned_fields()
  std::optional<std::chrono::seconds> expire;
};

enum class MissingFrom { Refuse, Fill };
enum class UnsignedPolicy { Allow, Reject };
enum class MetricsAccess { Open, Token };
// Of the name servers: dns/resolver_options.h.
enum class TrustAd { Auto, Always, Never };
enum class TlsPolicy { Off, Opportunistic, Encrypt, Verify };

struct DeliveryConfig {
  std::uint16_t port = 25;
  TlsPolicy tls = TlsPolicy::Opportunistic;
  bool dane = true;
  bool mta_sts = true;
  std::uint16_t mta_sts_port = 443;  // of the hosts that serve policies; another one for tests
  bool old_tls = true;               // TLS 1.0 and 1.1 with receivers that have nothing better
  std::string ca_file;  // of the authorities that vouch for receivers; "": the system's
  std::chrono::milliseconds connect_timeout{30'000};
  std::vector<net::IpAddress> source;  // empty: the system chooses
  std::vector<net::Network> allow_networks;
  bool private_networks = false;
  bool address_literals = false;
  std::size_t connections_per_address = 20;
  std::string providers;  // file; "": the built-in edition
};

struct BouncesConfig {
  bool trusted_networks = true;
  std::size_t content = 100 << 10;
  std::size_t per_message = 10;
  Rate per_sender{1000, std::chrono::hours(1)};
};

// Reports on TLS to the domains that ask for them (RFC 8460).
struct TlsrptConfig {
  std::string from;          // address that sends them; "": none are made
  std::string organization;  // default: the domain of `from`
  std::string contact;       // default: `from`
};

struct RetryConfig {
  std::vector<std::chrono::seconds> schedule{std::chrono::minutes(1),  std::chrono::minutes(5),
                                             std::chrono::minutes(10), std::chrono::minutes(20),
                                             std::chrono::minutes(30), std::chrono::hours(1),
                                             std::chrono::hours(2),    std::chrono::hours(4)};
  std::chrono::seconds expire{432'000};
  std::chrono::seconds delay_notice{14'400};
};

// Before a pattern of the names of MX hosts.
inline constexpr std::string_view kMxPrefix = "mx:";

struct DestinationConfig {
  // Recipient domains in lower case, "*.example", "*", or "mx:" and such a pattern of the names of
  // MX hosts.
  std::vector<std::string> match;
  // Nothing: as the provider of the hosts allows, else as below.
  std::optional<std::size_t> connections;
  std::optional<std::size_t> messages_per_connection;
  std::optional<std::size_t> recipients_per_transaction;
  std::optional<Rate> rate;
  std::optional<TlsPolicy> tls;
  std::optional<bool> dane{};  // nothing: as DeliveryConfig has it
  std::optional<bool> mta_sts{};
};

enum class HopProtocol { Smtp, Smtps, Lmtp };

// One of the next hops of a route.
struct HopConfig {
  // As written, without a login: it is stored, logged and counted. A login leaves a mark of its
  // name ("smtp://a.example:587 login=1f2e3d4c"), so that two of one server stay apart.
  std::string name;
  HopProtocol protocol = HopProtocol::Smtp;
  std::string host;         // a name, or an address without brackets; "" with a socket
  std::uint16_t port = 25;  // the protocol's default: 25, 465, 24
  std::string socket;       // path of an LMTP server's; "": none
  std::string login;        // "": no AUTH
  std::shared_ptr<const sasl::Password> password;  // in `via`, or of password_file: load_settings()
  std::uint32_t weight = 1;                        // 0: only when no other one can be used
  friend bool operator==(const HopConfig&, const HopConfig&) = default;

  bool is_loopback() const;  // it can be reached from this machine only
};

// What connections to the next hops of a route trust and show under TLS.
struct ClientTlsFiles {
  std::string ca_file;      // as DeliveryConfig::ca_file; "": that one
  std::string certificate;  // shown to receivers that ask for one; "": none
  std::string key;
  friend auto operator<=>(const ClientTlsFiles&, const ClientTlsFiles&) = default;
};

struct RouteConfig {
  std::vector<std::string> recipients;  // domain patterns; empty: every recipient
  std::vector<std::string> senders;     // "@domain" or addresses; empty: every sender
  std::vector<std::string> logins;      // empty: everyone, with a login or without
  std::string via;              // "mx", or the names of the hops: it is stored with the mail
  bool mx = false;              // via = "mx"
  std::vector<HopConfig> hops;  // else: at least one
  std::optional<TlsPolicy> tls;
  std::optional<sasl::Mechanism> auth;  // nothing: the best of those that the hop offers
  std::string password_file;            // "": none
  std::string token_file;               // "": none. Read for each connection
  std::string ca_file{};                // as DeliveryConfig::ca_file; "": that one
  std::string client_certificate{};     // file, shown to the next hops; "": none
  std::string client_key{};             // file

  // Whether it takes mail of some senders or logins only.
  bool is_for_some() const { return !senders.empty() || !logins.empty(); }
};

// `wanted` for a connection to `hop`, raised to what smtps:// and a login need.
TlsPolicy tls_for(const HopConfig& hop, TlsPolicy wanted);

ClientTlsFiles client_tls_of(const RouteConfig& route);

// An identity that mail is sent with.
struct SourceConfig {
  std::vector<net::IpAddress> addresses;  // one of each family at most
  std::string hostname;                   // of EHLO; "": Config::hostname
  // Its first day: see warm_up_limit().
  std::optional<std::chrono::sys_days> warm_up;
  std::uint64_t warm_up_daily = 50;
  unsigned warm_up_days = 15;

  std::string name() const { return addresses.empty() ? std::string() : addresses.front().text(); }
};

// Whose mail that follows MX records or goes to an address literal is sent from which sources. The
// first pool that applies does.
struct PoolConfig {
  std::string name;
  std::vector<net::IpAddress> sources;  // the first address of each
  std::vector<std::string> senders;     // as in RouteConfig
  std::vector<std::string> logins;      // empty: everyone, with a login or without
  std::vector<std::string> tenants;     // those who send with their domains; empty: everyone
};

// A customer: the domains that its logins and networks may send with, and how much.
struct TenantConfig {
  std::string name;
  std::vector<std::string> domains;  // patterns in lower case: "shop.example", "*.shop.example"
  std::string domains_file{};        // "": none
  std::vector<std::string> listed_domains{};  // patterns of that file, sorted: load_settings()
  std::vector<net::Network> networks{};       // of clients without a login
  // Recipients of the tenant, and of each of its logins that has no limit of its own.
  std::optional<Rate> rate{};
  std::optional<std::uint64_t> daily{};
  std::optional<std::size_t> recipients_per_message{};
  std::optional<Rate> login_rate{};
  std::optional<std::uint64_t> login_daily{};
  bool metrics = false;  // of its own
};

// The account that `signpost serve` switches to unless `user` says otherwise: the Debian package's.
constexpr const char* kDefaultUser = "signpost";

// One mistake in the file, or in one that it names:
// "signpost.toml:12:3: limits.message_size: …; write …".
struct ConfigError {
  std::string file;   // "" if no file is at fault
  unsigned line = 0;  // 0: the file as a whole
  unsigned column = 0;
  std::string key;      // "" if it is not about one
  std::string message;  // what is wrong, and the remedy
  std::string text() const;
};

// Where a key is written, or where one is missing that every table of its kind must have.
struct KeyPlace {
  std::string key;  // "tls.certificate"
  unsigned line = 0;
  unsigned column = 0;
};

// Header fields of submitted mail.
struct HeaderConfig {
  std::vector<std::string> remove;  // patterns, see field_matches()
  bool hide_client = false;         // in the Received field
};

struct Config {
  std::string file;  // the file it was read from, absolute
  std::string hostname;
  std::string data_dir = "/var/lib/signpost";
  std::optional<std::string> user;  // "": stay root; nothing: kDefaultUser
  bool core_files = false;
  unsigned workers = 0;    // 0: one per CPU
  std::string postmaster;  // default: "postmaster@" + hostname
  MissingFrom missing_from = MissingFrom::Refuse;
  HeaderConfig header;
  std::vector<ListenerConfig> listeners;
  std::optional<TlsConfig> tls;
  std::vector<CertificateConfig> certificates;
  std::string users_file;  // "" when [auth] is absent, or has others to ask
  std::optional<OauthConfig> oauth;
  LimitsConfig limits;
  std::vector<TenantConfig> tenants;
  std::vector<DkimConfig> dkim;
  UnsignedPolicy unsigned_policy = UnsignedPolicy::Allow;
  std::vector<net::SocketAddress> dns_servers;
  TrustAd trust_ad = TrustAd::Auto;
  TlsrptConfig tlsrpt;
  DeliveryConfig delivery;
  RetryConfig retry;
  BouncesConfig bounces;
  std::vector<DestinationConfig> destinations;
  std::vector<RouteConfig> routes;
  std::vector<SourceConfig> sources;
  std::vector<PoolConfig> pools;
  // Nothing: no admin listener.
  std::optional<net::SocketAddress> admin_bind = net::SocketAddress::parse("127.0.0.1:8025");
  std::string admin_socket;  // "": none. Default: "admin.sock" in data_dir
  std::string admin_token_file;
  // Nothing: open on a loopback address, with the token on any other.
  std::optional<MetricsAccess> admin_metrics;
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Text;
  std::vector<KeyPlace> places;     // table by table, each list of tables in the order of the file
  std::vector<ConfigError> doubts;  // what is allowed but probably not intended
  std::string dovecot_socket;       // "": none
};

// What is wrong with the value of `key` ("dkim.key"), named where it is written. `table`: of which
// of the tables that have it, from 0; for keys that each of them must have.
ConfigError error_at(const Config& config, std::string_view key, std::string message,
                     std::size_t table = 0);

const TenantConfig* find_tenant(const Config& config, std::string_view name);  // null: none
// Whose network `client` is in, the smallest one if there are several. Null: nobody's.
const TenantConfig* find_tenant(const Config& config, const net::IpAddress& client);
// REQUIRES: `domain` is in lower case, as A-labels
bool has_domain(const TenantConfig& tenant, std::string_view domain);

// Reads and checks `path` alone (not the files that it names). All mistakes at once, in the order
// of the file; on success the error list is empty and the config is there.
struct LoadedConfig {
  std::shared_ptr<const Config> config;
  std::vector<ConfigError> errors;
};
LoadedConfig load_config(const std::string& path);
LoadedConfig parse_config(std::string_view toml, const std::string& path);  // for tests and fuzzing

// "x-mailer" matches itself, "x-php-*" what begins so. `pattern` is in lower case.
bool field_matches(std::string_view pattern, std::string_view field_name);

// "example.net" matches itself, "*.example.net" its subdomains, "*" everything. Lower case.
bool domain_matches(std::string_view pattern, std::string_view domain);

// Whether one of the sorted patterns, each written after `before`, has the domain. Of many:
// searched.
bool list_has_domain(const std::vector<std::string>& sorted, std::string_view before,
                     std::string_view domain);

// Whether a sender may be `address`, "local@domain": "@" and a pattern as above matches its domain,
// an address itself in any case. REQUIRES: the domain is in lower case, as A-labels
bool sender_matches(std::string_view sender, std::string_view address);

}  // namespace signpost::config
