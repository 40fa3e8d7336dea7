#include "admin/routes.h"

#include "admin/caller.h"
#include "admin/json_response.h"
#include "admin/readiness.h"
#include "admin/relay_api.h"
#include "admin/tls_report_api.h"
#include "admin/user_api.h"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::string_view kQueue = "/api/v1/queue";
constexpr std::string_view kMessage = "/api/v1/queue/";
constexpr std::string_view kSummary = "/api/v1/queue/summary";  // no ID is shorter than 16
constexpr std::string_view kUser = "/api/v1/user";
constexpr std::string_view kSites = "/api/v1/sites";
constexpr std::string_view kSite = "/api/v1/site";
constexpr std::string_view kPauseSite = "/api/v1/site/pause";
constexpr std::string_view kResumeSite = "/api/v1/site/resume";
constexpr std::string_view kTlsReports = "/api/v1/tls-reports";
constexpr std::string_view kTlsReport = "/api/v1/tls-report";
constexpr std::string_view kSendTlsReports = "/api/v1/tls-report/send";
constexpr std::string_view kRelay = "/api/v1/relay";
constexpr std::string_view kReload = "/api/v1/reload";

std::optional<QueueControl::Action> queue_change(std::string_view path) {
  using enum QueueControl::Action;
  static constexpr std::array<std::pair<std::string_view, QueueControl::Action>, 6> kChanges{
      {{"retry", Retry},
       {"hold", Hold},
       {"release", Release},
       {"remove", Remove},
       {"bounce", Bounce},
       {"redirect", Redirect}}};
  if (!path.starts_with(kMessage)) return std::nullopt;
  path.remove_prefix(kMessage.size());
  for (const auto& [name, action] : kChanges) {
    if (path == name) return action;
  }
  return std::nullopt;
}

bool is_change(std::string_view path) {
  return path == kReload || path == kPauseSite || path == kResumeSite || path == kSendTlsReports ||
         queue_change(path).has_value();
}

bool leads_somewhere(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics" || path.starts_with("/api/");
}

HttpResponse plain(int status, std::string text) {
  return {status, "text/plain", std::move(text) + "\n"};
}

}  // namespace

Routes::Routes(const Services& services, const SharedAccessRules& rules, Reload reload)
    : services_(services),
      rules_(rules),
      reload_(std::move(reload)),
      queue_(services),
      sites_(services),
      metrics_([&registry = services.registry] { return registry.text(); }) {}

// The body of a request for an unknown path is not read.
std::optional<HttpResponse> Routes::refuse(const HttpRequest& head) const {
  if (!leads_somewhere(head.path)) return json_error(404, "not found");
  if (const auto refusal = refusal_of(*rules_.get(), head)) {
    HttpResponse response = json_error(refusal->status, refusal->reason);
    if (refusal->status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  const bool get = head.method == "GET" || head.method == "HEAD";
  if (get == is_change(head.path) || (!get && head.method != "POST")) {
    HttpResponse response = json_error(405, "the method is not allowed");
    response.headers.emplace_back("Allow", is_change(head.path) ? "POST" : "GET, HEAD");
    return response;
  }
  // After the method: one that the path does not have is refused whatever it brings.
  if (const auto refusal = content_refusal(head)) {
    return json_error(refusal->status, refusal->reason);
  }
  return std::nullopt;
}

HttpAnswer Routes::answer(const HttpRequest& request) {
  return request.method == "POST" ? answer_post(request) : answer_get(request);
}

HttpAnswer Routes::answer_get(const HttpRequest& request) {
  if (request.path == "/healthz") return plain(200, "ok");
  if (request.path == "/readyz") {
    std::string reason = not_ready_reason(services_);
    return reason.empty() ? plain(200, "ready") : plain(503, std::move(reason));
  }
  if (request.path == "/metrics") {
    return HttpResponse{200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text()};
  }
  if (request.path == kRelay) return show_relay(services_);
  if (request.path == kUser) return show_user(services_, request);
  if (request.path == kSites) return HttpWork([this, request] { return sites_.list(request); });
  if (request.path == kSite) return HttpWork([this, request] { return sites_.show(request); });
  if (request.path == kTlsReports) {
    return HttpWork([this, request] { return list_tls_reports(services_, request); });
  }
  if (request.path == kTlsReport) {
    return HttpWork([this, request] { return show_tls_report(services_, request); });
  }
  if (request.path == kQueue) return HttpWork([this, request] { return queue_.list(request); });
  if (request.path == kSummary) return HttpWork([this, request] { return queue_.sum_up(request); });
  if (request.path.starts_with(kMessage)) {
    return HttpWork([this, request] {
      return queue_.show(request, std::string_view(request.path).substr(kMessage.size()));
    });
  }
  return json_error(404, "not found");
}

// While the relay drains nothing is changed: what was in force and in the queue stays so for the
// next start.
HttpAnswer Routes::answer_post(const HttpRequest& request) {
  if (services_.draining.load()) {
    return json_error(503, "the relay is stopping: change it once it runs again");
  }
  if (const auto action = queue_change(request.path)) {
    return HttpWork([this, request, action] { return queue_.change(request, *action); });
  }
  if (request.path == kPauseSite) {
    return HttpWork([this, request] { return sites_.pause(request); });
  }
  if (request.path == kResumeSite) {
    return HttpWork([this, request] { return sites_.resume(request); });
  }
  if (request.path == kSendTlsReports) return send_tls_reports(services_, request);
  return HttpWork([this, request] { return reload(request); });
}

HttpResponse Routes::reload(const HttpRequest& request) const {
  const ReloadOutcome outcome = reload_(caller_text(request.peer));
  if (!outcome.errors.empty()) return json_response(409, {{"errors", outcome.errors}});
  return json_response(200, {{"result", "ok"}, {"warnings", outcome.warnings}});
}

}  // namespace signpost::admin
