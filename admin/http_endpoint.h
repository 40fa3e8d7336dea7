// One listening socket of an HttpServer and its connections. Internal to http_server.cc.
#pragma once

#include "admin/asio.h"
#include "admin/http_connection.h"
#include "admin/http_handler.h"
#include "admin/task_pool.h"
#include "base/descriptor.h"
#include "base/result.h"

#include <cstddef>
#include <memory>
#include <unordered_map>

namespace signpost::admin {

// The loop's thread only, from start() on. Its arguments must outlive it.
class HttpEndpoint {
 public:
  HttpEndpoint(Loop& loop, const HttpHandler& handler, const HttpLimits& limits, TaskPool& pool,
               std::size_t connections);
  ~HttpEndpoint();  // REQUIRES !has_connections()
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  Result<void> start(Descriptor listening);

  // Accepts no more, and closes connections that wait for a request, now and later.
  void stop_accepting();
  // Closes the rest. REQUIRES !is_working()
  void close_all();

  bool is_working() const;  // on a request
  bool is_sending() const;
  bool has_connections() const { return !connections_.empty(); }

 private:
  void accept();
  void add(Socket socket);
  void pause();
  void sweep();

  Acceptor acceptor_;
  Timer pause_;
  Timer sweep_;  // runs while there are connections
  HttpConnections all_;
  HttpConnection::Id last_ = 0;
  std::unordered_map<HttpConnection::Id, std::unique_ptr<HttpConnection>> connections_;
};

}  // namespace signpost::admin
