#include "commands/job_explanation.h"

#include "base/ascii.h"
#include "base/utc.h"
#include "commands/relay_answer.h"
#include "commands/table.h"
#include "config/units.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<const char*, const char*>, 7> kMeanings{{
    {"rate",
     "The receiver takes no more for now: too much or too fast, or it greylists senders that it "
     "does not know. "
     "Later attempts usually succeed."},
    {"policy",
     "The receiver does not want mail from here: SPF, DKIM or DMARC of the sender's domain, or "
     "this relay's "
     "address on a list. Its words name the reason, and often a page."},
    {"mailbox", "The mailbox is full or disabled. Only its owner can change that."},
    {"address", "The receiver says that there is no such address."},
    {"content",
     "The receiver objects to the message itself: its size, its form, or what it contains."},
    {"tls", "No encrypted connection that the configuration requires could be made."},
    {"network", "No receiver could be reached or looked up: its servers, the network, or the DNS."},
}};

std::string list_text(const Json& to) {
  std::string text;
  for (const Json& recipient : to) text += (text.empty() ? "" : ", ") + recipient_text(recipient);
  return text;
}

// The wait behind the last attempt, as the schedule has it.
std::string wait_text(std::size_t attempts, const config::RetryConfig& retry) {
  if (attempts == 0 || retry.schedule.empty()) return "";
  const auto wait = retry.schedule.at(std::min(attempts, retry.schedule.size()) - 1);
  return fmt::format(", {} after attempt {} (retry.schedule)", config::duration_text(wait),
                     attempts);
}

std::string next_text(const Json& job, const config::RetryConfig& retry) {
  const std::string state = text_of(job, "state");
  const std::string id = text_of(job, "id");
  if (state == "active") return "it is being delivered at the moment";
  if (state == "held") {
    return fmt::format("nothing before somebody releases it: signpost queue release {}", id);
  }
  const bool held_up = !text_of(job, "waits_for").empty();
  if (state == "deferred") {
    return fmt::format("an attempt at about {}{}{}", local_time(text_of(job, "due")),
                       wait_text(number_of(job, "attempts"), retry),
                       held_up ? ", once the receiver is no longer held up" : "");
  }
  return held_up ? "an attempt as soon as the receiver is no longer held up"
                 : "an attempt as soon as a connection to the receiver is free";
}

std::string give_up_text(const Json& job, const config::RetryConfig& retry) {
  const auto received = parse_utc(text_of(job, "received"));
  const std::string after = config::duration_text(retry.expire);
  if (!received) return fmt::format("{} after its acceptance (retry.expire)", after);
  return fmt::format("{}, {} after its acceptance (retry.expire); its sender gets a report then",
                     local_time(utc_text(*received + retry.expire)), after);
}

}  // namespace

std::string meaning_of_class(const std::string& reply_class) {
  const auto found =
      std::ranges::find_if(kMeanings, [&](const auto& each) { return reply_class == each.first; });
  return found == kMeanings.end() ? "" : found->second;
}

std::string explanation(const Json& job, const config::RetryConfig& retry) {
  std::string text =
      ascii::printable(fmt::format("Message {} from {} to {}", text_of(job, "id"), sender_text(job),
                                   list_text(list_of(job, "to")))) +
      "\n";
  const auto add = [&](const char* title, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<13}{}\n", title, ascii::printable(value));
  };
  const std::size_t attempts = number_of(job, "attempts");
  const bool held = text_of(job, "state") == "held";
  add("accepted", local_time(text_of(job, "received")));
  add("state", text_of(job, "state"));
  add("attempts", attempts == 0 ? "none yet"
                                : fmt::format("{}, the last at {}", attempts,
                                              local_time(text_of(job, "last_attempt"))));
  if (!text_of(job, "last_reply").empty()) {
    add("last reply", last_reply_text(job));
    add("meaning", meaning_of_class(text_of(job, "reply_class")));
  }
  add("waits for", text_of(job, "waits_for"));
  add("next", next_text(job, retry));
  if (!held) add("given up", give_up_text(job, retry));
  if (text_of(job, "state") == "deferred") {
    add("now", fmt::format("signpost queue retry {} tries it at once", text_of(job, "id")));
  }
  return text;
}

}  // namespace signpost::commands
