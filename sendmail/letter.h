// A message as it is handed in: who gets it, and what they get.
#pragma once

#include "sendmail/invocation.h"
#include "smtp/dsn_parameters.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::sendmail {

struct Letter {
  std::string sender;  // "" is <>
  std::vector<std::string> recipients;
  smtp::Notify notify;
  smtp::Return ret = smtp::Return::Unspecified;
  std::string envelope_id;
  std::string content;  // CRLF line ends; without Bcc

  friend bool operator==(const Letter&, const Letter&) = default;
};

// Who calls, where.
struct Origin {
  std::string account;    // "www-data"
  std::string full_name;  // from the account's entry; "" if it has none
  std::string host;       // completes addresses without a domain
};

struct Fault {
  ExitCode code = kUsage;
  std::string text;
};

// A message read from standard input becomes a letter: its end is found, its line ends are made
// CRLF, recipients are taken from the header if asked for, Bcc goes, addresses without a domain get
// the host, and a missing From: is made. Date and Message-ID are the relay's to add. An address
// that is not clear is a fault: nobody is skipped silently. Pure.
std::expected<Letter, Fault> compose(const Invocation& call, const Origin& origin,
                                     std::string_view input);

}  // namespace signpost::sendmail
