#include "config/config.h"

#include <gtest/gtest.h>

#include "config/config_file.h"
#include "config/config_keys.h"
#include <cstdio>
#include <fstream>
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
}

TEST(Config, EveryKeyReachesItsMember) {
  const auto config = config_of(R"(
hostname = "Mail.Shop.Example"
data_dir = "queue"
workers = 3
postmaster = "office@shop.example"
[[listener]]
bind = "[::]:587"
mode = "starttls"
auth = "optional"
trusted_networks = ["10.0.0.0/8", "2001:db8::/32"]
proxy_protocol_from = []
[[listener]]
bind = "0.0.0.0:465"
mode = "implicit"
[tls]
certificate = "tls/chain.pem"
key = "/etc/ssl/key.pem"
min_version = "1.3"
[auth]
users = "users.toml"
[limits]
message_size = "10MB"
recipients_per_message = 7
sessions = 8
sessions_per_client = 9
idle_timeout = "90s"
memory = "1GiB"
disk_free = "2GiB"
[[dkim]]
domain = "Shop.Example"
selector = "S1"
key = "dkim/s1.pem"
subdomains = true
canonicalization = "simple/relaxed"
headers = ["From", "Subject"]
oversign = ["From"]
expire = "7d"
[[dkim]]
domain = "bücher.example"
selector = "s1"
key = "dkim/s2.pem"
[signing]
unsigned = "reject"
[dns]
servers = ["127.0.0.1", "192.0.2.1:5353", "2001:db8::53", "[2001:db8::54]:54"]
trust_ad = "auto"
[delivery]
port = 2525
tls = "encrypt"
dane = false
mta_sts = false
connect_timeout = "250ms"
source = ["192.0.2.9", "2001:db8::9"]
[retry]
schedule = ["1s", "2m"]
expire = "1d"
delay_notice = "0s"
[[destination]]
match = ["Example.net", "*.example.net", "*"]
connections = 2
messages_per_connection = 5
tls = "verify"
[[route]]
recipients = ["internal.example"]
senders = ["@Tenant.example", "News@shop.example"]
via = "smtp://[2001:db8::5]:2526"
tls = "off"
[[route]]
via = "smtp://Relay.Example"
[[route]]
via = "mx"
[admin]
bind = "192.0.2.1:8025"
token_file = "admin.token"
[log]
level = "debug"
format = "json"
)");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->hostname, "mail.shop.example");
  EXPECT_EQ(config->data_dir, "/etc/signpost/queue");
  EXPECT_EQ(config->workers, 3u);
  EXPECT_EQ(config->postmaster, "office@shop.example");
  ASSERT_EQ(config->listeners.size(), 2u);
  EXPECT_EQ(config->listeners[0].mode, ListenerMode::StartTls);
  EXPECT_EQ(config->listeners[0].auth, AuthMode::Optional);
  ASSERT_EQ(config->listeners[0].trusted_networks.size(), 2u);
  EXPECT_EQ(config->listeners[0].trusted_networks[1].text(), "2001:db8::/32");
  EXPECT_EQ(config->listeners[1].mode, ListenerMode::Implicit);
  EXPECT_EQ(config->listeners[1].auth, AuthMode::Required);
  ASSERT_TRUE(config->tls);
  EXPECT_EQ(config->tls->certificate, "/etc/signpost/tls/chain.pem");
  EXPECT_EQ(config->tls->key, "/etc/ssl/key.pem");
  EXPECT_EQ(config->tls->min_version, net::TlsVersion::Tls13);
  EXPECT_EQ(config->users_file, "/etc/signpost/users.toml");
  EXPECT_EQ(config->limits.message_size, 10'000'000u);
  EXPECT_EQ(config->limits.recipients_per_message, 7u);
  EXPECT_EQ(config->limits.sessions, 8u);
  EXPECT_EQ(config->limits.sessions_per_client, 9u);
  EXPECT_EQ(config->limits.idle_timeout, std::chrono::seconds(90));
  EXPECT_EQ(config->limits.memory, 1u << 30);
  EXPECT_EQ(config->limits.disk_free_bytes, std::uint64_t{2} << 30);
  ASSERT_EQ(config->dkim.size(), 2u);
  EXPECT_EQ(config->dkim[0].domain, "shop.example");
  EXPECT_EQ(config->dkim[0].selector, "s1");
  EXPECT_EQ(config->dkim[0].key, "/etc/signpost/dkim/s1.pem");
  EXPECT_TRUE(config->dkim[0].subdomains);
  EXPECT_EQ(config->dkim[0].canonicalization, "simple/relaxed");
  EXPECT_EQ(config->dkim[0].headers, (std::vector<std::string>{"From", "Subject"}));
  EXPECT_EQ(config->dkim[0].oversign, std::vector<std::string>{"From"});
  EXPECT_EQ(config->dkim[0].expire, std::chrono::days(7));
  EXPECT_EQ(config->dkim[1].domain, "xn--bcher-kva.example");
  EXPECT_EQ(config->unsigned_policy, UnsignedPolicy::Reject);
  ASSERT_EQ(config->dns_servers.size(), 4u);
  EXPECT_EQ(config->dns_servers[0].text(), "127.0.0.1:53");
  EXPECT_EQ(config->dns_servers[2].text(), "[2001:db8::53]:53");
  EXPECT_EQ(config->dns_servers[3].text(), "[2001:db8::54]:54");
  EXPECT_EQ(config->delivery.port, 2525);
  EXPECT_EQ(config->delivery.tls, TlsPolicy::Encrypt);
  EXPECT_EQ(config->delivery.connect_timeout, std::chrono::milliseconds(250));
  ASSERT_EQ(config->delivery.source.size(), 2u);
  EXPECT_EQ(config->retry.schedule,
            (std::vector{std::chrono::seconds(1), std::chrono::seconds(120)}));
  EXPECT_EQ(config->retry.expire, std::chrono::days(1));
  EXPECT_EQ(config->retry.delay_notice, std::chrono::seconds(0));
  ASSERT_EQ(config->destinations.size(), 1u);
  EXPECT_EQ(config->destinations[0].match,
            (std::vector<std::string>{"example.net", "*.example.net", "*"}));
  EXPECT_EQ(config->destinations[0].connections, 2u);
  EXPECT_EQ(config->destinations[0].messages_per_connection, 5u);
  EXPECT_EQ(config->destinations[0].tls, TlsPolicy::Verify);
  ASSERT_EQ(config->routes.size(), 3u);
  EXPECT_EQ(config->routes[0].senders,
            (std::vector<std::string>{"@tenant.example", "news@shop.example"}));
  EXPECT_EQ(config->routes[0].host, "2001:db8::5");
  EXPECT_EQ(config->routes[0].port, 2526);
  EXPECT_EQ(config->routes[0].tls, TlsPolicy::Off);
  EXPECT_EQ(config->routes[1].host, "relay.example");
  EXPECT_EQ(config->routes[1].port, 25);
  EXPECT_TRUE(config->routes[1].recipients.empty());
  EXPECT_TRUE(config->routes[2].mx);
  ASSERT_TRUE(config->admin_bind);
  EXPECT_EQ(config->admin_bind->text(), "192.0.2.1:8025");
  EXPECT_EQ(config->admin_token_file, "/etc/signpost/admin.token");
  EXPECT_EQ(config->log_level, log::Level::Debug);
  EXPECT_EQ(config->log_format, log::Format::Json);
}

// Each default of the reference, written out, is accepted at the place of its key.
TEST(Config, EveryDocumentedDefaultMayBeWrittenOut) {
  for (const SectionText& section : configuration_reference()) {
    for (const KeyText& key : section.keys) {
      if (key.initial.empty()) continue;
      SCOPED_TRACE(section.name + "." + key.name);
      std::string toml = key.name + " = " + key.initial + "\n";
      if (section.name.empty()) {
        toml += kGood;
      } else if (section.name == "listener") {
        // "required" and "starttls" need more than the good lines have: only their form is looked
        // at.
        toml = "hostname = \"a.example\"\n[[listener]]\nbind = \"127.0.0.1:25\"\n" + toml;
        for (const std::string& error : errors_of(toml)) {
          EXPECT_TRUE(error.find("needs") != std::string::npos) << error;
        }
        continue;
      } else {
        toml = kGood + section_header(section) + "\n" + toml;
        if (section.name == "tls") toml += "certificate = \"c\"\nkey = \"k\"\n";
        if (section.name == "dkim") {
          toml += "domain = \"a.example\"\nselector = \"s\"\nkey = \"k\"\n";
        }
        if (section.name == "destination") toml += "match = [\"a.example\"]\n";
        if (section.name == "route") toml += "via = \"mx\"\n";
      }
      config_of(toml);
    }
  }
}

TEST(Config, DefaultsOfTheReferenceAreThoseOfTheProgram) {
  const auto silent = config_of(kGood);
  const auto spoken =
      config_of("data_dir = \"/var/lib/signpost\"\nworkers = 0\n" + kGood +
                "[limits]\nmessage_size = \"50MiB\"\nrecipients_per_message = 1000\n"
                "sessions = 10000\nsessions_per_client = 100\nidle_timeout = \"5m\"\n"
                "memory = \"50%\"\ndisk_free = \"5%\"\n[delivery]\nport = 25\n"
                "connect_timeout = \"30s\"\n[retry]\nschedule = [\"1m\", \"5m\", "
                "\"10m\", \"20m\", \"30m\", \"1h\", \"2h\", \"4h\"]\nexpire = \"5d\"\n"
                "delay_notice = \"4h\"\n");
  ASSERT_TRUE(silent && spoken);
  EXPECT_EQ(silent->data_dir, spoken->data_dir);
  EXPECT_EQ(silent->workers, spoken->workers);
  EXPECT_EQ(silent->limits.message_size, spoken->limits.message_size);
  EXPECT_EQ(silent->limits.recipients_per_message, spoken->limits.recipients_per_message);
  EXPECT_EQ(silent->limits.sessions, spoken->limits.sessions);
  EXPECT_EQ(silent->limits.sessions_per_client, spoken->limits.sessions_per_client);
  EXPECT_EQ(silent->limits.idle_timeout, spoken->limits.idle_timeout);
  EXPECT_EQ(silent->limits.memory, spoken->limits.memory);
  EXPECT_EQ(silent->limits.disk_free_share, spoken->limits.disk_free_share);
  EXPECT_EQ(silent->limits.disk_free_bytes, spoken->limits.disk_free_bytes);
  EXPECT_EQ(silent->delivery.port, spoken->delivery.port);
  EXPECT_EQ(silent->delivery.connect_timeout, spoken->delivery.connect_timeout);
  EXPECT_EQ(silent->retry.schedule, spoken->retry.schedule);
  EXPECT_EQ(silent->retry.expire, spoken->retry.expire);
  EXPECT_EQ(silent->retry.delay_notice, spoken->retry.delay_notice);
}

TEST(Config, UnknownKeyNamesTheNearestOne) {
  expect_errors({
      {"[limits]\n  mesage_size = \"1MiB\"\n",
       "8:3: limits.mesage_size: unknown key; did you mean \"message_size\"?"},
      {"[limit]\nsessions = 1\n", "7:2: limit: unknown key; did you mean \"limits\"?"},
      {"[[dikm]]\ndomain = \"a.example\"\n", "7:3: dikm: unknown key; did you mean \"dkim\"?"},
      {"[tls]\ncertificate = \"c\"\nkey = \"k\"\nidle_timeout = \"5m\"\n",
       "10:1: tls.idle_timeout: unknown key; it belongs to [limits]"},
      {"[log]\nzzz = 1\n", "8:1: log.zzz: unknown key; known here: level, format"},
  });
  EXPECT_EQ(errors_of("hostnam = \"a.example\"\nhostname = \"a.example\"\n" + kGood.substr(31)),
            std::vector<std::string>{
                "signpost.toml:1:1: hostnam: unknown key; did you mean \"hostname\"?"});
}

TEST(Config, WrongTypeSaysWhatWouldBeRight) {
  expect_errors({
      {"[limits]\nsessions = \"many\"\n",
       "8:12: limits.sessions: a string stands here; write a whole number from 1 to 1000000"},
      {"[limits]\nsessions = 1.5\n",
       "8:12: limits.sessions: a fraction stands here; write a whole number from 1 to 1000000"},
      {"[limits]\nidle_timeout = 300\n",
       "8:16: limits.idle_timeout: a whole number stands here; write a duration from \"1s\" to "
       "\"1h\""},
      {"[limits]\nmessage_size = 50\n",
       "8:16: limits.message_size: a whole number stands here; write a size from \"1KiB\" to "
       "\"1GiB\""},
      {"[log]\nlevel = [\"info\"]\n",
       "8:9: log.level: a list stands here; write \"debug\", \"info\", \"warning\" or \"error\""},
      {"[dns]\nservers = \"127.0.0.1\"\n",
       "8:11: dns.servers: a string stands here; write addresses, as in [\"127.0.0.1\", "
       "\"192.0.2.1:53\"]"},
      {"[dns]\nservers = [\"127.0.0.1\", 5]\n",
       "8:25: dns.servers: a whole number stands in a list of strings; write addresses, as in "
       "[\"127.0.0.1\", \"192.0.2.1:53\"]"},
      {"[delivery]\nsource = 1979-05-27\n",
       "8:10: delivery.source: a date or time stands here; write addresses of this machine, as in "
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
       "8:16: limits.idle_timeout: parts of a second do not count here; write a duration from "
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
       "8:10: limits.memory: \"101%\" is neither a share nor a size; write a share or a size of at "
       "least 16 MiB, as in \"50%\" or \"2GiB\""},
      {"[limits]\nmemory = \"0%\"\n",
       "8:10: limits.memory: \"0%\" is too little; write a share or a size of at least 16 MiB, as "
       "in \"50%\" or \"2GiB\""},
      {"[limits]\ndisk_free = \"100%\"\n",
       "8:13: limits.disk_free: \"100%\" is neither a share nor a size; write a share below 100% "
       "or "
       "a size, as in \"5%\" or \"10GiB\""},
      {"[log]\nlevel = \"verbose\"\n",
       "8:9: log.level: \"verbose\" is not known here; write \"debug\", \"info\", \"warning\" or "
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
      {dkim + "\"a.example\"\nexpire = \"1m\"\n",
       "11:10: dkim.expire: \"1m\" is too short; write \"0s\" for never, or a duration from \"1h\" "
       "to \"365d\""},
      {"[[destination]]\nmatch = [\"*example.net\"]\n",
       "8:10: destination.match: \"*example.net\" is not a domain or a pattern of domains; write "
       "domains, as in [\"example.net\", \"*.example.net\", \"*\"]"},
      {"[[destination]]\nmatch = []\n",
       "8:9: destination.match: the list is empty; write domains, as in [\"example.net\", "
       "\"*.example.net\", \"*\"]"},
      {"[dns]\nservers = [\"dns.example\"]\n",
       "8:12: dns.servers: \"dns.example\" is not an IP address; write addresses, as in "
       "[\"127.0.0.1\", \"192.0.2.1:53\"]"},
      {"[delivery]\nsource = [\"0.0.0.0\"]\n",
       "8:11: delivery.source: \"0.0.0.0\" is not an address of this machine; write addresses of "
       "this machine, as in [\"192.0.2.1\"]"},
      {"[delivery]\nsource = [\"192.0.2.1\", \"192.0.2.1\"]\n",
       "8:24: delivery.source: \"192.0.2.1\" stands here twice; write addresses of this machine, "
       "as "
       "in [\"192.0.2.1\"]"},
      {"[admin]\nbind = \"localhost:8025\"\n",
       "8:8: admin.bind: \"localhost:8025\" is not an IP address with a port; write an IP address "
       "with a port, as in \"127.0.0.1:8025\", or \"\" for none"},
      {"[admin]\nbind = \"127.0.0.1:0\"\n",
       "8:8: admin.bind: \"127.0.0.1:0\" has port 0; write an IP address with a port, as in "
       "\"127.0.0.1:8025\", or \"\" for none"},
      {"[admin]\ntoken_file = \"a\\u0000b\"\n",
       "8:14: admin.token_file: \"a\\\\x00b\" is not a path; write the path of a file"},
      {via + "\"http://a.example\"\n",
       "8:7: route.via: \"http://a.example\" is not a next hop; write \"mx\" or "
       "\"smtp://host:port\""},
      {via + "\"smtp://a.example/x\"\n",
       "8:7: route.via: \"a.example/x\" is not a domain name; write \"mx\" or "
       "\"smtp://host:port\""},
      {via + "\"smtp://a.example:70000\"\n",
       "8:7: route.via: \":70000\" is not a port; write \"mx\" or \"smtp://host:port\""},
      {via + "\"smtp://2001:db8::1\"\n",
       "8:7: route.via: \"2001:db8::1\" has more than one colon; an IPv6 address stands in "
       "brackets; write \"mx\" or \"smtp://host:port\""},
  });
}

TEST(Config, WhatIsNotBuiltIsRefusedByName) {
  const std::string via = "8:7: route.via: ";
  expect_errors({
      {"proxy_protocol_from = [\"10.0.0.1\"]\n",
       "7:23: listener.proxy_protocol_from: this is not supported yet; write []"},
      {"[delivery]\ndane = true\n", "8:8: delivery.dane: this is not supported yet; write false"},
      {"[delivery]\nmta_sts = true\n",
       "8:11: delivery.mta_sts: this is not supported yet; write false"},
      {"[dns]\ntrust_ad = true\n",
       "8:12: dns.trust_ad: this is not supported yet; write \"auto\" or false"},
      {"[[destination]]\nmatch = [\"a.example\"]\nrate = \"1/s\"\n",
       "9:8: destination.rate: this is not supported yet; write connections = N, and leave this "
       "out"},
      {"[[destination]]\nmatch = [\"mx:*.a.example\"]\n",
       "8:10: destination.match: a pattern of MX host names (\"mx:\") is not supported yet; write "
       "domains, as in [\"example.net\", \"*.example.net\", \"*\"]"},
      {"[auth]\nusers = \"u\"\ndovecot_socket = \"/run/d\"\n",
       "9:18: auth.dovecot_socket: this is not supported yet; write users = \"users.toml\" and "
       "leave this out"},
      {"[[route]]\nvia = \"smtps://a.example\"\n",
       via + "\"smtps://\" is not supported yet; write \"mx\" or \"smtp://host:port\""},
      {"[[route]]\nvia = \"lmtp://a.example\"\n",
       via + "\"lmtp://\" is not supported yet; write \"mx\" or \"smtp://host:port\""},
      {"[[route]]\nvia = \"lmtp:unix:/run/x\"\n",
       via + "\"lmtp:\" is not supported yet; write \"mx\" or \"smtp://host:port\""},
  });
}

TEST(Config, PasswordOfARouteIsNeverShown) {
  for (const char* via : {"smtp://shop:hunter2@a.example", "smtps://shop:hunter2@a.example:465",
                          "smpt://shop:hunter2@a.example", "smtp://shop:hun/ter2@a.example"}) {
    const auto errors = errors_of(kGood + "[[route]]\nvia = \"" + via + "\"\n");
    ASSERT_EQ(errors.size(), 1u) << via;
    EXPECT_TRUE(errors[0].starts_with("signpost.toml:8:7: route.via: ")) << errors[0];
    EXPECT_EQ(errors[0].find("hun"), std::string::npos) << errors[0];
  }
  EXPECT_EQ(errors_of(kGood + "[[route]]\nvia = \"smtp://shop:hunter2@a.example\"\n"),
            std::vector<std::string>{"signpost.toml:8:7: route.via: a login in \"via\" is not "
                                     "supported yet; write \"mx\" or \"smtp://host:port\""});
}

TEST(Config, RequiredKeysAreMissed) {
  expect_errors({
      {"[[listener]]\nmode = \"plain\"\n",
       "7:1: listener.bind: is missing; write an IP address with a port, as in \"0.0.0.0:587\" or "
       "\"[::]:587\""},
      {"[tls]\ncertificate = \"c\"\n", "7:1: tls.key: is missing; write the path of a file"},
      {"[auth]\n", "7:1: auth.users: is missing; write the path of a file"},
      {"[[dkim]]\ndomain = \"a.example\"\nkey = \"k\"\n",
       "7:1: dkim.selector: is missing; write a name, as in \"s1\""},
      {"[[route]]\nrecipients = [\"a.example\"]\n",
       "7:1: route.via: is missing; write \"mx\" or \"smtp://host:port\""},
  });
  EXPECT_EQ(errors_of("hostname = \"a.example\"\n"),
            std::vector<std::string>{"signpost.toml:1:1: listener: there is none; write at least "
                                     "one [[listener]] with bind"});
}

TEST(Config, TableAndListOfTablesAreToldApart) {
  expect_errors({
      {"[[tls]]\ncertificate = \"c\"\n", "7:3: tls: there can be only one; write [tls] once"},
      {"[dkim]\ndomain = \"a.example\"\n",
       "7:2: dkim: a table stands here; write [[dkim]], once for each"},
  });
  EXPECT_EQ(errors_of("limits = 5\n" + kGood),
            std::vector<std::string>{
                "signpost.toml:1:1: limits: a whole number stands here; write a table [limits]"});
}

TEST(Config, SyntaxErrorHasItsPlace) {
  const auto errors = errors_of(kGood + "[limits\n");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(errors[0].starts_with("signpost.toml:7:8: ")) << errors[0];
}

TEST(Config, ColumnsCountCharacters) {
  expect_errors({{"[log]\n\"é\" = 1\n", "8:1: log.é: unknown key; known here: level, format"},
                 {"[dns]\nservers = [\"é\", 1]\n",
                  "8:17: dns.servers: a whole number stands in a list of strings; write addresses, "
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
                "everybody relay; write the networks that may, or \"required\""});
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                               "trusted_networks = [\"10.0.0.0/8\", \"0.0.0.0/0\"]\n")),
            std::vector<std::string>{
                "signpost.toml:6:35: listener.trusted_networks: \"0.0.0.0/0\" is everybody; write "
                "networks, as in [\"10.0.0.0/8\", \"2001:db8::/32\"]"});
}

TEST(ConfigRules, PasswordsInClearAreRefusedOffLoopback) {
  const std::string auth = "[auth]\nusers = \"u\"\n";
  for (const char* mode : {"required", "optional"}) {
    EXPECT_EQ(errors_of(listener("bind = \"192.0.2.1:25\"\nmode = \"plain\"\nauth = \"" +
                                 std::string(mode) + "\"\n" + auth)),
              std::vector<std::string>{
                  "signpost.toml:4:8: listener.mode: \"plain\" would carry passwords in clear; "
                  "write \"starttls\", or auth = \"off\" with trusted_networks, or bind to a "
                  "loopback address"});
  }
  for (const char* bind : {"127.0.0.1:25", "[::1]:25"}) {
    config_of(listener("bind = \"" + std::string(bind) + "\"\nmode = \"plain\"\n" + auth));
  }
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

TEST(ConfigRules, ThingsThatMustDifferAreTold) {
  const std::string dkim = "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = \"s1\"\n";
  expect_errors({
      {"[[listener]]\nbind = \"127.0.0.1:2525\"\nmode = \"plain\"\nauth = \"off\"\n"
       "trusted_networks = [\"10.0.0.0/8\"]\n",
       "8:8: listener.bind: 127.0.0.1:2525 is in line 3 already; write it once"},
      {dkim + dkim,
       "14:12: dkim.selector: s1._domainkey.a.example is in line 10 already; write it once"},
      {"[[destination]]\nmatch = [\"a.example\"]\n[[destination]]\nmatch = [\"A.example\"]\n",
       "10:9: destination.match: \"a.example\" is in line 8 already; write it once"},
      {"[admin]\nbind = \"127.0.0.1:2525\"\n",
       "8:8: admin.bind: 127.0.0.1:2525 is the address of a listener; write another port"},
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

// --- files ---------------------------------------------------------------------------------------

TEST(ConfigFile, MissingFileIsOneError) {
  const LoadedConfig loaded = load_config("/nowhere/signpost.toml");
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_EQ(loaded.errors[0].text(),
            "/nowhere/signpost.toml: cannot be read: No such file or directory");
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

// --- the documents say what the table says -------------------------------------------------------

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string row_of(const KeyText& key) {
  const std::string initial = key.required          ? "required"
                              : key.initial.empty() ? "none"
                                                    : "`" + key.initial + "`";
  return "| `" + key.name + "` | " + initial + " | " + key.help + " Write " + key.expect + ". |";
}

TEST(ConfigurationReference, HasTheRowOfEveryKey) {
  const std::string text = slurp(SIGNPOST_SOURCE_DIR "/docs/configuration.md");
  for (const SectionText& section : configuration_reference()) {
    if (!section.name.empty()) {
      EXPECT_NE(text.find("`" + section_header(section) + "`"), std::string::npos) << section.name;
    }
    for (const KeyText& key : section.keys) {
      EXPECT_NE(text.find(row_of(key)), std::string::npos) << row_of(key);
    }
  }
}

TEST(ConfigurationReference, ManPageNamesEveryKey) {
  const std::string text = slurp(SIGNPOST_SOURCE_DIR "/docs/man/signpost.toml.5");
  for (const SectionText& section : configuration_reference()) {
    for (const KeyText& key : section.keys) {
      EXPECT_NE(text.find("\n.B " + key.name + "\n"), std::string::npos)
          << section.name << "." << key.name;
    }
  }
}

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
