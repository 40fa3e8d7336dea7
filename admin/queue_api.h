// /api/v1/queue: requests about the queue become calls of QueueControl, and their results JSON:
// docs/api.md.
#pragma once

#include "admin/http_message.h"
#include "admin/queue_control.h"
#include "admin/services.h"

#include <string_view>

namespace signpost::admin {

// Any thread; blocks on the store.
class QueueApi {
 public:
  explicit QueueApi(const Services& services)
      : queue_(services), settings_(services.settings), clock_(services.clock) {}

  HttpResponse list(const HttpRequest& request);
  HttpResponse sum_up(const HttpRequest& request);
  HttpResponse show(const HttpRequest& request, std::string_view id);
  HttpResponse change(const HttpRequest& request, QueueControl::Action action);

 private:
  QueueControl queue_;
  const relay::SettingsInForce& settings_;
  const Clock& clock_;
};

}  // namespace signpost::admin
