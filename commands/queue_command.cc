#include "base/ascii.h"
#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/password_prompt.h"
#include "commands/table.h"
#include "config/toml_document.h"
#include "smtp/idna.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

struct QueueOptions {
  std::string id;
  std::string to;
  std::string from;
  std::string user;
  std::string state;
  std::size_t limit = 0;  // 0: all
  bool json = false;
  bool yes = false;
};

// A relay of another version may leave members out of its answers.
std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_null() ? "" : found->dump();
}

std::size_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::size_t>() : 0;
}

Json list_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : Json::array();
}

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// The answer's JSON object, or the relay's reason why there is none.
Result<Json> object_of(const Result<AdminClient::Answer>& answer) {
  if (!answer) return Failure(answer.error());
  Json body = Json::parse(answer->body, nullptr, false);
  if (answer->status == 200 && body.is_object()) return body;
  const std::string error = body.is_object() ? text_of(body, "error") : "";
  return fail(answer->status == 404 ? Errc::NotFound : Errc::Protocol,
              error.empty() ? fmt::format("the relay answered {}", answer->status) : error);
}

// People read U-labels; --json has A-labels, which compare.
std::string sender_text(const Json& object) {
  const std::string from = text_of(object, "from");
  return from.empty() ? "<>" : smtp::with_u_labels(from);
}

std::string recipient_text(const Json& recipient) {
  return recipient.is_string() ? smtp::with_u_labels(recipient.get<std::string>())
                               : recipient.dump();
}

std::string recipients_text(const Json& job) {
  const Json to = list_of(job, "to");
  std::string text;
  constexpr std::size_t kShown = 3;
  for (std::size_t i = 0; i < std::min(to.size(), kShown); ++i) {
    if (i > 0) text += ", ";
    text += recipient_text(to[i]);
  }
  if (to.size() > kShown) text += fmt::format(" and {} more", to.size() - kShown);
  return text;
}

// Of the last attempt; before the first one, what the receiver's mail waits for.
std::string last_reply_text(const Json& job) {
  const std::string reply = text_of(job, "last_reply");
  if (reply.empty()) return text_of(job, "waits_for");
  const std::string remote = text_of(job, "last_remote");
  return remote.empty() ? reply : fmt::format("{}: {}", remote, reply);
}

// --- list ---------------------------------------------------------------------------------------

AdminClient::Parameters filter_parameters(const QueueOptions& options) {
  AdminClient::Parameters parameters;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) parameters.emplace_back(name, value);
  };
  add("to", options.to);
  add("from", options.from);
  add("user", options.user);
  add("state", options.state);
  return parameters;
}

// Prints jobs as they come, page by page: a queue may be larger than memory.
class JobPrinter {
 public:
  explicit JobPrinter(bool json) : json_(json) {}

  void add(const Json& job) {
    ++count_;
    if (json_) {
      print((count_ == 1 ? "\n    " : ",\n    ") + json_text(job, -1));
    } else {
      table_.add({text_of(job, "id"), text_of(job, "state"), text_of(job, "size"),
                  local_time(text_of(job, "received")), local_time(text_of(job, "due")),
                  text_of(job, "attempts"), sender_text(job), recipients_text(job),
                  last_reply_text(job)});
    }
  }
  void begin() {
    if (json_) print("{\n  \"jobs\": [");
  }
  void end_page() {
    if (!json_) print(table_.take());
  }
  void end(bool more) {
    if (json_) {
      print(fmt::format("{}],\n  \"more\": {}\n}}\n", count_ == 0 ? "" : "\n  ", more));
    } else {
      print(fmt::format("{} job{}{}\n", count_, count_ == 1 ? "" : "s",
                        more ? ", and there are more" : ""));
    }
  }
  std::size_t count() const { return count_; }

 private:
  using enum Table::Align;
  const bool json_;
  std::size_t count_ = 0;
  Table table_{{{"ID"},
                {"STATE"},
                {"SIZE", Right},
                {"RECEIVED"},
                {"DUE"},
                {"TRIES", Right},
                {"FROM"},
                {"TO"},
                {"LAST REPLY"}}};
};

int list(const QueueOptions& options, const std::string& config_file) {
  constexpr std::size_t kPage = 1000;
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  JobPrinter printer(options.json);
  std::string after;
  bool begun = false;
  for (;;) {
    const std::size_t wanted =
        options.limit == 0 ? kPage : std::min(kPage, options.limit - printer.count());
    auto parameters = filter_parameters(options);
    parameters.emplace_back("limit", std::to_string(wanted));
    if (!after.empty()) parameters.emplace_back("after", after);
    const auto page = object_of(client->get("/api/v1/queue", parameters));
    if (!page) return refuse(page.error().detail);
    if (!std::exchange(begun, true)) printer.begin();
    for (const Json& job : list_of(*page, "jobs")) printer.add(job);
    printer.end_page();
    const std::string next = text_of(*page, "next");
    const bool full = options.limit != 0 && printer.count() >= options.limit;
    // A position that does not advance would loop for ever.
    if (next.empty() || next == after || full) {
      printer.end(!next.empty());
      return kDone;
    }
    after = next;
  }
}

// --- show ---------------------------------------------------------------------------------------

// The ID becomes part of a path, so nothing else may pass.
bool may_be_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 &&
         std::ranges::all_of(id, [](unsigned char c) { return std::isalnum(c) != 0; });
}

void print_message(const Json& message) {
  std::string text = "Message " + text_of(message, "id") + "\n";
  const auto add = [&](const char* title, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<13}{}\n", title, value);
  };
  add("from", sender_text(message));
  add("user", text_of(message, "user"));
  add("peer", text_of(message, "peer"));
  add("received", local_time(text_of(message, "received")));
  add("size", text_of(message, "size"));
  add("message id", text_of(message, "message_id"));
  add("envelope id", text_of(message, "envelope_id"));
  if (text_of(message, "notification") == "true") add("notification", "yes");
  Table table({{"JOB", Table::Align::Right},
               {"STATE"},
               {"DUE"},
               {"TRIES", Table::Align::Right},
               {"TO"},
               {"LAST REPLY"}});
  for (const Json& job : list_of(message, "jobs")) {
    std::string to;
    for (const Json& recipient : list_of(job, "to")) {
      to += (to.empty() ? "" : ", ") + recipient_text(recipient);
    }
    table.add({text_of(job, "number"), text_of(job, "state"), local_time(text_of(job, "due")),
               text_of(job, "attempts"), to, last_reply_text(job)});
  }
  print(text + "\n" + table.take());
}

int show(const QueueOptions& options, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  if (!may_be_id(options.id)) return refuse(config::toml_string(options.id) + " is not a queue ID");
  const auto message = object_of(client->get("/api/v1/queue/" + options.id));
  if (!message) {
    return refuse(message.error().code == Errc::NotFound
                      ? fmt::format("there is no message {} in the queue", options.id)
                      : message.error().detail);
  }
  if (options.json) {
    print(json_text(*message, 2) + "\n");
  } else {
    print_message(*message);
  }
  return kDone;
}

// --- retry, remove ------------------------------------------------------------------------------

Json selection(const QueueOptions& options) {
  Json json = Json::object();
  if (!options.id.empty()) json["id"] = options.id;
  if (!options.to.empty()) json["to"] = options.to;
  if (!options.from.empty()) json["from"] = options.from;
  if (!options.user.empty()) json["user"] = options.user;
  return json;
}

int change(const QueueOptions& options, const std::string& config_file, const std::string& action) {
  const Json chosen = selection(options);
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const auto counts = object_of(client->post("/api/v1/queue/" + action, json_text(chosen, -1)));
  if (!counts) return refuse(counts.error().detail);
  const std::size_t matched = number_of(*counts, "matched");
  const std::size_t busy = number_of(*counts, "busy");
  if (options.json) {
    print(json_text(*counts, 2) + "\n");
  } else if (matched > 0) {
    const std::size_t others = number_of(*counts, "others");
    std::string text = fmt::format("{} matched, {} {}", matched, number_of(*counts, "changed"),
                                   action == "remove" ? "removed" : "due now");
    if (others > 0 && action == "remove") {
      text = fmt::format(
          "{} matched, recipients removed: {}, other recipients of the same messages that stay: {}",
          matched, number_of(*counts, "recipients"), others);
    } else if (others > 0) {
      text += fmt::format(", other recipients of the same messages that are tried with them: {}",
                          others);
    }
    if (busy > 0 && action == "retry") {
      text += fmt::format(", {} being delivered just now", busy);
    }
    print(text + "\n");
  }
  if (matched == 0) return refuse("nothing in the queue matches");
  // A job that is being delivered needs no retry, but it was not removed.
  if (busy > 0 && action == "remove") {
    return refuse(
        fmt::format("{} not removed because it is being delivered just now; try again", busy));
  }
  return kDone;
}

// No selection would mean the whole queue.
int ask_for_selection() {
  refuse("an ID, --to, --from or --user is required; see --help");
  return kWrongUsage;
}

int retry(const QueueOptions& options, const std::string& config_file) {
  if (selection(options).empty()) return ask_for_selection();
  return change(options, config_file, "retry");
}

int remove(const QueueOptions& options, const std::string& config_file) {
  if (selection(options).empty()) return ask_for_selection();
  if (!options.yes && input_is_terminal()) {
    const std::string question =
        fmt::format("Irrevocably remove what matches {}, without a report to its senders?",
                    json_text(selection(options), -1));
    if (!confirmed(question)) return refuse("nothing was removed");
  }
  return change(options, config_file, "remove");
}

// --- the command line ---------------------------------------------------------------------------

using QueueAction = int (*)(const QueueOptions&, const std::string&);

struct Added {
  CLI::App* command;
  std::shared_ptr<QueueOptions> options;
};

Added add_command(CLI::App& queue, CommandLine& line, const char* name, const char* help,
                  QueueAction action) {
  CLI::App* command = queue.add_subcommand(name, help);
  auto options = std::make_shared<QueueOptions>();
  command->add_flag("--json", options->json, "Print JSON, with times in UTC");
  command->callback([&line, options, action] {
    line.run = [&line, options, action] { return action(*options, line.config_file); };
  });
  return {command, options};
}

// An empty value, as from a shell variable that is not set, would select more than was meant.
const CLI::Validator kNotEmpty(
    [](std::string& value) {
      return value.empty() ? std::string(
                                 "is empty; leave the option out to select all, or write "
                                 "<> after --from for the null reverse-path")
                           : std::string();
    },
    "", "not empty");

// Without this "-1" would be taken for a very large number.
const CLI::Validator kWholeNumber(
    [](std::string& value) {
      constexpr std::size_t kMostDigits = 9;
      const bool good = !value.empty() && value.size() <= kMostDigits &&
                        std::ranges::all_of(value, ascii::is_digit);
      return good ? std::string() : "\"" + value + "\" is not a whole number from 0 to 999999999";
    },
    "", "whole number");

void add_filters(const Added& added) {
  added.command->add_option("--to", added.options->to, "Recipient domain or address")
      ->type_name("DOMAIN|ADDRESS")
      ->check(kNotEmpty);
  added.command
      ->add_option("--from", added.options->from, "Sender's address; <> is the null sender")
      ->type_name("ADDRESS")
      ->check(kNotEmpty);
  added.command->add_option("--user", added.options->user, "Login that submitted it")
      ->type_name("LOGIN")
      ->check(kNotEmpty);
}

void add_selection(const Added& added) {
  added.command->add_option("id", added.options->id, "Queue ID of a message")->check(kNotEmpty);
  add_filters(added);
}

void add_list(CLI::App& queue, CommandLine& line) {
  const Added added = add_command(queue, line, "list", "List the jobs of the queue", list);
  add_filters(added);
  added.command
      ->add_option("--state", added.options->state, "State of the jobs; active: being delivered")
      ->type_name("STATE")
      ->check(CLI::IsMember({"ready", "active", "deferred", "held"}));
  added.command->add_option("--limit", added.options->limit, "Maximum number; 0 is all")
      ->type_name("NUMBER")
      ->check(kWholeNumber)
      ->capture_default_str();
  added.command->footer(
      "One job for each message and recipient domain. TRIES counts attempts that were made.\n"
      "Example: signpost queue list --to example.net --state deferred");
}

void add_changes(CLI::App& queue, CommandLine& line) {
  const Added again = add_command(queue, line, "retry",
                                  "Make jobs due now, and try their receivers at once", retry);
  add_selection(again);
  again.command->footer("Example: signpost queue retry --to example.net");

  const Added gone = add_command(queue, line, "remove",
                                 "Remove jobs irrevocably, without a report to the sender", remove);
  add_selection(gone);
  gone.command->add_flag("--yes", gone.options->yes, "Do not ask first, as it does on a terminal");
  gone.command->footer("Example: signpost queue remove --user shop --yes");
}

void add_not_built(CLI::App& queue, CommandLine& line, const std::string& name) {
  CLI::App* command = queue.add_subcommand(name, "Not supported yet");
  command->fallthrough(false)->prefix_command();
  command->callback([&line, name] {
    line.run = [name] { return refuse(fmt::format("queue {} is not supported yet", name)); };
  });
}

}  // namespace

void add_queue_commands(CLI::App& app, CommandLine& line) {
  CLI::App* queue =
      app.add_subcommand("queue", "Inspect and change the queue of the running relay");
  queue->require_subcommand(1);
  add_list(*queue, line);
  const Added shown = add_command(*queue, line, "show", "Show one message and its jobs", show);
  shown.command->add_option("id", shown.options->id, "Queue ID of a message")->required();
  shown.command->footer("Example: signpost queue show 01hx3v9k");
  add_changes(*queue, line);
  for (const char* name : {"hold", "release", "explain"}) add_not_built(*queue, line, name);
}

}  // namespace signpost::commands
