// One event loop and all that lives on it: listeners, submission sessions, delivery sessions, a
// resolver. A session lives and dies on one worker.
#pragma once

#include "dns/resolver.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/timer.h"
#include "queue/message_id.h"
#include "relay/relay.h"
#include "relay/relay_metrics.h"
#include "relay/settings.h"
#include "relay/turn_commits.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::relay {

class SubmissionSession;
class DeliverySession;

// Everything but post() and stop() belongs to the worker's own thread.
class Worker {
 public:
  Worker(Relay& relay, std::size_t index, std::shared_ptr<const Settings> settings);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Result<void> open_resolver();  // before run()
  void run();                    // the thread's body, until stop()
  void stop();                   // any thread: sessions under way are cut
  void post(net::Task task) { loop_.post(std::move(task)); }

  Relay& relay() { return relay_; }
  net::Loop& loop() { return loop_; }
  dns::Resolver& resolver() { return *resolver_; }
  RelayMetrics& metrics() { return metrics_; }
  TurnCommits& commits() { return commits_; }
  std::size_t index() const { return index_; }
  const std::shared_ptr<const Settings>& settings() const { return settings_; }
  queue::MessageId next_id(SystemTime now) { return ids_.next(now); }

  // Takes a new configuration: listeners that it no longer names are closed, `sockets` (by `bind`
  // as written) are listened on. Sessions keep the settings that they began with.
  void configure(std::shared_ptr<const Settings> settings, std::map<std::string, int> sockets);

  // At most so many delivery sessions at once: connections are descriptors, which the store needs
  // as well. Before run().
  void set_delivery_limit(std::size_t limit) { delivery_limit_ = limit; }
  // The destination has reserved a connection. Beyond the limit it waits for another to end.
  void open_delivery(std::shared_ptr<Destination> destination);
  // Connections are wanted more urgently than kept: who has nothing to do closes.
  bool short_of_connections() const { return !waiting_.empty(); }
  SubmissionSession* submission(std::uint64_t id);  // null when it is gone
  DeliverySession* delivery(std::uint64_t id);
  // From within the session's own functions: it is destroyed when they have returned.
  void retire(const SubmissionSession& session);
  void retire(const DeliverySession& session);

  void after(std::chrono::milliseconds delay, net::Task task);  // runs once, unless stopped before

  // Stops accepting; idle sessions are told to go, those in a transaction may finish.
  void drain();
  bool drained() const { return submissions_.empty() && deliveries_.empty(); }

 private:
  void accept(const std::string& listener, int fd, const net::SocketAddress& peer);

  Relay& relay_;
  const std::size_t index_;
  std::shared_ptr<const Settings> settings_;
  net::Loop loop_;
  RelayMetrics metrics_;
  TurnCommits commits_;
  queue::MessageIdGenerator ids_;
  std::unique_ptr<dns::Resolver> resolver_;
  std::map<std::string, std::unique_ptr<net::Listener>> listeners_;  // by `bind` as written
  std::uint64_t next_session_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<SubmissionSession>> submissions_;
  std::unordered_map<std::uint64_t, std::unique_ptr<DeliverySession>> deliveries_;
  std::size_t delivery_limit_ = std::numeric_limits<std::size_t>::max();
  std::deque<std::shared_ptr<Destination>> waiting_;  // for a connection; each once or a few times
  std::uint64_t next_timer_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<net::Timer>> timers_;
};

}  // namespace signpost::relay
