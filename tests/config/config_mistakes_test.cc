#include "tests/config/config_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::config {
namespace {

const std::string kWriteVia =
    "write \"mx\" or a next hop, as in \"smtp://host:port\", \"smtps://login@host\", "
    "\"lmtp://host\" or \"lmtp:unix:/path\", or a list of next hops";

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
       "signing, dns, delivery, retry, bounces, tlsrpt, destination, route, source, pool, admin, "
       "log"},
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
      {"[[listener]]\nbind = \"unix:/run/" + std::string(65, 's') + "\"\n",
       "8:8: listener.bind: the name of \"unix:/run/" + std::string(65, 's') +
           "\" has 65 octets, not 1 to 64; write an IP address with a port, as in "
           "\"0.0.0.0:587\" or \"[::]:587\", or \"unix:/path\""},
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
      {via + "\"lmtp:unix:/run/own\"\n[[listener]]\nbind = \"unix:/run/own\"\n",
       "8:7: route.via: leads back to the listener unix:/run/own; write the address of another "
       "server"},
      {via + "\"smtp://2001:db8::1\"\n",
       "8:7: route.via: \"2001:db8::1\" has more than one colon; put an IPv6 address in "
       "brackets; " +
           kWriteVia},
  });
}

TEST(Config, SaysWhatTrustAdMayBe) {
  expect_errors({
      {"[dns]\ntrust_ad = \"on\"\n",
       "8:12: dns.trust_ad: unknown value \"on\"; write \"auto\", true or false"},
      {"[dns]\ntrust_ad = 1\n",
       "8:12: dns.trust_ad: found a whole number, expected \"auto\", true or false"},
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

}  // namespace
}  // namespace signpost::config
