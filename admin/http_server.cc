#include "admin/http_server.h"

#include "admin/http_endpoint.h"
#include "admin/task_pool.h"
#include "base/clock.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <thread>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::chrono::seconds kSweep{1};
constexpr std::chrono::seconds kLastResponses{2};

}  // namespace

struct HttpServer::Impl {
  Impl(HttpHandler given_handler, HttpLimits given_limits)
      : handler(std::move(given_handler)),
        limits(given_limits),
        woken(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        pool(limits.work_threads, limits.work_waiting) {}

  void run();
  void turn(std::chrono::milliseconds longest_wait);
  void finish();
  bool any(bool (HttpEndpoint::*question)() const) const {
    return std::ranges::any_of(
        endpoints, [question](const auto& endpoint) { return ((*endpoint).*question)(); });
  }

  void wake() const {
    const std::uint64_t one = 1;
    (void)!::write(woken.get(), &one, sizeof one);
  }

  const HttpHandler handler;
  const HttpLimits limits;
  const Descriptor woken;  // outlives the pool, whose tasks wake
  TaskPool pool;
  std::vector<std::unique_ptr<HttpEndpoint>> endpoints;
  std::vector<pollfd> waiting_for;  // `woken`, then the endpoints'
  std::atomic<bool> stopping{false};
  SteadyTime next_sweep;
  std::thread thread;
};

void HttpServer::Impl::run() {
  while (!stopping.load()) turn(kSweep);
  finish();
}

// Clients see their answers to what they have asked, and no more.
void HttpServer::Impl::finish() {
  for (const auto& endpoint : endpoints) endpoint->stop_accepting();
  const SteadyTime deadline = real_clock().steady_now() + kLastResponses;
  while (any(&HttpEndpoint::working) ||
         (any(&HttpEndpoint::sending) && real_clock().steady_now() < deadline)) {
    turn(std::chrono::milliseconds(20));
  }
}

void HttpServer::Impl::turn(std::chrono::milliseconds longest_wait) {
  const bool more = any(&HttpEndpoint::has_more);
  ::poll(waiting_for.data(), waiting_for.size(), more ? 0 : static_cast<int>(longest_wait.count()));
  std::uint64_t wakings = 0;
  (void)!::read(woken.get(), &wakings, sizeof wakings);
  for (const auto& endpoint : endpoints) endpoint->run();
  const SteadyTime now = real_clock().steady_now();
  if (now < next_sweep) return;
  next_sweep = now + kSweep;
  for (const auto& endpoint : endpoints) endpoint->sweep(now);
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(std::vector<HttpListener> listeners,
                                                      HttpHandler handler, HttpLimits limits) {
  auto impl = std::make_unique<Impl>(std::move(handler), limits);
  if (!impl->woken) return fail(Errc::Io, "eventfd: " + std::generic_category().message(errno));
  impl->waiting_for.push_back({impl->woken.get(), POLLIN, 0});
  for (HttpListener& listener : listeners) {
    auto endpoint = std::make_unique<HttpEndpoint>(impl->handler, impl->limits, impl->pool,
                                                   [&server = *impl] { server.wake(); });
    if (auto started = endpoint->start(std::move(listener)); !started) {
      return Failure(std::move(started).error());
    }
    impl->waiting_for.push_back({endpoint->descriptor(), POLLIN, 0});
    impl->endpoints.push_back(std::move(endpoint));
  }
  impl->thread = std::thread([&running = *impl] { running.run(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->stopping.store(true);
  impl_->wake();
  impl_->thread.join();
}

}  // namespace signpost::admin
