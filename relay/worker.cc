#include "relay/worker.h"

#include "base/log.h"
#include "relay/delivery_session.h"
#include "relay/destination.h"
#include "relay/submission_session.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace signpost::relay {

Worker::Worker(Relay& relay, std::size_t index, std::shared_ptr<const Settings> settings)
    : relay_(relay),
      index_(index),
      settings_(std::move(settings)),
      metrics_(relay.registry),
      commits_(loop_, *relay.committer) {}

Worker::~Worker() {
  submissions_.clear();
  deliveries_.clear();
  timers_.clear();
  listeners_.clear();
}

Result<void> Worker::open_resolver() {
  dns::ResolverOptions options;
  options.servers = settings_->config->dns_servers;
  auto resolver = dns::Resolver::create(loop_, options, relay_.registry);
  if (!resolver) return Failure(std::move(resolver).error());
  resolver_ = std::move(*resolver);
  return {};
}

void Worker::run() { loop_.run(); }

void Worker::stop() {
  loop_.post([this] {
    listeners_.clear();
    submissions_.clear();
    waiting_.clear();
    deliveries_.clear();
    timers_.clear();
    commits_.hand_over();
    loop_.stop();
  });
}

void Worker::configure(std::shared_ptr<const Settings> settings,
                       std::map<std::string, int> sockets) {
  settings_ = std::move(settings);
  const auto& wanted = settings_->config->listeners;
  std::erase_if(listeners_, [&](const auto& entry) {
    return std::ranges::find(wanted, entry.first, &config::ListenerConfig::name) == wanted.end();
  });
  for (const auto& [name, fd] : sockets) {
    // Shown from the start, as zero.
    (void)metrics_.sessions(name);
    (void)metrics_.sessions_total(name);
    listeners_[name] = std::make_unique<net::Listener>(
        loop_, fd, [this, name](int accepted, const net::SocketAddress& peer) {
          accept(name, accepted, peer);
        });
  }
}

void Worker::accept(const std::string& listener, int fd, const net::SocketAddress& peer) {
  const auto& configs = settings_->config->listeners;
  const auto config = std::ranges::find(configs, listener, &config::ListenerConfig::name);
  if (config == configs.end()) {
    ::close(fd);
    return;
  }
  const std::uint64_t id = next_session_++;
  auto session = std::make_unique<SubmissionSession>(*this, id, *config, fd, peer);
  SubmissionSession& started = *submissions_.emplace(id, std::move(session)).first->second;
  started.start();
}

void Worker::open_delivery(std::shared_ptr<Destination> destination) {
  if (relay_.draining.load(std::memory_order_relaxed)) {
    // The jobs stay in the queue for the next start.
    (void)destination->connection_ended({index_, 0}, false, std::nullopt, loop_.now());
    return;
  }
  if (deliveries_.size() >= delivery_limit_) {
    waiting_.push_back(std::move(destination));
    return;
  }
  const std::uint64_t id = next_session_++;
  auto session = std::make_unique<DeliverySession>(*this, id, std::move(destination));
  DeliverySession& started = *deliveries_.emplace(id, std::move(session)).first->second;
  started.start();
}

SubmissionSession* Worker::submission(std::uint64_t id) {
  const auto found = submissions_.find(id);
  return found == submissions_.end() ? nullptr : found->second.get();
}

DeliverySession* Worker::delivery(std::uint64_t id) {
  const auto found = deliveries_.find(id);
  return found == deliveries_.end() ? nullptr : found->second.get();
}

void Worker::retire(const SubmissionSession& session) {
  loop_.defer([this, id = session.id()] { submissions_.erase(id); });
}

void Worker::retire(const DeliverySession& session) {
  loop_.defer([this, id = session.id()] {
    deliveries_.erase(id);
    if (waiting_.empty()) return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    open_delivery(std::move(next));
  });
}

void Worker::after(std::chrono::milliseconds delay, net::Task task) {
  const std::uint64_t id = next_timer_++;
  auto shared = std::make_shared<net::Task>(std::move(task));
  auto timer = std::make_unique<net::Timer>(loop_, [this, id, shared] {
    loop_.defer([this, id] { timers_.erase(id); });
    (*shared)();
  });
  timer->start(delay);
  timers_.emplace(id, std::move(timer));
}

void Worker::drain() {
  listeners_.clear();
  // Both only mark themselves or retire through defer(): the maps do not change here.
  for (const auto& [id, session] : submissions_) session->drain();
  for (const auto& [id, session] : deliveries_) session->drain();
}

}  // namespace signpost::relay
