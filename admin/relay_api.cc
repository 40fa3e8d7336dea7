#include "admin/relay_api.h"

#include "admin/json_response.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace signpost::admin {

HttpResponse show_relay(const Services& services) {
  const std::shared_ptr<const relay::Settings> settings = services.settings.get();
  const config::Config& config = *settings->config;
  nlohmann::json listeners = nlohmann::json::array();
  for (const config::ListenerConfig& listener : config.listeners) {
    listeners.push_back(listener.name);
  }
  return json_response(200, {{"config", config.file},
                             {"data_dir", config.data_dir},
                             {"hostname", config.hostname},
                             {"listeners", std::move(listeners)}});
}

}  // namespace signpost::admin
