#include "config/config.h"

#include "config/broken_file.h"
#include "config/config_file.h"
#include "config/config_keys.h"
#include "config/text_file.h"
#include "sasl/mechanism.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace signpost::config {
namespace {

// Six good lines; what a test adds begins in line 7.
const std::string kGood =
    "hostname = \"mail.shop.example\"\n"
    "[[listener]]\n"
    "bind = \"127.0.0.1:2525\"\n"
    "mode = \"plain\"\n"
    "auth = \"off\"\n"
    "trusted_networks = [\"127.0.0.0/8\"]\n";

const std::string kWriteVia =
    "write \"mx\" or a next hop, as in \"smtp://host:port\", \"smtps://login@host\", "
    "\"lmtp://host\" or \"lmtp:unix:/path\", or a list of next hops";

std::vector<std::string> errors_of(const std::string& toml) {
  const LoadedConfig loaded = parse_config(toml, "signpost.toml");
  std::vector<std::string> texts;
  for (const ConfigError& error : loaded.errors) texts.push_back(error.text());
  EXPECT_EQ(loaded.config == nullptr, !texts.empty());
  return texts;
}

std::shared_ptr<const Config> config_of(const std::string& toml) {
  const LoadedConfig loaded = parse_config(toml, "/etc/signpost/signpost.toml");
  for (const ConfigError& error : loaded.errors) ADD_FAILURE() << error.text();
  return loaded.config;
}

// Each text, added to the good lines, gives this one error.
struct Mistake {
  std::string added;
  std::string error;
};

void expect_errors(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.added);
    EXPECT_EQ(errors_of(kGood + mistake.added),
              std::vector<std::string>{"signpost.toml:" + mistake.error});
  }
}

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
      {"route", {"via = \"mx\""}}};
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
    {"bounces", "trusted_networks = false",
     [](const Config& c) { return !c.bounces.trusted_networks; }},
    {"bounces", "content = \"1MiB\"", [](const Config& c) { return c.bounces.content == 1 << 20; }},
    {"bounces", "per_message = 3", [](const Config& c) { return c.bounces.per_message == 3; }},
    {"bounces", "per_sender = \"5/min\"",
     [](const Config& c) { return c.bounces.per_sender == Rate{5, std::chrono::minutes(1)}; }},
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
    {"destination", "tls = \"verify\"",
     [](const Config& c) { return c.destinations[0].tls == TlsPolicy::Verify; }},
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
      if (key.help.find("Not supported yet") != std::string::npos || key.name == "trust_ad")
        continue;
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

TEST(Config, UnknownKeyNamesTheNearestOne) {
  expect_errors({
      {"[limits]\n  mesage_size = \"1MiB\"\n",
       "8:3: limits.mesage_size: unknown key; did you mean \"message_size\"?"},
      {"[limit]\nsessions = 1\n", "7:2: limit: unknown table; did you mean \"limits\"?"},
      {"[[dikm]]\ndomain = \"a.example\"\n", "7:3: dikm: unknown table; did you mean \"dkim\"?"},
      {"[[listeners]]\nbind = \"127.0.0.1:25\"\n",
       "7:3: listeners: unknown table; did you mean \"listener\"?"},
      {"trusted_network = []\n",
       "7:1: listener.trusted_network: unknown key; did you mean \"trusted_networks\"?"},
      {"[tls]\ncertificate = \"c\"\nkey = \"k\"\nidle_timeout = \"5m\"\n",
       "10:1: tls.idle_timeout: unknown key; it belongs to [limits]"},
      {"[log]\nzzz = 1\n", "8:1: log.zzz: unknown key; the keys are level, format"},
      {"[zzzzzzzzz]\n",
       "7:2: zzzzzzzzz: unknown table; the tables are listener, tls, auth, auth.oauth, tenant, "
       "limits, header, "
       "dkim, "
       "signing, dns, delivery, retry, bounces, destination, route, admin, log"},
  });
  EXPECT_EQ(errors_of("hostnam = \"a.example\"\nhostname = \"a.example\"\n" + kGood.substr(31)),
            std::vector<std::string>{
                "signpost.toml:1:1: hostnam: unknown key; did you mean \"hostname\"?"});
}

TEST(Config, TableWithAnEmptyNameIsUnknown) {
  const auto errors = errors_of(kGood + "[\"\"]\nworkers = 2\n");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(errors[0].starts_with("signpost.toml:7:2: ")) << errors[0];
  EXPECT_NE(errors[0].find("unknown table"), std::string::npos) << errors[0];
}

TEST(Config, WrongTypeSaysWhatWouldBeRight) {
  expect_errors({
      {"[limits]\nsessions = \"many\"\n",
       "8:12: limits.sessions: found a string, expected a whole number from 1 to 1000000"},
      {"[limits]\nsessions = 1.5\n",
       "8:12: limits.sessions: found a decimal number, expected a whole number from 1 to 1000000"},
      {"[limits]\nidle_timeout = 300\n",
       "8:16: limits.idle_timeout: found a whole number, expected a duration from \"1s\" to "
       "\"1h\""},
      {"[limits]\nmessage_size = 50\n",
       "8:16: limits.message_size: found a whole number, expected a size from \"1KiB\" to "
       "\"1GiB\""},
      {"[log]\nlevel = [\"info\"]\n",
       "8:9: log.level: found an array, expected \"debug\", \"info\", \"warning\" or \"error\""},
      {"[dns]\nservers = \"127.0.0.1\"\n",
       "8:11: dns.servers: found a string, expected addresses, as in [\"127.0.0.1\", "
       "\"192.0.2.1:53\"]"},
      {"[dns]\nservers = [\"127.0.0.1\", 5]\n",
       "8:25: dns.servers: found a whole number in an array of strings; write addresses, as in "
       "[\"127.0.0.1\", \"192.0.2.1:53\"]"},
      {"[delivery]\nsource = 1979-05-27\n",
       "8:10: delivery.source: found a date or time, expected addresses of this machine, as in "
       "[\"192.0.2.1\"]"},
  });
}

TEST(Config, ValueOutOfRangeIsRefused) {
  expect_errors({
      {"[limits]\nsessions = 0\n",
       "8:12: limits.sessions: 0 is too small; write a whole number from 1 to 1000000"},
      {"[delivery]\nport = 65536\n",
       "8:8: delivery.port: 65536 is too large; write a whole number from 1 to 65535"},
      {"[delivery]\nport = -9223372036854775808\n",
       "8:8: delivery.port: -9223372036854775808 is too small; write a whole number from 1 to "
       "65535"},
      {"[limits]\nidle_timeout = \"2h\"\n",
       "8:16: limits.idle_timeout: \"2h\" is too long; write a duration from \"1s\" to \"1h\""},
      {"[limits]\nidle_timeout = \"1500ms\"\n",
       "8:16: limits.idle_timeout: only whole seconds count; write a duration from "
       "\"1s\" to \"1h\""},
      {"[limits]\nidle_timeout = \"5 minutes\"\n",
       "8:16: limits.idle_timeout: \"5 minutes\" is not a duration; write a duration from \"1s\" "
       "to "
       "\"1h\""},
      {"[limits]\nmessage_size = \"2GiB\"\n",
       "8:16: limits.message_size: \"2GiB\" is too large; write a size from \"1KiB\" to \"1GiB\""},
      {"[limits]\nmessage_size = \"-1\"\n",
       "8:16: limits.message_size: \"-1\" is not a size; write a size from \"1KiB\" to \"1GiB\""},
      {"[limits]\nmemory = \"101%\"\n",
       "8:10: limits.memory: \"101%\" is neither a percentage nor a size; write a percentage or a "
       "size of at "
       "least 16 MiB, as in \"50%\" or \"2GiB\""},
      {"[limits]\nmemory = \"0%\"\n",
       "8:10: limits.memory: \"0%\" is too little; write a percentage or a size of at least 16 "
       "MiB, as "
       "in \"50%\" or \"2GiB\""},
      {"[limits]\ndisk_free = \"100%\"\n",
       "8:13: limits.disk_free: \"100%\" is neither a percentage nor a size; write a percentage "
       "below 100% "
       "or "
       "a size, as in \"5%\" or \"10GiB\""},
      {"[log]\nlevel = \"verbose\"\n",
       "8:9: log.level: unknown value \"verbose\"; write \"debug\", \"info\", \"warning\" or "
       "\"error\""},
      {"[retry]\nschedule = []\n",
       "8:12: retry.schedule: the list is empty; write durations from \"1s\" to \"7d\", as in "
       "[\"1m\", \"5m\", \"1h\"]"},
      {"[retry]\nschedule = [\"1m\", \"500ms\"]\n",
       "8:19: retry.schedule: \"500ms\" is too short; write durations from \"1s\" to \"7d\", as in "
       "[\"1m\", \"5m\", \"1h\"]"},
  });
}

TEST(Config, MalformedValuesAreNamed) {
  const std::string dkim = "[[dkim]]\nkey = \"k\"\nselector = \"s\"\ndomain = ";
  const std::string via = "[[route]]\nvia = ";
  expect_errors({
      {dkim + "\"not a domain\"\n",
       "10:10: dkim.domain: \"not a domain\" is not a domain name; write a domain name, as in "
       "\"shop.example\""},
      {dkim + "\"192.0.2.1\"\n",
       "10:10: dkim.domain: \"192.0.2.1\" is not a domain name; write a domain name, as in "
       "\"shop.example\""},
      {dkim + "\"\"\n",
       "10:10: dkim.domain: \"\" is not a domain name; write a domain name, as in "
       "\"shop.example\""},
      {dkim + "\"a.example\"\nheaders = [\"Sub ject\"]\n",
       "11:12: dkim.headers: \"Sub ject\" is not the name of a header field; write names of header "
       "fields, as in [\"From\", \"Subject\"]"},
      {"[header]\nremove = [\"X-A:\"]\n",
       "8:11: header.remove: \"X-A:\" is not the name of a header field, or the start of one with "
       "* "
       "behind it; write names of header fields, as in [\"X-Originating-IP\", \"X-PHP-*\"]"},
      {"[header]\nremove = [\"content-*\"]\n",
       "8:11: header.remove: \"content-*\" takes away Content-Type, which mail needs; write names "
       "of "
       "header fields, as in [\"X-Originating-IP\", \"X-PHP-*\"]"},
      {dkim + "\"a.example\"\nexpire = \"1m\"\n",
       "11:10: dkim.expire: \"1m\" is too short; write \"0s\" for never, or a duration from \"1h\" "
       "to \"365d\""},
      {"[[destination]]\nmatch = [\"*example.net\"]\n",
       "8:10: destination.match: \"*example.net\" is not a domain or a pattern of domains; write "
       "domains, or \"mx:\" and names of MX hosts, as in [\"example.net\", \"*.example.net\", "
       "\"mx:*.mail.example.net\", \"*\"]"},
      {"[[destination]]\nmatch = []\n",
       "8:9: destination.match: the list is empty; write domains, or \"mx:\" and names of "
       "MX hosts, as in [\"example.net\", \"*.example.net\", \"mx:*.mail.example.net\", \"*\"]"},
      {"[dns]\nservers = [\"dns.example\"]\n",
       "8:12: dns.servers: \"dns.example\" is not an IP address; write addresses, as in "
       "[\"127.0.0.1\", \"192.0.2.1:53\"]"},
      {"[delivery]\nsource = [\"0.0.0.0\"]\n",
       "8:11: delivery.source: \"0.0.0.0\" is not an address of this machine; write addresses of "
       "this machine, as in [\"192.0.2.1\"]"},
      {"[delivery]\nsource = [\"192.0.2.1\", \"192.0.2.1\"]\n",
       "8:24: delivery.source: \"192.0.2.1\" appears twice; write addresses of this machine, "
       "as "
       "in [\"192.0.2.1\"]"},
      {"[admin]\nbind = \"localhost:8025\"\n",
       "8:8: admin.bind: \"localhost:8025\" is not an IP address with a port; write an IP address "
       "with a port, as in \"127.0.0.1:8025\", or \"\" for none"},
      {"[admin]\nbind = \"127.0.0.1:0\"\n",
       "8:8: admin.bind: \"127.0.0.1:0\" has port 0; write an IP address with a port, as in "
       "\"127.0.0.1:8025\", or \"\" for none"},
      {"[admin]\nsocket = \"" + std::string(65, 's') + "\"\n",
       "8:10: admin.socket: the name of \"" + std::string(65, 's') +
           "\" has 65 octets, not 1 to 64; write the path of a socket, as in "
           "\"/run/signpost/admin.sock\", or \"\" for none"},
      {"[admin]\nmetrics = \"closed\"\n",
       "8:11: admin.metrics: unknown value \"closed\"; write \"open\" or \"token\""},
      {"[admin]\ntoken_file = \"a\\u0000b\"\n",
       "8:14: admin.token_file: \"a\\\\x00b\" is not a path; write the path of a file"},
      {via + "\"http://a.example\"\n",
       "8:7: route.via: \"http://a.example\" is not a next hop; " + kWriteVia},
      {via + "\"smtp://a.example/x\"\n",
       "8:7: route.via: \"a.example/x\" is not a domain name; " + kWriteVia},
      {via + "\"smtp://a.example:70000\"\n",
       "8:7: route.via: \":70000\" is not a port; " + kWriteVia},
      {via + "\"smtp://127.0.0.1:2525\"\n",
       "8:7: route.via: leads back to the listener 127.0.0.1:2525; write the address of another "
       "server"},
      {via + "\"smtp://2001:db8::1\"\n",
       "8:7: route.via: \"2001:db8::1\" has more than one colon; put an IPv6 address in "
       "brackets; " +
           kWriteVia},
  });
}

TEST(Config, UnsupportedKeysAreRefusedByName) {
  expect_errors({
      {"[delivery]\ndane = true\n", "8:8: delivery.dane: this is not supported yet; write false"},
      {"[delivery]\nmta_sts = true\n",
       "8:11: delivery.mta_sts: this is not supported yet; write false"},
      {"[dns]\ntrust_ad = true\n",
       "8:12: dns.trust_ad: this is not supported yet; write \"auto\" or false"},
  });
}

TEST(Config, PasswordOfARouteIsNeverShown) {
  for (const char* via :
       {"smtp://shop:hunter2@a..example", "smtps://shop:hunter2@a.example:465465",
        "smpt://shop:hunter2@a.example", "smtp://shop:hun/ter2@a.example", "smtp://shop:hunter2",
        "smtp://shop:hun@ter2@a.example", "smtp://shop:hun%zzter2@a.example",
        "smtps://shop:hun:ter2", "lmtp:unix:hunter2@/x"}) {
    const auto errors = errors_of(kGood + "[[route]]\nvia = \"" + via + "\"\n");
    ASSERT_EQ(errors.size(), 1u) << via;
    EXPECT_TRUE(errors[0].starts_with("signpost.toml:8:7: route.via: ")) << errors[0];
    EXPECT_EQ(errors[0].find("hun"), std::string::npos) << errors[0];
  }
}

TEST(Config, TokensNeedAnIssuerAnAudienceAndKeysThatNobodyChangesOnTheWay) {
  const std::string oauth =
      "[auth]\nusers = \"u\"\n[auth.oauth]\nissuer = \"i\"\naudience = \"a\"\n";
  const std::string write = "; write an https:// URL, or the path of a file";
  expect_errors({
      {oauth, "9:1: auth.oauth.jwks: missing" + write},
      {oauth + "jwks = \"http://id.example/keys\"\n",
       "12:8: auth.oauth.jwks: \"http://id.example/keys\" would fetch the keys in clear" + write},
      {oauth + "jwks = \"http://127.0.0.1.example/\"\n",
       "12:8: auth.oauth.jwks: \"http://127.0.0.1.example/\" would fetch the keys in clear" +
           write},
      {oauth + "jwks = \"https:///keys\"\n",
       "12:8: auth.oauth.jwks: \"https:///keys\" names no host" + write},
      {oauth + "jwks = \"https://a:b@id.example/\"\n",
       "12:8: auth.oauth.jwks: \"https://a:b@id.example/\" has a login, which is not supported" +
           write},
      {oauth + "jwks = \"ftp://id.example/\"\n",
       "12:8: auth.oauth.jwks: \"ftp://id.example/\" is not a URL of HTTP" + write},
      {oauth + "jwks = \"keys\"\nissuers = \"i\"\n",
       "13:1: auth.oauth.issuers: unknown key; did you mean \"issuer\"?"},
      {"[auth]\nusers = \"u\"\n[[auth.oauth]]\n",
       "9:8: auth.oauth: expected one table [auth.oauth], found [[auth.oauth]]"},
      {"[auth.oauth]\nissuer = \"i\"\naudience = \"a\"\njwks = \"keys\"\n",
       "7:1: auth.users: missing; write the path of a file, or dovecot_socket"},
  });
  for (const char* url :
       {"https://id.example/keys", "https://[2001:db8::1]:8443/keys", "http://127.0.0.1:8080/keys",
        "http://[::1]:8080/keys", "http://localhost/keys"}) {
    EXPECT_EQ(config_of(kGood + oauth + "jwks = \"" + url + "\"\n")->oauth->jwks, url);
  }
  EXPECT_TRUE(config_of(kGood + "[auth.oauth]\nissuer = \"i\"\naudience = \"a\"\njwks = \"keys\"\n"
                                "unlisted = \"own_address\"\n"));
}

TEST(Config, ClientCertificatesNeedTlsAndLogins) {
  const std::string ca = "[[listener]]\nbind = \"127.0.0.1:2526\"\nclient_ca = \"ca.pem\"\n";
  const std::string tls = "[tls]\ncertificate = \"c\"\nkey = \"k\"\n[auth]\nusers = \"u\"\n";
  expect_errors({
      {ca + "mode = \"plain\"\n" + tls,
       "9:13: listener.client_ca: has no meaning without TLS; remove it, or write mode = "
       "\"starttls\" or \"implicit\""},
      {ca + "auth = \"off\"\ntrusted_networks = [\"10.0.0.0/8\"]\n" + tls,
       "9:13: listener.client_ca: is for logins, and auth is \"off\"; remove it, or write auth = "
       "\"optional\""},
      {"[[listener]]\nbind = \"unix:/run/s\"\nclient_ca = \"ca.pem\"\n",
       "9:13: listener.client_ca: has no meaning at a unix socket; remove it, and write "
       "allow_users"},
  });
}

TEST(Config, MissingRequiredKeysAreReported) {
  expect_errors({
      {"[[listener]]\nmode = \"plain\"\n",
       "7:1: listener.bind: missing; write an IP address with a port, as in \"0.0.0.0:587\" or "
       "\"[::]:587\", or \"unix:/path\""},
      {"[tls]\ncertificate = \"c\"\n", "7:1: tls.key: missing; write the path of a file"},
      {"[auth]\n", "7:1: auth.users: missing; write the path of a file, or dovecot_socket"},
      {"[[dkim]]\ndomain = \"a.example\"\nkey = \"k\"\n",
       "7:1: dkim.selector: missing; write a name, as in \"s1\""},
      {"[[route]]\nrecipients = [\"a.example\"]\n", "7:1: route.via: missing; " + kWriteVia},
  });
  EXPECT_EQ(errors_of("hostname = \"a.example\"\n"),
            std::vector<std::string>{"signpost.toml:1:1: listener: missing; write at least "
                                     "one [[listener]] with bind"});
}

TEST(Config, TableAndListOfTablesAreDistinguished) {
  expect_errors({
      {"[[tls]]\ncertificate = \"c\"\n", "7:3: tls: expected one table [tls], found [[tls]]"},
      {"[dkim]\ndomain = \"a.example\"\n", "7:2: dkim: expected tables [[dkim]], found a table"},
  });
  EXPECT_EQ(errors_of("limits = 5\n" + kGood),
            std::vector<std::string>{
                "signpost.toml:1:1: limits: expected one table [limits], found a whole number"});
}

TEST(Config, SyntaxErrorHasItsPlace) {
  const auto errors = errors_of(kGood + "[limits\n");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(errors[0].starts_with("signpost.toml:7:8: ")) << errors[0];
}

TEST(Config, ColumnsCountCharacters) {
  expect_errors(
      {{"[log]\n\"é\" = 1\n", "8:1: log.é: unknown key; the keys are level, format"},
       {"[dns]\nservers = [\"é\", 1]\n",
        "8:17: dns.servers: found a whole number in an array of strings; write addresses, "
        "as in [\"127.0.0.1\", \"192.0.2.1:53\"]"}});
}

TEST(Config, AllMistakesAreReportedInTheOrderOfTheFile) {
  const auto errors = errors_of(kGood + "[log]\nlevel = 1\n[limits]\nsessions = 0\nfoo = 1\n");
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_TRUE(errors[0].starts_with("signpost.toml:8:9: log.level")) << errors[0];
  EXPECT_TRUE(errors[1].starts_with("signpost.toml:10:12: limits.sessions")) << errors[1];
  EXPECT_TRUE(errors[2].starts_with("signpost.toml:11:1: limits.foo")) << errors[2];
}

TEST(Config, ControlCharactersDoNotReachTheTerminal) {
  const auto errors = errors_of(kGood + "[log]\nlevel = \"a\\u001b[31mb\"\n\"x\\u001b\" = 1\n");
  ASSERT_EQ(errors.size(), 2u);
  for (const std::string& error : errors) EXPECT_EQ(error.find('\x1b'), std::string::npos);
}

TEST(Config, HostnameMustBeFull) {
  const std::string listener = kGood.substr(kGood.find('\n') + 1);
  const std::string right = "; write this machine's full name, as in \"mail.shop.example\"";
  EXPECT_EQ(
      errors_of("hostname = \"mail\"\n" + listener),
      std::vector<std::string>{"signpost.toml:1:12: hostname: \"mail\" has no domain" + right});
  EXPECT_EQ(errors_of("hostname = \"192.0.2.1\"\n" + listener),
            std::vector<std::string>{
                "signpost.toml:1:12: hostname: \"192.0.2.1\" is not a domain name" + right});
  EXPECT_EQ(config_of("hostname = \"mail.bücher.example\"\n" + listener)->hostname,
            "mail.xn--bcher-kva.example");
}

// --- what keys must fulfil together --------------------------------------------------------------

std::string listener(const std::string& keys) {
  return "hostname = \"a.example\"\n[[listener]]\n" + keys;
}

TEST(ConfigRules, OpenRelayIsRefused) {
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n")),
            std::vector<std::string>{
                "signpost.toml:5:8: listener.auth: \"off\" without trusted_networks would let "
                "everyone relay; write the networks that may, or \"required\""});
  EXPECT_EQ(
      errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                         "trusted_networks = [\"10.0.0.0/8\", \"0.0.0.0/0\"]\n")),
      std::vector<std::string>{
          "signpost.toml:6:35: listener.trusted_networks: \"0.0.0.0/0\" covers everyone; write "
          "networks, as in [\"10.0.0.0/8\", \"2001:db8::/32\"]"});
}

std::string trusting_localhost() {
  return listener(
      "bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
      "trusted_networks = [\"127.0.0.0/8\"]\n");
}

TEST(ConfigRules, AUnixSocketHasAccountsInPlaceOfNetworksLoginsAndTls) {
  const std::string bind = "bind = \"unix:/run/signpost/submit\"\n";
  config_of(listener(bind));
  config_of(listener("mode = \"plain\"\nauth = \"off\"\n" + bind));
  EXPECT_EQ(errors_of(listener("mode = \"starttls\"\nauth = \"optional\"\n"
                               "trusted_networks = [\"10.0.0.0/8\"]\n" +
                               bind)),
            (std::vector<std::string>{
                "signpost.toml:3:8: listener.mode: there is no TLS at a unix socket; write "
                "\"plain\"",
                "signpost.toml:4:8: listener.auth: accounts stand in for logins at a unix socket; "
                "write \"off\"",
                "signpost.toml:5:20: listener.trusted_networks: has no meaning at a unix socket; "
                "remove it, and write allow_users"}));
  EXPECT_EQ(errors_of(trusting_localhost() + "allow_users = [\"33\"]\n"),
            std::vector<std::string>{
                "signpost.toml:7:15: listener.allow_users: is for accounts of this machine; "
                "remove it, or bind to \"unix:/path\""});
  EXPECT_EQ(errors_of(listener(bind + "[[listener]]\n" + bind)),
            std::vector<std::string>{"signpost.toml:5:8: listener.bind: unix:/run/signpost/submit "
                                     "is a duplicate of line 3"});
}

TEST(ConfigRules, AUnixSocketNeedsAPathAndAccountsThatExist) {
  for (const auto* path : {"", "submit", "/run/", "/run/../submit", "/run//submit", "/a\\u0001"}) {
    const auto errors = errors_of(listener(std::string("bind = \"unix:") + path + "\"\n"));
    ASSERT_EQ(errors.size(), 1U) << path;
    EXPECT_TRUE(errors[0].contains("is not the absolute path of a socket")) << errors[0];
  }
  const auto errors =
      errors_of(listener("bind = \"unix:/run/s\"\nallow_users = [\"nobody-has-this-name\"]\n"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(errors[0].contains("is not an account of this machine")) << errors[0];
}

// Keys of a listener that lets these networks relay.
std::string trusting(const std::string& networks) {
  return listener(
      "bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\ntrusted_networks = [" + networks +
      "]\n");
}

TEST(ConfigRules, AVeryWideNetworkNeedsConfirmation) {
  const std::vector<std::string> refused{
      "signpost.toml:6:20: listener.trusted_networks: together these cover more of the Internet "
      "than a /8 (IPv6: a /16) does, which is close to an open relay; write smaller networks, or "
      "also trust_wide_networks = true"};
  for (const auto* networks :
       {"\"0.0.0.0/1\", \"128.0.0.0/1\"", "\"8.0.0.0/7\"", "\"8.0.0.0/8\", \"9.0.0.0/32\"",
        "\"8.0.0.0/9\", \"8.128.0.0/9\", \"203.0.113.7\"", "\"2000::/15\"",
        "\"::/1\", \"8000::/1\"", "\"10.0.0.0/7\", \"12.0.0.0/30\"", "\"64:ff9b::/96\"",
        "\"64:ff9b::/32\"", "\"64:ff9b:1::/48\"", "\"64:ff9b:1:2::/64\"", "\"2002::/16\"",
        "\"2002:800::/23\"", "\"2001::/32\"", "\"2001::/16\"", "\"::ffff:8.0.0.0/103\"",
        "\"8.0.0.0/8\", \"64:ff9b::9.0.0.0/104\""}) {
    EXPECT_EQ(errors_of(trusting(networks)), refused) << networks;
    config_of(trusting(networks) + "trust_wide_networks = true\n");
  }
  for (const auto* networks :
       {"\"8.0.0.0/8\"", "\"8.0.0.0/9\", \"8.0.0.0/8\", \"8.1.0.0/16\"", "\"2000::/16\"",
        "\"10.0.0.0/8\", \"172.16.0.0/12\", \"192.168.0.0/16\", \"127.0.0.0/8\", \"fc00::/7\"",
        "\"2001:db8::1\", \"192.0.2.1\"", "\"64:ff9b::8.0.0.0/104\"", "\"2002:800::/24\"",
        "\"2002:c000:204::/48\"", "\"8.0.0.0/8\", \"64:ff9b::8.1.0.0/112\""}) {
    config_of(trusting(networks));
  }
}

TEST(ConfigRules, BitsAfterThePrefixAreAMistake) {
  EXPECT_EQ(errors_of(trusting("\"127.0.0.5/8\", \"2001:db8::1/32\", \"192.0.2.1/32\"")),
            (std::vector<std::string>{
                "signpost.toml:6:21: listener.trusted_networks: \"127.0.0.5/8\" is an address "
                "within the network \"127.0.0.0/8\"; write networks, as in [\"10.0.0.0/8\", "
                "\"2001:db8::/32\"]",
                "signpost.toml:6:36: listener.trusted_networks: \"2001:db8::1/32\" is an address "
                "within the network \"2001:db8::/32\"; write networks, as in [\"10.0.0.0/8\", "
                "\"2001:db8::/32\"]"}));
  EXPECT_EQ(errors_of(trusting("\"127.0.0.5/8\"")).size(), 1U) << "its only mistake";
  expect_errors({{"[delivery]\nallow_networks = [\"127.0.0.5/8\"]\n",
                  "8:19: delivery.allow_networks: \"127.0.0.5/8\" is an address within the network "
                  "\"127.0.0.0/8\"; write networks, as in [\"127.0.0.0/8\"]"}});
}

TEST(ConfigRules, AListenerWhereNobodyCouldLogInIsRefused) {
  EXPECT_EQ(
      errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\n"
                         "login_in_clear = \"never\"\n[auth]\nusers = \"u\"\n")),
      std::vector<std::string>{
          "signpost.toml:5:18: listener.login_in_clear: \"never\" with mode \"plain\" and auth "
          "\"required\" would let nobody log in; write mode = \"starttls\", or \"loopback\""});
}

TEST(ConfigRules, AFieldIsSignedOnceInAnySpelling) {
  const std::string dkim = "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = \"s1\"\n";
  const std::string right =
      " appears twice; write names of header fields, as in [\"From\", \"Subject\"]";
  expect_errors({{dkim + "headers = [\"From\", \"Subject\", \"from\"]\n",
                  "11:31: dkim.headers: \"from\"" + right},
                 {dkim + "oversign = [\"To\", \"TO\"]\n", "11:19: dkim.oversign: \"TO\"" + right}});
}

std::vector<std::string> doubts_of(const std::string& toml) {
  const LoadedConfig loaded = parse_config(toml, "signpost.toml");
  std::vector<std::string> texts;
  if (!loaded.config) return {"refused"};
  for (const ConfigError& doubt : loaded.config->doubts) texts.push_back(doubt.text());
  return texts;
}

TEST(ConfigDoubts, ADestinationAfterAWiderOneHasNoEffect) {
  const auto destinations = [](const std::string& first, const std::string& second) {
    return kGood + "[[destination]]\nmatch = [" + first + "]\n[[destination]]\nmatch = [" + second +
           "]\n";
  };
  EXPECT_EQ(
      doubts_of(destinations("\"b.example\", \"*\"", "\"a.example\"")),
      std::vector<std::string>{
          "signpost.toml:10:9: destination.match: \"a.example\" has no effect: \"*\" in line 8 "
          "comes first; put this table before that one"});
  EXPECT_EQ(doubts_of(destinations("\"*.example\"", "\"a.example\", \"*.b.example\"")).size(), 2U);
  EXPECT_EQ(doubts_of(destinations("\"*.example\"", "\"example\", \"*\"")).size(), 0U);
  EXPECT_EQ(doubts_of(destinations("\"a.example\"", "\"*.a.example\", \"*\"")).size(), 0U);
  EXPECT_EQ(doubts_of(destinations("\"mx:*.example\"", "\"mx:mx.example\"")).size(), 1U);
  EXPECT_EQ(doubts_of(destinations("\"*.example\"", "\"mx:mx.example\"")).size(), 0U);
  EXPECT_EQ(doubts_of(destinations("\"mx:*.example\"", "\"mx.example\"")).size(), 0U);
}

TEST(ConfigDoubts, ARouteAfterAWiderOneIsNeverUsed) {
  const auto routes = [](const std::string& first, const std::string& second) {
    return kGood + "[[route]]\nvia = \"mx\"\n" + first + "[[route]]\nvia = \"mx\"\n" + second;
  };
  const std::string shop = "senders = [\"@shop.example\"]\n";
  const std::string example = "recipients = [\"*.example\"]\n";
  EXPECT_EQ(doubts_of(routes("", "")),
            std::vector<std::string>{
                "signpost.toml:10:7: route: is never used: the one in line 7 comes first and takes "
                "all of its mail; put this table before that one"});
  EXPECT_EQ(doubts_of(routes("", shop)).size(), 1U);
  EXPECT_EQ(doubts_of(routes(shop, "senders = [\"a@shop.example\"]\n")).size(), 1U);
  EXPECT_EQ(doubts_of(routes(example, shop + "recipients = [\"a.example\"]\n")).size(), 1U);
  EXPECT_EQ(doubts_of(routes(shop, "")).size(), 0U);
  EXPECT_EQ(doubts_of(routes(shop, example)).size(), 0U);
  EXPECT_EQ(doubts_of(routes(example, "")).size(), 0U);
  EXPECT_EQ(doubts_of(routes(shop, "senders = [\"a@below.shop.example\"]\n")).size(), 0U);
}

TEST(ConfigDoubts, ARouteAfterSeveralThatTogetherTakeItsMailIsNeverUsed) {
  const auto route = [](const std::string& keys) { return "[[route]]\nvia = \"mx\"\n" + keys; };
  const std::string a = route("recipients = [\"a.test\"]\n");
  const std::string b =
      route("recipients = [\"*.test\", \"b.test\"]\nsenders = [\"@shop.example\"]\n");
  const std::string both = "recipients = [\"b.test\", \"a.test\"]\n";
  EXPECT_EQ(doubts_of(kGood + a + b + route(both + "senders = [\"shop@shop.example\"]\n")),
            std::vector<std::string>{
                "signpost.toml:15:7: route: is never used: those in lines 7 and 10 come first and "
                "together take all of its mail; put this table before them"});
  EXPECT_EQ(doubts_of(kGood + a + b + route(both)).size(), 0U);
  EXPECT_EQ(doubts_of(kGood + a + route(both)).size(), 0U);
  EXPECT_EQ(doubts_of(kGood + a + b + route("")).size(), 0U);
}

TEST(ConfigDoubts, AScheduleWithOnlyMistakesIsRefused) {
  for (const std::string wait : {"5 minutes", "10d", "0s", ""}) {
    const auto loaded =
        parse_config(kGood + "[retry]\nschedule = [\"" + wait + "\"]\n", "signpost.toml");
    EXPECT_FALSE(loaded.errors.empty()) << wait;
  }
}

TEST(ConfigDoubts, WaitsBeyondTheExpiryOfMailAreNamed) {
  const auto retry = [](const std::string& keys) { return doubts_of(kGood + "[retry]\n" + keys); };
  EXPECT_EQ(retry("schedule = [\"1m\", \"30m\", \"1h\"]\nexpire = \"1h\"\n"),
            std::vector<std::string>{
                "signpost.toml:8:12: retry.schedule: has no effect from 1h on: retry.expire, 1h, "
                "comes first; write a longer expire, or leave out the rest"});
  EXPECT_EQ(
      retry("schedule = [\"2h\"]\nexpire = \"1h\"\n"),
      std::vector<std::string>{
          "signpost.toml:8:12: retry.schedule: no message is tried twice: the first wait is "
          "2h, longer than retry.expire, 1h; write a longer expire, or a shorter first wait"});
  EXPECT_EQ(retry("expire = \"30s\"\n").size(), 1U);
  EXPECT_EQ(retry("expire = \"1h\"\n").size(), 0U) << "the default schedule is cut off silently";
  EXPECT_EQ(retry("schedule = [\"20m\", \"40m\"]\nexpire = \"1h\"\n").size(), 0U);
  EXPECT_EQ(retry("schedule = [\"1s\"]\n").size(), 0U) << "the last one repeats";
  EXPECT_EQ(retry("expire = \"4h\"\ndelay_notice = \"4h\"\n"),
            std::vector<std::string>{
                "signpost.toml:9:16: retry.delay_notice: is never sent: mail is given up at "
                "retry.expire, 4h; write \"0s\" for none, or a shorter time"});
  EXPECT_EQ(retry("expire = \"4h\"\ndelay_notice = \"239m\"\n").size(), 0U);
  EXPECT_EQ(retry("expire = \"4h\"\ndelay_notice = \"0s\"\n").size(), 0U);
  EXPECT_EQ(retry("expire = \"4h\"\n").size(), 0U) << "nobody asked for a notice";
}

TEST(ConfigRules, PasswordsInClearAreRefusedOffLoopback) {
  const std::string auth = "[auth]\nusers = \"u\"\n";
  for (const char* mode : {"required", "optional"}) {
    EXPECT_EQ(errors_of(listener("bind = \"192.0.2.1:25\"\nmode = \"plain\"\nauth = \"" +
                                 std::string(mode) + "\"\n" + auth)),
              std::vector<std::string>{
                  "signpost.toml:4:8: listener.mode: \"plain\" would carry passwords in clear; "
                  "write \"starttls\", or auth = \"off\" with trusted_networks, or bind to a "
                  "loopback address, or name the load balancers that end TLS in "
                  "proxy_protocol_from"});
  }
  for (const char* bind : {"127.0.0.1:25", "[::1]:25"}) {
    config_of(listener("bind = \"" + std::string(bind) + "\"\nmode = \"plain\"\n" + auth));
  }
}

// AUTH is offered to those whose TLS a balancer has ended, and to nobody else.
TEST(ConfigRules, BehindALoadBalancerThatEndsTlsAListenerMayBePlain) {
  config_of(
      listener("bind = \"192.0.2.1:25\"\nmode = \"plain\"\nproxy_protocol_from = "
               "[\"192.0.2.9\"]\n[auth]\nusers = \"u\"\n"));
}

TEST(ConfigRules, LoadBalancersMayNotBeHalfTheInternet) {
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                               "trusted_networks = [\"127.0.0.1\"]\n"
                               "proxy_protocol_from = [\"192.0.0.0/7\"]\n")),
            std::vector<std::string>{
                "signpost.toml:7:23: listener.proxy_protocol_from: together these cover more of "
                "the Internet than a /8 (IPv6: a /16) does, and anyone there could claim any "
                "address; write the addresses of the load balancers"});
}

// A front end that has checked the passwords sends none.
TEST(ConfigRules, BehindAFrontEndThatChecksPasswordsAListenerMayBePlain) {
  config_of(
      listener("bind = \"192.0.2.1:25\"\nmode = \"plain\"\nlogin_in_clear = \"never\"\n"
               "xclient_from = [\"192.0.2.9\"]\nxclient_logins = true\n[auth]\nusers = \"u\"\n"));
}

TEST(ConfigRules, FrontEndsMayNotBeHalfTheInternet) {
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                               "trusted_networks = [\"127.0.0.1\"]\n"
                               "xclient_from = [\"192.0.0.0/7\"]\n")),
            std::vector<std::string>{
                "signpost.toml:7:16: listener.xclient_from: together these cover more of the "
                "Internet than a /8 (IPv6: a /16) does, and anyone there could claim any address; "
                "write the addresses of the front ends"});
}

TEST(ConfigRules, LoginsOfFrontEndsNeedFrontEnds) {
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                               "trusted_networks = [\"127.0.0.1\"]\nxclient_logins = true\n")),
            std::vector<std::string>{
                "signpost.toml:7:18: listener.xclient_logins: has no meaning without front ends; "
                "write their addresses in xclient_from"});
}

TEST(ConfigRules, ListenerNeedsWhatItUses) {
  EXPECT_EQ(errors_of(listener("bind = \"0.0.0.0:587\"\n")),
            (std::vector<std::string>{
                "signpost.toml:2:1: listener.mode: \"starttls\" needs a certificate; write [tls] "
                "with certificate and key",
                "signpost.toml:2:1: listener.auth: \"required\" needs logins; write [auth] with "
                "users"}));
  EXPECT_EQ(errors_of(listener("bind = \"0.0.0.0:465\"\nmode = \"implicit\"\nauth = \"off\"\n"
                               "trusted_networks = [\"10.0.0.0/8\"]\n")),
            std::vector<std::string>{
                "signpost.toml:4:8: listener.mode: \"implicit\" needs a certificate; write [tls] "
                "with certificate and key"});
}

TEST(ConfigRules, DuplicatesAreReported) {
  const std::string dkim = "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = \"s1\"\n";
  expect_errors({
      {"[[listener]]\nbind = \"127.0.0.1:2525\"\nmode = \"plain\"\nauth = \"off\"\n"
       "trusted_networks = [\"10.0.0.0/8\"]\n",
       "8:8: listener.bind: 127.0.0.1:2525 is a duplicate of line 3"},
      {dkim + dkim, "14:12: dkim.selector: s1._domainkey.a.example is a duplicate of line 10"},
      {"[[tenant]]\nname = \"a\"\ndomains = [\"a.example\"]\n"
       "[[tenant]]\nname = \"b\"\ndomains = [\"b.example\", \"A.example\"]\n",
       "12:11: tenant.domains: \"a.example\" is a duplicate of line 9"},
      {"[[tenant]]\nname = \"a\"\ndomains = [\"a.example\"]\n"
       "[[tenant]]\nname = \"a\"\ndomains = [\"b.example\"]\n",
       "11:8: tenant.name: \"a\" is a duplicate of line 8"},
      {"[[tenant]]\nname = \"a\"\n",
       "7:1: tenant.domains: missing; write domains, as in [\"shop.example\", "
       "\"*.shop.example\"], or domains_file"},
      {"[[tenant]]\nname = \"a\"\ndomains = []\n",
       "9:11: tenant.domains: the list is empty; write domains, as in [\"shop.example\", "
       "\"*.shop.example\"], or domains_file"},
      {"[[tenant]]\nname = \"a\"\ndomains_file = \"a\"\nnetworks = [\"10.1.0.0/16\"]\n"
       "[[tenant]]\nname = \"b\"\ndomains_file = \"b\"\nnetworks = [\"10.1.0.0/16\"]\n",
       "14:12: tenant.networks: 10.1.0.0/16 is a duplicate of line 10"},
      {"[[tenant]]\nname = \"a\"\ndomains = [\"*\"]\n",
       "9:12: tenant.domains: \"*\" would be every domain; write domains, as in "
       "[\"shop.example\", \"*.shop.example\"]"},
      {"[[destination]]\nmatch = [\"a.example\"]\n[[destination]]\nmatch = [\"A.example\"]\n",
       "10:9: destination.match: \"a.example\" is a duplicate of line 8"},
      {"[admin]\nbind = \"127.0.0.1:2525\"\n",
       "8:8: admin.bind: 127.0.0.1:2525 is the address of a listener; write another port"},
      {"[[listener]]\nbind = \"0.0.0.0:2525\"\nmode = \"plain\"\nauth = \"off\"\n"
       "trusted_networks = [\"127.0.0.0/8\"]\n",
       "3:8: listener.bind: 127.0.0.1:2525 is an address of the listener 0.0.0.0:2525; write "
       "another port"},
  });
}

TEST(ConfigRules, SeveralKeysOfOneDomainAreFine) {
  const auto config = config_of(kGood +
                                "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = \"s1\"\n"
                                "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = "
                                "\"s2\"\n");
  EXPECT_EQ(config->dkim.size(), 2u);
}

TEST(ConfigRules, AdminOffLoopbackNeedsAToken) {
  expect_errors({{"[admin]\nbind = \"0.0.0.0:8025\"\n",
                  "8:8: admin.bind: 0.0.0.0:8025 can be reached from outside; write token_file, or "
                  "bind to a loopback address"}});
  config_of(kGood + "[admin]\nbind = \"0.0.0.0:8025\"\ntoken_file = \"t\"\n");
  EXPECT_FALSE(config_of(kGood + "[admin]\nbind = \"\"\n")->admin_bind);
}

TEST(ConfigRules, TheAdminSocketIsInTheFolderOfTheQueue) {
  EXPECT_EQ(config_of("data_dir = \"queue\"\n" + kGood)->admin_socket,
            "/etc/signpost/queue/admin.sock");
}

TEST(ConfigRules, MetricsThatNeedATokenRequireOne) {
  expect_errors({{"[admin]\nmetrics = \"token\"\n",
                  "8:11: admin.metrics: \"token\" without a token would refuse everyone; write "
                  "token_file, or \"open\""}});
  const auto config = config_of(kGood + "[admin]\nmetrics = \"token\"\ntoken_file = \"t\"\n");
  EXPECT_EQ(config->admin_metrics, MetricsAccess::Token);
}

// --- files ---------------------------------------------------------------------------------------

TEST(ConfigFile, MissingFileIsOneError) {
  const LoadedConfig loaded = load_config("/nowhere/signpost.toml");
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_EQ(loaded.errors[0].text(),
            "/nowhere/signpost.toml: cannot be read: No such file or directory");
}

// Opening it would wait for a writer, and a reload or a stop with it.
TEST(ConfigFile, APipeOrAFolderIsNotRead) {
  const std::string path = testing::TempDir() + "signpost-pipe.toml";
  std::remove(path.c_str());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_text_file(path).error().detail, "cannot be read: a pipe, not a regular file");
  EXPECT_EQ(load_config(path).errors.at(0).text(),
            path + ": cannot be read: a pipe, not a regular file");
  std::remove(path.c_str());
  EXPECT_EQ(read_text_file(testing::TempDir()).error().detail,
            "cannot be read: a folder, not a regular file");
  EXPECT_EQ(read_text_file("/dev/zero").error().detail,
            "cannot be read: a device, not a regular file");
}

TEST(ConfigFile, AMistakeInAFileIsNamedWhereThatIsNamed) {
  const auto config = config_of(kGood +
                                "[tls]\ncertificate = \"same.pem\"\nkey = \"same.pem\"\n"
                                "[[dkim]]\ndomain = \"a.example\"\nselector = \"s\"\n"
                                "key = \"k.pem\"\n"
                                "[[dkim]]\ndomain = \"b.example\"\nselector = \"s\"\n"
                                "key = \"k.pem\"\n");
  const auto place = [&](std::string_view key, std::size_t table = 0) {
    const ConfigError error = error_at(*config, key, "wrong", table);
    EXPECT_EQ(error.key, key);
    return std::pair(error.line, error.column);
  };
  EXPECT_EQ(place("tls.certificate"), std::pair(8U, 15U));
  EXPECT_EQ(place("tls.key"), std::pair(9U, 7U)) << "the path is the same, the key is not";
  EXPECT_EQ(place("dkim.key"), std::pair(13U, 7U));
  EXPECT_EQ(place("dkim.key", 1), std::pair(17U, 7U));
  EXPECT_EQ(place("postmaster"), std::pair(0U, 0U)) << "not written";
  EXPECT_EQ(error_at(*config, "tls.key", "wrong").text(), config->file + ":9:7: tls.key: wrong");
}

// Mistakes of a file that is no TOML are reported in the format that it seems to ask for.
TEST(ConfigFile, TheLogFormatIsFoundInABrokenFile) {
  const std::string path = testing::TempDir() + "broken.toml";
  const auto format = [&](const std::string& toml) {
    std::ofstream(path) << toml;
    return log_format_of_broken(path);
  };
  EXPECT_EQ(format("hostname = x\n[log]\nlevel = \"info\"\nformat = \"json\"\n"),
            log::Format::Json);
  EXPECT_EQ(format("x y\r\n [log] # here\r\n\tformat='json'\r\n"), log::Format::Json);
  EXPECT_EQ(format("log.format = \"json\"\nx y\n"), log::Format::Json);
  EXPECT_EQ(format("[log]\nformat = json\n"), log::Format::Json) << "that line is the mistake";
  EXPECT_EQ(format("[log]\nformat = \"text\"\nx y\n"), log::Format::Text);
  EXPECT_EQ(format("[other]\nformat = \"json\"\nx y\n"), log::Format::Text);
  EXPECT_EQ(format("[log]\n# format = \"json\"\nx y\n"), log::Format::Text);
  EXPECT_EQ(format("[log]\nformat ="), log::Format::Text);
  EXPECT_EQ(format(""), log::Format::Text);
  std::remove(path.c_str());
  EXPECT_EQ(log_format_of_broken(path), log::Format::Text) << "no such file";
}

// A reload that fails because of the file has to reach the relay all the same.
TEST(ConfigFile, TheAdminSocketIsFoundInABrokenFile) {
  const std::string path = testing::TempDir() + "broken.toml";
  const auto socket = [&](const std::string& toml) {
    std::ofstream(path) << toml;
    return admin_socket_of_broken(path);
  };
  EXPECT_EQ(socket("x y\n"), "/var/lib/signpost/admin.sock");
  EXPECT_EQ(socket("data_dir = \"/srv/the queue\" # here\nx y\n"), "/srv/the queue/admin.sock");
  EXPECT_EQ(socket("[log]\ndata_dir = \"/srv/queue\"\nx y\n"), "/var/lib/signpost/admin.sock");
  EXPECT_EQ(socket("data_dir = \"data\"\nx y\n"), testing::TempDir() + "data/admin.sock");
  EXPECT_EQ(socket("x y\n [admin]\r\n socket = '/run/a.sock'\r\n"), "/run/a.sock");
  EXPECT_EQ(socket("x y\nadmin.socket = \"/run/a.sock\"\n"), "/run/a.sock");
  EXPECT_EQ(socket("x y\n[admin]\nsocket = \"/run/a.sock\n"), "/run/a.sock") << "not closed";
  EXPECT_EQ(socket("x y\n[admin]\nsocket = \"\"\n"), "") << "there is none";
  std::remove(path.c_str());
  EXPECT_EQ(admin_socket_of_broken(path), "") << "no such file";
}

TEST(ConfigFile, AMissingKeyKeepsTheOthersInTheirTables) {
  const std::string path = testing::TempDir() + "places.toml";
  std::ofstream(path) << kGood
                      << "[[dkim]]\ndomain = \"a.example\"\nselector = \"s\"\n"
                         "[[dkim]]\ndomain = \"b.example\"\nselector = \"s\"\nkey = \"k.pem\"\n";
  const LoadedConfig loaded = load_config_partly(path);
  std::remove(path.c_str());
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(error_at(*loaded.config, "dkim.key", "", 0).line, 7U) << "of its table";
  EXPECT_EQ(error_at(*loaded.config, "dkim.key", "", 1).line, 13U);
}

TEST(ConfigFile, PartlyReadConfigKeepsWhatIsRight) {
  const std::string path = testing::TempDir() + "partly.toml";
  std::ofstream(path) << kGood << "[admin]\nbind = \"127.0.0.1:9\"\n[log]\nlevel = 1\n";
  const LoadedConfig loaded = load_config_partly(path);
  std::remove(path.c_str());
  EXPECT_EQ(loaded.errors.size(), 1u);
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->admin_bind->text(), "127.0.0.1:9");
}

TEST(DomainMatches, PatternsOfDomains) {
  EXPECT_TRUE(domain_matches("example.net", "example.net"));
  EXPECT_FALSE(domain_matches("example.net", "a.example.net"));
  EXPECT_TRUE(domain_matches("*.example.net", "a.example.net"));
  EXPECT_TRUE(domain_matches("*.example.net", "b.a.example.net"));
  EXPECT_FALSE(domain_matches("*.example.net", "example.net"));
  EXPECT_FALSE(domain_matches("*.example.net", ".example.net"));
  EXPECT_FALSE(domain_matches("*.example.net", "badexample.net"));
  EXPECT_TRUE(domain_matches("*", "example.net"));
  EXPECT_FALSE(domain_matches("", "example.net"));
}

// --- the example ---------------------------------------------------------------------------------

TEST(ConfigurationReference, ExampleFileIsGood) {
  const LoadedConfig loaded = load_config(SIGNPOST_SOURCE_DIR "/etc/signpost.toml");
  for (const ConfigError& error : loaded.errors) ADD_FAILURE() << error.text();
  EXPECT_TRUE(loaded.config);
}

// Each commented key of the example is a key, with a value that is accepted.
TEST(ConfigurationReference, ExampleFileIsGoodWithItsCommentsTakenAway) {
  std::ifstream in(SIGNPOST_SOURCE_DIR "/etc/signpost.toml");
  std::string text;
  for (std::string line; std::getline(in, line);) {
    text += (line.starts_with("#") && !line.starts_with("# ") ? line.substr(1) : line) + "\n";
  }
  EXPECT_EQ(errors_of(text), std::vector<std::string>());
}

}  // namespace
}  // namespace signpost::config
