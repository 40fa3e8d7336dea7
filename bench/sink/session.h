// One connection to signpost-sink: a small SMTP server that keeps to RFC 5321 where it is not asked
// to break it.
#pragma once

#include "bench/sink/mail_folder.h"
#include "bench/sink/script.h"
#include "bench/wire/channel.h"
#include "bench/wire/mail_data.h"
#include "bench/wire/poller.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::bench {

class SinkWorker;

// Belongs to its worker's thread. Its id names it to timers, which may outlive it.
class SinkSession : public Handler {
 public:
  SinkSession(SinkWorker& worker, std::uint64_t id, Descriptor fd, const Endpoint& peer);

  void on_ready(std::uint32_t events) override;
  // Writes what is pending: once an iteration, after the ledger.
  void flush();
  void check_deadline(Clock::time_point now);
  std::uint64_t id() const { return id_; }
  bool dead() const { return dead_; }

 private:
  enum class State { Command, Data, Waiting, BrokenHandshake, Closing };

  void process();
  bool take_command();
  void command(std::string_view line);
  void hello(bool extended, std::string_view name);
  void start_tls();
  void mail(std::string_view argument);
  void recipient(std::string_view argument);
  void data();
  bool take_data();
  void message_complete();
  void finish_message(const DataFate& fate);
  void accept_message();
  void reply(int code, std::string_view status, std::string_view text);
  void protocol_error(int code, std::string_view status, std::string_view text);
  void line(std::string_view text);
  void reset_transaction();
  void close_after_flush();
  void die();

  SinkWorker& worker_;
  const std::uint64_t id_;
  Channel channel_;
  ReceivedEnvelope envelope_;
  State state_ = State::Command;
  MailDataDecoder decoder_;
  std::string content_;
  bool have_mail_ = false;
  bool too_large_ = false;
  bool drop_in_data_ = false;
  bool was_handshaking_ = false;
  bool dead_ = false;
  unsigned errors_ = 0;
  Clock::time_point deadline_;
};

}  // namespace signpost::bench
