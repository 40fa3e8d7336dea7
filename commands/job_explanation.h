// What `signpost queue explain` says of a job: what happened to it, what it waits for, what comes
// next, and what an operator can do. Without terminal or network.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace signpost::commands {

// `job` as the API has it (docs/api.md).
std::string explanation(const nlohmann::json& job);

// What a class of replies (docs/metrics.md) means for the mail, in a sentence; "" for one that is
// not known.
std::string meaning_of_class(const std::string& reply_class);

}  // namespace signpost::commands
