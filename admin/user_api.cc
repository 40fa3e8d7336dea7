#include "admin/user_api.h"

#include "admin/json_response.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/enum_texts.h"
#include "base/utc.h"
#include "quota/counters.h"
#include "relay/recipient_limits.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace signpost::admin {

namespace {

using Json = nlohmann::json;

Json json_of(const quota::Mark& mark, SystemTime now) {
  Json json{{"scope", text_of(mark.scope)},
            {"name", mark.name},
            {"limit", text_of(mark.kind)},
            {"most", mark.most},
            {"seconds", mark.period.count()},
            {"used", mark.used},
            {"left", mark.most - std::min(mark.most, mark.used)}};
  // What is used of a rate comes back all the time.
  json["until"] = mark.kind == quota::Kind::Daily ? Json(utc_text(quota::next_day(now))) : Json();
  return json;
}

// Those of a client's address depend on the client.
Json limits_of(const relay::RecipientSource& source, quota::Counters& counters, SystemTime now) {
  Json limits = Json::array();
  for (const quota::Holder& holder : relay::limit_holders(source)) {
    if (holder.scope == quota::Scope::Client) continue;
    for (const quota::Mark& mark : counters.used(holder, now)) limits.push_back(json_of(mark, now));
  }
  return limits;
}

std::size_t most_in_message(const relay::RecipientSource& source) {
  const std::size_t of_all = source.config.limits.recipients_per_message;
  const auto limit = relay::message_limit(source);
  return limit ? std::min(limit->most, of_all) : of_all;
}

// Logins of Dovecot, of an issuer of tokens or of a front end, and accounts of this machine, need
// not be in users.toml.
bool may_be_elsewhere(const config::Config& config, std::string_view name) {
  const bool by_token = config.oauth && config.oauth->unlisted == config::Unlisted::OwnAddress;
  return !config.dovecot_socket.empty() || by_token || name.starts_with("uid:") ||
         std::ranges::any_of(config.listeners, &config::ListenerConfig::xclient_logins);
}

}  // namespace

HttpResponse show_user(const Services& services, const HttpRequest& request) {
  if (request.query.size() != 1 || request.query.front().first != "name" ||
      request.query.front().second.empty()) {
    return json_error(400, "expected the parameter name: a login");
  }
  const std::string& name = request.query.front().second;
  const std::shared_ptr<const relay::Settings> settings = services.settings.get();
  const config::Config& config = *settings->config;
  const auth::User* const user = settings->users ? settings->users->find(name) : nullptr;
  if (user == nullptr && !may_be_elsewhere(config, name)) {
    const std::string file = config.users_file.empty() ? "auth.users" : config.users_file;
    return json_error(404, fmt::format("there is no login {} in {}", ascii::printable(name), file));
  }
  const relay::RecipientSource source{
      .config = config, .users = settings->users.get(), .login = name, .client = {}};
  const auth::User known = user != nullptr ? *user : auth::User{.name = name, .password = ""};
  return json_response(
      200, {{"name", name},
            {"listed", user != nullptr},
            {"tenant", known.tenant},
            {"class", auth::name_of(known.mail_class)},
            {"senders", known.senders},
            {"senders_file", known.senders_file},
            {"listed_senders", known.listed_senders.size()},
            {"otherwise", known.otherwise == auth::Otherwise::Rewrite ? "rewrite" : "reject"},
            {"recipients_per_message", most_in_message(source)},
            {"limits", limits_of(source, services.quotas, services.clock.system_now())}});
}

}  // namespace signpost::admin
