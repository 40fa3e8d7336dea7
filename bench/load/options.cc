#include "bench/load/options.h"

#include "base/ascii.h"
#include "bench/load/values.h"
#include "bench/wire/output.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

namespace signpost::bench {

namespace {

constexpr const char* kExamples =
    "\nExamples:\n"
    "  signpost-load --to 127.0.0.1:25 --messages 100000 --connections 100\n"
    "  signpost-load --to relay.example:587 --starttls --user shop --password-file pw \\\n"
    "                --messages-per-connection 1 --rate 200/s --json\n"
    "  signpost-load --to relay.example:25 --stage 10s:100/s --stage 1m:500/s \\\n"
    "                --fail-if 'p99>50ms' --fail-if 'failed>0.1%' --report load.html\n"
    "\nThe password comes from --password-file or from SIGNPOST_LOAD_PASSWORD in the environment.\n"
    "SIGINT and SIGTERM end the load: no message begins any more, those under way are finished "
    "and\n"
    "the report is of what was done. A second signal ends the program at once.\n"
    "\nExit code 0 when every message was acknowledged, 1 when anything failed or a result could\n"
    "not be written, 2 for wrong usage, 3 when the run did what --fail-if forbids.\n";

std::string read_first_line(const std::string& file, std::string& error) {
  constexpr std::size_t kMost = 65536;
  const auto text = read_file(file, kMost);
  if (!text) error = text.error().detail;
  if (text && text->empty()) error = file + " is empty";
  if (!error.empty()) return "";
  return std::string(ascii::trim(text->substr(0, text->find('\n'))));
}

constexpr std::size_t kLongestBody = 256 << 20;

std::string random_prefix() {
  std::random_device device;
  char text[32];
  std::snprintf(text, sizeof text, "load-%08x", device());
  return text;
}

bool plain_word(const std::string& text) {
  if (text.empty() || text.size() > 60) return false;
  for (const char c : text) {
    if (!ascii::is_alnum(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

// The command line's values before they are parsed.
struct Raw {
  std::string to;
  std::vector<std::string> sources;
  std::string password_file;
  std::string mechanism = "plain";
  std::string rate = "0";
  std::vector<std::string> stages;
  std::string duration;
  std::optional<std::uint64_t> messages;
  std::vector<std::string> bodies;
  std::vector<std::string> thresholds;
  bool starttls = false;
  bool implicit_tls = false;
  double timeout = 60;
  double connect_retry = 0;
};

void declare(CLI::App& app, Raw& raw, LoadOptions& options) {
  app.add_option("--to", raw.to, "server, host:port or unix:/path")->required();
  app.add_option("--source", raw.sources, "local address to send from, repeatable");
  app.add_option("--threads", options.threads, "threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--connections", options.connections, "connections at once, over all threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  app.add_option("--messages", raw.messages,
                 "messages in all (1000; with --duration or --stage: no limit)");
  auto* duration = app.add_option("--duration", raw.duration,
                                  "begin no message after this time (\"30s\", \"5m\", \"1h\")");
  auto* size = app.add_option("--size", options.size, "octets a message")
                   ->capture_default_str()
                   ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30));
  auto* body = app.add_option("--body", raw.bodies,
                              "file with a body, whose line ends become CRLF; repeatable, in turn")
                   ->excludes(size);
  app.add_option("--content-type", options.content_type, "of --body")
      ->capture_default_str()
      ->needs(body);
  auto* starttls =
      app.add_flag("--starttls", raw.starttls, "require STARTTLS; any certificate will do");
  app.add_flag("--implicit-tls", raw.implicit_tls, "TLS from the first byte (port 465)")
      ->excludes(starttls);
  app.add_option("--user", options.user, "log in with AUTH");
  app.add_option("--password-file", raw.password_file, "file whose first line is the password");
  app.add_option("--auth-mechanism", raw.mechanism, "plain or login")
      ->capture_default_str()
      ->check(CLI::IsMember({"plain", "login"}));
  app.add_flag(
      "--line-writes", options.line_writes,
      "write line by line under Nagle's algorithm and without pipelining, as PHP and Ruby do");
  app.add_flag("--pipelining,!--no-pipelining", options.pipelining,
               "send the envelope at once if the server offers PIPELINING (the default)");
  auto* bdat = app.add_flag("--bdat", options.chunks,
                            "send with BDAT (RFC 3030), right behind the envelope if the server "
                            "offers PIPELINING");
  app.add_option("--chunk-size", options.chunk_size, "octets a chunk; 0: the message is one")
      ->capture_default_str()
      ->needs(bdat);
  app.add_option("--messages-per-connection", options.messages_per_connection,
                 "then QUIT and connect anew; 0: no limit, 1: each message its own connection")
      ->capture_default_str();
  auto* rate =
      app.add_option(
             "--rate", raw.rate,
             "start messages at this rate (\"200/s\", \"600/min\"), whether or not replies keep "
             "up; "
             "latency then counts from the time a message was due. 0: as fast as replies come")
          ->capture_default_str();
  app.add_option("--stage", raw.stages,
                 "TIME:RATE (\"30s:500/s\"), repeatable: one after the other, each with its rate")
      ->excludes(rate)
      ->excludes(duration);
  app.add_option("--from", options.from, "reverse-path and From:")->capture_default_str();
  app.add_option("--recipient-domains", options.recipient_domains,
                 "domains, in turn (commas or repeated)")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--recipient-prefix", options.recipient_prefix, "local part, followed by numbers")
      ->capture_default_str();
  app.add_option("--recipients-per-message", options.recipients_per_message, "recipients")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  app.add_flag("--spread-recipients", options.spread_recipients,
               "recipients of one message over all domains, not in one");
  app.add_option("--hello", options.hello, "name for EHLO")->capture_default_str();
  app.add_option("--id-prefix", options.id_prefix,
                 "of the messages' X-Load-Id; default: a random one");
  app.add_option("--timeout", raw.timeout, "seconds to wait for any one reply")
      ->capture_default_str();
  app.add_option("--connect-retry", raw.connect_retry,
                 "seconds to keep trying when no session can be set up")
      ->capture_default_str();
  app.add_option("--ledger", options.ledger,
                 "append \"id queue-id\" for each acknowledged message, before it counts as such");
  app.add_option("--seed", options.seed, "of the bodies")->capture_default_str();
  app.add_option("--fail-if", raw.thresholds, kThresholdHelp);
  app.add_option("--report", options.report,
                 "write an HTML page with the rate and the latency over time");
  app.add_flag("--json", options.json, "report in JSON");
  app.add_flag("--progress", options.progress,
               "a line each second on stderr (the default on a terminal)");
}

// The first thing wrong with the values, empty if nothing is; so are the functions it is made of.
std::string understand_plan(const Raw& raw, Plan& plan) {
  constexpr std::uint64_t kDefaultMessages = 1000;
  const auto rate = parse_rate(raw.rate);
  if (!rate) return "--rate: \"" + raw.rate + "\" is not a rate like 200/s";
  if (!raw.duration.empty()) {
    const auto duration = parse_time(raw.duration);
    if (!duration || duration->count() == 0)
      return "--duration: \"" + raw.duration + "\" is not a time like 30s";
    plan.length = *duration;
  }
  if (*rate > 0) plan.stages.push_back({plan.length, *rate});
  for (const std::string& text : raw.stages) {
    const auto stage = parse_stage(text);
    if (!stage) return "--stage: \"" + text + "\" is not TIME:RATE like 30s:500/s";
    plan.stages.push_back(*stage);
    plan.length += stage->length;
  }
  if (!raw.stages.empty() &&
      std::ranges::all_of(plan.stages, [](const Stage& stage) { return stage.rate == 0; })) {
    return "--stage: none of them has a rate";
  }
  const bool timed = plan.length.count() > 0;
  plan.messages = raw.messages.value_or(timed ? kNoLimit : kDefaultMessages);
  return {};
}

std::string understand_results(const Raw& raw, LoadOptions& options) {
  for (const std::string& text : raw.thresholds) {
    auto threshold = Threshold::parse(text);
    if (!threshold)
      return "--fail-if: \"" + text + "\" is not like p99>50ms, failed>0 or rate<100/s";
    options.thresholds.push_back(std::move(*threshold));
  }
  for (const std::string& file : raw.bodies) {
    auto body = read_file(file, kLongestBody);
    if (!body) return "--body: " + body.error().detail;
    options.bodies.push_back(std::move(*body));
  }
  if (options.content_type.find_first_of("\r\n") != std::string::npos)
    return "--content-type: a single line";
  return {};
}

std::string understand(const Raw& raw, LoadOptions& options) {
  auto to = resolve(raw.to);
  if (!to) return "--to: " + to.error().detail;
  options.to = *to;
  for (const std::string& source : raw.sources) {
    const bool v6 = source.find(':') != std::string::npos;
    auto endpoint = resolve(v6 ? "[" + source + "]:0" : source + ":0");
    if (!endpoint) return "--source: " + endpoint.error().detail;
    options.sources.push_back(*endpoint);
  }
  for (std::string error : {understand_plan(raw, options.plan), understand_results(raw, options)}) {
    if (!error.empty()) return error;
  }
  if (options.line_writes) options.pipelining = false;
  options.tls = raw.starttls       ? TlsUse::StartTls
                : raw.implicit_tls ? TlsUse::Implicit
                                   : TlsUse::None;
  options.mechanism = raw.mechanism == "login" ? AuthMechanism::Login : AuthMechanism::Plain;
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(raw.timeout * 1000));
  options.connect_retry =
      std::chrono::milliseconds(static_cast<std::int64_t>(raw.connect_retry * 1000));
  if (options.id_prefix.empty()) options.id_prefix = random_prefix();
  if (!plain_word(options.id_prefix)) return "--id-prefix: letters, digits, - _ . only, 60 at most";
  if (!plain_word(options.recipient_prefix))
    return "--recipient-prefix: letters, digits, - _ . only";
  if (options.user.empty()) return {};
  std::string error;
  if (!raw.password_file.empty()) {
    options.password = read_first_line(raw.password_file, error);
  } else if (const char* password = std::getenv("SIGNPOST_LOAD_PASSWORD")) {
    options.password = password;
  } else {
    error = "--user needs --password-file or SIGNPOST_LOAD_PASSWORD";
  }
  return error;
}

}  // namespace

std::optional<LoadOptions> parse_load_options(int argc, char** argv, int& exit_code) {
  CLI::App app("Sends SMTP load and measures the replies.", "signpost-load");
  app.footer(kExamples);
  app.set_version_flag("--version", "signpost-load " SIGNPOST_VERSION,
                       "print the version and exit");
  Raw raw;
  LoadOptions options;
  options.progress = isatty(STDERR_FILENO) == 1;
  declare(app, raw, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return {};
  }
  if (const std::string error = understand(raw, options); !error.empty()) {
    std::fprintf(stderr, "signpost-load: %s\n", error.c_str());
    exit_code = 2;
    return {};
  }
  return options;
}

}  // namespace signpost::bench
