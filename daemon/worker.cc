#include "daemon/worker.h"

#include "config/config.h"
#include "delivery/forbidden_address.h"
#include "dns/open_resolver.h"
#include "relay/name_servers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace signpost::daemon {

namespace {

// Why no policy is fetched from an address, by the rules for mail in force; "": it may be.
mta_sts::Discovery::WhyNot why_not_fetched(const relay::Context& context) {
  return [&context](const net::IpAddress& address) {
    const auto kind = delivery::forbidden_network(address, context.settings->config->delivery);
    return kind ? fmt::format("has the {} address {}, where no policy is fetched from", *kind,
                              address.text())
                : "";
  };
}

}  // namespace

Worker::Worker(Shared& shared, std::size_t index, std::shared_ptr<const relay::Settings> settings)
    : settings_(std::move(settings)),
      timers_(loop_),
      lag_(loop_, shared.registry, index),
      metrics_(shared.registry),
      events_(metrics_),
      commits_(loop_, *shared.committer) {
  metrics_.name_providers(*settings_->providers);
}

Result<std::unique_ptr<Worker>> Worker::create(Shared& shared, std::size_t index,
                                               std::shared_ptr<const relay::Settings> settings,
                                               const Share& share) {
  std::unique_ptr<Worker> worker(new Worker(shared, index, std::move(settings)));
  dns::ResolverOptions options = relay::resolver_options(*worker->settings_->config);
  options.cache_entries = share.dns_entries;
  options.watch = &shared.delivery->name_service;
  auto resolver = dns::open_resolver(worker->loop_, options, shared.registry, shared.clock);
  if (!resolver) return Failure(std::move(resolver).error());
  worker->resolver_ = std::move(*resolver);
  worker->context_.emplace(relay::Context{.worker = index,
                                          .clock = shared.clock,
                                          .random = worker->random_,
                                          .loop = worker->loop_,
                                          .timers = worker->timers_,
                                          .resolver = *worker->resolver_,
                                          .commits = worker->commits_,
                                          .ids = worker->ids_,
                                          .events = worker->events_,
                                          .metrics = worker->metrics_,
                                          .store = *shared.store,
                                          .admission = shared.admission,
                                          .quotas = shared.quotas,
                                          .draining = shared.draining,
                                          .settings = worker->settings_,
                                          .next_session = 1});
  worker->mta_sts_.emplace(*shared.policies, *worker->resolver_, worker->loop_,
                           why_not_fetched(*worker->context_));
  worker->context_->mta_sts = &*worker->mta_sts_;
  worker->context_->tls_reports = &shared.tls_reports;
  worker->authenticator_.emplace(
      worker->loop_, worker->timers_, shared.clock, *shared.password_checks,
      auth::Authenticator::Options{.salt_secret = shared.salt_secret,
                                   .fetched_keys = shared.fetched_keys.get(),
                                   .dovecot_report = &shared.dovecot});
  worker->delivery_.emplace(*worker->context_, *shared.delivery, share.deliveries);
  worker->descriptor_ceiling_ = share.ceiling;
  worker->submission_.emplace(*worker->context_, *worker->authenticator_, *worker->delivery_);
  return worker;
}

Worker::~Worker() {
  // Before the objects that they use: sessions and queries have timers and streams on the loop.
  listeners_.clear();
  submission_.reset();
  delivery_.reset();
  timers_.clear();
}

void Worker::run() {
  lag_.start();
  loop_.run();
}

void Worker::stop() {
  loop_.post([this] {
    listeners_.clear();
    submission_->cut();
    delivery_->cut();
    timers_.clear();
    lag_.stop();
    commits_.hand_over();
    loop_.stop();
  });
}

void Worker::configure(std::shared_ptr<const relay::Settings> settings, Sockets sockets) {
  const auto& wanted = settings->config->listeners;
  std::erase_if(listeners_, [&](const auto& entry) {
    if (std::ranges::find(wanted, entry.first, &config::ListenerConfig::name) != wanted.end()) {
      return false;
    }
    entry.second.listener->take_waiting();  // who came before is served under the old settings
    return true;
  });
  settings_ = std::move(settings);
  context_->settings = settings_;
  metrics_.name_providers(*settings_->providers);
  events_.set_metered(settings_->metered_logins);
  for (auto& [name, socket] : sockets) {
    // Shown from the start, as zero.
    (void)metrics_.sessions(name);
    (void)metrics_.sessions_total(name);
    listeners_[name] = {.listener = std::make_unique<net::Listener>(
                            loop_, socket.descriptor.release(),
                            [this, name](int accepted, const net::SocketAddress& peer) {
                              accept(name, accepted, peer);
                            },
                            descriptor_ceiling_),
                        .outlives_us = socket.outlives_us};
  }
}

void Worker::accept(const std::string& listener, int fd, const net::SocketAddress& peer) {
  const auto& configs = settings_->config->listeners;
  const auto config = std::ranges::find(configs, listener, &config::ListenerConfig::name);
  if (config == configs.end()) {
    ::close(fd);
    return;
  }
  submission_->accept(*config, fd, peer);
}

// Who waits at a socket that outlives us gets the next process; the others get 421.
void Worker::drain() {
  for (const auto& [name, each] : listeners_) {
    if (!each.outlives_us) each.listener->take_waiting();
  }
  listeners_.clear();
  submission_->drain();
  delivery_->drain();
}

void Worker::send_away() {
  submission_->send_away();
  delivery_->cut();
}

bool Worker::drained() const {
  return submission_->drained() && delivery_->drained() && commits_.idle();
}

}  // namespace signpost::daemon
