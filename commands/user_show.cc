#include "commands/user_show.h"

#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/relay_answer.h"
#include "commands/table.h"
#include "commands/terminal.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string_view>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

std::string senders_text(const Json& user) {
  std::string text;
  for (const Json& sender : list_of(user, "senders")) {
    if (!sender.is_string()) continue;
    text.append(text.empty() ? "" : ", ").append(sender.get<std::string>());
  }
  if (const std::string file = text_of(user, "senders_file"); !file.empty()) {
    text += fmt::format("{}{} of {}", text.empty() ? "" : ", ", number_of(user, "listed_senders"),
                        file);
  }
  if (!text.empty()) return text;
  if (!text_of(user, "tenant").empty()) return "the tenant's domains";
  return text_of(user, "listed") == "true" ? "any domain with a key" : "its own address";
}

// "500 an hour"
std::string limit_text(const Json& limit) {
  const std::size_t seconds = number_of(limit, "seconds");
  std::string_view period = " a day";
  if (seconds == 1) period = " a second";
  if (seconds == 60) period = " a minute";
  if (seconds == 3600) period = " an hour";
  return text_of(limit, "most").append(period);
}

void print_user(const Json& user) {
  std::string text = "Login " + text_of(user, "name") + "\n";
  const auto add = [&](const char* title, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<13}{}\n", title, value);
  };
  const bool is_account = text_of(user, "name").starts_with("uid:");
  const bool is_listed = text_of(user, "listed") == "true";
  add("tenant", text_of(user, "tenant"));
  add("class", text_of(user, "class"));
  add("senders", is_account && !is_listed ? "any" : senders_text(user));
  add("otherwise", text_of(user, "otherwise"));
  add("one message", text_of(user, "recipients_per_message") + " recipients at most");
  print(text + "\n");
  using enum Table::Align;
  Table table({{"COUNTS"},
               {"NAME", Left, Table::Fit::Cut},
               {"LIMIT"},
               {"USED", Right},
               {"LEFT", Right},
               {"UNTIL"}},
              output_width());
  for (const Json& limit : list_of(user, "limits")) {
    table.add({text_of(limit, "scope"), text_of(limit, "name"), limit_text(limit),
               text_of(limit, "used"), text_of(limit, "left"),
               local_time(text_of(limit, "until"))});
  }
  print(table.empty() ? "No limit on recipients in a period of time.\n" : table.take());
}

}  // namespace

int show_user(const std::string& name, bool json, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const auto user = object_of(client->get("/api/v1/user", {{"name", name}}));
  if (!user) return refuse(user.error().detail);
  if (json) {
    print(json_text(*user, 2) + "\n");
  } else {
    print_user(*user);
  }
  return kDone;
}

}  // namespace signpost::commands
