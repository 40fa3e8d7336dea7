#include "commands/setup.h"

#include "config/toml_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>

namespace signpost::commands {

namespace {

std::string port_of(const SetupListener& listener) {
  return listener.bind.substr(listener.bind.rfind(':') + 1);
}

std::string address_records(const Setup& setup, const SetupFacts& facts) {
  std::string text;
  for (const net::IpAddress& address : facts.addresses) {
    text += fmt::format("{}. IN {} {}\n", setup.hostname, address.is_v6() ? "AAAA" : "A",
                        address.text());
  }
  if (text.empty()) {
    text = fmt::format("{}. IN A ADDRESS ; the public address of this machine\n", setup.hostname);
  }
  text += "; these are set by whoever the address comes from\n";
  for (const net::IpAddress& address : facts.addresses) {
    text += fmt::format("{} IN PTR {}.\n", reverse_name(address), setup.hostname);
  }
  if (facts.addresses.empty()) {
    text += fmt::format("REVERSED-ADDRESS.in-addr.arpa. IN PTR {}.\n", setup.hostname);
  }
  return text;
}

}  // namespace

std::string Setup::dkim_file() const { return fmt::format("dkim/{}.{}.pem", domain, selector); }

std::string default_domain(const std::string& hostname) {
  const std::size_t dot = hostname.find('.');
  if (dot == std::string::npos || hostname.find('.', dot + 1) == std::string::npos) return hostname;
  return hostname.substr(dot + 1);
}

std::string default_login(const std::string& domain) { return domain.substr(0, domain.find('.')); }

std::string configuration_text(const Setup& setup) {
  using config::toml_string;
  std::string text = "# Written by `signpost init`. Every key: signpost.toml(5).\n\n";
  text += fmt::format("hostname = {}\n", toml_string(setup.hostname));
  text += fmt::format("postmaster = {}\n", toml_string("postmaster@" + setup.domain));
  if (!setup.data_dir.empty()) text += fmt::format("data_dir = {}\n", toml_string(setup.data_dir));
  if (setup.account) {
    const std::string user = *setup.account == "root" ? "" : *setup.account;
    text += fmt::format("user = {}\n", toml_string(user));
  }
  for (const SetupListener& listener : setup.listeners) {
    text += fmt::format("\n[[listener]]\nbind = {}\n", toml_string(listener.bind));
    if (listener.implicit_tls) text += "mode = \"implicit\"\n";
  }
  text += fmt::format("\n[tls]\ncertificate = {}\nkey = {}\n", toml_string(setup.certificate),
                      toml_string(setup.key));
  text += "\n[auth]\nusers = \"users.toml\"\n";
  text +=
      fmt::format("\n[[dkim]]\ndomain = {}\nselector = {}\nkey = {}\n", toml_string(setup.domain),
                  toml_string(setup.selector), toml_string(setup.dkim_file()));
  return text;
}

std::string records_text(const Setup& setup, const SetupFacts& facts) {
  std::string text = "DNS records, as lines of a zone file:\n\n";
  text += fmt::format("; DKIM: the key that verifies the signatures of {}\n{}\n", setup.domain,
                      facts.dkim_record);
  text += fmt::format(
      "; SPF: who sends mail of {0}. Add a:{1} to the record if there is one\n"
      "{0}. IN TXT \"v=spf1 a:{1} ~all\"\n",
      setup.domain, setup.hostname);
  if (setup.hostname != setup.domain) {
    text += fmt::format("; and notifications, which have no sender\n{}. IN TXT \"v=spf1 a -all\"\n",
                        setup.hostname);
  }
  text += fmt::format(
      "; DMARC: reports at first; p=quarantine or p=reject once they show no mail of yours "
      "failing\n"
      "_dmarc.{0}. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{0}\"\n",
      setup.domain);
  text += "; the relay's addresses, and their reverse names\n" + address_records(setup, facts);
  text +=
      "; TLSA: only in a zone that is signed with DNSSEC, and as long as the certificate keeps its "
      "key\n";
  for (const SetupListener& listener : setup.listeners) {
    text += fmt::format("_{}._tcp.{}. IN TLSA 3 1 1 {}\n", port_of(listener), setup.hostname,
                        facts.public_key_hash);
  }
  return text;
}

std::string checklist_text(const Setup& setup, const SetupFacts& facts) {
  std::vector<std::string> ports;
  std::ranges::transform(setup.listeners, std::back_inserter(ports), port_of);
  const std::string address = facts.addresses.empty() ? "ADDRESS" : facts.addresses.front().text();
  const std::string option = facts.service ? "" : " -c " + facts.config_file;
  std::string text = "What is left to do:\n\n";
  text += fmt::format(
      "[ ] Publish the records. The DKIM record is compared by: signpost check --dns{0}\n"
      "    The others show as published: dig +short TXT {1}; dig +short TXT _dmarc.{1};\n"
      "    dig +short A {2}; dig +short AAAA {2}\n"
      "[ ] Reverse name: `dig -x {3}` says {2}\n",
      option, setup.domain, setup.hostname, address);
  text +=
      "[ ] Port 25 to the Internet is open, which many providers block until they are asked:\n"
      "    nc -vz -w 5 MX-OF-A-RECEIVER 25\n";
  text += fmt::format("[ ] {} {} from your clients to this machine {} open\n",
                      ports.size() == 1 ? "Port" : "Ports", fmt::join(ports, " and "),
                      ports.size() == 1 ? "is" : "are");
  text += fmt::format("[ ] Somebody reads postmaster@{}: reports of other servers go there\n",
                      setup.domain);
  if (setup.certificate.find("/letsencrypt/") != std::string::npos) {
    text += fmt::format(
        "[ ] Certbot's files are root's: copy them for the relay, now and after each renewal, and "
        "name\n"
        "    the copies, /etc/signpost/tls/fullchain.pem and privkey.pem, in [tls]:\n"
        "    RENEWED_LINEAGE={} /usr/share/signpost/certbot-deploy-hook\n"
        "    ln -s /usr/share/signpost/certbot-deploy-hook "
        "/etc/letsencrypt/renewal-hooks/deploy/signpost\n",
        setup.certificate.substr(0, setup.certificate.rfind('/')));
  } else {
    text += fmt::format("[ ] {} is replaced before it expires; the relay notices by itself\n",
                        setup.certificate);
  }
  text += facts.service ? "[ ] Start it: systemctl start signpost\n"
                        : fmt::format("[ ] Start it: signpost serve{}\n", option);
  return text;
}

std::string reverse_name(const net::IpAddress& address) {
  std::string name;
  if (!address.is_v6()) {
    for (const std::uint8_t octet : address.octets() | std::views::take(4) | std::views::reverse) {
      name += fmt::format("{}.", octet);
    }
    return name + "in-addr.arpa.";
  }
  for (const std::uint8_t octet : address.octets() | std::views::reverse) {
    name += fmt::format("{:x}.{:x}.", octet & 0x0F, octet >> 4);
  }
  return name + "ip6.arpa.";
}

bool is_public(const net::IpAddress& address) {
  constexpr std::array kElsewhere{"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",
                                  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
                                  "192.168.0.0/16", "::/128",         "::1/128",
                                  "fc00::/7",       "fe80::/10"};
  return std::ranges::none_of(kElsewhere, [&](const char* network) {
    const auto parsed = net::Network::parse(network);
    return parsed && parsed->contains(address);
  });
}

}  // namespace signpost::commands
