#include "config/config_keys.h"

#include "config/config_values.h"
#include "config/route_keys.h"
#include "config/special_keys.h"
#include "config/value_forms.h"

namespace signpost::config {

namespace {

using namespace std::chrono_literals;
using Kind = TomlValue::Kind;

const Choices<TlsPolicy> kTlsPolicies{{"off", TlsPolicy::Off},
                                      {"opportunistic", TlsPolicy::Opportunistic},
                                      {"encrypt", TlsPolicy::Encrypt},
                                      {"verify", TlsPolicy::Verify}};

constexpr std::int64_t kMostDaily = 1'000'000'000;

// --- sections -----------------------------------------------------------------------------------

template <typename Target>
Section described(std::string name, bool list, const Keys<Target>& keys) {
  Section section{std::move(name), list, {}, {}};
  for (const Key<Target>& key : keys) section.keys.push_back(key.text);
  return section;
}

// A table whose keys are members of the Config itself.
Section table(const std::string& name, const Keys<Config>& keys) {
  Section section = described(name, false, keys);
  section.read = [=](const TomlValue& value, const ReadContext& context, Config& config) {
    read_table(value, name, keys, context, config);
  };
  return section;
}

// A table that fills one member; an optional one exists when the table does.
template <typename Target, typename Member>
Section table(const std::string& name, Member Config::* target, const Keys<Target>& keys) {
  Section section = described(name, false, keys);
  section.read = [=](const TomlValue& value, const ReadContext& context, Config& config) {
    if constexpr (std::same_as<Member, Target>) {
      read_table(value, name, keys, context, config.*target);
    } else {
      read_table(value, name, keys, context, (config.*target).emplace());
    }
  };
  return section;
}

// [[name]]: one element of the member for each.
template <typename Target>
Section list(const std::string& name, std::vector<Target> Config::* target,
             const Keys<Target>& keys) {
  Section section = described(name, true, keys);
  section.read = [=](const TomlValue& value, const ReadContext& context, Config& config) {
    for (const TomlValue& item : value.items) {
      read_table(item, name, keys, context, (config.*target).emplace_back());
    }
  };
  return section;
}

Section general() {
  return table(
      "",
      {key("hostname", &Config::hostname,
           parsed("this machine's full name, as in \"mail.shop.example\"", parse_full_host_name),
           "Name of the relay in its banner, EHLO, Received, Message-ID and reports. "
           "Default: the system's full name."),
       key("data_dir", &Config::data_dir, path("the path of a folder"),
           "Folder of the queue; on a local disk, for this relay alone."),
       user_key(),
       key("core_files", &Config::core_files, boolean(),
           "Whether a crash may leave a core file, and processes of the same account may look into "
           "the relay; either shows passwords, keys and mail."),
       key("workers", &Config::workers, whole_number(0, 1024),
           "Threads that carry sessions and deliveries; 0 is one per CPU."),
       key("postmaster", &Config::postmaster,
           parsed("an address, as in \"postmaster@shop.example\"", parse_address),
           "Sender of reports of failed mail. Default: postmaster at the hostname."),
       key("missing_from", &Config::missing_from,
           one_of<MissingFrom>({{"refuse", MissingFrom::Refuse}, {"fill", MissingFrom::Fill}}),
           "What happens to mail without a From: field: refused with 550, or given one with the "
           "envelope sender, unless that is <>.")});
}

Section listener() {
  return list<ListenerConfig>(
      "listener", &Config::listeners,
      {listener_bind_key(),
       key("mode", &ListenerConfig::mode,
           one_of<ListenerMode>({{"starttls", ListenerMode::StartTls},
                                 {"implicit", ListenerMode::Implicit},
                                 {"plain", ListenerMode::Plain}}),
           "TLS after STARTTLS (port 587), from the first octet (port 465), or never."),
       key("auth", &ListenerConfig::auth,
           one_of<AuthMode>({{"required", AuthMode::Required},
                             {"optional", AuthMode::Optional},
                             {"off", AuthMode::Off}}),
           "Whether clients must log in; with \"optional\" or \"off\", those in "
           "trusted_networks need not."),
       key("login_in_clear", &ListenerConfig::login_in_clear,
           one_of<ClearLogin>({{"loopback", ClearLogin::Loopback}, {"never", ClearLogin::Never}}),
           "Whether clients on a loopback address may log in without TLS; \"never\" where a proxy "
           "on this machine passes on connections from others."),
       key("trusted_networks", &ListenerConfig::trusted_networks,
           list_of("networks, as in [\"10.0.0.0/8\", \"2001:db8::/32\"]", parse_network),
           "Clients that may relay without a login."),
       key("trust_wide_networks", &ListenerConfig::trust_wide_networks, boolean(),
           "Whether trusted_networks may cover more of the Internet than a /8 (IPv6: a /16) does, "
           "which is close to an open relay."),
       key("proxy_protocol_from", &ListenerConfig::proxy_protocol_from,
           list_of("networks, as in [\"10.0.0.5\", \"2001:db8::/64\"]", parse_network),
           "Load balancers that begin each connection with a PROXY header, version 1 or 2. It is "
           "required from them and never read from others."),
       key("xclient_from", &ListenerConfig::xclient_from,
           list_of("networks, as in [\"10.0.0.5\", \"2001:db8::/64\"]", parse_network),
           "Front ends, such as nginx or Dovecot, that may say with XCLIENT for which client they "
           "speak. It is offered to them alone, and refused from others."),
       key("xclient_logins", &ListenerConfig::xclient_logins, boolean(),
           "Whether the LOGIN of an XCLIENT counts as a login: true where the front end has "
           "checked the client's password."),
       key("raise_priority", &ListenerConfig::raise_priority,
           one_of<RaisePriority>({{"logins", RaisePriority::Logins},
                                  {"all", RaisePriority::All},
                                  {"none", RaisePriority::None}}),
           "Who may raise the priority of mail above 0 (MT-PRIORITY, RFC 6710): clients that have "
           "logged in, also those in trusted_networks, or nobody. Others' mail has priority 0."),
       key("client_ca", &ListenerConfig::client_ca, path(),
           "PEM file with the authorities that vouch for clients. With it, clients are asked for a "
           "certificate, and one that has a valid one may log in with it (EXTERNAL): as its e-mail "
           "address in subjectAltName, else its common name, if users has that login."),
       key("allow_users", &ListenerConfig::allow_users,
           list_of("accounts of this machine, as in [\"root\", \"www-data\"], or [\"*\"] for all",
                   parse_local_account),
           "Accounts that may hand in mail at a unix socket beside root, by name or number. Each "
           "is known as a "
           "login \"uid:33\", and may send as anyone unless users.toml has that login."),
       key("spool", &ListenerConfig::spool, path("the path of a folder"),
           "Folder where signpost sendmail keeps mail while the relay does not answer at the unix "
           "socket, and from which the relay takes it.")});
}

Section tls() {
  return table<TlsConfig>(
      "tls", &Config::tls,
      {key("certificate", &TlsConfig::certificate, path(),
           "PEM file with the listeners' certificate, then the chain up to the root.")
           .required(),
       key("key", &TlsConfig::key, path(), "PEM file with the certificate's private key.")
           .required(),
       key("min_version", &TlsConfig::min_version,
           one_of<net::TlsVersion>(
               {{"1.2", net::TlsVersion::Tls12}, {"1.3", net::TlsVersion::Tls13}}),
           "Oldest TLS version that clients may use.")});
}

Section auth() {
  return table("auth",
               {key("users", &Config::users_file, path(),
                    "File with the logins and their passwords: see signpost-users.toml(5)."),
                key("dovecot_socket", &Config::dovecot_socket, path(),
                    "Socket of a Dovecot server for authentication clients: it checks the "
                    "passwords of the logins that users has not. Such a login may send as its own "
                    "address only.")});
}

Section oauth() {
  return table<OauthConfig>(
      "auth.oauth", &Config::oauth,
      {key("issuer", &OauthConfig::issuer,
           parsed("what the tokens have as iss, as in \"https://id.shop.example/realms/staff\"",
                  parse_token_text),
           "Who issues the tokens.")
           .required(),
       key("audience", &OauthConfig::audience,
           parsed("what the tokens have as aud, as in \"signpost\"", parse_token_text),
           "Audience that a token must name: the identifier of this relay at the issuer, and "
           "nothing "
           "else.")
           .required(),
       jwks_key().required(),
       key("login_claim", &OauthConfig::login_claim,
           parsed("the name of a claim, as in \"email\", \"preferred_username\" or \"sub\"",
                  parse_token_text),
           "The claim that names the login, exactly as users has it. A token whose email the "
           "issuer "
           "has not verified (email_verified) is refused for \"email\"."),
       key("scope", &OauthConfig::scope, parsed("one scope, as in \"smtp\"", parse_token_text),
           "Scope that a token must have. Clients are told of it. Default: none."),
       key("unlisted", &OauthConfig::unlisted,
           one_of<Unlisted>({{"refuse", Unlisted::Refuse}, {"own_address", Unlisted::OwnAddress}}),
           "A token of a login that users has not: refused, or allowed to send as the address that "
           "the login is.")});
}

Section tenant() {
  return list<TenantConfig>(
      "tenant", &Config::tenants,
      {key("name", &TenantConfig::name, parsed("a name, as in \"acme\"", parse_tenant_name),
           "Name of the tenant, for the key tenant of its logins in the users file.")
           .required(),
       key("domains", &TenantConfig::domains,
           list_of("domains, as in [\"shop.example\", \"*.shop.example\"]", parse_tenant_domain),
           "Domains that its logins and networks may send with; logins without a tenant may not."),
       key("domains_file", &TenantConfig::domains_file, path(),
           "File with more of its domains, one on each line, as a control panel keeps it; read at "
           "the start and at a reload."),
       key("networks", &TenantConfig::networks,
           list_of("networks, as in [\"10.1.0.0/16\", \"2001:db8:1::/48\"]", parse_network),
           "Networks whose clients, which trusted_networks of a listener lets in without a login, "
           "count as this tenant and may send with its domains only; of several, the smallest "
           "network."),
       key("rate", &TenantConfig::rate, rate(),
           "Recipients of the tenant in a period of time; beyond them 450. Default: no limit."),
       key("daily", &TenantConfig::daily, whole_number(1, kMostDaily),
           "Recipients of the tenant from 00:00 to 24:00 UTC; beyond them 450. Default: no "
           "limit."),
       key("recipients_per_message", &TenantConfig::recipients_per_message, whole_number(1, 50'000),
           "Recipients of one message of the tenant; beyond them 452. Default: "
           "limits.recipients_per_message, which also bounds it."),
       key("login_rate", &TenantConfig::login_rate, rate(),
           "The rate of each of its logins that has none in the users file. Default: "
           "limits.login_rate."),
       key("login_daily", &TenantConfig::login_daily, whole_number(1, kMostDaily),
           "The daily recipients of each of its logins that has none in the users file. Default: "
           "limits.login_daily."),
       key("metrics", &TenantConfig::metrics, boolean(),
           "Whether /metrics counts this tenant by its name.")});
}

Section limits() {
  return table<LimitsConfig>(
      "limits", &Config::limits,
      {key("message_size", &LimitsConfig::message_size, size(1 << 10, 1 << 30),
           "Largest message, advertised as SIZE; beyond it 552."),
       key("recipients_per_message", &LimitsConfig::recipients_per_message, whole_number(1, 50'000),
           "Recipients of one message; beyond them 452."),
       key("sessions", &LimitsConfig::sessions, whole_number(1, 1'000'000),
           "Client sessions at one time; beyond them 421."),
       key("sessions_per_client", &LimitsConfig::sessions_per_client, whole_number(1, 1'000'000),
           "Sessions of one address (IPv6: one /64) outside trusted_networks; beyond them 421."),
       key("idle_timeout", &LimitsConfig::idle_timeout, duration(1s, 1h),
           "Silence after which a session is closed; RFC 5321 asks for five minutes. A command "
           "line must be complete by then, and mail data must arrive at 500 octets/s on average."),
       key("future_release", &LimitsConfig::future_release, duration(0s, 8784h),
           "Longest time for which a client may have a message held before it is sent "
           "(FUTURERELEASE, RFC 4865); \"0s\": it is not offered."),
       memory_key(), disk_free_key(),
       key("rate", &LimitsConfig::rate, rate(),
           "Recipients of all mail in a period of time: all of them at once, or spread over it; "
           "beyond them 450. Default: no limit."),
       key("daily", &LimitsConfig::daily, whole_number(1, kMostDaily),
           "Recipients of all mail from 00:00 to 24:00 UTC; beyond them 450. Default: no limit."),
       key("login_rate", &LimitsConfig::login_rate, rate(),
           "Recipients of each login that has no rate of its own or of its tenant; beyond them "
           "450. Default: no limit."),
       key("login_daily", &LimitsConfig::login_daily, whole_number(1, kMostDaily),
           "The same from 00:00 to 24:00 UTC. Default: no limit."),
       key("client_rate", &LimitsConfig::client_rate, rate(),
           "Recipients of mail from one address (IPv6: one /64), with or without a login; beyond "
           "them 450. Accounts at unix sockets count as logins instead. Default: no limit."),
       key("client_daily", &LimitsConfig::client_daily, whole_number(1, kMostDaily),
           "The same from 00:00 to 24:00 UTC. Default: no limit.")});
}

Section header_fields() {
  return table<HeaderConfig>(
      "header", &Config::header,
      {key("remove", &HeaderConfig::remove,
           list_of("names of header fields, as in [\"X-Originating-IP\", \"X-PHP-*\"]",
                   parse_field_pattern),
           "Fields to leave out of submitted mail, before it is signed."),
       key("hide_client", &HeaderConfig::hide_client, boolean(),
           "Whether the Received field leaves out the client's name and address; the log has "
           "them.")});
}

Section dkim() {
  return list<DkimConfig>(
      "dkim", &Config::dkim,
      {key("domain", &DkimConfig::domain,
           parsed("a domain name, as in \"shop.example\"", parse_domain),
           "Signing domain (d=); signs mail whose From: has this domain.")
           .required(),
       key("selector", &DkimConfig::selector, parsed("a name, as in \"s1\"", parse_selector),
           "Selector (s=); the key is published at selector._domainkey.domain.")
           .required(),
       key("key", &DkimConfig::key, path(), "PEM file with the private key: RSA or Ed25519.")
           .required(),
       key("subdomains", &DkimConfig::subdomains, boolean(),
           "Also signs for subdomains that have no key of their own."),
       key("canonicalization", &DkimConfig::canonicalization,
           parsed("\"relaxed/relaxed\", \"relaxed/simple\", \"simple/relaxed\" or "
                  "\"simple/simple\"",
                  parse_canonicalization),
           "How header and body are normalized before they are signed (c=)."),
       key("headers", &DkimConfig::headers,
           list_of("names of header fields, as in [\"From\", \"Subject\"]", parse_field_name, true,
                   same_field_name),
           "Fields to sign when present (h=); [] is the recommended list."),
       key("oversign", &DkimConfig::oversign,
           list_of("names of header fields, as in [\"From\", \"Subject\"]", parse_field_name, true,
                   same_field_name),
           "Fields signed once more than they occur, so that none can be added; [] is the "
           "recommended list."),
       expire_key()});
}

Section signing() {
  return table("signing", {key("unsigned", &Config::unsigned_policy,
                               one_of<UnsignedPolicy>({{"allow", UnsignedPolicy::Allow},
                                                       {"reject", UnsignedPolicy::Reject}}),
                               "What happens to mail whose From: domain has no key.")});
}

Section dns() {
  return table(
      "dns", {key("servers", &Config::dns_servers,
                  list_of("addresses, as in [\"127.0.0.1\", \"192.0.2.1:53\"]", parse_name_server),
                  "Name servers to ask; [] is those of /etc/resolv.conf."),
              trust_ad_key()});
}

Section delivery() {
  return table<DeliveryConfig>(
      "delivery", &Config::delivery,
      {key("port", &DeliveryConfig::port, whole_number(1, 65'535), "Port of MX hosts."),
       key("tls", &DeliveryConfig::tls, one_of(kTlsPolicies),
           "TLS towards receivers: never, when offered, always, or always with a verified "
           "certificate."),
       key("mta_sts", &DeliveryConfig::mta_sts, boolean(),
           "Whether the MTA-STS policies (RFC 8461) of recipient domains are found and, in mode "
           "enforce, heeded: mail goes only to hosts that the policy names, with a certificate "
           "that "
           "proves them."),
       key("ca_file", &DeliveryConfig::ca_file, path(),
           "PEM file with the certificates of the authorities that vouch for receivers, instead of "
           "the system's."),
       key("old_tls", &DeliveryConfig::old_tls, boolean(),
           "Whether receivers that have nothing newer than TLS 1.0 or 1.1 get it, where any "
           "certificate will do; otherwise their mail goes in clear, or waits if TLS is a must."),
       key("mta_sts_port", &DeliveryConfig::mta_sts_port, whole_number(1, 65'535),
           "Port of the hosts that serve MTA-STS policies: for tests, since it is always 443 "
           "elsewhere. Takes effect at a restart."),
       key("dane", &DeliveryConfig::dane, boolean(),
           "Whether receivers are held to their TLSA records (DANE, RFC 7672): TLS, with a "
           "certificate that fits. It takes name servers whose validation counts: dns.trust_ad."),
       key("connect_timeout", &DeliveryConfig::connect_timeout, duration(100ms, 10min),
           "Time for one TCP connection to a receiver. Its other addresses are tried meanwhile, "
           "from "
           "250 ms on."),
       key("source", &DeliveryConfig::source,
           list_of("addresses of this machine, as in [\"192.0.2.1\"]", parse_source),
           "Local addresses to send from; those of one family keep mail to that family. [] leaves "
           "the choice to the system."),
       key("allow_networks", &DeliveryConfig::allow_networks,
           list_of("networks, as in [\"127.0.0.0/8\"]", parse_network),
           "Networks that mail may go to by MX although they are forbidden: loopback, link-local "
           "and the like."),
       key("private_networks", &DeliveryConfig::private_networks, boolean(),
           "Whether mail may go by MX to private networks, such as 10.0.0.0/8 and fc00::/7."),
       key("address_literals", &DeliveryConfig::address_literals, boolean(),
           "Whether recipients may have an address as their domain, as in user@[192.0.2.1]."),
       key("connections_per_address", &DeliveryConfig::connections_per_address,
           whole_number(1, 10'000),
           "Connections at one time to one address (IPv6: one /64), whichever domains lead there; "
           "a [[destination]] with more connections may use them all."),
       key("providers", &DeliveryConfig::providers, path(),
           "File with the limits of large receivers and the meaning of their replies, instead of "
           "the built-in edition: see signpost provider list.")});
}

Section bounces() {
  return table<BouncesConfig>(
      "bounces", &Config::bounces,
      {key("trusted_networks", &BouncesConfig::trusted_networks, boolean(),
           "Whether mail from trusted_networks, whose senders are not proven by a login, is "
           "reported on."),
       key("content", &BouncesConfig::content, size(0, 1 << 20),
           "Largest message that a report returns whole, to logins that ask for it (RET=FULL); "
           "otherwise it returns the header section."),
       key("per_message", &BouncesConfig::per_message, whole_number(0, 1000),
           "Reports on one message; each covers the recipients of one kind that were settled at "
           "about the same time."),
       key("per_sender", &BouncesConfig::per_sender, rate(),
           "Reports to one sender; those beyond are logged and not sent.")});
}

Section tlsrpt() {
  return table<TlsrptConfig>(
      "tlsrpt", &Config::tlsrpt,
      {key("from", &TlsrptConfig::from,
           parsed("an address, as in \"tls-reports@shop.example\"", parse_address),
           "Sender of reports on TLS (RFC 8460) to the domains that ask for them; a [[dkim]] key "
           "must be for its domain. Without it no reports are made."),
       key("organization", &TlsrptConfig::organization,
           parsed("a name, as in \"Shop Inc.\"", parse_tenant_name),
           "Who sends them, for their readers. Default: the domain of from."),
       key("contact", &TlsrptConfig::contact,
           parsed("an address, as in \"postmaster@shop.example\"", parse_address),
           "Whom their readers may ask. Default: from.")});
}

Section retry() {
  return table<RetryConfig>(
      "retry", &Config::retry,
      {key("schedule", &RetryConfig::schedule,
           durations("durations from \"1s\" to \"7d\", as in [\"1m\", \"5m\", \"1h\"]", 1s, 7 * 24h,
                     100),
           "Waits between attempts, each with some jitter; the last one repeats."),
       key("expire", &RetryConfig::expire, duration(1s, 60 * 24h),
           "Age at which a message is given up and reported to its sender."),
       key("delay_notice", &RetryConfig::delay_notice, duration(0s, 60 * 24h),
           "Age at which the sender is notified, once, that mail is delayed; \"0s\" is never.")});
}

Section destination() {
  return list<DestinationConfig>(
      "destination", &Config::destinations,
      {key("match", &DestinationConfig::match,
           list_of("domains, or \"mx:\" and names of MX hosts, as in [\"example.net\", "
                   "\"*.example.net\", \"mx:*.mail.example.net\", \"*\"]",
                   parse_destination_pattern, false),
           "Recipient domains, or with \"mx:\" the first MX hosts of such domains, that these "
           "limits "
           "apply to; the first table that matches applies. \"*\" is every receiver that "
           "delivery.providers does not know.")
           .required(),
       key("connections", &DestinationConfig::connections, whole_number(1, 10'000),
           "Connections at one time; domains with the same MX hosts share them, and so do all that "
           "match an \"mx:\" table. Default: what the provider of the hosts takes, else 10."),
       key("messages_per_connection", &DestinationConfig::messages_per_connection,
           whole_number(1, 100'000),
           "Messages after which a connection is replaced. Default: as the provider has it, else "
           "100."),
       key("recipients_per_transaction", &DestinationConfig::recipients_per_transaction,
           whole_number(1, 1000),
           "Recipients of one message that go in one transaction. Default: as the provider has it, "
           "else 100."),
       key("tls", &DestinationConfig::tls, one_of(kTlsPolicies),
           "As delivery.tls, for these domains. Default: delivery.tls."),
       key("mta_sts", &DestinationConfig::mta_sts, boolean(),
           "As delivery.mta_sts, for these domains. Default: delivery.mta_sts."),
       key("dane", &DestinationConfig::dane, boolean(),
           "As delivery.dane, for these domains. Default: delivery.dane."),
       key("rate", &DestinationConfig::rate, rate(),
           "Messages in a period of time, spread evenly over it, never more than one second's "
           "worth at once; 100 recipients of a message in one domain, or fewer, count as one "
           "message (see recipients_per_transaction). Shared as connections are. Default: as the "
           "provider has it, else no limit.")});
}

Section route() {
  return list<RouteConfig>(
      "route", &Config::routes,
      {key("recipients", &RouteConfig::recipients,
           list_of("domains, as in [\"internal.example\", \"*.internal.example\"]",
                   parse_domain_pattern),
           "Recipient domains that take this route; [] is all."),
       key("senders", &RouteConfig::senders,
           list_of("senders, as in [\"@tenant.example\", \"news@shop.example\"]",
                   parse_sender_pattern),
           "Envelope senders that take this route; [] is all."),
       key("logins", &RouteConfig::logins, list_of("logins, as in [\"shop\"]", parse_route_login),
           "Logins whose mail takes this route; [] is all mail, also that of clients without one."),
       via_key(), auth_key(),
       key("password_file", &RouteConfig::password_file, path(),
           "File with the password of the logins in via that have none there."),
       key("token_file", &RouteConfig::token_file, path(),
           "File with a token (OAUTHBEARER, XOAUTH2) for the logins in via. It is read for each "
           "connection, so that whatever renews the token may replace it at any time."),
       key("ca_file", &RouteConfig::ca_file, path(),
           "As delivery.ca_file, for this route. Default: delivery.ca_file."),
       key("client_certificate", &RouteConfig::client_certificate, path(),
           "PEM file with a certificate, then its chain, for next hops that ask for one."),
       key("client_key", &RouteConfig::client_key, path(),
           "PEM file with the private key of client_certificate."),
       key("tls", &RouteConfig::tls, one_of(kTlsPolicies),
           "As delivery.tls, for this route. smtps://, and a login at any host but this machine, "
           "make it \"encrypt\" at least. Default: delivery.tls.")});
}

Section source() {
  return list<SourceConfig>(
      "source", &Config::sources,
      {key("address", &SourceConfig::addresses,
           list_of("an IPv4 address, an IPv6 address, or one of each, as in [\"192.0.2.1\", "
                   "\"2001:db8::1\"]",
                   parse_source, false),
           "Addresses of this machine to send from. A receiver's limits hold for each source by "
           "itself. The first address names the source, in pools and in the log. A source of one "
           "family sends to receivers of that family only.")
           .required(),
       key("hostname", &SourceConfig::hostname,
           parsed("the full name of these addresses, as in \"out1.shop.example\"",
                  parse_full_host_name),
           "Name of the relay in EHLO from there, to which the reverse DNS of the addresses should "
           "lead. Default: hostname."),
       warm_up_key(),
       key("warm_up_daily", &SourceConfig::warm_up_daily, whole_number(1, kMostDaily),
           "With warm_up: the most messages on its first day (00:00 to 24:00 UTC) to one receiver, "
           "or to one provider of mail hosts; each day twice as many as on the day before."),
       key("warm_up_days", &SourceConfig::warm_up_days, whole_number(1, 60),
           "With warm_up: days after which there is no such limit.")});
}

Section pool() {
  return list<PoolConfig>(
      "pool", &Config::pools,
      {key("name", &PoolConfig::name, parsed("a name, as in \"newsletter\"", parse_pool_name),
           "Name of the pool, for the log and commands.")
           .required(),
       key("sources", &PoolConfig::sources,
           list_of("addresses of [[source]] tables, as in [\"192.0.2.1\", \"192.0.2.2\"]",
                   parse_source, false),
           "What its mail is sent from: the first address of each source. A connection takes the "
           "source that has the fewest to that receiver.")
           .required(),
       key("senders", &PoolConfig::senders,
           list_of("senders, as in [\"@tenant.example\", \"news@shop.example\"]",
                   parse_sender_pattern),
           "Envelope senders whose mail is sent from it; [] is all. The first pool that applies "
           "does; mail of none is sent from delivery.source, and so is that of a [[route]] with "
           "next "
           "hops of its own."),
       key("logins", &PoolConfig::logins, list_of("logins, as in [\"shop\"]", parse_route_login),
           "Logins whose mail is sent from it; [] is all mail, also that of clients without one."),
       key("tenants", &PoolConfig::tenants,
           list_of("names of [[tenant]] tables, as in [\"acme\"]", parse_tenant_name),
           "Tenants whose domains' mail is sent from it; [] is all mail.")});
}

Section admin() {
  return table(
      "admin",
      {admin_bind_key(), admin_socket_key(),
       key("token_file", &Config::admin_token_file, path(),
           "File with the secret that opens the API over HTTP; without one the API is served on "
           "the socket alone. Required off loopback."),
       key("metrics", &Config::admin_metrics,
           one_of<MetricsAccess>({{"open", MetricsAccess::Open}, {"token", MetricsAccess::Token}}),
           "Whether /metrics is open to everyone who reaches the address, or requires the token. "
           "Default: open on a loopback address, with the token on any other.")});
}

Section logging() {
  return table("log",
               {key("level", &Config::log_level,
                    one_of<log::Level>({{"debug", log::Level::Debug},
                                        {"info", log::Level::Info},
                                        {"warning", log::Level::Warning},
                                        {"error", log::Level::Error}}),
                    "Least important events that are logged."),
                key("format", &Config::log_format,
                    one_of<log::Format>({{"text", log::Format::Text}, {"json", log::Format::Json}}),
                    "Form of the log on standard error.")});
}

}  // namespace

std::string Section::header() const {
  if (name.empty()) return "";
  return list ? "[[" + name + "]]" : "[" + name + "]";
}

const std::vector<Section>& sections() {
  static const std::vector<Section> all{
      general(),       listener(),    tls(),     auth(),   oauth(),    tenant(), limits(),
      header_fields(), dkim(),        signing(), dns(),    delivery(), retry(),  bounces(),
      tlsrpt(),        destination(), route(),   source(), pool(),     admin(),  logging()};
  return all;
}

std::vector<std::string> sections_with(std::string_view key) {
  std::vector<std::string> found;
  for (const Section& section : sections()) {
    if (std::ranges::find(section.keys, key, &KeyText::name) == section.keys.end()) continue;
    found.push_back(section.name.empty() ? "the top, before the first table" : section.header());
  }
  return found;
}

}  // namespace signpost::config
