#include "bench/sink/options.h"

#include "base/ascii.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace signpost::bench {

namespace {

constexpr const char* kFooter =
    "\nThe local part of a recipient can decide what happens to it (N: a number, may be left "
    "out):\n"
    "  tempfailN-…   451 at RCPT, the first N times (without N: always)\n"
    "  bounce-…      550 5.1.1 at RCPT\n"
    "  datafailN-…   451 after the data, the first N times (without N: always)\n"
    "  databounce-…  554 5.6.0 after the data\n"
    "  dropdotN-…    closes after the data without a reply, the first N times (without N: always)\n"
    "  tarpitN-…     waits N seconds (without N: 5) before the reply to the data\n"
    "\nExamples:\n"
    "  signpost-sink --listen 127.0.0.2:2525 --save mail --json\n"
    "  signpost-sink --listen :25 --threads 2 --refuse-rcpt 0.01:550 --delay-ms 200 --delay-share "
    "0.1\n"
    "\nSIGUSR1 writes the counts (to --count-file, else to stdout), SIGTERM and SIGINT write them "
    "and end.\n"
    "Exit code 0, 1 when anything that was asked for could not be written, 2 for wrong usage.\n";

constexpr double kLongestTime = 1e6;  // seconds

std::chrono::milliseconds time_of(double seconds) {
  return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

struct Raw {
  std::vector<std::string> listen;
  std::string refuse_recipient, defer_recipient, refuse_data, defer_data;
  double busy_seconds = 0;
  std::optional<double> greylist_seconds;
  unsigned reply_delay_ms = 0;
  unsigned delay_ms = 0;
};

void declare(CLI::App& app, Raw& raw, SinkOptions& options) {
  const auto part = CLI::Range(0.0, 1.0);
  app.add_option("--listen", raw.listen,
                 "address:port, repeatable; port 0: a free one, said on stdout")
      ->required();
  app.add_option("--threads", options.threads, "threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--hostname", options.hostname, "in the greeting")->capture_default_str();
  app.add_option("--greeting", options.greeting,
                 "whole greeting, with its code; a code other than 220 closes");
  auto* certificate =
      app.add_option("--tls-cert", options.certificate, "certificate chain, PEM: offers STARTTLS");
  auto* key = app.add_option("--tls-key", options.key, "its key")->needs(certificate);
  certificate->needs(key);
  app.add_flag("--implicit-tls", options.implicit_tls, "TLS from the first byte")
      ->needs(certificate);
  app.add_flag("--tls-broken", options.broken_tls,
               "offers STARTTLS and answers the handshake with garbage");
  app.add_flag("!--no-esmtp", options.esmtp, "refuse EHLO");
  app.add_flag("!--no-pipelining", options.pipelining,
               "do not offer PIPELINING, and count clients that pipeline");
  app.add_flag("!--no-8bitmime", options.eight_bit, "do not offer 8BITMIME");
  app.add_flag("!--no-smtputf8", options.smtputf8, "do not offer SMTPUTF8");
  app.add_option("--ehlo", options.keywords, "a further line of the EHLO reply, repeatable");
  app.add_option("--size-limit", options.size_limit, "octets a message, announced as SIZE")
      ->capture_default_str();
  app.add_option("--limits", options.announced_limits,
                 "announced as LIMITS (RFC 9422), enforced, and clients that exceed them counted: "
                 "\"MAILMAX=5 RCPTMAX=3 RCPTDOMAINMAX=1\"");
  app.add_option("--refuse-rcpt", raw.refuse_recipient,
                 "share of recipients to refuse, with a code: 0.1:550");
  app.add_option("--defer-rcpt", raw.defer_recipient, "share of recipients to defer: 0.1:451");
  app.add_option("--refuse-data", raw.refuse_data,
                 "share of messages to refuse after the data: 0.1:554");
  app.add_option("--defer-data", raw.defer_data,
                 "share of messages to defer after the data: 0.1:451");
  app.add_option("--drop-after-dot", options.drop_after_dot,
                 "share of messages after which to close without a reply")
      ->check(part);
  app.add_option("--drop-in-data", options.drop_in_data,
                 "share of messages in the middle of which to close")
      ->check(part);
  app.add_option("--busy-replies", options.busy.replies,
                 "answer 421 to connections and MAIL so many times in a row, then as usual");
  app.add_option("--busy-seconds", raw.busy_seconds,
                 "answer 421 to them for so long, from the first one on")
      ->check(CLI::Range(0.0, kLongestTime));
  app.add_option("--busy-after", options.busy.after,
                 "begin with that when so many messages are accepted");
  app.add_option("--messages-per-connection", options.messages_per_connection,
                 "answer 421 to the MAIL after so many, and announce nothing of it");
  app.add_option("--greylist", raw.greylist_seconds,
                 "answer 451 to a recipient until so many seconds after the first try of the same "
                 "client, sender and recipient; 0: to the first try only")
      ->check(CLI::Range(0.0, kLongestTime));
  app.add_option(
      "--reply-delay-ms", raw.reply_delay_ms,
      "wait before the greeting and before each command is answered, one after the other");
  app.add_option("--delay-ms", raw.delay_ms, "wait before the reply to the data");
  app.add_option("--delay-share", options.delay_share, "share of messages to which that applies")
      ->check(part)
      ->capture_default_str();
  app.add_option("--seed", options.seed,
                 "of the shares: one thread and one order of messages repeat a run")
      ->capture_default_str();
  app.add_option("--save", options.save,
                 "folder for messages as received: N.eml, with the envelope in N.json");
  app.add_option("--save-limit", options.save_limit, "messages to save at most")
      ->capture_default_str();
  app.add_option("--ledger", options.ledger,
                 "append the X-Load-Id of each message before it is accepted");
  app.add_option(
      "--arrivals", options.arrivals,
      "append \"SECONDS ADDRESS:PORT CONNECTION X-LOAD-ID\" for each message, the time since 1970");
  app.add_option("--count-file", options.count_file, "write the counts here");
  app.add_flag("--json", options.json, "counts in JSON");
  app.add_flag("--progress", options.progress, "a line each second on stderr");
  app.add_option("--exit-after", options.exit_after, "end after so many accepted messages");
  app.add_option("--max-seconds", options.max_seconds, "end after this time");
}

std::string understand(const Raw& raw, SinkOptions& options) {
  for (const std::string& text : raw.listen) {
    auto endpoint = resolve(text);
    if (!endpoint) return "--listen: " + endpoint.error().detail;
    options.listen.push_back(*endpoint);
  }
  struct Named {
    const char* option;
    const std::string& text;
    Share& share;
  };
  for (const Named& named : {Named{"--refuse-rcpt", raw.refuse_recipient, options.refuse_recipient},
                             Named{"--defer-rcpt", raw.defer_recipient, options.defer_recipient},
                             Named{"--refuse-data", raw.refuse_data, options.refuse_data},
                             Named{"--defer-data", raw.defer_data, options.defer_data}}) {
    if (named.text.empty()) continue;
    const auto share = parse_share(named.text, named.share.code);
    if (!share)
      return std::string(named.option) + ": \"" + named.text + "\" is not SHARE or SHARE:CODE";
    named.share = *share;
  }
  const auto limits = parse_session_limits(options.announced_limits);
  if (!limits) {
    return "--limits: \"" + options.announced_limits +
           "\" has more than MAILMAX, RCPTMAX and RCPTDOMAINMAX, each =1 to =999999";
  }
  options.limits = *limits;
  options.busy.duration = time_of(raw.busy_seconds);
  if (raw.greylist_seconds) options.greylist = time_of(*raw.greylist_seconds);
  options.reply_delay = std::chrono::milliseconds(raw.reply_delay_ms);
  options.delay = std::chrono::milliseconds(raw.delay_ms);
  return {};
}

}  // namespace

std::optional<Share> parse_share(const std::string& text, int default_code) {
  char* end = nullptr;
  Share share{std::strtod(text.c_str(), &end), default_code};
  if (end == text.c_str() || !(share.part >= 0 && share.part <= 1)) return {};
  if (*end == ':') {
    const char* code = end + 1;
    const long number = std::strtol(code, &end, 10);
    if (end == code || number < 400 || number > 599) return {};
    share.code = static_cast<int>(number);
  }
  if (*end != '\0') return {};
  return share;
}

std::optional<SessionLimits> parse_session_limits(const std::string& text) {
  SessionLimits limits;
  for (const std::string_view word : ascii::split(text, ' ')) {
    if (word.empty()) continue;
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string_view name = word.substr(0, equals);
    const std::string value(word.substr(std::min(equals + 1, word.size())));
    char* end = nullptr;
    const unsigned long number = std::strtoul(value.c_str(), &end, 10);
    if (value.empty() || *end != '\0' || number < 1 || number > 999'999) return {};
    if (name == "MAILMAX") {
      limits.mails = number;
    } else if (name == "RCPTMAX") {
      limits.recipients = number;
    } else if (name == "RCPTDOMAINMAX") {
      limits.recipient_domains = number;
    } else {
      return {};
    }
  }
  return limits;
}

std::optional<SinkOptions> parse_sink_options(int argc, char** argv, int& exit_code) {
  CLI::App app("Receives mail, counts it, checks it, and misbehaves on request.", "signpost-sink");
  app.footer(kFooter);
  app.set_version_flag("--version", "signpost-sink " SIGNPOST_VERSION,
                       "print the version and exit");
  Raw raw;
  SinkOptions options;
  declare(app, raw, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return {};
  }
  if (const std::string error = understand(raw, options); !error.empty()) {
    std::fprintf(stderr, "signpost-sink: %s\n", error.c_str());
    exit_code = 2;
    return {};
  }
  return options;
}

}  // namespace signpost::bench
