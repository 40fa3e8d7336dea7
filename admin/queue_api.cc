#include "admin/queue_api.h"

#include "admin/caller.h"
#include "admin/json_response.h"
#include "admin/queue_request.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/enum_texts.h"
#include "base/utc.h"
#include "relay/redirect.h"
#include "smtp/address.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace signpost::admin {

namespace {

using Json = nlohmann::json;

// What the reply answered is not stored. A permanent one about a recipient would have ended the
// job.
providers::ReplyScope scope_of_waiting(const smtp::Reply& reply) {
  return reply.permanent() ? providers::ReplyScope::Sender : providers::ReplyScope::Recipient;
}

Json json_of(const QueueEntry& entry, const providers::Providers& providers) {
  const queue::Job& job = entry.job;
  Json to = Json::array();
  for (const queue::Recipient& recipient : job.recipients) to.push_back(recipient.mailbox.text());
  Json json{
      {"id", job.ref.id.text()},      {"number", job.ref.number},
      {"state", entry.state},         {"from", smtp::text_of(entry.envelope.reverse_path)},
      {"to", std::move(to)},          {"domain", job.lane.domain},
      {"size", entry.envelope.size},  {"received", utc_text(entry.envelope.received)},
      {"attempts", job.attempts},     {"last_reply", job.last_reply.one_line()},
      {"waits_for", entry.waits_for}, {"last_remote", job.last_remote},
      {"user", entry.envelope.login}, {"redirected_to", relay::redirected_via(job.lane.route)}};
  json["due"] = job.state == queue::JobState::Deferred ? Json(utc_text(job.due)) : Json();
  json["last_attempt"] =
      job.last_attempt == SystemTime{} ? Json() : Json(utc_text(job.last_attempt));
  json["expires"] = entry.expires ? Json(utc_text(*entry.expires)) : Json();
  const bool replied = job.last_reply != smtp::Reply{};
  json["reply_class"] =
      replied ? text_of(providers.classify(providers.find(job.last_remote), job.last_reply,
                                           scope_of_waiting(job.last_reply)))
              : std::string_view();
  return json;
}

Json json_of(const QueueSummary::Groups& groups) {
  Json list = Json::array();
  for (const auto& [name, count] : groups) {
    Json group{{"name", name}, {"jobs", count.jobs}, {"recipients", count.recipients}};
    if (!count.example.empty()) group["example"] = count.example;
    list.push_back(std::move(group));
  }
  return list;
}

Json time_or_null(SystemTime time) { return time == SystemTime{} ? Json() : Json(utc_text(time)); }

Json json_of(const std::optional<queue::Deadline>& deadline) {
  if (!deadline) return {};
  return {{"time", utc_text(deadline->time)}, {"mode", deadline->returns() ? "return" : "notify"}};
}

Json id_of(const std::optional<queue::MessageId>& id) { return id ? Json(id->text()) : Json(); }

}  // namespace

HttpResponse QueueApi::list(const HttpRequest& request) {
  const auto asked = read_listing(request);
  if (!asked) return json_error(asked.error());
  const auto page = queue_.list(asked->filter, asked->after, asked->limit);
  if (!page) return json_error(page.error());
  const auto settings = settings_.get();
  Json jobs = Json::array();
  for (const QueueEntry& entry : page->entries)
    jobs.push_back(json_of(entry, *settings->providers));
  return json_response(200, {{"jobs", std::move(jobs)}, {"next", cursor_text(page->next)}});
}

HttpResponse QueueApi::sum_up(const HttpRequest& request) {
  const auto asked = read_summary(request);
  if (!asked) return json_error(asked.error());
  const auto summary = queue_.sum_up(asked->filter, asked->after);
  if (!summary) return json_error(summary.error());
  return json_response(200, {{"jobs", summary->all.jobs},
                             {"recipients", summary->all.recipients},
                             {"states", json_of(summary->states)},
                             {"domains", json_of(summary->domains)},
                             {"sites", json_of(summary->sites)},
                             {"replies", json_of(summary->replies)},
                             {"users", json_of(summary->logins)},
                             {"first", id_of(summary->first)},
                             {"last", id_of(summary->last)},
                             {"next", cursor_text(summary->next)}});
}

HttpResponse QueueApi::show(const HttpRequest& request, std::string_view text) {
  if (!request.query.empty()) return json_error(400, "expected no parameters");
  const auto id = queue::MessageId::parse(text);
  if (!id) return json_error(404, ascii::printable(text) + " is not a queue ID");
  const auto entries = queue_.show(*id);
  if (!entries && entries.error().code == Errc::NotFound && id->time() <= clock_.system_now()) {
    return json_response(404,
                         {{"error", entries.error().detail}, {"accepted", utc_text(id->time())}});
  }
  if (!entries) return json_error(entries.error());
  const queue::Envelope& envelope = entries->front().envelope;
  const auto settings = settings_.get();
  Json jobs = Json::array();
  for (const QueueEntry& entry : *entries) jobs.push_back(json_of(entry, *settings->providers));
  return json_response(200, {{"id", envelope.id.text()},
                             {"from", smtp::text_of(envelope.reverse_path)},
                             {"user", envelope.login},
                             {"peer", envelope.peer},
                             {"received", utc_text(envelope.received)},
                             {"size", envelope.size},
                             {"message_id", envelope.message_id},
                             {"envelope_id", envelope.envelope_id},
                             {"hold_until", time_or_null(envelope.release)},
                             {"deliver_by", json_of(envelope.deadline)},
                             {"priority", envelope.priority},
                             {"notification", envelope.notification},
                             {"jobs", std::move(jobs)}});
}

HttpResponse QueueApi::change(const HttpRequest& request, QueueControl::Action action) {
  using enum QueueControl::Action;
  const auto asked = action == Bounce     ? read_bounce(request)
                     : action == Redirect ? read_redirection(request)
                                          : read_change(request);
  if (!asked) return json_error(asked.error());
  const QueueControl::Wish wish{.action = action, .reason = asked->reason, .via = asked->via};
  const auto changed = queue_.apply(wish, asked->filter, asked->after, caller_text(request.peer));
  if (!changed) return json_error(changed.error());
  return json_response(200, {{"matched", changed->matched},
                             {"changed", changed->changed},
                             {"busy", changed->busy},
                             {"held", changed->held},
                             {"recipients", changed->recipients},
                             {"others", changed->others},
                             {"next", cursor_text(changed->next)}});
}

}  // namespace signpost::admin
