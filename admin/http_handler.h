// What an HTTP server is given: listening sockets, bounds, and who answers.
#pragma once

#include "admin/http_message.h"
#include "base/descriptor.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <variant>

namespace signpost::admin {

// Makes a response and may block: runs on a thread of the server's pool.
using HttpWork = std::function<HttpResponse()>;
// A stream of events to many clients will be a third kind: the connection waits for nothing in
// between.
using HttpAnswer = std::variant<HttpResponse, HttpWork>;

// Called on the server's thread: these must not block, nor throw.
struct HttpHandler {
  // The head is there, the body is not: a response ends the request and the connection.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> refuse;
  std::function<HttpAnswer(const HttpRequest&)> answer;
};

// A bound of one listener affects its own clients only: a flood at one leaves the other free.
struct HttpListener {
  Descriptor socket;  // listening, non-blocking; TCP or unix
  std::size_t connections = 0;
};

// Octets, unless the type says otherwise.
struct HttpLimits {
  std::size_t head = 16 << 10;    // beyond it 414 or 431
  std::size_t fields = 100;       // of a head, and parameters of a query; beyond it 431, 414
  std::size_t body = 64 << 10;    // beyond it 413
  std::size_t unsent = 16 << 20;  // responses being sent by one listener; beyond it 503
  std::chrono::seconds request_time{10};   // from the previous request until one is complete
  std::chrono::seconds response_time{30};  // until the client has read the response
  std::size_t work_threads = 4;
  std::size_t work_waiting = 64;  // beyond it 503
};

}  // namespace signpost::admin
