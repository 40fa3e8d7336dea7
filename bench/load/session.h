// One connection slot of signpost-load: connects, logs in, sends messages, and connects again when
// the connection is spent or lost.
//
//   state      waits for                       then
//   Idle       a message or a reconnect
//   Connecting the socket                      Greeting, or TLS first
//   Greeting   220                             EHLO
//   Hello      250                             STARTTLS | AUTH | Ready
//   StartTls   220                             TLS, EHLO again
//   Auth       334 / 235                       Ready
//   Ready      a message that is due           Envelope
//   Envelope   MAIL, RCPT…, DATA replies       Content, or Reset
//              or MAIL, RCPT…, BDAT… replies   Ready or Quit, or Reset
//   Content    the reply to the end of data    Ready or Quit
//   Reset      the reply to RSET               Ready
//   Quit       221 or the close                Idle
#pragma once

#include "bench/load/options.h"
#include "bench/load/results.h"
#include "bench/load/schedule.h"
#include "bench/wire/channel.h"
#include "bench/wire/load_message.h"
#include "bench/wire/poller.h"
#include "bench/wire/reply_reader.h"
#include "bench/wire/tls.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::bench {

class Session;

// What a session needs from the thread that it belongs to.
class SessionOwner {
 public:
  virtual Results& results() = 0;
  virtual const LoadOptions& options() const = 0;
  virtual const LoadMessages& messages() const = 0;
  virtual ssl_ctx_st& tls() const = 0;
  virtual bool open_loop() const = 0;
  virtual Poller& poller() = 0;
  virtual std::string_view date() const = 0;

  virtual void ready(Session& session) = 0;
  virtual void needs_flush(Session& session) = 0;
  virtual void acknowledged(std::string_view id, std::string_view queue_id) = 0;
  virtual void connection_over(Session& session) = 0;
  virtual void setup_failed(Session& session, bool again) = 0;
  // Keeps what may still be on the stack until the iteration ends.
  virtual void bury(std::unique_ptr<Channel> channel) = 0;

 protected:
  ~SessionOwner() = default;
};

// Belongs to its owner's thread.
class Session : public Handler {
 public:
  Session(SessionOwner& owner, unsigned index);
  ~Session() override;

  void on_ready(std::uint32_t events) override;

  void connect();
  bool ready() const { return state_ == State::Ready; }
  // REQUIRES: ready()
  void begin(const Schedule::Slot& slot);
  void quit();
  // Writes what is pending: once an iteration, after the ledger.
  void flush();
  // Gives up a wait that has lasted too long.
  void check_deadline(Clock::time_point now);

 private:
  enum class State {
    Idle,
    Connecting,
    Greeting,
    Hello,
    StartTls,
    Auth,
    Ready,
    Envelope,
    Content,
    Reset,
    Quit
  };

  void enter(State state);
  void connected();
  void secure();
  void send(std::string_view line);
  void read_replies();
  void on_reply(const Reply& reply);
  std::string_view command() const;
  void on_hello(const Reply& reply);
  void on_auth(const Reply& reply);
  void authenticate();
  void on_envelope(const Reply& reply);
  void send_envelope_part();
  void add_chunks();
  void send_content();
  void append_message(std::string& wire);
  void on_content(const Reply& reply);
  void transaction_failed(const std::string& what);
  void after_transaction();
  void lost(const std::string& what);
  void setup_failed(const std::string& what);
  void close();

  SessionOwner& owner_;
  const LoadOptions& options_;
  const unsigned index_;

  std::unique_ptr<Channel> channel_;
  ReplyReader reader_;
  State state_ = State::Idle;
  Clock::time_point deadline_;
  Clock::time_point step_began_;   // connecting, TLS or AUTH: one after the other
  Clock::time_point setup_since_;  // of the first in a row of failed tries
  bool setup_failing_ = false;
  bool offers_pipelining_ = false;
  bool offers_eight_bit_ = false;
  bool offers_chunking_ = false;
  bool securing_ = false;  // a TLS handshake is under way
  unsigned auth_step_ = 0;
  std::uint64_t sent_on_connection_ = 0;

  // The transaction under way.
  Schedule::Slot slot_;
  std::string id_;
  std::vector<std::string> commands_;
  std::size_t envelope_size_ = 0;  // commands before DATA or the first BDAT
  std::string content_;            // of the chunks
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  unsigned accepted_recipients_ = 0;
  int first_refusal_ = 0;
  bool content_pending_ = false;  // data not wholly handed to the kernel yet
  Clock::time_point began_;
  Clock::time_point data_ended_;
};

}  // namespace signpost::bench
