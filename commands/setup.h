// What `signpost init` decides and prints, without files, terminal or network: the configuration
// of a first relay, the DNS records that belong to it, and what is left to do.
#pragma once

#include "net/address.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::commands {

struct SetupListener {
  std::string bind;  // "0.0.0.0:587"
  bool implicit_tls = false;
};

struct Setup {
  std::string hostname;
  std::string domain;  // of the senders; signed with the key
  std::string selector;
  std::string certificate;
  std::string key;
  std::string login;
  std::vector<SetupListener> listeners;
  std::optional<std::string> account;  // the key `user`; nothing: its default
  std::string data_dir;                // "": its default

  std::string dkim_file() const;  // relative to the configuration
};

// What was found out or made in the meantime.
struct SetupFacts {
  std::string config_file;
  std::string dkim_record;                // a line of a zone file
  std::string public_key_hash;            // of the certificate, for TLSA
  std::vector<net::IpAddress> addresses;  // of this machine, those that the Internet can reach
  bool service = false;                   // it is at its place, where the service unit looks for it
};

// The domain above a host name, "shop.example" for "mail.shop.example"; the name itself if that is
// a top-level domain.
std::string default_domain(const std::string& hostname);
std::string default_login(const std::string& domain);  // its first label

std::string configuration_text(const Setup& setup);
std::string records_text(const Setup& setup, const SetupFacts& facts);
std::string checklist_text(const Setup& setup, const SetupFacts& facts);

std::string reverse_name(const net::IpAddress& address);  // "1.2.0.192.in-addr.arpa."
// Whether the Internet could reach it: not this machine's, its link's, or a private network's.
bool is_public(const net::IpAddress& address);

}  // namespace signpost::commands
