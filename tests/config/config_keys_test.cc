#include "config/config_keys.h"

#include "config/config.h"
#include "sasl/mechanism.h"
#include "tests/config/config_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace signpost::config {
namespace {

TEST(Config, SmallestFileHasTheDocumentedDefaults) {
  const auto config = config_of(kGood);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->file, "/etc/signpost/signpost.toml");
  EXPECT_EQ(config->hostname, "mail.shop.example");
  EXPECT_EQ(config->postmaster, "postmaster@mail.shop.example");
  EXPECT_EQ(config->data_dir, "/var/lib/signpost");
  ASSERT_EQ(config->listeners.size(), 1u);
  EXPECT_EQ(config->listeners[0].name, "127.0.0.1:2525");
  EXPECT_EQ(config->listeners[0].bind.text(), "127.0.0.1:2525");
  EXPECT_EQ(config->listeners[0].auth, AuthMode::Off);
  EXPECT_FALSE(config->tls);
  EXPECT_EQ(config->users_file, "");
  EXPECT_EQ(config->limits.message_size, 50u << 20);
  EXPECT_GT(config->limits.memory, 0u);
  EXPECT_EQ(config->retry.schedule.size(), 8u);
  EXPECT_EQ(config->retry.expire, std::chrono::days(5));
  ASSERT_TRUE(config->admin_bind);
  EXPECT_EQ(config->admin_bind->text(), "127.0.0.1:8025");
  EXPECT_EQ(config->admin_socket, "/var/lib/signpost/admin.sock");
  EXPECT_FALSE(config->admin_metrics);
}

// A file with one key written in its section, beside what that section requires.
std::string file_with(const std::string& section, const std::string& line) {
  static const std::map<std::string, std::vector<std::string>> lines_of{
      {"listener", {"bind = \"127.0.0.1:2526\""}},
      {"tls", {"certificate = \"c\"", "key = \"k\""}},
      {"auth", {"users = \"u\""}},
      {"auth.oauth", {"issuer = \"i\"", "audience = \"a\"", "jwks = \"https://id.example/keys\""}},
      {"dkim", {"domain = \"a.example\"", "selector = \"s\"", "key = \"k\""}},
      {"tenant", {"name = \"a\"", "domains_file = \"d\""}},
      {"destination", {"match = [\"a.example\"]"}},
      {"route", {"via = \"mx\""}},
      {"source", {"address = [\"192.0.2.1\"]"}},
      {"pool", {"name = \"p\"", "sources = [\"192.0.2.1\"]"}}};
  if (section.empty()) {
    return line + "\n" + (line.starts_with("hostname") ? kGood.substr(kGood.find('\n')) : kGood);
  }
  const auto known = std::ranges::find(sections(), section, &Section::name);
  std::string table = known->header() + "\n" + line + "\n";
  const std::string name = line.substr(0, line.find(' '));
  if (const auto required = lines_of.find(section); required != lines_of.end()) {
    for (const std::string& other : required->second) {
      if (!other.starts_with(name + " ")) table += other + "\n";
    }
  }
  if (name == "spool" || (name == "allow_users" && !line.ends_with("[]"))) {
    return kGood + "[[listener]]\n" + line + "\nbind = \"unix:/run/signpost/submit\"\n";
  }
  if (section == "route" && line.contains("\nvia = ")) return kGood + "[[route]]\n" + line + "\n";
  if (section == "source" && name.starts_with("warm_up_")) table += "warm_up = \"2026-12-01\"\n";
  if (section == "pool") {
    table += "[[source]]\naddress = [\"192.0.2.1\"]\n";
    if (name == "tenants" && !line.ends_with("[]")) {
      table += "[[tenant]]\nname = \"acme\"\ndomains = [\"a.example\"]\n";
    }
  }
  if (section == "auth.oauth") table += "[auth]\nusers = \"u\"\n";
  // The other listener of the file uses neither TLS nor a login.
  if (section == "listener") {
    table += "[tls]\ncertificate = \"c\"\nkey = \"k\"\n[auth]\nusers = \"u\"\n";
    if (line == "auth = \"off\"")
      table.insert(table.find("[tls]"), "trusted_networks = [\"10.0.0.0/8\"]\n");
  }
  return kGood + table;
}

// The one test that a new key needs: a value that is not the default, and where it arrives.
struct KeyCase {
  std::string section;
  std::string line;
  bool (*arrived)(const Config& config);
};

const std::vector<KeyCase> kKeyCases{
    {"", "hostname = \"Mail.Bücher.example\"",
     [](const Config& c) { return c.hostname == "mail.xn--bcher-kva.example"; }},
    {"", "data_dir = \"queue\"",
     [](const Config& c) { return c.data_dir == "/etc/signpost/queue"; }},
    {"", "user = \"\"", [](const Config& c) { return c.user == ""; }},
    {"", "core_files = true", [](const Config& c) { return c.core_files; }},
    {"", "workers = 3", [](const Config& c) { return c.workers == 3; }},
    {"", "missing_from = \"fill\"",
     [](const Config& c) { return c.missing_from == MissingFrom::Fill; }},
    {"header", "remove = [\"X-Originating-IP\", \"X-PHP-*\"]",
     [](const Config& c) {
       return c.header.remove == std::vector<std::string>{"x-originating-ip", "x-php-*"};
     }},
    {"header", "hide_client = true", [](const Config& c) { return c.header.hide_client; }},
    {"", "postmaster = \"office@bücher.example\"",
     [](const Config& c) { return c.postmaster == "office@xn--bcher-kva.example"; }},
    {"", "postmaster = \"office@shop.example\"",
     [](const Config& c) { return c.postmaster == "office@shop.example"; }},
    {"listener", "bind = \"[::]:587\"",
     [](const Config& c) {
       return c.listeners[1].bind.text() == "[::]:587" && c.listeners[1].name == "[::]:587";
     }},
    {"listener", "mode = \"implicit\"",
     [](const Config& c) { return c.listeners[1].mode == ListenerMode::Implicit; }},
    {"listener", "auth = \"optional\"",
     [](const Config& c) { return c.listeners[1].auth == AuthMode::Optional; }},
    {"listener", "login_in_clear = \"never\"",
     [](const Config& c) { return c.listeners[1].login_in_clear == ClearLogin::Never; }},
    {"listener", "proxy_protocol_from = [\"10.0.0.5\", \"2001:db8::/64\"]",
     [](const Config& c) {
       const auto& from = c.listeners[1].proxy_protocol_from;
       return from.size() == 2 && from[0].text() == "10.0.0.5/32" &&
              from[1].text() == "2001:db8::/64";
     }},
    {"listener", "xclient_from = [\"10.0.0.5\", \"2001:db8::/64\"]",
     [](const Config& c) {
       const auto& from = c.listeners[1].xclient_from;
       return from.size() == 2 && from[0].text() == "10.0.0.5/32" &&
              from[1].text() == "2001:db8::/64" && !c.listeners[1].xclient_logins;
     }},
    {"listener", "xclient_logins = true\nxclient_from = [\"10.0.0.5\"]",
     [](const Config& c) { return c.listeners[1].xclient_logins; }},
    {"listener", "raise_priority = \"all\"",
     [](const Config& c) { return c.listeners[1].raise_priority == RaisePriority::All; }},
    {"listener", "trust_wide_networks = true",
     [](const Config& c) { return c.listeners[1].trust_wide_networks; }},
    {"listener", "trusted_networks = [\"10.0.0.0/8\", \"2001:db8::/32\"]",
     [](const Config& c) { return c.listeners[1].trusted_networks[1].text() == "2001:db8::/32"; }},
    {"listener", "bind = \"unix:/run/signpost/submit\"",
     [](const Config& c) {
       const ListenerConfig& listener = c.listeners[1];
       return listener.socket == "/run/signpost/submit" &&
              listener.name == "unix:/run/signpost/submit" &&
              listener.mode == ListenerMode::Plain && listener.auth == AuthMode::Off &&
              listener.allow_users.empty();
     }},
    {"listener", "client_ca = \"ca.pem\"",
     [](const Config& c) { return c.listeners[1].client_ca == "/etc/signpost/ca.pem"; }},
    {"listener", "allow_users = [\"root\", \"33\", \"*\"]",
     [](const Config& c) {
       return c.listeners[1].allow_users ==
              std::vector<LocalAccount>{{"root", 0}, {"33", 33}, {"*", std::nullopt}};
     }},
    {"listener", "spool = \"/srv/spool\"",
     [](const Config& c) { return c.listeners[1].spool == "/srv/spool"; }},
    {"tls", "certificate = \"tls/chain.pem\"",
     [](const Config& c) { return c.tls->certificate == "/etc/signpost/tls/chain.pem"; }},
    {"tls", "key = \"/etc/ssl/key.pem\"",
     [](const Config& c) { return c.tls->key == "/etc/ssl/key.pem"; }},
    {"tls", "min_version = \"1.3\"",
     [](const Config& c) { return c.tls->min_version == net::TlsVersion::Tls13; }},
    {"tenant", "name = \"Müller & Co\"",
     [](const Config& c) { return c.tenants[0].name == "Müller & Co"; }},
    {"tenant", "domains = [\"Shop.example\", \"*.bücher.example\"]",
     [](const Config& c) {
       return c.tenants[0].domains ==
              std::vector<std::string>{"shop.example", "*.xn--bcher-kva.example"};
     }},
    {"tenant", "domains_file = \"acme-domains\"",
     [](const Config& c) { return c.tenants[0].domains_file == "/etc/signpost/acme-domains"; }},
    {"tenant", "networks = [\"10.1.0.0/16\"]",
     [](const Config& c) { return c.tenants[0].networks[0].text() == "10.1.0.0/16"; }},
    {"tenant", "rate = \"500/h\"",
     [](const Config& c) { return c.tenants[0].rate == Rate{500, std::chrono::hours(1)}; }},
    {"tenant", "daily = 2000", [](const Config& c) { return c.tenants[0].daily == 2000; }},
    {"tenant", "recipients_per_message = 50",
     [](const Config& c) { return c.tenants[0].recipients_per_message == 50; }},
    {"tenant", "login_rate = \"5/min\"",
     [](const Config& c) { return c.tenants[0].login_rate == Rate{5, std::chrono::minutes(1)}; }},
    {"tenant", "login_daily = 200",
     [](const Config& c) { return c.tenants[0].login_daily == 200; }},
    {"tenant", "metrics = true", [](const Config& c) { return c.tenants[0].metrics; }},
    {"limits", "rate = \"100/s\"",
     [](const Config& c) { return c.limits.rate == Rate{100, std::chrono::seconds(1)}; }},
    {"limits", "daily = 1000000", [](const Config& c) { return c.limits.daily == 1'000'000; }},
    {"limits", "login_rate = \"500/h\"",
     [](const Config& c) { return c.limits.login_rate == Rate{500, std::chrono::hours(1)}; }},
    {"limits", "login_daily = 2000", [](const Config& c) { return c.limits.login_daily == 2000; }},
    {"limits", "client_rate = \"500/h\"",
     [](const Config& c) { return c.limits.client_rate == Rate{500, std::chrono::hours(1)}; }},
    {"limits", "client_daily = 2000",
     [](const Config& c) { return c.limits.client_daily == 2000; }},
    {"auth", "users = \"users.toml\"",
     [](const Config& c) { return c.users_file == "/etc/signpost/users.toml"; }},
    {"auth.oauth", "issuer = \"https://id.example\"",
     [](const Config& c) { return c.oauth->issuer == "https://id.example"; }},
    {"auth.oauth", "audience = \"signpost\"",
     [](const Config& c) { return c.oauth->audience == "signpost"; }},
    {"auth.oauth", "jwks = \"jwks.json\"",
     [](const Config& c) { return c.oauth->jwks == "/etc/signpost/jwks.json"; }},
    {"auth.oauth", "login_claim = \"sub\"",
     [](const Config& c) { return c.oauth->login_claim == "sub"; }},
    {"auth.oauth", "scope = \"smtp\"", [](const Config& c) { return c.oauth->scope == "smtp"; }},
    {"auth.oauth", "unlisted = \"own_address\"",
     [](const Config& c) { return c.oauth->unlisted == Unlisted::OwnAddress; }},
    {"auth", "dovecot_socket = \"/run/dovecot/auth-client\"",
     [](const Config& c) { return c.dovecot_socket == "/run/dovecot/auth-client"; }},
    {"limits", "message_size = \"10MB\"",
     [](const Config& c) { return c.limits.message_size == 10'000'000; }},
    {"limits", "recipients_per_message = 7",
     [](const Config& c) { return c.limits.recipients_per_message == 7; }},
    {"limits", "sessions = 8", [](const Config& c) { return c.limits.sessions == 8; }},
    {"limits", "sessions_per_client = 9",
     [](const Config& c) { return c.limits.sessions_per_client == 9; }},
    {"limits", "future_release = \"3d\"",
     [](const Config& c) { return c.limits.future_release == std::chrono::hours(72); }},
    {"limits", "idle_timeout = \"90s\"",
     [](const Config& c) { return c.limits.idle_timeout == std::chrono::seconds(90); }},
    {"limits", "memory = \"1GiB\"", [](const Config& c) { return c.limits.memory == 1u << 30; }},
    {"limits", "disk_free = \"2GiB\"",
     [](const Config& c) {
       return c.limits.disk_free_bytes == std::uint64_t{2} << 30 && c.limits.disk_free_share == 0;
     }},
    {"dkim", "domain = \"bücher.example\"",
     [](const Config& c) { return c.dkim[0].domain == "xn--bcher-kva.example"; }},
    {"dkim", "selector = \"S1\"", [](const Config& c) { return c.dkim[0].selector == "s1"; }},
    {"dkim", "key = \"dkim/s1.pem\"",
     [](const Config& c) { return c.dkim[0].key == "/etc/signpost/dkim/s1.pem"; }},
    {"dkim", "subdomains = true", [](const Config& c) { return c.dkim[0].subdomains; }},
    {"dkim", "canonicalization = \"simple/relaxed\"",
     [](const Config& c) { return c.dkim[0].canonicalization == "simple/relaxed"; }},
    {"dkim", "headers = [\"From\", \"Subject\"]",
     [](const Config& c) {
       return c.dkim[0].headers == std::vector<std::string>{"From", "Subject"};
     }},
    {"dkim", "oversign = [\"From\"]",
     [](const Config& c) { return c.dkim[0].oversign == std::vector<std::string>{"From"}; }},
    {"dkim", "expire = \"7d\"",
     [](const Config& c) { return c.dkim[0].expire == std::chrono::days(7); }},
    {"signing", "unsigned = \"reject\"",
     [](const Config& c) { return c.unsigned_policy == UnsignedPolicy::Reject; }},
    {"dns",
     "servers = [\"127.0.0.1\", \"192.0.2.1:5353\", \"2001:db8::53\", \"[2001:db8::54]:54\"]",
     [](const Config& c) {
       return c.dns_servers[0].text() == "127.0.0.1:53" &&
              c.dns_servers[1].text() == "192.0.2.1:5353" &&
              c.dns_servers[2].text() == "[2001:db8::53]:53" &&
              c.dns_servers[3].text() == "[2001:db8::54]:54";
     }},
    {"delivery", "port = 2525", [](const Config& c) { return c.delivery.port == 2525; }},
    {"delivery", "mta_sts_port = 8443",
     [](const Config& c) { return c.delivery.mta_sts_port == 8443; }},
    {"dns", "trust_ad = true", [](const Config& c) { return c.trust_ad == TrustAd::Always; }},
    {"dns", "trust_ad = false", [](const Config& c) { return c.trust_ad == TrustAd::Never; }},
    {"dns", "trust_ad = \"auto\"", [](const Config& c) { return c.trust_ad == TrustAd::Auto; }},
    {"delivery", "dane = false", [](const Config& c) { return !c.delivery.dane; }},
    {"delivery", "tls = \"encrypt\"",
     [](const Config& c) { return c.delivery.tls == TlsPolicy::Encrypt; }},
    {"delivery", "connect_timeout = \"250ms\"",
     [](const Config& c) { return c.delivery.connect_timeout == std::chrono::milliseconds(250); }},
    {"delivery", "allow_networks = [\"127.0.0.0/8\"]",
     [](const Config& c) {
       return c.delivery.allow_networks == std::vector{*net::Network::parse("127.0.0.0/8")};
     }},
    {"delivery", "private_networks = true",
     [](const Config& c) { return c.delivery.private_networks; }},
    {"delivery", "address_literals = true",
     [](const Config& c) { return c.delivery.address_literals; }},
    {"delivery", "connections_per_address = 7",
     [](const Config& c) { return c.delivery.connections_per_address == 7; }},
    {"delivery", "providers = \"providers.toml\"",
     [](const Config& c) { return c.delivery.providers.ends_with("/providers.toml"); }},
    {"delivery", "ca_file = \"ca.pem\"",
     [](const Config& c) { return c.delivery.ca_file == "/etc/signpost/ca.pem"; }},
    {"delivery", "mta_sts = false", [](const Config& c) { return !c.delivery.mta_sts; }},
    {"destination", "mta_sts = false",
     [](const Config& c) { return c.destinations[0].mta_sts == false; }},
    {"delivery", "old_tls = false", [](const Config& c) { return !c.delivery.old_tls; }},
    {"bounces", "trusted_networks = false",
     [](const Config& c) { return !c.bounces.trusted_networks; }},
    {"bounces", "content = \"1MiB\"", [](const Config& c) { return c.bounces.content == 1 << 20; }},
    {"bounces", "per_message = 3", [](const Config& c) { return c.bounces.per_message == 3; }},
    {"bounces", "per_sender = \"5/min\"",
     [](const Config& c) { return c.bounces.per_sender == Rate{5, std::chrono::minutes(1)}; }},
    {"tlsrpt", "from = \"tls@shop.example\"",
     [](const Config& c) { return c.tlsrpt.from == "tls@shop.example"; }},
    {"tlsrpt", "from = \"tls@Shop.example\"",
     [](const Config& c) {
       return c.tlsrpt.organization == "shop.example" && c.tlsrpt.contact == c.tlsrpt.from;
     }},
    {"tlsrpt", "organization = \"Müller & Co\"",
     [](const Config& c) { return c.tlsrpt.organization == "Müller & Co"; }},
    {"tlsrpt", "contact = \"postmaster@shop.example\"",
     [](const Config& c) { return c.tlsrpt.contact == "postmaster@shop.example"; }},
    {"delivery", "source = [\"192.0.2.9\", \"2001:db8::9\"]",
     [](const Config& c) { return c.delivery.source[1].text() == "2001:db8::9"; }},
    {"retry", "schedule = [\"1s\", \"2m\"]",
     [](const Config& c) {
       return c.retry.schedule == std::vector{std::chrono::seconds(1), std::chrono::seconds(120)};
     }},
    {"retry", "expire = \"1d\"",
     [](const Config& c) { return c.retry.expire == std::chrono::days(1); }},
    {"retry", "delay_notice = \"0s\"",
     [](const Config& c) { return c.retry.delay_notice == std::chrono::seconds(0); }},
    {"destination", "match = [\"Example.net\", \"*.example.net\", \"*\"]",
     [](const Config& c) {
       return c.destinations[0].match ==
              std::vector<std::string>{"example.net", "*.example.net", "*"};
     }},
    {"destination", "match = [\"mx:*.Mail.example\", \"mx:mx.example\"]",
     [](const Config& c) {
       return c.destinations[0].match ==
              std::vector<std::string>{"mx:*.mail.example", "mx:mx.example"};
     }},
    {"destination", "recipients_per_transaction = 50",
     [](const Config& c) { return c.destinations[0].recipients_per_transaction == 50; }},
    {"destination", "connections = 2",
     [](const Config& c) { return c.destinations[0].connections == 2; }},
    {"destination", "rate = \"600/min\"",
     [](const Config& c) { return c.destinations[0].rate == Rate{600, std::chrono::minutes(1)}; }},
    {"destination", "messages_per_connection = 5",
     [](const Config& c) { return c.destinations[0].messages_per_connection == 5; }},
    {"destination", "dane = false",
     [](const Config& c) { return c.destinations[0].dane == false; }},
    {"destination", "tls = \"verify\"",
     [](const Config& c) { return c.destinations[0].tls == TlsPolicy::Verify; }},
    {"source", "address = [\"192.0.2.1\", \"2001:db8::1\"]",
     [](const Config& c) {
       return c.sources[0].name() == "192.0.2.1" && c.sources[0].addresses[1].is_v6();
     }},
    {"source", "hostname = \"Out1.Shop.Example\"",
     [](const Config& c) { return c.sources[0].hostname == "out1.shop.example"; }},
    {"source", "warm_up = \"2026-12-01\"",
     [](const Config& c) {
       return c.sources[0].warm_up ==
              std::chrono::sys_days(std::chrono::year(2026) / std::chrono::December / 1);
     }},
    {"source", "warm_up_daily = 200",
     [](const Config& c) { return c.sources[0].warm_up_daily == 200; }},
    {"source", "warm_up_days = 30",
     [](const Config& c) { return c.sources[0].warm_up_days == 30; }},
    {"pool", "name = \"news-letter_1\"",
     [](const Config& c) { return c.pools[0].name == "news-letter_1"; }},
    {"pool", "sources = [\"192.0.2.1\"]",
     [](const Config& c) { return c.pools[0].sources[0].text() == "192.0.2.1"; }},
    {"pool", "senders = [\"@News.Shop.Example\"]",
     [](const Config& c) { return c.pools[0].senders[0] == "@news.shop.example"; }},
    {"pool", "logins = [\"shop\"]", [](const Config& c) { return c.pools[0].logins[0] == "shop"; }},
    {"pool", "tenants = [\"acme\"]",
     [](const Config& c) { return c.pools[0].tenants[0] == "acme"; }},
    {"route", "recipients = [\"internal.example\"]",
     [](const Config& c) {
       return c.routes[0].recipients == std::vector<std::string>{"internal.example"};
     }},
    {"route", "senders = [\"@Tenant.example\", \"News@shop.example\"]",
     [](const Config& c) {
       return c.routes[0].senders ==
              std::vector<std::string>{"@tenant.example", "news@shop.example"};
     }},
    {"route", "via = \"smtp://[2001:db8::5]:2526\"",
     [](const Config& c) {
       return !c.routes[0].mx && c.routes[0].hops[0].host == "2001:db8::5" &&
              c.routes[0].hops[0].port == 2526;
     }},
    {"route", "via = \"smtp://Relay.Example\"",
     [](const Config& c) {
       return c.routes[0].via == "smtp://Relay.Example" &&
              c.routes[0].hops[0].host == "relay.example" && c.routes[0].hops[0].port == 25;
     }},
    {"route", "logins = [\"shop\"]",
     [](const Config& c) { return c.routes[0].logins == std::vector<std::string>{"shop"}; }},
    {"route", "auth = \"scram-sha-1\"\nvia = \"smtps://shop:pw@relay.example\"",
     [](const Config& c) { return c.routes[0].auth == sasl::Mechanism::ScramSha1; }},
    {"route", "password_file = \"pw\"\nvia = \"smtps://shop@relay.example\"",
     [](const Config& c) { return c.routes[0].password_file == "/etc/signpost/pw"; }},
    {"route", "ca_file = \"ca.pem\"\nvia = \"smtp://relay.example\"",
     [](const Config& c) { return c.routes[0].ca_file == "/etc/signpost/ca.pem"; }},
    {"route",
     "client_certificate = \"own.pem\"\nclient_key = \"own.key\"\nvia = "
     "\"smtp://relay.example\"",
     [](const Config& c) { return c.routes[0].client_certificate == "/etc/signpost/own.pem"; }},
    {"route",
     "client_key = \"own.key\"\nclient_certificate = \"own.pem\"\nvia = "
     "\"smtp://relay.example\"",
     [](const Config& c) { return c.routes[0].client_key == "/etc/signpost/own.key"; }},
    {"route", "token_file = \"token\"\nvia = \"smtps://shop@relay.example\"",
     [](const Config& c) { return c.routes[0].token_file == "/etc/signpost/token"; }},
    {"route", "via = \"mx\"", [](const Config& c) { return c.routes[0].mx; }},
    {"route", "tls = \"off\"", [](const Config& c) { return c.routes[0].tls == TlsPolicy::Off; }},
    {"admin", "bind = \"[::1]:8026\"",
     [](const Config& c) { return c.admin_bind->text() == "[::1]:8026"; }},
    {"admin", "token_file = \"admin.token\"",
     [](const Config& c) { return c.admin_token_file == "/etc/signpost/admin.token"; }},
    {"admin", "socket = \"/run/signpost/admin.sock\"",
     [](const Config& c) { return c.admin_socket == "/run/signpost/admin.sock"; }},
    {"admin", "socket = \"run/admin.sock\"",
     [](const Config& c) { return c.admin_socket == "/etc/signpost/run/admin.sock"; }},
    {"admin", "socket = \"\"", [](const Config& c) { return c.admin_socket.empty(); }},
    {"admin", "metrics = \"open\"",
     [](const Config& c) { return c.admin_metrics == MetricsAccess::Open; }},
    {"log", "level = \"debug\"", [](const Config& c) { return c.log_level == log::Level::Debug; }},
    {"log", "format = \"json\"", [](const Config& c) { return c.log_format == log::Format::Json; }},
};

TEST(Config, EveryKeyReachesItsMember) {
  for (const KeyCase& key : kKeyCases) {
    SCOPED_TRACE(key.section + ": " + key.line);
    const auto config = config_of(file_with(key.section, key.line));
    ASSERT_TRUE(config);
    EXPECT_TRUE(key.arrived(*config));
  }
}

TEST(Config, EveryKeyThatIsBuiltHasACase) {
  for (const Section& section : sections()) {
    for (const KeyText& key : section.keys) {
      EXPECT_TRUE(std::ranges::any_of(kKeyCases,
                                      [&](const KeyCase& known) {
                                        return known.section == section.name &&
                                               known.line.starts_with(key.name + " = ");
                                      }))
          << section.name << "." << key.name;
    }
  }
}

// Each default of the reference, written out, is accepted.
TEST(Config, EveryDocumentedDefaultMayBeWrittenOut) {
  for (const Section& section : sections()) {
    for (const KeyText& key : section.keys) {
      if (key.initial.empty()) continue;
      SCOPED_TRACE(section.name + "." + key.name);
      config_of(file_with(section.name, key.name + " = " + key.initial));
    }
  }
}

// Most defaults are shown as their members have them; these are the keys that show their own.
TEST(Config, DefaultsOfTheReferenceAreThoseOfTheProgram) {
  const auto silent = config_of(kGood);
  const auto spoken = config_of(kGood +
                                "[limits]\nmemory = \"50%\"\ndisk_free = \"5%\"\n[admin]\nbind = "
                                "\"127.0.0.1:8025\"\n");
  ASSERT_TRUE(silent && spoken);
  EXPECT_EQ(silent->limits.memory, spoken->limits.memory);
  EXPECT_EQ(silent->limits.disk_free_share, spoken->limits.disk_free_share);
  EXPECT_EQ(silent->limits.disk_free_bytes, spoken->limits.disk_free_bytes);
  EXPECT_EQ(silent->admin_bind, spoken->admin_bind);
}

TEST(Config, DefaultsAreShownAsTheyWouldBeWritten) {
  std::map<std::string, std::string> shown;
  for (const Section& section : sections()) {
    for (const KeyText& key : section.keys) shown[section.name + "." + key.name] = key.initial;
  }
  const std::map<std::string, std::string> expected{
      {".data_dir", "\"/var/lib/signpost\""},
      {".user", "\"signpost\""},
      {".hostname", ""},
      {"listener.mode", "\"starttls\""},
      {"listener.bind", ""},
      {"limits.message_size", "\"50MiB\""},
      {"limits.idle_timeout", "\"5m\""},
      {"limits.memory", "\"50%\""},
      {"limits.disk_free", "\"5%\""},
      {"dkim.subdomains", "false"},
      {"dkim.expire", "\"0s\""},
      {"dkim.headers", "[]"},
      {"delivery.port", "25"},
      {"retry.schedule", "[\"1m\", \"5m\", \"10m\", \"20m\", \"30m\", \"1h\", \"2h\", \"4h\"]"},
      {"retry.expire", "\"5d\""},
      {"bounces.per_sender", "\"1000/h\""},
      {"destination.tls", ""},
      {"admin.bind", "\"127.0.0.1:8025\""},
  };
  for (const auto& [key, initial] : expected) EXPECT_EQ(shown.at(key), initial) << key;
}

}  // namespace
}  // namespace signpost::config
