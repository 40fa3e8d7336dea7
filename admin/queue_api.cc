#include "admin/queue_api.h"

#include "admin/caller.h"
#include "admin/json_response.h"
#include "base/utc.h"
#include "smtp/address.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <utility>

namespace signpost::admin {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMaxLimit = 1000;

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const char* end = text.data() + i + 2;
    const auto [stop, error] = std::from_chars(text.data() + i, end, value, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

Json json_of(const QueueEntry& entry) {
  const queue::Job& job = entry.job;
  Json to = Json::array();
  for (const queue::Recipient& recipient : job.recipients) to.push_back(recipient.mailbox.text());
  Json json{{"id", job.ref.id.text()},      {"number", job.ref.number},
            {"state", entry.state},         {"from", smtp::text_of(entry.envelope.reverse_path)},
            {"to", std::move(to)},          {"domain", job.lane.domain},
            {"size", entry.envelope.size},  {"received", utc_text(entry.envelope.received)},
            {"attempts", job.attempts},     {"last_reply", job.last_reply.one_line()},
            {"waits_for", entry.waits_for}, {"last_remote", job.last_remote},
            {"user", entry.envelope.login}};
  json["due"] = job.state == queue::JobState::Deferred ? Json(utc_text(job.due)) : Json();
  json["last_attempt"] =
      job.last_attempt == SystemTime{} ? Json() : Json(utc_text(job.last_attempt));
  return json;
}

std::string known_states_only(std::string_view state) {
  for (const std::string_view known : {"", "ready", "active", "deferred", "held"}) {
    if (state == known) return "";
  }
  return fmt::format("unknown state {}; expected ready, active, deferred or held", state);
}

// An empty value, as from a variable that is not set, would select more than was meant.
HttpResponse empty_value(std::string_view key) {
  return json_error(400,
                    fmt::format("{} is empty; leave it out to select all{}", key,
                                key == "from" ? ", or write <> for the null reverse-path" : ""));
}

// What a change applies to, or the error.
std::optional<HttpResponse> read_filter(const std::string& text, QueueFilter& filter) {
  const Json body = Json::parse(text, nullptr, false);
  if (body.is_object()) {
    for (const auto& [key, value] : body.items()) {
      if (!value.is_string()) return json_error(400, fmt::format("{}: expected a string", key));
      std::string wanted = value.get<std::string>();
      if (wanted.empty()) return empty_value(key);
      if (key == "id") {
        filter.id = queue::MessageId::parse(wanted);
        if (!filter.id) return json_error(404, fmt::format("{} is not a queue ID", wanted));
      } else if (key == "to") {
        filter.to = std::move(wanted);
      } else if (key == "from") {
        filter.from = std::move(wanted);
      } else if (key == "user") {
        filter.user = std::move(wanted);
      } else {
        return json_error(400, fmt::format("unknown key {}", key));
      }
    }
  }
  // An empty filter would mean the whole queue, which must not happen by mistake.
  if (filter.empty()) return json_error(400, "expected a JSON object with id, to, from or user");
  return std::nullopt;
}

}  // namespace

HttpResponse QueueApi::list(const HttpRequest& request) {
  for (const auto& [key, value] : request.query) {
    const bool filters = key == "to" || key == "from" || key == "user" || key == "state";
    if (filters && value.empty()) return empty_value(key);
  }
  QueueFilter filter;
  filter.to = request.parameter("to");
  filter.from = request.parameter("from");
  filter.user = request.parameter("user");
  filter.state = request.parameter("state");
  if (const std::string error = known_states_only(filter.state); !error.empty()) {
    return json_error(400, error);
  }
  std::size_t limit = kDefaultLimit;
  if (const std::string_view text = request.parameter("limit"); !text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error != std::errc() || end != text.data() + text.size() || limit == 0 ||
        limit > kMaxLimit) {
      return json_error(400, fmt::format("limit: expected a number from 1 to {}", kMaxLimit));
    }
  }
  const auto after = from_hex(request.parameter("after"));
  if (!after) {
    return json_error(400, "after: expected the value of `next` in the previous answer");
  }
  const auto page = queue_.list(filter, *after, limit);
  if (!page) {
    return json_error(page.error());
  }
  Json jobs = Json::array();
  for (const QueueEntry& entry : page->entries) jobs.push_back(json_of(entry));
  return json_response(200, {{"jobs", std::move(jobs)}, {"next", to_hex(page->next)}});
}

HttpResponse QueueApi::show(std::string_view text) {
  const auto id = queue::MessageId::parse(text);
  if (!id) {
    return json_error(404, "that is not a queue ID");
  }
  const auto entries = queue_.show(*id);
  if (!entries) {
    return json_error(entries.error());
  }
  const queue::Envelope& envelope = entries->front().envelope;
  Json jobs = Json::array();
  for (const QueueEntry& entry : *entries) jobs.push_back(json_of(entry));
  return json_response(200, {{"id", envelope.id.text()},
                             {"from", smtp::text_of(envelope.reverse_path)},
                             {"user", envelope.login},
                             {"peer", envelope.peer},
                             {"received", utc_text(envelope.received)},
                             {"size", envelope.size},
                             {"message_id", envelope.message_id},
                             {"envelope_id", envelope.envelope_id},
                             {"notification", envelope.notification},
                             {"jobs", std::move(jobs)}});
}

HttpResponse QueueApi::change(const HttpRequest& request, Change make) {
  QueueFilter filter;
  if (auto refusal = read_filter(request.body, filter)) return std::move(*refusal);
  const auto changed = (queue_.*make)(filter, caller_text(request.peer));
  if (!changed) return json_error(changed.error());
  return json_response(200, {{"matched", changed->matched},
                             {"changed", changed->changed},
                             {"busy", changed->busy},
                             {"recipients", changed->recipients},
                             {"others", changed->others}});
}

}  // namespace signpost::admin
