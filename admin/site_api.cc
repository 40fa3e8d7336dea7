#include "admin/site_api.h"

#include "admin/caller.h"
#include "admin/json_response.h"
#include "admin/site_request.h"
#include "base/enum_texts.h"
#include "base/utc.h"
#include "config/config_values.h"
#include "providers/limits_in_force.h"
#include "providers/providers.h"
#include "relay/redirect.h"
#include "relay/source_pool.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::admin {

namespace {

using Json = nlohmann::json;

Json time_or_null(const std::optional<SystemTime>& time) {
  return time ? Json(utc_text(*time)) : Json();
}

Json json_of(const delivery::SitePause& pause) {
  return {{"site", pause.site},
          {"since", utc_text(pause.since)},
          {"until", time_or_null(pause.until)},
          {"by", pause.by},
          {"reason", pause.reason}};
}

Json json_of(const delivery::ExitView& view) {
  Json json{{"source", view.source},
            {"waits_for", view.waits_for},
            {"connections", view.connections},
            {"connections_limit", view.connections_limit},
            {"shared_connections", view.shared_connections},
            {"percent", view.percent}};
  json["warm_up_sent"] = view.warm_up ? Json(view.warm_up->sent) : Json();
  json["warm_up_most"] = view.warm_up ? Json(view.warm_up->most) : Json();
  return json;
}

Json json_of(const delivery::SiteView& view) {
  Json json{{"site", view.hop.key},
            {"group", view.hop.group},
            {"state", text_of(view.state)},
            {"waits_for", view.waits_for},
            {"connections", view.connections},
            {"connections_limit", view.connections_limit},
            {"shared_connections", view.shared_connections},
            {"percent", view.percent},
            {"jobs_in_memory", view.jobs},
            {"lanes", view.lanes},
            {"failures", view.failures},
            {"next_try", time_or_null(view.next_try)}};
  Json exits = Json::array();
  for (const delivery::ExitView& exit : view.exits) {
    if (!exit.source.empty()) exits.push_back(json_of(exit));
  }
  json["sources"] = std::move(exits);
  json["away_seconds"] = view.away ? Json(view.away->count()) : Json();
  json["paused"] = view.pause != nullptr;
  json["paused_until"] = view.pause ? time_or_null(view.pause->until) : Json();
  return json;
}

// Where a limit comes from: a [[destination]] table, a provider, or the relay's own defaults.
class Origins {
 public:
  Origins(const relay::Settings& settings, const delivery::SiteView& view)
      : provider_(provider_of(settings, view.hop)),
        found_(providers::limits_in_force(*settings.config, delivery::table_of(view.hop),
                                          provider_host(view.hop), provider_)) {}

  template <typename Value>
  Json of(std::optional<Value> providers::Limits::* limit) const {
    if (found_.of_table.*limit) return fmt::format("[[destination]] {}", found_.pattern);
    if (found_.limits.*limit && provider_ != nullptr) {
      return fmt::format("provider {}", provider_->name);
    }
    return "default";
  }

 private:
  static std::string_view provider_host(const delivery::NextHop& hop) {
    return hop.mx && !hop.hosts.empty() ? std::string_view(hop.hosts.front().name)
                                        : std::string_view();
  }
  static const providers::Provider* provider_of(const relay::Settings& settings,
                                                const delivery::NextHop& hop) {
    const std::string_view host = provider_host(hop);
    return host.empty() || !settings.providers ? nullptr : settings.providers->find(host);
  }

  const providers::Provider* provider_;
  providers::LimitsInForce found_;
};

Json limit_json(Json value, Json origin) {
  return {{"value", std::move(value)}, {"from", std::move(origin)}};
}

Json json_of_limits(const relay::Settings& settings, const delivery::SiteView& view) {
  using providers::Limits;
  const delivery::NextHop& hop = view.hop;
  const Origins origins(settings, view);
  return {
      {"connections", limit_json(hop.connections, origins.of(&Limits::connections))},
      {"connections_per_address", limit_json(hop.connections_per_address, Json())},
      {"messages_per_connection",
       limit_json(hop.messages_per_connection, origins.of(&Limits::messages_per_connection))},
      {"recipients_per_transaction",
       limit_json(hop.recipients_per_transaction, origins.of(&Limits::recipients_per_transaction))},
      {"rate", limit_json(hop.rate ? Json(config::rate_text(*hop.rate)) : Json(),
                          origins.of(&Limits::rate))}};
}

Json json_in_full(const relay::Settings& settings, const delivery::SiteView& view) {
  Json json = json_of(view);
  Json hosts = Json::array();
  for (const delivery::NextHop::Host& host : view.hop.hosts) {
    hosts.push_back({{"name", host.name}, {"rank", host.rank}});
  }
  Json lanes = Json::array();
  for (const queue::Lane& lane : view.some_lanes) {
    lanes.push_back({{"domain", lane.domain},
                     {"account", lane.account},
                     {"route", relay::without_pool(lane.route)},
                     {"pool", relay::pool_of(lane.route)},
                     {"priority", lane.priority}});
  }
  json["hosts"] = std::move(hosts);
  json["port"] = view.hop.port;
  json["by_mx"] = view.hop.mx;
  json["limits"] = json_of_limits(settings, view);
  json["some_lanes"] = std::move(lanes);
  return json;
}

// Where mail may be redirected to, each `via` once.
Json json_of_routes(const relay::Settings& settings) {
  Json routes = Json::array({Json{{"via", relay::kViaMx}}});
  std::set<std::string_view> seen{relay::kViaMx};
  if (!settings.config) return routes;
  for (const config::RouteConfig& route : settings.config->routes) {
    if (seen.insert(route.via).second) routes.push_back({{"via", route.via}});
  }
  return routes;
}

}  // namespace

HttpResponse SiteApi::list(const HttpRequest& request) {
  const auto limit = read_sites_limit(request);
  if (!limit) return json_error(limit.error());
  const SiteControl::Listing listing = sites_.list(*limit);
  Json sites = Json::array();
  for (const delivery::SiteView& view : listing.views.sites) sites.push_back(json_of(view));
  Json pauses = Json::array();
  for (const delivery::SitePause& pause : listing.pauses) pauses.push_back(json_of(pause));
  return json_response(200, {{"sites", std::move(sites)},
                             {"total", listing.views.total},
                             {"pauses", std::move(pauses)},
                             {"routes", json_of_routes(*settings_.get())}});
}

HttpResponse SiteApi::show(const HttpRequest& request) {
  const auto name = read_site_name(request);
  if (!name) return json_error(name.error());
  const auto shown = sites_.show(*name);
  if (!shown) return json_error(shown.error());
  const auto settings = settings_.get();
  Json sites = Json::array();
  for (const delivery::SiteView& view : shown->views.sites) {
    sites.push_back(json_in_full(*settings, view));
  }
  return json_response(200, {{"name", shown->site},
                             {"pause", shown->pause ? json_of(*shown->pause) : Json()},
                             {"sites", std::move(sites)},
                             {"total", shown->views.total}});
}

HttpResponse SiteApi::pause(const HttpRequest& request) {
  const auto wish = read_pause(request);
  if (!wish) return json_error(wish.error());
  const auto paused = sites_.pause(*wish, caller_text(request.peer));
  return paused ? json_response(200, json_of(*paused)) : json_error(paused.error());
}

HttpResponse SiteApi::resume(const HttpRequest& request) {
  const auto name = read_resume(request);
  if (!name) return json_error(name.error());
  const auto site = sites_.resume(*name, caller_text(request.peer));
  return site ? json_response(200, {{"site", *site}}) : json_error(site.error());
}

}  // namespace signpost::admin
