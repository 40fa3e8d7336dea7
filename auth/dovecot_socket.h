// Passwords that a Dovecot checks: its socket for authentication clients ("unix_listener
// auth-client" or the one that Postfix uses).
#pragma once

#include "auth/dovecot_protocol.h"
#include "auth/dovecot_report.h"
#include "base/byte_queue.h"
#include "base/descriptor.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/poll.h"
#include "net/timers.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::auth {

// One per worker, the loop's thread only: one connection, made when it is needed and again after it
// was lost. Whatever keeps Dovecot from answering is Unavailable.
class DovecotSocket {
 public:
  struct Limits {
    std::size_t waiting = 256;
    std::size_t kept = 64;               // of them, for known pairs of client and login
    std::size_t waiting_per_client = 8;  // an IPv4 address, an IPv6 /64
    std::chrono::seconds patience{30};
  };
  struct Question {
    std::string socket;  // its path
    net::IpAddress client;
    bool known = false;  // the login has succeeded from there before
    std::string login;
    SecretString password;
  };
  using Outcome = DovecotProtocol::Outcome;
  // `login`: as Dovecot names it; "" when it does not.
  using Done = std::move_only_function<void(Outcome, const std::string& login)>;

  // All must outlive it. `report` hears why it fails; null: nobody does.
  DovecotSocket(net::Loop& loop, net::Timers& timers, DovecotReport* report);
  DovecotSocket(net::Loop& loop, net::Timers& timers, DovecotReport* report, const Limits& limits);
  ~DovecotSocket();
  DovecotSocket(const DovecotSocket&) = delete;
  DovecotSocket& operator=(const DovecotSocket&) = delete;

  // `done` runs once, unless this is destroyed before, in a later turn of the loop.
  void ask(Question question, Done done);

 private:
  struct Waiting {
    std::string client;  // prefix
    Done done;
    SecretString line;  // to be sent when Dovecot has said hello; empty: sent
  };

  bool has_place(const Question& question, const std::string& client) const;
  bool connect(const std::string& path);
  bool send(std::string_view octets);
  void on_readable();
  void answer(std::uint32_t number, Outcome outcome, const std::string& login);
  void report(const std::string& reason);
  void give_up(const std::string& reason);  // and reports it, if somebody waits
  void disconnect();                        // all who wait are told

  net::Loop& loop_;
  net::Timers& timers_;
  DovecotReport* const report_;
  const Limits limits_;
  std::string path_;  // of the connection
  Descriptor socket_;
  std::unique_ptr<net::Poll> poll_;
  DovecotProtocol protocol_;
  ByteQueue in_;
  std::uint32_t next_ = 1;
  std::map<std::uint32_t, Waiting> waiting_;  // by number
};

}  // namespace signpost::auth
