// One connection to signpost-sink: a small SMTP server that keeps to RFC 5321 unless asked to break
// it.
#pragma once

#include "bench/sink/greylist.h"
#include "bench/sink/mail_folder.h"
#include "bench/sink/options.h"
#include "bench/sink/presence.h"
#include "bench/sink/script.h"
#include "bench/sink/tally.h"
#include "bench/wire/channel.h"
#include "bench/wire/load_message.h"
#include "bench/wire/mail_data.h"
#include "bench/wire/poller.h"
#include "bench/wire/tls.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace signpost::bench {

class SinkSession;

// What a session needs from the thread that it belongs to.
class SinkSessionOwner {
 public:
  virtual const SinkOptions& options() const = 0;
  virtual ssl_ctx_st* tls() const = 0;     // null: TLS is not offered
  virtual MailFolder* folder() const = 0;  // null: nothing is saved
  virtual Tally& tally() = 0;
  virtual Script& script() = 0;
  virtual Poller& poller() = 0;
  virtual Presence& presence() = 0;

  virtual bool is_busy() = 0;  // who asks now gets 421
  virtual Greylist& greylist() = 0;

  // Counts a message that gets its 250 at the end of this iteration; returns its number.
  virtual std::uint64_t accepted(const LoadVerdict& verdict, const ReceivedEnvelope& envelope) = 0;
  // Something that should have been written was not.
  virtual void failed(const Error& error) = 0;
  virtual void needs_flush(SinkSession& session) = 0;
  virtual void over(SinkSession& session) = 0;
  virtual SinkSession* find(std::uint64_t id) = 0;  // null once it is gone

 protected:
  ~SinkSessionOwner() = default;
};

// Belongs to its owner's thread. Its id names it to timers, which may outlive it.
class SinkSession : public Handler {
 public:
  SinkSession(SinkSessionOwner& owner, std::uint64_t id, Descriptor fd, const Endpoint& peer);
  ~SinkSession() override;

  void on_ready(std::uint32_t events) override;
  // Writes what is pending: once an iteration, after the ledger.
  void flush();
  void check_deadline(Clock::time_point now);
  std::uint64_t id() const { return id_; }
  bool dead() const { return dead_; }

 private:
  enum class State { Command, Data, Chunk, Waiting, BrokenHandshake, Closing };

  void greet();
  void after(std::chrono::milliseconds delay, std::function<void(SinkSession&)> act);
  void process();
  bool take_command();
  void command(std::string_view line);
  void hello(bool extended, std::string_view name);
  void start_tls();
  void turn_away();
  bool is_greylisted(const std::string& recipient);
  bool is_beyond_limits(std::string_view recipient);
  bool exceeds(std::size_t count, std::size_t limit, std::string_view what);
  void mail(std::string_view argument);
  void recipient(std::string_view argument);
  void begin_content();
  void data();
  bool take_data();
  void bdat(std::string_view argument);
  bool take_chunk();
  void bound_content();
  void message_complete();
  void finish_message(const DataFate& fate);
  void accept_message();
  void reply(int code, std::string_view status, std::string_view text);
  void protocol_error(int code, std::string_view status, std::string_view text);
  void line(std::string_view text);
  void reset_transaction();
  void close_after_flush();
  void die();

  SinkSessionOwner& owner_;
  const std::uint64_t id_;
  Channel channel_;
  ReceivedEnvelope envelope_;
  State state_ = State::Command;
  MailDataDecoder decoder_;
  std::string content_;
  bool have_mail_ = false;
  ChunkSize chunk_;           // what is left of it
  bool in_chunks_ = false;    // the transaction has had one
  bool chunk_taken_ = false;  // not refused
  bool too_large_ = false;
  bool drop_in_data_ = false;
  bool was_handshaking_ = false;
  bool dead_ = false;
  unsigned errors_ = 0;
  std::size_t mails_ = 0;       // MAIL commands of the session
  std::size_t recipients_ = 0;  // RCPT commands of the transaction
  std::set<std::string> domains_;
  Clock::time_point deadline_;
};

}  // namespace signpost::bench
