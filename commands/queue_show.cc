#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/queue_options.h"
#include "commands/relay_answer.h"
#include "commands/table.h"
#include "commands/terminal.h"
#include "config/toml_document.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

// The ID becomes part of a path, so nothing else may pass.
bool may_be_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 &&
         std::ranges::all_of(id, [](unsigned char c) { return std::isalnum(c) != 0; });
}

// Mail that has left the queue is in the log only.
std::string gone_text(const std::string& id, const AdminClient::Answer& answer) {
  const Json body = Json::parse(answer.body, nullptr, false);
  const std::string accepted = body.is_object() ? text_of(body, "accepted") : "";
  if (accepted.empty()) return fmt::format("there is no message {} in the queue", id);
  return fmt::format(
      "there is no message {0} in the queue: it was delivered, bounced or removed, or was never "
      "here; see the log: journalctl -u signpost --since \"{1}\" | grep {0}",
      id, journal_time(accepted));
}

std::string deadline_text(const Json& message) {
  const auto deadline = message.find("deliver_by");
  if (deadline == message.end() || !deadline->is_object()) return "";
  const bool returns = text_of(*deadline, "mode") == "return";
  return local_time(text_of(*deadline, "time")) +
         (returns ? ", or returned" : ", or a notice of the delay");
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
  add("hold until", local_time(text_of(message, "hold_until")));
  add("deliver by", deadline_text(message));
  if (const std::string priority = text_of(message, "priority"); priority != "0") {
    add("priority", priority);
  }
  if (text_of(message, "notification") == "true") add("notification", "yes");
  using enum Table::Align;
  using enum Table::Fit;
  const std::size_t width = output_width();
  const auto time = width == 0 ? local_time : short_local_time;
  Table table({{"JOB", Right},
               {"STATE"},
               {"DUE"},
               {"TRIES", Right, Spare},
               {"TO", Left, Cut},
               {"LAST REPLY", Left, Cut}},
              width);
  for (const Json& job : list_of(message, "jobs")) {
    std::string to;
    for (const Json& recipient : list_of(job, "to")) {
      to += (to.empty() ? "" : ", ") + recipient_text(recipient);
    }
    table.add({text_of(job, "number"), text_of(job, "state"), time(text_of(job, "due")),
               text_of(job, "attempts"), to, last_reply_text(job)});
  }
  print(text + "\n" + table.take());
}

}  // namespace

int show_message(const QueueOptions& options, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  if (!may_be_id(options.id)) return refuse(config::toml_string(options.id) + " is not a queue ID");
  const auto answer = client->get("/api/v1/queue/" + options.id);
  const auto message = object_of(answer);
  if (!message) {
    return refuse(message.error().code == Errc::NotFound ? gone_text(options.id, *answer)
                                                         : message.error().detail);
  }
  if (options.json) {
    print(json_text(*message, 2) + "\n");
  } else {
    print_message(*message);
  }
  return kDone;
}

}  // namespace signpost::commands
