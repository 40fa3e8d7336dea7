#include "admin/routes.h"

#include "admin/caller.h"
#include "admin/json_response.h"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::string_view kQueue = "/api/v1/queue";
constexpr std::string_view kMessage = "/api/v1/queue/";
constexpr std::string_view kRetry = "/api/v1/queue/retry";
constexpr std::string_view kRemove = "/api/v1/queue/remove";
constexpr std::string_view kReload = "/api/v1/reload";

bool is_change(std::string_view path) {
  return path == kRetry || path == kRemove || path == kReload;
}

bool leads_somewhere(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics" || path.starts_with("/api/");
}

HttpResponse plain(int status, std::string text) {
  return {status, "text/plain", std::move(text) + "\n"};
}

}  // namespace

std::string not_ready_reason(const Services& services) {
  if (services.draining.load()) return "draining: the relay is stopping";
  if (std::string error = services.committer.last_error(); !error.empty()) return error;
  if (services.admission.disk_is_full()) {
    return "the disk is full: less than limits.disk_free is left";
  }
  if (services.admission.memory_is_exhausted()) return "out of memory: limits.memory is in use";
  return "";
}

Routes::Routes(const Services& services, const SharedAccessRules& rules, Reload reload)
    : services_(services),
      rules_(rules),
      reload_(std::move(reload)),
      queue_(services),
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
  if (request.path == kQueue) return HttpWork([this, request] { return queue_.list(request); });
  if (request.path.starts_with(kMessage)) {
    return HttpWork([this, id = request.path.substr(kMessage.size())] { return queue_.show(id); });
  }
  return json_error(404, "not found");
}

HttpAnswer Routes::answer_post(const HttpRequest& request) {
  if (request.path == kReload) return HttpWork([this, request] { return reload(request); });
  const QueueApi::Change change =
      request.path == kRemove ? &QueueControl::remove : &QueueControl::retry;
  return HttpWork([this, request, change] { return queue_.change(request, change); });
}

HttpResponse Routes::reload(const HttpRequest& request) const {
  const std::vector<std::string> errors = reload_(caller_text(request.peer));
  if (errors.empty()) return json_response(200, {{"result", "ok"}});
  return json_response(409, {{"errors", errors}});
}

}  // namespace signpost::admin
