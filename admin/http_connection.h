// One connection of an HttpEndpoint and its requests, one after the other. Internal to
// http_endpoint.cc.
#pragma once

#include "admin/asio.h"
#include "admin/connection_table.h"
#include "admin/http_handler.h"
#include "admin/http_message.h"
#include "admin/http_parser.h"
#include "admin/http_response_head.h"
#include "admin/task_pool.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace signpost::admin {

// What the connections of one listener share.
struct HttpConnections {
  Loop& loop;
  const HttpHandler& handler;
  const HttpLimits& limits;
  TaskPool& pool;
  ConnectionTable table;
  const std::function<void(ConnectionTable::Id)> ended;  // destroys the connection
  std::size_t unsent = 0;                                // octets of bodies being sent
  bool accepting = true;                                 // false: none is kept for another request
};

// The loop's thread only. Waits for one thing at a time: for octets, for its work, or for the
// client to read the response. Each of them ends with a call on the loop, even when the socket is
// closed meanwhile; so the object is destroyed in such a call only, and none comes too late. An
// idle connection has no buffer and no parser.
class HttpConnection {
 public:
  using Id = ConnectionTable::Id;

  // `id` is in the table.
  HttpConnection(Id id, Socket socket, const HttpPeer& peer, HttpConnections& all)
      : id_(id), socket_(std::move(socket)), peer_(peer), all_(all) {}
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start() { wait(); }
  // Ends soon, without another octet for the client.
  void close();

 private:
  struct Outgoing {
    std::string head;
    std::string body;
    bool is_last = false;
  };

  void wait();
  void receive();
  void read_on();
  void begin();
  void invite();
  void answer();
  void work(HttpWork task);
  void send(HttpResponse response, bool may_keep);
  void sent(error_code error);
  void leave();
  void discard(std::size_t size);
  void enter(ConnectionTable::State state);
  void end();

  const Id id_;
  Socket socket_;
  const HttpPeer peer_;
  HttpConnections& all_;
  std::string received_;                // and not parsed yet
  std::unique_ptr<HttpParser> parser_;  // of the request that has begun
  std::unique_ptr<Outgoing> outgoing_;
  bool leaving_ = false;
  std::size_t discarded_ = 0;  // octets, while leaving
};

}  // namespace signpost::admin
