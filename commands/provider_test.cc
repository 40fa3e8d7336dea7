#include "base/byte_queue.h"
#include "base/enum_texts.h"
#include "commands/command_line.h"
#include "commands/mail_hosts.h"
#include "commands/provider_options.h"
#include "commands/relay_answer.h"
#include "config/config_values.h"
#include "providers/limits_in_force.h"
#include "relay/route.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

struct Host {
  std::string name;
  std::optional<unsigned> preference;  // nothing: the host of a route
  const providers::Provider* provider = nullptr;
};

struct Limit {
  std::string key;
  std::string value;  // as the file has it; "" for none
  std::string from;
};

// Where mail for a domain goes, and what is known of it.
struct Findings {
  std::string domain;
  const config::RouteConfig* route = nullptr;  // null: by MX
  std::vector<Host> hosts;
  providers::LimitsInForce in_force;
  const providers::Provider* provider = nullptr;  // of the first host
  std::vector<Limit> limits;
};

std::string_view name_of(const providers::Provider* provider) {
  return provider == nullptr ? providers::kOther : std::string_view(provider->name);
}

std::string problem_of(const dns::MxAnswer& answer, const std::string& domain) {
  switch (answer.outcome) {
    case dns::MxAnswer::Outcome::Hosts:
      return "";
    case dns::MxAnswer::Outcome::NullMx:
      return domain + " takes no mail: its MX record is \".\" (RFC 7505)";
    case dns::MxAnswer::Outcome::Unusable:
      return fmt::format("the MX records of {} name no mail server: {}", domain, answer.detail);
    case dns::MxAnswer::Outcome::NxDomain:
      return domain + " does not exist";
    case dns::MxAnswer::Outcome::Temporary:
      return fmt::format("the MX records of {} cannot be looked up now: {}", domain, answer.detail);
  }
  return "";
}

Result<std::vector<Host>> hosts_of(const Findings& findings, const ProviderSettings& settings) {
  std::vector<Host> hosts;
  const auto add = [&](const std::string& name, std::optional<unsigned> preference) {
    hosts.push_back({name, preference, settings.providers->find(name)});
  };
  if (findings.route != nullptr && !findings.route->mx) {
    for (const config::HopConfig& each : findings.route->hops) {
      add(each.socket.empty() ? each.host : "unix:" + each.socket, {});
    }
    return hosts;
  }
  const auto answer = look_up_mail_hosts(*settings.config, findings.domain);
  if (!answer) return Failure(answer.error());
  if (const std::string problem = problem_of(*answer, findings.domain); !problem.empty()) {
    return fail(Errc::NotFound, problem);
  }
  for (const dns::MxHost& host : answer->hosts) add(host.host, host.preference);
  return hosts;
}

// What holds, and who says so.
std::vector<Limit> limits_of(const Findings& findings) {
  std::vector<Limit> limits;
  const auto add = [&](const char* key, auto member, const auto& text, const std::string& normal) {
    const auto& value = findings.in_force.limits.*member;
    const std::string from = findings.in_force.of_table.*member
                                 ? "[[destination]]"
                                 : "provider " + std::string(name_of(findings.provider));
    limits.push_back(value ? Limit{key, text(*value), from} : Limit{key, normal, "default"});
  };
  const auto number = [](std::size_t value) { return std::to_string(value); };
  using providers::Limits;
  add("connections", &Limits::connections, number, "10");
  add("messages_per_connection", &Limits::messages_per_connection, number, "100");
  add("recipients_per_transaction", &Limits::recipients_per_transaction, number, "100");
  add("rate", &Limits::rate, config::rate_text, "");
  return limits;
}

Result<Findings> examine(const ProviderOptions& options, const ProviderSettings& settings) {
  Findings findings;
  auto domain = config::parse_domain(options.domain);
  if (!domain) return fail(Errc::InvalidArgument, domain.error().what);
  findings.domain = std::move(*domain);
  smtp::ReversePath sender;
  if (!options.from.empty() && options.from != "<>") {
    auto mailbox = smtp::parse_mailbox(options.from, true);
    if (!mailbox) return fail(Errc::InvalidArgument, options.from + " is not an address");
    sender = std::move(*mailbox);
  }
  findings.route = relay::find_route(*settings.config, {"", sender}, findings.domain);
  auto hosts = hosts_of(findings, settings);
  if (!hosts) return Failure(std::move(hosts).error());
  findings.hosts = std::move(*hosts);
  findings.provider = findings.hosts.front().provider;
  const bool by_mx = findings.route == nullptr || findings.route->mx;
  findings.in_force = providers::limits_in_force(
      *settings.config, findings.domain, by_mx ? findings.hosts.front().name : std::string(),
      by_mx ? findings.provider : nullptr);
  findings.limits = limits_of(findings);
  return findings;
}

// "550 5.1.1 No such user", on one line or several.
std::optional<smtp::Reply> parse_reply(const std::string& text) {
  ByteQueue bytes;
  bytes.append(text);
  bytes.append("\r\n");
  auto reply = smtp::take_reply(bytes);
  if (!reply || !*reply || !bytes.empty()) return {};
  return *std::move(reply);
}

// What is said after the dot is about the recipient if there is only one.
providers::ReplyScope scope_of(std::string_view command) {
  if (command == "data") return providers::ReplyScope::Message;
  return command == "rcpt" || command == "dot" ? providers::ReplyScope::Recipient
                                               : providers::ReplyScope::Sender;
}

struct ReadReply {
  smtp::Reply reply;
  providers::Providers::Reading reading;
};

// What decided: "line 12 of the built-in file: code 4xx, text greylist*".
std::string decision_text(const providers::Providers::Reading& reading,
                          const providers::Providers& providers) {
  if (reading.pattern == nullptr) return "its code and enhanced status";
  const providers::ReplyPattern& pattern = *reading.pattern;
  std::string text = providers.file().empty()
                         ? fmt::format("line {} of the built-in providers.toml", pattern.line)
                         : fmt::format("{}:{}", providers.file(), pattern.line);
  const auto add = [&](const char* key, const std::string& choices) {
    if (!choices.empty()) text += fmt::format("; {} {}", key, choices);
  };
  add("code", choices_text(pattern.codes));
  add("status", choices_text(pattern.statuses));
  add("text", choices_text(pattern.texts));
  return text;
}

void print_findings(const Findings& findings) {
  std::string text = findings.domain + "\n";
  text += fmt::format("  route     {}\n", findings.route == nullptr
                                              ? "none takes it: the mail goes to its MX hosts"
                                              : findings.route->via);
  for (const Host& host : findings.hosts) {
    const std::string preference =
        host.preference ? fmt::format(", preference {}", *host.preference) : "";
    text += fmt::format("  host      {}{}: {}\n", host.name, preference, name_of(host.provider));
  }
  const bool mixed = std::ranges::any_of(
      findings.hosts, [&](const Host& host) { return host.provider != findings.provider; });
  text += fmt::format("  provider  {}{}\n", name_of(findings.provider),
                      mixed ? ", which has the first host" : "");
  if (findings.in_force.table != nullptr) {
    text += fmt::format("  [[destination]] with match = {}\n",
                        fmt::join(findings.in_force.table->match, ", "));
  }
  for (const Limit& limit : findings.limits) {
    text += fmt::format("  limit     {} {} ({})\n", limit.key,
                        limit.value.empty() ? "none" : limit.value, limit.from);
  }
  print(smtp::text_with_u_labels(text));
}

Json json_of(const Findings& findings) {
  Json hosts = Json::array();
  for (const Host& host : findings.hosts) {
    hosts.push_back({{"host", host.name},
                     {"preference", host.preference ? Json(*host.preference) : Json()},
                     {"provider", name_of(host.provider)}});
  }
  Json limits = Json::object();
  for (const Limit& limit : findings.limits) {
    limits[limit.key] = {{"value", limit.value.empty() ? Json() : Json(limit.value)},
                         {"from", limit.from}};
  }
  return {{"domain", findings.domain},
          {"route", findings.route == nullptr ? Json() : Json(findings.route->via)},
          {"hosts", std::move(hosts)},
          {"provider", name_of(findings.provider)},
          {"destination",
           findings.in_force.table == nullptr ? Json() : Json(findings.in_force.table->match)},
          {"limits", std::move(limits)}};
}

void print_reply(const ReadReply& read, const providers::Providers& providers) {
  const bool elsewhere = read.reading.words != read.reading.reply_class;
  print(fmt::format("  reply     {}\n  class     {}\n  decided   by {}{}\n", read.reply.one_line(),
                    signpost::text_of(read.reading.reply_class),
                    decision_text(read.reading, providers),
                    elsewhere ? fmt::format("; not {}, since it is not about one recipient",
                                            signpost::text_of(read.reading.words))
                              : ""));
}

Json json_of(const ReadReply& read) {
  Json json{{"reply", read.reply.one_line()},
            {"class", signpost::text_of(read.reading.reply_class)},
            {"common", read.reading.common}};
  json["pattern"] =
      read.reading.pattern == nullptr ? Json() : commands::json_of(*read.reading.pattern);
  return json;
}

}  // namespace

int test_domain(const ProviderOptions& options, const std::string& config_file) {
  const auto settings = load_provider_settings(config_file);
  if (!settings) return kRefused;
  std::optional<ReadReply> read;
  if (!options.reply.empty()) {
    auto reply = parse_reply(options.reply);
    if (!reply) {
      return refuse(
          "--reply is not a reply; write its code and what follows, as in \"550 5.1.1 "
          "User unknown\"");
    }
    read = ReadReply{std::move(*reply), {}};
  }
  const auto findings = examine(options, *settings);
  if (!findings) return refuse(smtp::text_with_u_labels(findings.error().detail));
  if (read) {
    read->reading =
        settings->providers->read(findings->provider, read->reply, scope_of(options.command));
  }
  if (options.json) {
    Json json = json_of(*findings);
    if (read) json["reply"] = json_of(*read);
    print(json_text(json, 2) + "\n");
    return kDone;
  }
  print_findings(*findings);
  if (read) print_reply(*read, *settings->providers);
  return kDone;
}

}  // namespace signpost::commands
