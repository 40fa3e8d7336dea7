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
#include <chrono>
#include <cstddef>
#include <optional>
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

// Nothing when the relay did not say one of the times, or `to` is not the later one.
std::optional<std::chrono::microseconds> between(const Json& job, const char* from,
                                                 const char* to) {
  const auto begin = parse_utc(text_of(job, from));
  const auto end = parse_utc(text_of(job, to));
  if (!begin || !end || *end <= *begin) return std::nullopt;
  return *end - *begin;
}

// Nobody counts the seconds of an hour.
std::string rough_text(std::chrono::microseconds time) {
  if (time < std::chrono::minutes(2)) {
    return config::duration_text(std::chrono::round<std::chrono::seconds>(time));
  }
  return config::duration_text(std::chrono::round<std::chrono::minutes>(time));
}

// The wait after the last attempt.
std::string wait_text(const Json& job) {
  const auto wait = between(job, "last_attempt", "due");
  return wait ? fmt::format(", {} after attempt {}", rough_text(*wait), number_of(job, "attempts"))
              : "";
}

std::string next_text(const Json& job) {
  const std::string state = text_of(job, "state");
  const std::string id = text_of(job, "id");
  if (state == "active") return "it is being delivered at the moment";
  if (state == "held") {
    return fmt::format("nothing before somebody releases it: signpost queue release {}", id);
  }
  if (state == "scheduled") {
    return fmt::format(
        "an attempt at {}, as its sender wanted; signpost queue release {} sends it at once",
        local_time(text_of(job, "due")), id);
  }
  const bool held_up = !text_of(job, "waits_for").empty();
  if (state == "deferred") {
    return fmt::format("an attempt at about {}{}{}", local_time(text_of(job, "due")),
                       wait_text(job), held_up ? ", once the receiver is no longer held up" : "");
  }
  return held_up ? "an attempt as soon as the receiver is no longer held up"
                 : "an attempt as soon as a connection to the receiver is free";
}

// "" while it is held, and when a relay of another version does not say it.
std::string give_up_text(const Json& job) {
  const std::string expires = text_of(job, "expires");
  if (expires.empty()) return "";
  const auto after = between(job, "received", "expires");
  return fmt::format("by {}{}{}", local_time(expires),
                     after ? fmt::format(", {} after its acceptance", rough_text(*after)) : "",
                     text_of(job, "from").empty() ? "" : "; its sender gets a report then");
}

// Our own words have a status without a code before it.
std::string meaning_of_last_reply(const Json& job) {
  if (text_of(job, "last_reply").starts_with("4.7.8 ")) {
    return "The next hop does not accept the login of its route. Correct password_file, token_file "
           "or via of the [[route]], and run signpost reload; no recipient is to blame.";
  }
  return meaning_of_class(text_of(job, "reply_class"));
}

}  // namespace

std::string meaning_of_class(const std::string& reply_class) {
  const auto found =
      std::ranges::find_if(kMeanings, [&](const auto& each) { return reply_class == each.first; });
  return found == kMeanings.end() ? "" : found->second;
}

std::string explanation(const Json& job) {
  std::string text =
      ascii::printable(fmt::format("Message {} from {} to {}", text_of(job, "id"), sender_text(job),
                                   list_text(list_of(job, "to")))) +
      "\n";
  const auto add = [&](const char* title, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<13}{}\n", title, ascii::printable(value));
  };
  const std::size_t attempts = number_of(job, "attempts");
  add("accepted", local_time(text_of(job, "received")));
  add("state", text_of(job, "state"));
  add("redirected", text_of(job, "redirected_to"));
  add("attempts", attempts == 0 ? "none yet"
                                : fmt::format("{}, the last at {}", attempts,
                                              local_time(text_of(job, "last_attempt"))));
  if (!text_of(job, "last_reply").empty()) {
    add("last reply", last_reply_text(job));
    add("meaning", meaning_of_last_reply(job));
  }
  add("waits for", shown_text(job, "waits_for"));
  add("next", next_text(job));
  add("given up", give_up_text(job));
  if (text_of(job, "state") == "deferred") {
    add("now", fmt::format("signpost queue retry {} tries it at once", text_of(job, "id")));
  }
  return text;
}

}  // namespace signpost::commands
