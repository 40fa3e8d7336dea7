// What /usr/sbin/sendmail does: a message or a session for the relay of this machine, and a letter
// in the spool while there is none.
#include "base/clock.h"
#include "base/write_all.h"
#include "commands/command_line.h"
#include "config/config_file.h"
#include "net/unix_socket.h"
#include "sendmail/hand_in.h"
#include "sendmail/invocation.h"
#include "sendmail/letter.h"
#include "sendmail/report.h"
#include "sendmail/spool.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <expected>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace signpost::commands {

namespace {

using sendmail::ErrorMode;
using sendmail::ExitCode;
using sendmail::Fault;
using sendmail::Invocation;
using sendmail::Letter;
using sendmail::Mode;

constexpr std::size_t kMostInput = 200 << 20;
constexpr std::size_t kPiece = 64 << 10;
constexpr const char* kConfigFile = "/etc/signpost/signpost.toml";

int complain(ExitCode code, std::string_view text, ErrorMode errors = ErrorMode::Print) {
  if (errors == ErrorMode::Quiet) return code;
  (void)std::fprintf(stderr, "sendmail: %.*s\n", static_cast<int>(text.size()), text.data());
  return code;
}

// Where the relay is, and what its host is called. Only root and the relay may read the
// configuration, so that every other account relies on the defaults.
struct Place {
  std::string socket = config::kDefaultSubmitSocket;
  std::string spool = config::kDefaultSpool;
  std::string host;
  std::string postmaster;  // of reports
};

std::string system_host() {
  std::ifstream file("/etc/mailname");
  std::string name;
  if (file >> name) return name;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return "localhost.localdomain";
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  name = host.data();
  if (::getaddrinfo(host.data(), nullptr, &hints, &found) == 0) {
    if (found->ai_canonname != nullptr) name = found->ai_canonname;
    ::freeaddrinfo(found);
  }
  return name.contains('.') ? name : name + ".localdomain";
}

std::expected<Place, std::string> find_place(const std::optional<std::string>& config_file) {
  Place place;
  const std::string file = config_file.value_or(kConfigFile);
  if (::access(file.c_str(), R_OK) == 0) {
    const config::LoadedConfig loaded = config::load_config_partly(file);
    if (!loaded.config) return std::unexpected(loaded.errors.front().text());
    place.host = loaded.config->hostname;
    place.postmaster = loaded.config->postmaster;
    const auto& listeners = loaded.config->listeners;
    const auto found = std::ranges::find_if(
        listeners, [](const config::ListenerConfig& listener) { return !listener.socket.empty(); });
    if (found != listeners.end()) {
      place.socket = found->socket;
      place.spool = found->spool;
    } else if (config_file) {
      return std::unexpected(file + ": no listener has bind = \"unix:…\"");
    }
  } else if (config_file) {
    return std::unexpected(file + ": " + std::generic_category().message(errno));
  }
  if (place.host.empty()) place.host = system_host();
  if (place.postmaster.empty()) place.postmaster = "postmaster@" + place.host;
  return place;
}

// The account's name, and its full name: the first part of the GECOS field, in which "&" stands
// for the name.
void find_account(sendmail::Origin& origin) {
  const passwd* const entry = ::getpwuid(::getuid());
  if (entry == nullptr) {
    origin.account = fmt::format("uid-{}", ::getuid());
    return;
  }
  origin.account = entry->pw_name;
  std::string_view full = entry->pw_gecos == nullptr ? "" : entry->pw_gecos;
  full = full.substr(0, full.find(','));
  for (const char c : full) {
    if (c == '&')
      origin.full_name += origin.account;
    else
      origin.full_name += c;
  }
}

std::expected<std::string, Fault> read_input() {
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    if (before > kMostInput) return std::unexpected(Fault{sendmail::kDataError, "too large"});
    text.resize(before + kPiece);
    const ssize_t size = ::read(STDIN_FILENO, text.data() + before, kPiece);
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (size == 0) return text;
    if (size < 0 && errno != EINTR) {
      // What is missing may be its most important part.
      return std::unexpected(Fault{sendmail::kTemporary, "standard input cannot be read"});
    }
  }
}

Result<Descriptor> connect_to(const std::string& path) {
  const auto failed = [&path] {
    return fail(Errc::Unavailable, path + ": " + std::generic_category().message(errno));
  };
  const auto address = net::UnixAddress::of(path);
  if (!address) return Failure(address.error());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return failed();
  sockaddr_storage native{};
  const socklen_t size = address->to_native(native);
  // A queue that is full: the relay hangs, or is about to start.
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&native), size) != 0) {
    return failed();
  }
  return socket;
}

Result<void> keep(const Place& place, const Letter& letter) {
  const auto spool = sendmail::Spool::open(place.spool);
  return spool ? spool->keep(letter) : Result<void>(Failure(spool.error()));
}

struct Delivered {
  std::vector<sendmail::Outcome::Refusal> refused;
  std::string lost;  // why there are recipients for whom it could not even be kept; "": none
};

// A message with more recipients than one transaction takes goes in several, as long as each
// takes some.
Delivered deliver(const Place& place, Letter letter) {
  Delivered done;
  for (;;) {
    const auto socket = connect_to(place.socket);
    sendmail::Outcome outcome;
    if (socket) {
      outcome = sendmail::hand_in(socket->get(), letter);
      std::ranges::move(outcome.refused, std::back_inserter(done.refused));
      if (outcome.later.empty()) return done;
      letter.recipients = std::move(outcome.later);
      if (!outcome.taken.empty()) continue;
    }
    if (const auto kept = keep(place, letter); !kept) {
      done.lost = fmt::format("not sent: {}; and not kept: {}",
                              socket ? outcome.reason : socket.error().detail, kept.error().detail);
    }
    return done;
  }
}

// The sender learns of it by mail. False: no report is owed, or the relay does not take it.
bool mail_report(const Place& place, const Letter& letter,
                 const std::vector<sendmail::Outcome::Refusal>& refused) {
  const auto report =
      sendmail::report_on(letter, refused, {place.host, place.postmaster}, system_now());
  if (!report) return false;
  const Delivered done = deliver(place, *report);
  return done.refused.empty() && done.lost.empty();
}

void print_refusals(const std::vector<sendmail::Outcome::Refusal>& refused, ErrorMode errors) {
  for (const sendmail::Outcome::Refusal& refusal : refused) {
    complain(sendmail::kUnavailable, fmt::format("<{}>: {}", refusal.recipient, refusal.reply),
             errors);
  }
}

int tell(const Place& place, const Letter& letter, const Delivered& done, ErrorMode errors) {
  int code = sendmail::kOk;
  if (!done.refused.empty()) {
    const bool by_mail = errors == ErrorMode::Mail || errors == ErrorMode::MailAndSucceed;
    const bool mailed = by_mail && mail_report(place, letter, done.refused);
    if (!mailed || errors == ErrorMode::Mail) code = sendmail::kUnavailable;
    if (!mailed) print_refusals(done.refused, errors);
  }
  if (!done.lost.empty()) code = complain(sendmail::kTemporary, done.lost, errors);
  return code;
}

int send_message(const Invocation& call, const Place& place) {
  sendmail::Origin origin{.account = {}, .full_name = {}, .host = place.host};
  find_account(origin);
  const auto input = read_input();
  if (!input) return complain(input.error().code, input.error().text, call.errors);
  const auto letter = sendmail::compose(call, origin, *input);
  if (!letter) return complain(letter.error().code, letter.error().text, call.errors);
  return tell(place, *letter, deliver(place, *letter), call.errors);
}

// Copies what there is; false at the end.
bool copy_some(int from, int to) {
  std::array<char, kPiece> piece;
  const ssize_t size = ::read(from, piece.data(), piece.size());
  if (size < 0 && errno == EINTR) return true;
  return size > 0 && write_all(to, {piece.data(), static_cast<std::size_t>(size)});
}

// The relay itself is the server. Without it a client has the mail still, and is told to keep it.
int carry_session(const Place& place) {
  const auto socket = connect_to(place.socket);
  if (!socket) {
    print("421 4.3.2 The relay does not answer, try again later\r\n");
    return complain(sendmail::kTemporary, socket.error().detail);
  }
  std::array<pollfd, 2> watched{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{socket->get(), POLLIN, 0}};
  for (;;) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
      return complain(sendmail::kTemporary, std::generic_category().message(errno));
    }
    if (watched[1].revents != 0 && !copy_some(socket->get(), STDOUT_FILENO)) return sendmail::kOk;
    if (watched[0].revents != 0 && !copy_some(STDIN_FILENO, socket->get())) {
      (void)::shutdown(socket->get(), SHUT_WR);
      watched[0].fd = -1;
    }
  }
}

// Letters that the relay does not have yet. Root sees those of all accounts.
int print_waiting(const Place& place) {
  const auto spool = sendmail::Spool::open(place.spool);
  std::size_t count = 0;
  if (spool) {
    const bool all = ::geteuid() == 0;
    const auto names =
        spool->names(sendmail::kMostOfAccount, all ? std::nullopt : std::optional(::geteuid()));
    for (const std::string& name : names) {
      const auto read = spool->read(name, 2 * kMostInput);
      if (!read) continue;
      ++count;
      const Letter& letter = read->letter;
      print(fmt::format("{} {:>9} uid:{} <{}> to {} recipient{}, first <{}>\n", name,
                        letter.content.size(), read->owner, letter.sender, letter.recipients.size(),
                        letter.recipients.size() == 1 ? "" : "s", letter.recipients.front()));
    }
  }
  print(fmt::format("{} waiting for the relay in {}; signpost queue list shows what it has taken\n",
                    count, place.spool));
  return sendmail::kOk;
}

}  // namespace

int run_sendmail(std::string_view name, std::span<const std::string_view> words,
                 std::optional<std::string> config_file) {
  (void)std::signal(SIGPIPE, SIG_IGN);  // a relay that hangs up is an error, not an end
  auto call = sendmail::parse_invocation(words);
  if (!call) return complain(sendmail::kUsage, call.error());
  if (name == "mailq") call->mode = Mode::PrintQueue;
  if (name == "newaliases") call->mode = Mode::InitAliases;
  if (!call->config_file) call->config_file = std::move(config_file);
  // The relay runs its queue by itself, and takes what waits in the spool; it has no aliases.
  if (call->mode == Mode::RunQueue || call->mode == Mode::InitAliases) return sendmail::kOk;
  const auto place = find_place(call->config_file);
  if (!place) return complain(sendmail::kConfiguration, place.error());
  if (call->mode == Mode::Session) return carry_session(*place);
  if (call->mode == Mode::PrintQueue) return print_waiting(*place);
  return send_message(*call, *place);
}

// For --help and the references alone: its options are not ours, and main() takes them all.
void add_sendmail_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand(
      "sendmail", "Hand in mail as /usr/sbin/sendmail does, for PHP, cron and mail(1)");
  command->fallthrough(false)->prefix_command();
  command->footer(
      "-t takes recipients from the header; others are named after the options.\n"
      "-f ADDRESS or -r ADDRESS: the envelope sender. -F NAME: the full name in a From: that is "
      "made.\n"
      "-i or -oi: a line with a dot alone does not end the message.\n"
      "-N WHEN, -R full|hdrs, -V ID: delivery status notifications.\n"
      "-bs speaks SMTP, -bp lists what the spool keeps (mailq), -bi does nothing (newaliases).\n"
      "-C FILE: another configuration. man signpost-sendmail has the rest.\n"
      "Example: signpost sendmail -t -i < message.eml");
  command->callback([command, &line] {
    line.run = [command, &line] {
      const std::vector<std::string> words = command->remaining();
      const std::vector<std::string_view> views(words.begin(), words.end());
      return run_sendmail("sendmail", views, line.config_file);
    };
  });
}

}  // namespace signpost::commands
