// Reads the relay's answers: a relay of another version may leave members out.
#pragma once

#include "base/result.h"
#include "commands/admin_client.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>

namespace signpost::commands {

std::string text_of(const nlohmann::json& object, const char* key);
std::size_t number_of(const nlohmann::json& object, const char* key);
nlohmann::json list_of(const nlohmann::json& object, const char* key);
std::string json_text(const nlohmann::json& json, int indent);

// The answer's JSON object, or the relay's reason why there is none.
Result<nlohmann::json> object_of(const Result<AdminClient::Answer>& answer);

// People read U-labels; --json has A-labels, which compare.
std::string sender_text(const nlohmann::json& object);
std::string recipient_text(const nlohmann::json& recipient);
// The member of that name.
std::string shown_text(const nlohmann::json& object, const char* key);
// Of a job's last attempt; before the first one, what the receiver's mail waits for.
std::string last_reply_text(const nlohmann::json& job);

}  // namespace signpost::commands
