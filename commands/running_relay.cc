#include "commands/running_relay.h"

#include "commands/admin_client.h"
#include "commands/relay_answer.h"
#include "relay/data_folder.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace signpost::commands {

relay::RunningRelay find_running_relay(const config::Config& config) {
  relay::RunningRelay found{.is_running = relay::queue_is_open(config.data_dir),
                            .listeners = std::nullopt};
  auto client = AdminClient::create(config.file);
  if (!client) return found;
  const auto answer = object_of(client->get("/api/v1/relay"));
  // Configurations may name one socket by mistake, and a relay of another version does not say.
  if (!answer || text_of(*answer, "data_dir") != config.data_dir) return found;
  found.is_running = true;
  found.listeners.emplace();
  for (const nlohmann::json& listener : list_of(*answer, "listeners")) {
    if (listener.is_string()) found.listeners->push_back(listener.get<std::string>());
  }
  return found;
}

}  // namespace signpost::commands
