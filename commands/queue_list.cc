#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/queue_options.h"
#include "commands/relay_answer.h"
#include "commands/table.h"
#include "commands/terminal.h"
#include "smtp/idna.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

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
                  time_(text_of(job, "received")), time_(text_of(job, "due")),
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
  using enum Table::Fit;
  const bool json_;
  const std::size_t width_ = output_width();
  std::string (*const time_)(const std::string&) = width_ == 0 ? local_time : short_local_time;
  std::size_t count_ = 0;
  Table table_{{{"ID"},
                {"STATE", Left, Whole, 0, true},
                {"SIZE", Right, Spare},
                {"RECEIVED", Left, Spare},
                {"DUE"},
                {"TRIES", Right, Spare},
                {"FROM", Left, Cut, 12, true},
                {"TO", Left, Cut, 20},
                {"LAST REPLY", Left, Cut, 20}},
               width_};
};

}  // namespace

AdminClient::Parameters filter_parameters(const QueueOptions& options) {
  AdminClient::Parameters parameters;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) parameters.emplace_back(name, value);
  };
  add("id", options.id);
  add("to", options.to);
  add("from", options.from);
  add("user", options.user);
  add("site", options.site);
  add("tenant", options.tenant);
  add("state", options.state);
  return parameters;
}

int list_queue(const QueueOptions& options, const std::string& config_file) {
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

}  // namespace signpost::commands
