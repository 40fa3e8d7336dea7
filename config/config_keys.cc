#include "config/config_keys.h"

#include "base/ascii.h"
#include "dkim/canonicalization.h"
#include "smtp/address.h"

#include <fmt/format.h>

#include "config/config_values.h"
#include "config/memory_limit.h"
#include <cmath>

namespace signpost::config {

namespace {

using namespace std::chrono_literals;
using Kind = TomlValue::Kind;

const Choices<TlsPolicy> kTlsPolicies{{"off", TlsPolicy::Off},
                                      {"opportunistic", TlsPolicy::Opportunistic},
                                      {"encrypt", TlsPolicy::Encrypt},
                                      {"verify", TlsPolicy::Verify}};

void refuse(Setting& setting, const TomlValue& where, const ValueError& error) {
  if (error.not_built) {
    setting.not_built(where, error.what);
  } else {
    setting.wrong(where, error.what);
  }
}

// A string that `parse` brings into its one form.
template <typename Section>
Key<Section> parsed_key(KeyText text, std::string Section::* member,
                        ValueResult<std::string> (*parse)(std::string_view)) {
  return {std::move(text), [=](Setting& setting, Section& section) {
            const std::string* written = setting.string();
            if (written == nullptr) return;
            auto value = parse(*written);
            if (value) {
              section.*member = std::move(*value);
            } else {
              refuse(setting, setting.value(), value.error());
            }
          }};
}

// A list of strings, each through `parse`.
template <typename Section, typename T>
Key<Section> parsed_list_key(KeyText text, std::vector<T> Section::* member,
                             ValueResult<T> (*parse)(std::string_view)) {
  return {std::move(text), [=](Setting& setting, Section& section) {
            const auto* items = setting.list(Kind::String);
            if (items == nullptr) return;
            std::vector<T>& into = section.*member;
            into.clear();
            for (const TomlValue& item : *items) {
              auto value = parse(item.string);
              if (!value) {
                refuse(setting, item, value.error());
              } else if (std::ranges::find(into, *value) != into.end()) {
                setting.wrong(item, fmt::format("{} stands here twice", toml_string(item.string)));
              } else {
                into.push_back(std::move(*value));
              }
            }
          }};
}

// A key whose function is not built: only the values that mean "off" pass.
template <typename Section>
Key<Section> not_built_key(KeyText text, bool (*is_off)(const TomlValue&)) {
  return {std::move(text), [=](Setting& setting, Section&) {
            if (!is_off(setting.value())) setting.not_built(setting.value(), "this");
          }};
}

bool never(const TomlValue&) { return false; }
bool is_false(const TomlValue& value) { return value.kind == Kind::Boolean && !value.boolean; }
bool is_empty_list(const TomlValue& value) {
  return value.kind == Kind::Array && value.items.empty();
}
bool is_false_or_auto(const TomlValue& value) {
  return is_false(value) || (value.kind == Kind::String && value.string == "auto");
}

ValueResult<net::Network> parse_network(std::string_view text) {
  const auto network = net::Network::parse(text);
  if (!network) {
    return std::unexpected(
        ValueError{fmt::format("{} is not a network", toml_string(ascii::printable(text, 100)))});
  }
  // The whole Internet as a trusted network is an open relay.
  if (network->length == 0) {
    return std::unexpected(ValueError{fmt::format("{} is everybody", toml_string(text))});
  }
  return *network;
}

ValueResult<net::IpAddress> parse_source(std::string_view text) {
  const auto address = net::IpAddress::parse(text);
  if (!address || address->is_unspecified()) {
    return std::unexpected(ValueError{fmt::format("{} is not an address of this machine",
                                                  toml_string(ascii::printable(text, 100)))});
  }
  return *address;
}

ValueResult<std::string> parse_postmaster(std::string_view text) {
  const auto mailbox = smtp::parse_mailbox(text, false);
  if (!mailbox || mailbox->domain.empty()) {
    return std::unexpected(
        ValueError{fmt::format("{} is not an address", toml_string(ascii::printable(text, 100)))});
  }
  return mailbox->text();
}

ValueResult<std::string> parse_hostname(std::string_view text) {
  auto name = parse_domain(text);
  if (name && name->find('.') == std::string::npos) {
    return std::unexpected(ValueError{fmt::format("{} has no domain", toml_string(text))});
  }
  return name;
}

ValueResult<std::string> parse_canonicalization(std::string_view text) {
  auto pair = dkim::CanonicalizationPair::parse(text);
  if (!pair) {
    return std::unexpected(ValueError{
        fmt::format("{} is no canonicalization", toml_string(ascii::printable(text, 100)))});
  }
  return pair->text();
}

template <typename Section, typename T, typename Parse>
void read_one(Setting& setting, Section& section, T Section::* member, Parse parse) {
  const std::string* text = setting.string();
  if (text == nullptr) return;
  if (auto value = parse(*text)) {
    section.*member = std::move(*value);
  } else {
    refuse(setting, setting.value(), value.error());
  }
}

void read_data_dir(Setting& setting, Config& config) {
  if (auto path = setting.path()) config.data_dir = std::move(*path);
}

void read_user(Setting& setting, Config& config) {
  if (const std::string* name = setting.string()) config.user = *name;
}

void read_listener_bind(Setting& setting, ListenerConfig& listener) {
  read_one(setting, listener, &ListenerConfig::bind, parse_bind);
  if (setting.value().kind == Kind::String) listener.name = setting.value().string;
}

void read_memory(Setting& setting, LimitsConfig& limits) {
  constexpr std::uint64_t kLeast = 16 << 20;
  const std::string* text = setting.string();
  if (text == nullptr) return;
  std::uint64_t octets = 0;
  if (const auto share = parse_share(*text)) {
    octets = static_cast<std::uint64_t>(static_cast<double>(memory_limit()) * *share);
  } else if (const auto size = parse_size(*text)) {
    octets = *size;
  } else {
    setting.wrong(
        fmt::format("{} is neither a share nor a size", toml_string(ascii::printable(*text, 100))));
    return;
  }
  if (octets < kLeast) {
    setting.wrong(fmt::format("{} is too little", toml_string(*text)));
    return;
  }
  limits.memory = octets;
}

void read_disk_free(Setting& setting, LimitsConfig& limits) {
  const std::string* text = setting.string();
  if (text == nullptr) return;
  const auto share = parse_share(*text);
  const auto size = parse_size(*text);
  if (share && *share < 1) {
    limits.disk_free_share = *share;
    limits.disk_free_bytes = 0;
  } else if (size) {
    limits.disk_free_share = 0;
    limits.disk_free_bytes = *size;
  } else {
    setting.wrong(
        fmt::format("{} is neither a share nor a size", toml_string(ascii::printable(*text, 100))));
  }
}

void read_dkim_expire(Setting& setting, DkimConfig& dkim) {
  const auto expire = setting.duration(setting.value(), 0s, 365 * 24h);
  if (!expire) return;
  dkim.expire.reset();
  if (*expire == 0s) return;
  // A signature must outlive the time that the receiver's queue may take.
  if (*expire < 1h) {
    setting.wrong(fmt::format("{} is too short", toml_string(setting.value().string)));
    return;
  }
  dkim.expire = std::chrono::duration_cast<std::chrono::seconds>(*expire);
}

void read_schedule(Setting& setting, RetryConfig& retry) {
  constexpr std::size_t kMostSteps = 100;
  const auto* items = setting.list(Kind::String);
  if (items == nullptr) return;
  if (items->empty() || items->size() > kMostSteps) {
    setting.wrong(items->empty() ? "the list is empty" : "the list is too long");
    return;
  }
  retry.schedule.clear();
  for (const TomlValue& item : *items) {
    if (const auto step = setting.duration(item, 1s, 7 * 24h)) {
      retry.schedule.push_back(std::chrono::duration_cast<std::chrono::seconds>(*step));
    }
  }
}

void read_match(Setting& setting, DestinationConfig& destination) {
  static const Key<DestinationConfig> kPatterns =
      parsed_list_key({}, &DestinationConfig::match, parse_domain_pattern);
  if (setting.value().kind == Kind::Array && setting.value().items.empty()) {
    setting.wrong("the list is empty");
  } else {
    kPatterns.read(setting, destination);
  }
}

void read_via(Setting& setting, RouteConfig& route) {
  const std::string* text = setting.string();
  if (text == nullptr) return;
  if (const auto target = parse_via(*text, route); !target) {
    refuse(setting, setting.value(), target.error());
  }
}

void read_admin_bind(Setting& setting, Config& config) {
  const std::string* text = setting.string();
  if (text == nullptr) return;
  config.admin_bind.reset();
  if (text->empty()) return;
  if (const auto address = parse_bind(*text)) {
    config.admin_bind = *address;
  } else {
    refuse(setting, setting.value(), address.error());
  }
}

template <typename Section>
std::vector<KeyText> texts(const Keys<Section>& keys) {
  std::vector<KeyText> result;
  for (const Key<Section>& key : keys) result.push_back(key.text);
  return result;
}

}  // namespace

const Keys<Config>& general_keys() {
  static const Keys<Config> keys{
      parsed_key<Config>(
          {"hostname", "this machine's full name, as in \"mail.shop.example\"", "",
           "Name of the relay in its banner, EHLO, Received, Message-ID and reports. "
           "Default: the system's full name."},
          &Config::hostname, parse_hostname),
      {{"data_dir", "the path of a folder", "\"/var/lib/signpost\"",
        "Folder of the queue; on a local disk, for this relay alone."},
       read_data_dir},
      {{"user", "the name of an account, or \"\" to stay root", "\"signpost\"",
        "Account that signpost serve becomes when root starts it, before it reads keys or listens; "
        "ports below 1024 stay open to it. Without this key and without that account it stays "
        "root."},
       read_user},
      count_key("workers", &Config::workers, 0, 1024, "0",
                "Threads that carry sessions and deliveries; 0 is one per CPU."),
      parsed_key<Config>({"postmaster", "an address, as in \"postmaster@shop.example\"", "",
                          "Who signs reports of failed mail. Default: postmaster at the hostname."},
                         &Config::postmaster, parse_postmaster),
  };
  return keys;
}

const Keys<ListenerConfig>& listener_keys() {
  static const Keys<ListenerConfig> keys{
      {{"bind", "an IP address with a port, as in \"0.0.0.0:587\" or \"[::]:587\"", "",
        "Address and port to listen on.", true},
       read_listener_bind},
      choice_key("mode", &ListenerConfig::mode,
                 Choices<ListenerMode>{{"starttls", ListenerMode::StartTls},
                                       {"implicit", ListenerMode::Implicit},
                                       {"plain", ListenerMode::Plain}},
                 "\"starttls\"",
                 "TLS after STARTTLS (port 587), from the first octet (port 465), or never."),
      choice_key("auth", &ListenerConfig::auth,
                 Choices<AuthMode>{{"required", AuthMode::Required},
                                   {"optional", AuthMode::Optional},
                                   {"off", AuthMode::Off}},
                 "\"required\"",
                 "Whether clients must log in; those in trusted_networks need not when it is "
                 "\"optional\" or \"off\"."),
      parsed_list_key({"trusted_networks", "networks, as in [\"10.0.0.0/8\", \"2001:db8::/32\"]",
                       "[]", "Clients that may relay without a login."},
                      &ListenerConfig::trusted_networks, parse_network),
      not_built_key<ListenerConfig>(
          {"proxy_protocol_from", "[]", "[]",
           "Load balancers that send the PROXY protocol. Not supported yet: only [] is accepted."},
          is_empty_list),
  };
  return keys;
}

const Keys<TlsConfig>& tls_keys() {
  static const Keys<TlsConfig> keys{
      path_key("certificate", &TlsConfig::certificate, "",
               "PEM file with the listeners' certificate, then the chain up to the root.", true),
      path_key("key", &TlsConfig::key, "", "PEM file with the certificate's private key.", true),
      choice_key("min_version", &TlsConfig::min_version,
                 Choices<net::TlsVersion>{{"1.2", net::TlsVersion::Tls12},
                                          {"1.3", net::TlsVersion::Tls13}},
                 "\"1.2\"", "Oldest TLS version that clients may use."),
  };
  return keys;
}

const Keys<Config>& auth_keys() {
  static const Keys<Config> keys{
      path_key("users", &Config::users_file, "",
               "File with the logins and their passwords: see signpost-users.toml(5).", true),
      not_built_key<Config>(
          {"dovecot_socket", "users = \"users.toml\" and leave this out", "",
           "Socket of a Dovecot server that checks passwords. Not supported yet."},
          never),
  };
  return keys;
}

const Keys<LimitsConfig>& limits_keys() {
  static const Keys<LimitsConfig> keys{
      size_key("message_size", &LimitsConfig::message_size, 1 << 10, 1 << 30, "\"50MiB\"",
               "Largest message, advertised as SIZE; beyond it 552."),
      count_key("recipients_per_message", &LimitsConfig::recipients_per_message, 1, 50'000, "1000",
                "Recipients of one message; beyond them 452."),
      count_key("sessions", &LimitsConfig::sessions, 1, 1'000'000, "10000",
                "Client sessions at one time; beyond them 421."),
      count_key("sessions_per_client", &LimitsConfig::sessions_per_client, 1, 1'000'000, "100",
                "Sessions of one address (IPv6: one /64) outside trusted_networks; beyond them "
                "421."),
      duration_key(
          "idle_timeout", &LimitsConfig::idle_timeout, 1s, 1h, "\"5m\"",
          "Silence after which a session is closed; RFC 5321 asks for five minutes. A command line "
          "has to be whole by then, and mail data has to bring 500 octets a second on "
          "average."),
      {{"memory", "a share or a size of at least 16 MiB, as in \"50%\" or \"2GiB\"", "\"50%\"",
        "Memory for messages under way, as a share of the machine's or the control group's; beyond "
        "it 452."},
       read_memory},
      {{"disk_free", "a share below 100% or a size, as in \"5%\" or \"10GiB\"", "\"5%\"",
        "Free space that must be left in data_dir's file system; below it 452, delivery goes on."},
       read_disk_free},
  };
  return keys;
}

const Keys<DkimConfig>& dkim_keys() {
  static const Keys<DkimConfig> keys{
      parsed_key<DkimConfig>({"domain", "a domain name, as in \"shop.example\"", "",
                              "Signing domain (d=); signs mail whose From: has this domain.", true},
                             &DkimConfig::domain, parse_domain),
      parsed_key<DkimConfig>(
          {"selector", "a name, as in \"s1\"", "",
           "Selector (s=); the key is published at selector._domainkey.domain.", true},
          &DkimConfig::selector, parse_selector),
      path_key("key", &DkimConfig::key, "", "PEM file with the private key: RSA or Ed25519.", true),
      switch_key("subdomains", &DkimConfig::subdomains, "false",
                 "Signs also for domains below it that have no key of their own."),
      parsed_key<DkimConfig>(
          {"canonicalization",
           "\"relaxed/relaxed\", \"relaxed/simple\", \"simple/relaxed\" or \"simple/simple\"",
           "\"relaxed/relaxed\"", "How header and body are brought into a normal form (c=)."},
          &DkimConfig::canonicalization, parse_canonicalization),
      parsed_list_key({"headers", "names of header fields, as in [\"From\", \"Subject\"]", "[]",
                       "Fields to sign when present (h=); [] is the recommended list."},
                      &DkimConfig::headers, parse_field_name),
      parsed_list_key({"oversign", "names of header fields, as in [\"From\", \"Subject\"]", "[]",
                       "Fields signed once more than they occur, so that none can be added; [] is "
                       "the recommended list."},
                      &DkimConfig::oversign, parse_field_name),
      {{"expire", "\"0s\" for never, or a duration from \"1h\" to \"365d\"", "\"0s\"",
        "Time after which the signature is no longer valid (x=)."},
       read_dkim_expire},
  };
  return keys;
}

const Keys<Config>& signing_keys() {
  static const Keys<Config> keys{
      choice_key("unsigned", &Config::unsigned_policy,
                 Choices<UnsignedPolicy>{{"allow", UnsignedPolicy::Allow},
                                         {"reject", UnsignedPolicy::Reject}},
                 "\"allow\"", "What becomes of mail whose From: domain has no key."),
  };
  return keys;
}

const Keys<Config>& dns_keys() {
  static const Keys<Config> keys{
      parsed_list_key({"servers", "addresses, as in [\"127.0.0.1\", \"192.0.2.1:53\"]", "[]",
                       "Name servers to ask; [] is those of /etc/resolv.conf."},
                      &Config::dns_servers, parse_name_server),
      not_built_key<Config>(
          {"trust_ad", "\"auto\" or false", "\"auto\"",
           "Whether the name server's AD bit is believed. Not used before DANE is "
           "built: only \"auto\" and false are accepted."},
          is_false_or_auto),
  };
  return keys;
}

const Keys<DeliveryConfig>& delivery_keys() {
  static const Keys<DeliveryConfig> keys{
      count_key("port", &DeliveryConfig::port, 1, 65'535, "25", "Port of MX hosts."),
      choice_key("tls", &DeliveryConfig::tls, kTlsPolicies, "\"opportunistic\"",
                 "TLS towards receivers: never, when offered, always, or always with a verified "
                 "certificate."),
      not_built_key<DeliveryConfig>(
          {"dane", "false", "false", "DANE (RFC 7672). Not supported yet: only false is accepted."},
          is_false),
      not_built_key<DeliveryConfig>(
          {"mta_sts", "false", "false",
           "MTA-STS (RFC 8461). Not supported yet: only false is accepted."},
          is_false),
      duration_key("connect_timeout", &DeliveryConfig::connect_timeout, 100ms, 10min, "\"30s\"",
                   "Time for one TCP connection to a receiver."),
      parsed_list_key({"source", "addresses of this machine, as in [\"192.0.2.1\"]", "[]",
                       "Local addresses to send from; [] leaves the choice to the system."},
                      &DeliveryConfig::source, parse_source),
  };
  return keys;
}

const Keys<RetryConfig>& retry_keys() {
  static const Keys<RetryConfig> keys{
      {{"schedule", "durations from \"1s\" to \"7d\", as in [\"1m\", \"5m\", \"1h\"]",
        "[\"1m\", \"5m\", \"10m\", \"20m\", \"30m\", \"1h\", \"2h\", \"4h\"]",
        "Waits between attempts; the last one repeats, each gets some jitter."},
       read_schedule},
      duration_key("expire", &RetryConfig::expire, 1s, 60 * 24h, "\"5d\"",
                   "Age at which a message is given up and reported to its sender."),
      duration_key("delay_notice", &RetryConfig::delay_notice, 0s, 60 * 24h, "\"4h\"",
                   "Age at which the sender is told once that mail is delayed; \"0s\" is never."),
  };
  return keys;
}

const Keys<DestinationConfig>& destination_keys() {
  static const Keys<DestinationConfig> keys{
      {{"match", "domains, as in [\"example.net\", \"*.example.net\", \"*\"]", "",
        "Recipient domains that these limits are for; the first table that matches counts.", true},
       read_match},
      count_key("connections", &DestinationConfig::connections, 1, 10'000, "10",
                "Connections at one time."),
      count_key("messages_per_connection", &DestinationConfig::messages_per_connection, 1, 100'000,
                "100", "Messages after which a connection is replaced."),
      choice_key("tls", &DestinationConfig::tls, kTlsPolicies, "",
                 "As delivery.tls, for these domains. Default: delivery.tls."),
      not_built_key<DestinationConfig>({"rate", "connections = N, and leave this out", "",
                                        "Most messages in a time. Not supported yet."},
                                       never),
  };
  return keys;
}

const Keys<RouteConfig>& route_keys() {
  static const Keys<RouteConfig> keys{
      parsed_list_key(
          {"recipients", "domains, as in [\"internal.example\", \"*.internal.example\"]", "[]",
           "Recipient domains that take this route; [] is all."},
          &RouteConfig::recipients, parse_domain_pattern),
      parsed_list_key({"senders", "senders, as in [\"@tenant.example\", \"news@shop.example\"]",
                       "[]", "Envelope senders that take this route; [] is all."},
                      &RouteConfig::senders, parse_sender_pattern),
      {{"via", "\"mx\" or \"smtp://host:port\"", "",
        "Where the mail goes: by MX records, or to one host (a name, or an address; IPv6 in "
        "brackets).",
        true},
       read_via},
      choice_key("tls", &RouteConfig::tls, kTlsPolicies, "",
                 "As delivery.tls, for this route. Default: delivery.tls."),
  };
  return keys;
}

const Keys<Config>& admin_keys() {
  static const Keys<Config> keys{
      {{"bind", "an IP address with a port, as in \"127.0.0.1:8025\", or \"\" for none",
        "\"127.0.0.1:8025\"", "Address of metrics, health and the administration API."},
       read_admin_bind},
      path_key("token_file", &Config::admin_token_file, "",
               "File with the secret that the API asks for; needed off loopback."),
  };
  return keys;
}

const Keys<Config>& log_keys() {
  static const Keys<Config> keys{
      choice_key("level", &Config::log_level,
                 Choices<log::Level>{{"debug", log::Level::Debug},
                                     {"info", log::Level::Info},
                                     {"warning", log::Level::Warning},
                                     {"error", log::Level::Error}},
                 "\"info\"", "Least important events that are logged."),
      choice_key("format", &Config::log_format,
                 Choices<log::Format>{{"text", log::Format::Text}, {"json", log::Format::Json}},
                 "\"text\"", "Form of the log on standard error."),
  };
  return keys;
}

std::string section_header(const SectionText& section) {
  return fmt::format(fmt::runtime(section.list ? "[[{}]]" : "[{}]"), section.name);
}

const std::vector<SectionText>& configuration_reference() {
  static const std::vector<SectionText> sections{
      {"", false, texts(general_keys())},
      {"listener", true, texts(listener_keys())},
      {"tls", false, texts(tls_keys())},
      {"auth", false, texts(auth_keys())},
      {"limits", false, texts(limits_keys())},
      {"dkim", true, texts(dkim_keys())},
      {"signing", false, texts(signing_keys())},
      {"dns", false, texts(dns_keys())},
      {"delivery", false, texts(delivery_keys())},
      {"retry", false, texts(retry_keys())},
      {"destination", true, texts(destination_keys())},
      {"route", true, texts(route_keys())},
      {"admin", false, texts(admin_keys())},
      {"log", false, texts(log_keys())},
  };
  return sections;
}

}  // namespace signpost::config
