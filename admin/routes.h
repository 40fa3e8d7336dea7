// The handlers of the admin side's paths.
#pragma once

#include "admin/access.h"
#include "admin/http_handler.h"
#include "admin/http_message.h"
#include "admin/metrics_page.h"
#include "admin/queue_api.h"
#include "admin/services.h"
#include "admin/site_api.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::admin {

// Reads the configuration again for `by`, who asked: the mistakes, or nothing when the new one is
// in force. Blocks.
// What a reload came to. With `errors` the former configuration stays in force.
struct ReloadOutcome {
  std::vector<std::string> errors{};
  std::vector<std::string> warnings{};  // what is in force now, and probably not meant so
};
using Reload = std::function<ReloadOutcome(std::string_view by)>;

// Health and metrics are answered at once, on the server's thread; what blocks on the store is work
// for its pool.
class Routes {
 public:
  // `rules` must outlive the server.
  Routes(const Services& services, const SharedAccessRules& rules, Reload reload);

  std::optional<HttpResponse> refuse(const HttpRequest& head) const;
  HttpAnswer answer(const HttpRequest& request);

 private:
  HttpAnswer answer_get(const HttpRequest& request);
  HttpAnswer answer_post(const HttpRequest& request);
  HttpResponse reload(const HttpRequest& request) const;

  const Services services_;
  const SharedAccessRules& rules_;
  const Reload reload_;
  QueueApi queue_;
  SiteApi sites_;
  MetricsPage metrics_;
};

}  // namespace signpost::admin
