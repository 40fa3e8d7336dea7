// The command line of sendmail(1), as PHP, cron, mail(1) and git call it.
#pragma once

#include "smtp/dsn_parameters.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::sendmail {

// sysexits.h, which every caller of sendmail knows.
enum ExitCode : std::uint8_t {
  kOk = 0,
  kUsage = 64,
  kDataError = 65,    // the message cannot be sent as it is
  kUnavailable = 69,  // the relay refuses it
  kTemporary = 75,    // it was not kept; try again
  kConfiguration = 78,
};

enum class Mode : std::uint8_t {
  Deliver,      // -bm, and without -b: a message on standard input
  Session,      // -bs: SMTP on standard input
  PrintQueue,   // -bp, or called as mailq
  RunQueue,     // -q
  InitAliases,  // -bi, or called as newaliases: there are none
};

// How the sender learns what the relay refuses at once (-e, -oe).
enum class ErrorMode : std::uint8_t {
  Print,           // p: on standard error
  Mail,            // m, w: in a report by mail
  MailAndSucceed,  // e: the same, and the exit code is 0
  Quiet,           // q: by the exit code alone
};

struct Invocation {
  Mode mode = Mode::Deliver;
  ErrorMode errors = ErrorMode::Print;
  bool recipients_from_header = false;   // -t
  bool dot_is_text = false;              // -i: a line with a dot alone does not end the message
  std::optional<std::string> sender;     // -f or -r, the last one; "" is <>; nothing: the account
  std::optional<std::string> full_name;  // -F
  smtp::Notify notify;                   // -N
  smtp::Return ret = smtp::Return::Unspecified;  // -R
  std::string envelope_id;                       // -V
  std::optional<std::string> config_file;        // -C
  std::vector<std::string> recipients;           // as written
};

// `words`: what follows the program's name. Values are joined to their option or follow it, flags
// may be joined to each other; options end at "--" or at the first word that is none, so that no
// address is taken for one. What other mailers do with options that mean nothing here is not done,
// and they are accepted; an unknown one is an error, which the result names. Pure.
std::expected<Invocation, std::string> parse_invocation(std::span<const std::string_view> words);

}  // namespace signpost::sendmail
