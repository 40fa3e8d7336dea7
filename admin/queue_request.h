// What a request about the queue asks for, read from its parameters or its JSON body. Whatever is
// unknown, empty, twice or contradictory is refused: it would select more than was meant. Pure.
#pragma once

#include "admin/http_message.h"
#include "base/result.h"
#include "queue/store.h"

#include <cstddef>
#include <string>

namespace signpost::admin {

// Which jobs are selected.
struct QueueFilter {
  queue::JobFilter jobs;
  std::string state;   // of Store::state_now(), "active" or "scheduled"; "": any
  std::string site;    // where their mail goes now: a site's key or its group; "": anywhere
  std::string tenant;  // whose login or network submitted them, by the users now; "": anybody's
};

struct QueueRequest {
  QueueFilter filter;
  bool all = false;         // the whole queue, explicitly
  std::size_t limit = 100;  // jobs of a page
  queue::Cursor after;      // where the previous page ended
  std::string reason;       // of a bounce
  std::string via;          // of a redirection
  bool clear = false;       // takes it back
};

// Each is InvalidArgument, or NotFound for what is not a queue ID, with a message for the client.
// id, to, from, user, site, tenant, until, state, limit, after
Result<QueueRequest> read_listing(const HttpRequest& request);
// The same without limit.
Result<QueueRequest> read_summary(const HttpRequest& request);
// The body is an object with id, to, from, user, site, tenant or "all": true, and perhaps until and
// after.
Result<QueueRequest> read_change(const HttpRequest& request);
Result<QueueRequest> read_bounce(const HttpRequest& request);  // the same, and perhaps reason
// The same, and either via or "clear": true.
Result<QueueRequest> read_redirection(const HttpRequest& request);

std::string cursor_text(const queue::Cursor& cursor);

}  // namespace signpost::admin
