// One event loop with everything on it: listeners, submission, delivery, a resolver.
#pragma once

#include "auth/authenticator.h"
#include "base/descriptor.h"
#include "base/random.h"
#include "daemon/loop_lag.h"
#include "daemon/shared.h"
#include "delivery/delivery.h"
#include "dns/resolver.h"
#include "mta_sts/discovery.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/timers.h"
#include "queue/message_id.h"
#include "relay/context.h"
#include "relay/event_sink.h"
#include "relay/relay_metrics.h"
#include "relay/settings.h"
#include "relay/turn_commits.h"
#include "submission/submission.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace signpost::daemon {

// Once run() was called, everything but post() and stop() is for the worker's own thread.
class Worker {
 public:
  struct ListeningSocket {
    Descriptor descriptor;
    bool outlives_us = false;  // the service manager has it, too
  };
  using Sockets = std::map<std::string, ListeningSocket>;  // by `bind` as written
  // A worker's part of the process's limits.
  struct Share {
    std::size_t deliveries = 0;   // connections to receivers, at once
    std::size_t dns_entries = 0;  // in the DNS cache
    int ceiling = 0;              // of descriptors, the same for all: relay/descriptor_budget.h
  };

  static Result<std::unique_ptr<Worker>> create(Shared& shared, std::size_t index,
                                                std::shared_ptr<const relay::Settings> settings,
                                                const Share& share);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void run();   // the thread's body, until stop()
  void stop();  // any thread: sessions under way are cut off
  void post(net::Task task) { loop_.post(std::move(task)); }

  delivery::Delivery& delivery() { return *delivery_; }
  mta_sts::Discovery& mta_sts() { return *mta_sts_; }
  relay::Context& context() { return *context_; }

  // Puts a new configuration in force: closes listeners that it no longer names, and listens on
  // `sockets`. Sessions keep the settings that they began with.
  void configure(std::shared_ptr<const relay::Settings> settings, Sockets sockets);

  // Takes over `fd`, whose other end speaks for the account at the listener of this name.
  void accept_for(const std::string& listener, int fd, uid_t account) {
    accept(listener, fd, {net::IpAddress::of_account(account), 0});
  }

  // Stops accepting; idle sessions are closed, those in a transaction may finish it.
  void drain();
  // Ends the remaining sessions: clients get 421, receivers nothing.
  void send_away();
  // No session is left, and all their outcomes are stored and in the log.
  bool drained() const;

 private:
  Worker(Shared& shared, std::size_t index, std::shared_ptr<const relay::Settings> settings);
  void accept(const std::string& listener, int fd, const net::SocketAddress& peer);

  std::shared_ptr<const relay::Settings> settings_;
  int descriptor_ceiling_ = 0;
  net::Loop loop_;
  net::Timers timers_;
  LoopLag lag_;
  relay::RelayMetrics metrics_;
  relay::EventSink events_;
  relay::TurnCommits commits_;
  Random random_;
  queue::MessageIdGenerator ids_{Random(random_())};
  std::unique_ptr<dns::Resolver> resolver_;
  std::optional<relay::Context> context_;
  std::optional<mta_sts::Discovery> mta_sts_;
  std::optional<auth::Authenticator> authenticator_;
  std::optional<delivery::Delivery> delivery_;
  std::optional<submission::Submission> submission_;
  struct Listener {
    std::unique_ptr<net::Listener> listener;
    bool outlives_us = false;
  };
  std::map<std::string, Listener> listeners_;  // by `bind` as written
};

}  // namespace signpost::daemon
