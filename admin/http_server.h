// An HTTP/1.1 server on one thread that carries a thousand connections, with bounds on everything
// that a stranger can make it keep.
#pragma once

#include "admin/http_handler.h"
#include "base/result.h"

#include <memory>
#include <vector>

namespace signpost::admin {

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> start(std::vector<HttpListener> listeners,
                                                   HttpHandler handler, HttpLimits limits = {});
  // Closes what is idle at once, waits for work under way, and gives clients 2 seconds to read
  // their responses.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::admin
