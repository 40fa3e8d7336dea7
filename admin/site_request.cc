#include "admin/site_request.h"

#include "base/ascii.h"
#include "config/units.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

namespace signpost::admin {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostSites = 1000;
constexpr std::size_t kUsualSites = 100;
constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kLongestReason = 500;
constexpr std::chrono::hours kLongestPause{24 * 366};

Failure wrong(std::string detail) { return fail(Errc::InvalidArgument, std::move(detail)); }

Result<std::string> read_name(std::string name) {
  if (name.empty()) return wrong("name is empty");
  if (name.size() > kLongestName || std::ranges::any_of(name, ascii::is_control)) {
    return wrong("name: expected a site, a provider or a domain");
  }
  return name;
}

Result<SiteControl::Wish> read_body(const HttpRequest& request, bool only_name) {
  if (!request.query.empty()) return wrong("expected no parameters beside the JSON object");
  const Json json = Json::parse(request.body, nullptr, false);
  if (!json.is_object()) return wrong("expected a JSON object with name");
  SiteControl::Wish wish;
  for (const auto& [key, value] : json.items()) {
    const bool known = key == "name" || (!only_name && (key == "for" || key == "reason"));
    if (!known) {
      return wrong(fmt::format("unknown key {}; expected {}", ascii::printable(key),
                               only_name ? "name" : "name, for, reason"));
    }
    if (!value.is_string()) return wrong(fmt::format("{}: expected a string", key));
    std::string text = value.get<std::string>();
    if (key == "name") {
      wish.name = std::move(text);
    } else if (key == "reason") {
      if (text.size() > kLongestReason || std::ranges::any_of(text, ascii::is_control)) {
        return wrong(fmt::format("reason: expected one line of at most {} octets", kLongestReason));
      }
      wish.reason = std::move(text);
    } else {
      wish.time = config::parse_duration(text);
      if (!wish.time || wish.time->count() == 0 || *wish.time > kLongestPause) {
        return wrong("for: expected a time such as \"30m\" or \"2h\", up to 366d");
      }
    }
  }
  auto name = read_name(std::move(wish.name));
  if (!name) return Failure(std::move(name).error());
  wish.name = std::move(*name);
  return wish;
}

}  // namespace

Result<std::size_t> read_sites_limit(const HttpRequest& request) {
  if (request.query.empty()) return kUsualSites;
  const std::string& value = request.query.front().second;
  std::size_t limit = 0;
  const char* const last = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), last, limit);
  const bool good = request.query.size() == 1 && request.query.front().first == "limit" &&
                    error == std::errc() && end == last && limit > 0 && limit <= kMostSites;
  if (!good) return wrong(fmt::format("expected limit: a number from 1 to {}", kMostSites));
  return limit;
}

Result<std::string> read_site_name(const HttpRequest& request) {
  if (request.query.size() != 1 || request.query.front().first != "name") {
    return wrong("expected the parameter name: a site, a provider or a domain");
  }
  return read_name(request.query.front().second);
}

Result<SiteControl::Wish> read_pause(const HttpRequest& request) {
  return read_body(request, false);
}

Result<std::string> read_resume(const HttpRequest& request) {
  auto wish = read_body(request, true);
  if (!wish) return Failure(std::move(wish).error());
  return std::move(wish->name);
}

}  // namespace signpost::admin
