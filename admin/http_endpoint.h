// One listening socket of an HttpServer, its connections and their requests. Internal to
// http_server.cc; wraps libmicrohttpd, which is driven from outside.
#pragma once

#include "admin/http_handler.h"
#include "admin/task_pool.h"
#include "base/clock.h"
#include "base/result.h"

#include <functional>
#include <memory>

namespace signpost::admin {

// The server's thread only, from start() on. What it is given must outlive it.
class HttpEndpoint {
 public:
  // `wake` has the server call run(), from any thread.
  HttpEndpoint(const HttpHandler& handler, const HttpLimits& limits, TaskPool& pool,
               std::function<void()> wake);
  ~HttpEndpoint();  // REQUIRES !working()
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  Result<void> start(HttpListener listener);

  // Readable when run() has something to do; the end of work is told by `wake`.
  int descriptor() const;
  // Whether run() has something to do already.
  bool has_more() const;
  void run();
  // Closes what has had its time. Call it about once a second.
  void sweep(SteadyTime now);

  // Accepts no more, and closes what waits for a request, now and from now on.
  void stop_accepting();
  bool working() const;  // on a request
  bool sending() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::admin
