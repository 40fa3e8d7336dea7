// /api/v1/queue: requests about the queue become calls of QueueControl, and their results JSON.
#pragma once

#include "admin/http_message.h"
#include "admin/queue_control.h"
#include "admin/services.h"

#include <string_view>

namespace signpost::admin {

// Any thread; blocks on the store.
class QueueApi {
 public:
  explicit QueueApi(const Services& services) : queue_(services) {}

  HttpResponse list(const HttpRequest& request);  // to, from, user, state, limit, after
  HttpResponse show(std::string_view id);
  // The body is an object with some of id, to, from and user.
  using Change = Result<QueueControl::Changed> (QueueControl::*)(const QueueFilter&,
                                                                 std::string_view by);
  HttpResponse change(const HttpRequest& request, Change make);

 private:
  QueueControl queue_;
};

}  // namespace signpost::admin
