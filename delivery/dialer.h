// Makes one connection to a next hop: races its targets, in the order of the host walk, and keeps
// the one that connects first (RFC 8305). connect_race.h has when which is attempted.
#pragma once

#include "base/alive.h"
#include "delivery/connect_race.h"
#include "delivery/dial.h"
#include "delivery/host_walk.h"
#include "delivery/session_host.h"
#include "net/timer.h"
#include "smtp/client_dialog.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace signpost::delivery {

// Belongs to one receiver connection, on its worker's thread. Each attempt counts against all
// limits while it lasts: the first has the connection of its session, and is made without looking
// at others; one beside it only where limits leave a connection.
class Dialer final : private Dial::User {
 public:
  class User {
   public:
    virtual ~User() = default;
    // The race is over, and the others are closed without a word. `login`: what the target asks
    // for; null: none.
    virtual void on_dialed(std::unique_ptr<Dial> dial,
                           std::shared_ptr<const smtp::ClientLogin> login) = 0;
    // The next target is tried, unless the user calls stop().
    virtual void on_target_failed(const HostWalk::Target& target, relay::ConnectionFailure kind,
                                  const Disposition& failure) = 0;
    // There are no more targets. `why`: meaningful if there were none. `crowded`: one was skipped
    // because its address has as many connections as may be.
    virtual void on_exhausted(const Disposition& why, bool crowded) = 0;
  };

  // `settings` and `hop` are those of `user`, which outlives it.
  Dialer(SessionHost& host, SitePtr site, SessionRef session, const relay::Settings& settings,
         const NextHop& hop, User& user);
  ~Dialer() override;

  // REQUIRES: no connection is being made
  void connect();                               // to the next target
  void connect_again(HostWalk::Target target);  // to that one first
  void stop();
  // Ends a connection that it has made. A callback of its stream may be calling.
  void hang_up(std::unique_ptr<Dial> dial);

 private:
  // Dial::User
  void on_connected(Dial& dial) override;
  void on_failed(Dial& dial, const Error& error) override;

  const Source& source() const { return hop_.sources[session_.exit]; }
  void act(ConnectRace::Do what);
  void ask();
  void found(HostWalk::Target target);
  void skipped(const std::string& name, const Disposition& why);
  void run_out(const Disposition& why);
  void offer(HostWalk::Target target);
  bool may_begin();
  bool goes_alone() const;
  void begin();
  void read_token();
  void dial();
  void target_failed(const HostWalk::Target& target, relay::ConnectionFailure kind,
                     std::string_view detail);
  std::unique_ptr<Dial> taken_out(const Dial& dial);
  void give_up_first();
  void lost_the_race(std::unique_ptr<Dial> dial, bool was_ahead);
  void give_back_spare();

  SessionHost& host_;
  const SitePtr site_;
  const SessionRef session_;
  const relay::Settings& settings_;
  const NextHop& hop_;
  User& user_;
  HostWalk walk_;
  ConnectRace race_;
  net::Timer timer_;
  bool is_connecting_ = false;
  std::vector<std::unique_ptr<Dial>> dials_;  // under way, in the order in which they began
  std::size_t beside_ = 0;                    // connections taken for them beside the session's
  std::optional<HostWalk::Target> next_;      // found, and not begun yet
  std::shared_ptr<const smtp::ClientLogin> login_;  // of the target whose token was read last
  std::deque<HostWalk::Target> first_;              // before the walk's next ones
  std::deque<HostWalk::Target> later_;              // lost a race: after those of the walk
  bool is_asking_ = false;                          // the walk
  Disposition run_out_{};                           // why the walk has no more
  bool crowded_ = false;
  Alive alive_;  // for deferred callbacks
};

}  // namespace signpost::delivery
