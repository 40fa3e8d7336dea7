#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/job_explanation.h"
#include "commands/queue_options.h"
#include "commands/relay_answer.h"
#include "config/toml_document.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMost = 20;  // of an address: nobody reads more

// The first jobs that match: a page may be empty although more follow.
Result<Json> first_jobs(AdminClient& client, AdminClient::Parameters parameters) {
  Json jobs = Json::array();
  parameters.emplace_back("limit", std::to_string(kMost));
  for (std::string after;;) {
    auto asked = parameters;
    if (!after.empty()) asked.emplace_back("after", after);
    const auto page = object_of(client.get("/api/v1/queue", asked));
    if (!page) return Failure(page.error());
    for (const Json& job : list_of(*page, "jobs")) jobs.push_back(job);
    const std::string next = text_of(*page, "next");
    if (next.empty() || next == after || jobs.size() >= kMost) return jobs;
    after = next;
  }
}

}  // namespace

int explain_jobs(const QueueOptions& options, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const bool is_address = options.id.contains('@');
  const auto jobs = first_jobs(*client, {{is_address ? "to" : "id", options.id}});
  if (!jobs) return refuse(jobs.error().detail);
  if (jobs->empty() && !is_address) return show_message(options, config_file);  // that it is gone
  if (jobs->empty()) {
    return refuse(fmt::format(
        "no mail to {} is in the queue: it was delivered, bounced or removed, or there was "
        "none; see the log: journalctl -u signpost | grep -F {}",
        config::toml_string(options.id), options.id));
  }
  if (options.json) {
    print(json_text({{"jobs", *jobs}}, 2) + "\n");
    return kDone;
  }
  std::string text;
  for (const Json& job : *jobs) text += (text.empty() ? "" : "\n") + explanation(job);
  if (jobs->size() >= kMost) {
    text += fmt::format("\nThere may be more: signpost queue {} {}\n",
                        is_address ? "list --to" : "show", options.id);
  }
  print(text);
  return kDone;
}

}  // namespace signpost::commands
