#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/password_prompt.h"
#include "commands/queue_options.h"
#include "commands/queue_summary.h"
#include "commands/relay_answer.h"
#include "commands/terminal.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

struct Action {
  const char* name;  // in the path
  const char* done;  // of a job
};
constexpr Action kRetry{"retry", "due now"};
constexpr Action kHold{"hold", "held"};
constexpr Action kRelease{"release", "released"};
constexpr Action kRemove{"remove", "removed"};
constexpr Action kBounce{"bounce", "given up"};
constexpr Action kRedirect{"redirect", "redirected"};

constexpr std::array kCounts{"matched", "changed", "busy", "held", "recipients", "others"};

Json selection(const QueueOptions& options) {
  Json json = Json::object();
  for (const auto& [name, value] : filter_parameters(options)) json[name] = value;
  if (options.all) json["all"] = true;
  if (!options.reason.empty()) json["reason"] = options.reason;
  if (!options.via.empty()) json["via"] = options.via;
  if (options.clear) json["clear"] = true;
  return json;
}

// The relay changes a page at a time, so that neither side waits for long.
Result<Json> change_pages(AdminClient& client, Json chosen, const Action& action) {
  Json sums = Json::object();
  Progress progress;
  for (;;) {
    const auto page =
        object_of(client.post(fmt::format("/api/v1/queue/{}", action.name), json_text(chosen, -1)));
    if (!page) {
      if (sums.empty()) return Failure(page.error());
      return fail(page.error().code,
                  fmt::format("{} {} so far; then: {}", number_of(sums, "changed"), action.done,
                              page.error().detail));
    }
    for (const char* count : kCounts) {
      if (page->contains(count)) sums[count] = number_of(sums, count) + number_of(*page, count);
    }
    const std::string next = text_of(*page, "next");
    // A position that does not advance would loop for ever.
    if (next.empty() || next == text_of(chosen, "after")) return sums;
    progress.show(fmt::format("{} {} …", number_of(sums, "changed"), action.done));
    chosen["after"] = next;
  }
}

// "3 matched, 2 held, …"
std::string counts_text(const Json& counts, const Action& action) {
  const std::size_t matched = number_of(counts, "matched");
  const std::size_t others = number_of(counts, "others");
  const bool removes = &action == &kRemove || &action == &kBounce;
  if (others > 0 && removes) {
    return fmt::format(
        "{} matched, recipients {}: {}, other recipients of the same messages that stay: {}",
        matched, action.done, number_of(counts, "recipients"), others);
  }
  std::string text =
      fmt::format("{} matched, {} {}", matched, number_of(counts, "changed"), action.done);
  if (others > 0) {
    text += fmt::format(", other recipients of the same messages that are {} with them: {}",
                        &action == &kRetry ? "tried" : action.done, others);
  }
  const std::size_t busy = number_of(counts, "busy");
  if (busy > 0 && &action == &kRetry) {
    text += fmt::format(", {} being delivered at the moment", busy);
  }
  const std::size_t held = number_of(counts, "held");
  if (held > 0) text += fmt::format(", {} held: see queue release", held);
  return text;
}

int change(AdminClient& client, const QueueOptions& options, const Json& chosen,
           const Action& action) {
  const auto counts = change_pages(client, chosen, action);
  if (!counts) return refuse(counts.error().detail);
  const std::size_t matched = number_of(*counts, "matched");
  if (options.json) {
    print(json_text(*counts, 2) + "\n");
  } else if (matched > 0) {
    print(counts_text(*counts, action) + "\n");
  }
  if (matched == 0) return refuse("nothing in the queue matches");
  // A job that is being delivered needs no retry, but it was neither held nor removed.
  const std::size_t busy = number_of(*counts, "busy");
  if (busy == 0 || &action == &kRetry) return kDone;
  return refuse(fmt::format("{} not {} because {} being delivered at the moment; try again", busy,
                            action.done, busy == 1 ? "it is" : "they are"));
}

int wrong_usage(const char* message) {
  refuse(message);
  return kWrongUsage;
}

// No selection would mean the whole queue.
int check_selection(const QueueOptions& options) {
  const bool filters = !filter_parameters(options).empty();
  if (filters && options.all) return wrong_usage("--all and a filter contradict each other");
  if (filters || options.all) return kDone;
  return wrong_usage(
      "an ID, --to, --from, --user, --site, --tenant or --all is required; see --help");
}

int change(const QueueOptions& options, const std::string& config_file, const Action& action) {
  if (const int code = check_selection(options); code != kDone) return code;
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  return change(*client, options, selection(options), action);
}

// Ends what was asked about, not mail accepted in the meantime.
int end_if_confirmed(AdminClient& client, const QueueOptions& options, const Action& action) {
  constexpr std::size_t kShownGroups = 5;
  const auto summary = QueueSummary::read(client, filter_parameters(options));
  if (!summary) return refuse(summary.error().detail);
  if (summary->jobs() == 0) return refuse("nothing in the queue matches");
  std::fputs((summary->text(kShownGroups, output_width()) + "\n").c_str(), stderr);
  if (!confirmed(&action == &kRemove
                     ? "Remove all of this irrevocably, without a report to its senders?"
                     : "Give all of this up irrevocably, and report it to its senders?")) {
    return refuse(fmt::format("nothing was {}", action.done));
  }
  Json chosen = selection(options);
  if (!summary->last().empty()) chosen["until"] = summary->last();
  return change(client, options, chosen, action);
}

// An ID says exactly what goes; a filter may select more than expected.
int end_jobs(const QueueOptions& options, const std::string& config_file, const Action& action) {
  if (const int code = check_selection(options); code != kDone) return code;
  const bool asks = !options.yes && input_is_terminal();
  if (!options.yes && !asks && options.id.empty()) {
    refuse(
        fmt::format("--yes is required to {} what a filter selects where nobody can be "
                    "asked; signpost queue summary shows what that is",
                    action.name));
    return kWrongUsage;
  }
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  return asks ? end_if_confirmed(*client, options, action)
              : change(*client, options, selection(options), action);
}

}  // namespace

int retry_jobs(const QueueOptions& options, const std::string& config_file) {
  return change(options, config_file, kRetry);
}

int hold_jobs(const QueueOptions& options, const std::string& config_file) {
  return change(options, config_file, kHold);
}

int release_jobs(const QueueOptions& options, const std::string& config_file) {
  return change(options, config_file, kRelease);
}

int remove_jobs(const QueueOptions& options, const std::string& config_file) {
  return end_jobs(options, config_file, kRemove);
}

int bounce_jobs(const QueueOptions& options, const std::string& config_file) {
  return end_jobs(options, config_file, kBounce);
}

int redirect_jobs(const QueueOptions& options, const std::string& config_file) {
  if (options.via.empty() != options.clear) {
    return wrong_usage("either --via or --clear is required; see --help");
  }
  return change(options, config_file, kRedirect);
}

}  // namespace signpost::commands
