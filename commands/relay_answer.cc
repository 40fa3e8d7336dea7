#include "commands/relay_answer.h"

#include "smtp/idna.h"

#include <fmt/format.h>

namespace signpost::commands {

using Json = nlohmann::json;

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

Result<Json> object_of(const Result<AdminClient::Answer>& answer) {
  if (!answer) return Failure(answer.error());
  Json body = Json::parse(answer->body, nullptr, false);
  if (answer->status == 200 && body.is_object()) return body;
  const std::string error = body.is_object() ? text_of(body, "error") : "";
  return fail(answer->status == 404 ? Errc::NotFound : Errc::Protocol,
              error.empty() ? fmt::format("the relay answered {}", answer->status) : error);
}

std::string sender_text(const Json& object) {
  const std::string from = text_of(object, "from");
  return from.empty() ? "<>" : smtp::with_u_labels(from);
}

std::string recipient_text(const Json& recipient) {
  return recipient.is_string() ? smtp::with_u_labels(recipient.get<std::string>())
                               : recipient.dump();
}

std::string shown_text(const Json& object, const char* key) {
  return smtp::text_with_u_labels(text_of(object, key));
}

std::string last_reply_text(const Json& job) {
  const std::string reply = text_of(job, "last_reply");
  if (reply.empty()) return shown_text(job, "waits_for");
  const std::string remote = shown_text(job, "last_remote");
  return remote.empty() ? reply : fmt::format("{}: {}", remote, reply);
}

}  // namespace signpost::commands
