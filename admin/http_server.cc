#include "admin/http_server.h"

#include "admin/asio.h"
#include "admin/http_endpoint.h"
#include "admin/task_pool.h"
#include "base/clock.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::chrono::seconds kLastResponses{2};
constexpr std::chrono::milliseconds kLook{20};

}  // namespace

struct HttpServer::Impl {
  Impl(HttpHandler given_handler, HttpLimits given_limits)
      : handler(std::move(given_handler)),
        limits(given_limits),
        pool(limits.work_threads, limits.work_waiting) {}

  Result<void> listen(std::vector<HttpListener> listeners);
  void run();
  void finish();
  bool any(bool (HttpEndpoint::*question)() const) const {
    return std::ranges::any_of(
        endpoints, [question](const auto& endpoint) { return ((*endpoint).*question)(); });
  }

  const HttpHandler handler;
  const HttpLimits limits;
  Loop loop{1};  // one thread runs it
  // The loop does not know that it must wait for the pool's work.
  const asio::executor_work_guard<Loop::executor_type> goes_on{loop.get_executor()};
  TaskPool pool;
  std::vector<std::unique_ptr<HttpEndpoint>> endpoints;
  std::thread thread;
};

Result<void> HttpServer::Impl::listen(std::vector<HttpListener> listeners) {
  for (HttpListener& listener : listeners) {
    endpoints.push_back(
        std::make_unique<HttpEndpoint>(loop, handler, limits, pool, listener.connections));
    if (auto started = endpoints.back()->start(std::move(listener.socket)); !started) {
      return started;
    }
  }
  return {};
}

void HttpServer::Impl::run() {
  loop.run();  // until it is stopped
  loop.restart();
  finish();
}

// Clients get the answers to requests already made, and no more.
void HttpServer::Impl::finish() {
  for (const auto& endpoint : endpoints) endpoint->stop_accepting();
  const SteadyTime deadline = real_clock().steady_now() + kLastResponses;
  while (any(&HttpEndpoint::is_working) ||
         (any(&HttpEndpoint::is_sending) && real_clock().steady_now() < deadline)) {
    loop.run_one_for(kLook);
  }
  for (const auto& endpoint : endpoints) endpoint->close_all();
  while (any(&HttpEndpoint::has_connections)) loop.run_one();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(std::vector<HttpListener> listeners,
                                                      HttpHandler handler, HttpLimits limits) {
  try {
    auto impl = std::make_unique<Impl>(std::move(handler), limits);
    if (auto listening = impl->listen(std::move(listeners)); !listening) {
      return Failure(std::move(listening).error());
    }
    impl->thread = std::thread([&running = *impl] { running.run(); });
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
  } catch (const boost::system::system_error& error) {  // the loop has no descriptors
    return fail(Errc::Io, std::string("the HTTP server cannot start: ") + error.what());
  }
}

HttpServer::~HttpServer() {
  impl_->loop.stop();
  impl_->thread.join();
}

}  // namespace signpost::admin
