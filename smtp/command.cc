#include "smtp/command.h"

#include "base/ascii.h"
#include "smtp/mail_parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace signpost::smtp {

namespace {

using Parsed = std::expected<Command, CommandError>;

constexpr std::size_t kMaxHelloName = 255;
constexpr std::size_t kMaxMechanism = 20;  // RFC 4422 section 3.1

CommandError command_error(PathError error) {
  switch (error) {
    case PathError::Syntax:
      return CommandError::PathSyntax;
    case PathError::TooLong:
      return CommandError::PathTooLong;
    case PathError::NotAscii:
      return CommandError::PathNotAscii;
    case PathError::DomainMissing:
    case PathError::DomainMalformed:
      return CommandError::PathDomain;
  }
  return CommandError::PathSyntax;
}

std::string_view trim_end(std::string_view line) {
  while (!line.empty() && ascii::is_wsp(line.back())) line.remove_suffix(1);
  return line;
}

std::string_view trim_front(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

Parsed parse_hello(std::string_view argument, bool extended) {
  if (argument.empty()) return std::unexpected(CommandError::ArgumentMissing);
  if (argument.size() > kMaxHelloName || !ascii::is_utf8(argument)) {
    return std::unexpected(CommandError::HelloName);
  }
  return HelloCommand{extended, std::string(argument)};
}

Parsed parse_ehlo(std::string_view argument, ParseContext) { return parse_hello(argument, true); }
Parsed parse_helo(std::string_view argument, ParseContext) { return parse_hello(argument, false); }

// "FROM:<path> parameters": what follows the colon is split, nothing is parsed yet.
std::expected<PathText, CommandError> split_argument(std::string_view argument,
                                                     std::string_view keyword) {
  if (argument.empty()) return std::unexpected(CommandError::ArgumentMissing);
  if (!ascii::starts_with_ignore_case(argument, keyword)) {
    return std::unexpected(CommandError::PathSyntax);
  }
  const auto split = split_path(argument.substr(keyword.size()));
  if (!split) return std::unexpected(command_error(split.error()));
  return *split;
}

// How the path is read depends on SMTPUTF8, which follows it: parameters are parsed first.
Parsed parse_mail(std::string_view argument, ParseContext) {
  const auto text = split_argument(argument, "FROM:");
  if (!text) return std::unexpected(text.error());
  MailCommand mail;
  const auto fault = parse_mail_parameters(text->rest, mail);
  // A fault in the path is more useful to the client than one in the parameters.
  auto path = parse_reverse_path(text->path, mail.smtputf8);
  if (!path) return std::unexpected(command_error(path.error()));
  if (fault) return std::unexpected(fault->error);
  mail.reverse_path = std::move(*path);
  return mail;
}

Parsed parse_rcpt(std::string_view argument, ParseContext context) {
  const auto text = split_argument(argument, "TO:");
  if (!text) return std::unexpected(text.error());
  auto mailbox = parse_forward_path(text->path, context.smtputf8);
  if (!mailbox) return std::unexpected(command_error(mailbox.error()));
  RcptCommand rcpt;
  rcpt.recipient = std::move(*mailbox);
  if (const auto fault = parse_rcpt_parameters(text->rest, context, rcpt)) {
    return std::unexpected(fault->error);
  }
  return rcpt;
}

bool is_mechanism(std::string_view name) {
  return !name.empty() && name.size() <= kMaxMechanism && std::ranges::all_of(name, [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_';
  });
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), ascii::to_upper);
  return result;
}

Parsed parse_auth(std::string_view argument, ParseContext) {
  const std::size_t blank = argument.find(' ');
  const std::string_view mechanism = argument.substr(0, blank);
  if (!is_mechanism(mechanism)) return std::unexpected(CommandError::ArgumentMissing);
  AuthCommand auth{upper(mechanism), std::nullopt};
  if (blank != std::string_view::npos) {
    const std::string_view response = trim_front(argument.substr(blank));
    if (response.contains(' ')) return std::unexpected(CommandError::ArgumentForbidden);
    auth.initial_response = response == "=" ? std::string_view() : response;
  }
  return auth;
}

Parsed parse_bdat(std::string_view argument, ParseContext) {
  if (argument.empty()) return std::unexpected(CommandError::ArgumentMissing);
  BdatCommand bdat;
  const char* const end = argument.data() + argument.size();
  const auto [rest, error] = std::from_chars(argument.data(), end, bdat.size);
  const std::string_view marker(rest, end);
  bdat.last = marker.starts_with(' ') && ascii::equals_ignore_case(trim_front(marker), "LAST");
  if (error != std::errc() || !(bdat.last || marker.empty())) {
    return std::unexpected(CommandError::ChunkMalformed);
  }
  return bdat;
}

Parsed parse_vrfy(std::string_view argument, ParseContext) {
  if (argument.empty()) return std::unexpected(CommandError::ArgumentMissing);
  return VrfyCommand{std::string(argument)};
}

Parsed parse_client(std::string_view argument, ParseContext) { return parse_xclient(argument); }
Parsed parse_expn(std::string_view, ParseContext) { return ExpnCommand{}; }
Parsed parse_help(std::string_view, ParseContext) { return HelpCommand{}; }
// NOOP accepts any argument and ignores it (RFC 5321 section 4.1.1.9).
Parsed parse_noop(std::string_view, ParseContext) { return NoopCommand{}; }

template <typename T>
Parsed parse_bare(std::string_view argument, ParseContext) {
  if (!argument.empty()) return std::unexpected(CommandError::ArgumentForbidden);
  return T{};
}

struct Verb {
  std::string_view name;
  Parsed (*parse)(std::string_view argument, ParseContext context);
};

constexpr std::array kVerbs = {
    Verb{"MAIL", parse_mail},
    Verb{"RCPT", parse_rcpt},
    Verb{"DATA", parse_bare<DataCommand>},
    Verb{"BDAT", parse_bdat},
    Verb{"EHLO", parse_ehlo},
    Verb{"HELO", parse_helo},
    Verb{"RSET", parse_bare<RsetCommand>},
    Verb{"NOOP", parse_noop},
    Verb{"QUIT", parse_bare<QuitCommand>},
    Verb{"AUTH", parse_auth},
    Verb{"STARTTLS", parse_bare<StartTlsCommand>},
    Verb{"VRFY", parse_vrfy},
    Verb{"EXPN", parse_expn},
    Verb{"HELP", parse_help},
    Verb{"XCLIENT", parse_client},
};

std::string_view faulty_in_mail(std::string_view argument) {
  const auto text = split_argument(argument, "FROM:");
  if (!text) return argument;
  MailCommand mail;
  const auto fault = parse_mail_parameters(text->rest, mail);
  if (!parse_reverse_path(text->path, mail.smtputf8)) return text->path;
  return fault ? fault->parameter : "";
}

std::string_view faulty_in_rcpt(std::string_view argument, ParseContext context) {
  const auto text = split_argument(argument, "TO:");
  if (!text) return argument;
  RcptCommand rcpt;
  if (!parse_forward_path(text->path, context.smtputf8)) return text->path;
  const auto fault = parse_rcpt_parameters(text->rest, context, rcpt);
  return fault ? fault->parameter : "";
}

}  // namespace

std::string_view faulty_part(std::string_view line, ParseContext context) {
  constexpr std::array<std::string_view, 7> kWithoutSecrets = {"EHLO", "HELO", "BDAT",    "DATA",
                                                               "RSET", "QUIT", "STARTTLS"};
  line = trim_end(line);
  if (std::ranges::any_of(line, ascii::is_control)) return "";
  const std::string_view name = line.substr(0, line.find(' '));
  const std::string_view argument = trim_front(line.substr(name.size()));
  if (ascii::equals_ignore_case(name, "MAIL")) return faulty_in_mail(argument);
  if (ascii::equals_ignore_case(name, "RCPT")) return faulty_in_rcpt(argument, context);
  const bool shown = std::ranges::any_of(kWithoutSecrets, [name](std::string_view verb) {
    return ascii::equals_ignore_case(name, verb);
  });
  return shown ? argument : "";
}

std::expected<Command, CommandError> parse_command(std::string_view line, ParseContext context) {
  line = trim_end(line);
  if (std::ranges::any_of(line, ascii::is_control)) {
    return std::unexpected(CommandError::BareControl);
  }
  const std::string_view name = line.substr(0, line.find(' '));
  const auto verb = std::ranges::find_if(
      kVerbs, [name](const Verb& v) { return ascii::equals_ignore_case(v.name, name); });
  if (verb == kVerbs.end()) return std::unexpected(CommandError::Unknown);
  return verb->parse(trim_front(line.substr(name.size())), context);
}

}  // namespace signpost::smtp
