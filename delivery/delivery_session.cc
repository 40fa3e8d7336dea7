// The states of a delivery session. delivery_session_jobs.cc has what it does with its jobs.
#include "delivery/delivery_session.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace signpost::delivery {

namespace {

using smtp::ClientDialog;

constexpr std::chrono::seconds kIdleLimit{5};

}  // namespace

// state        waits for                        timer             then
// -----------  -------------------------------  ---------------- ----------------------------------
// Opening      a connection that is ready       the connection's  a job; Ended when there is none
// Loading      the message of a job, from the   none              Transacting; another job
//              store
// Transacting  replies, room to send content    the dialog's      the next job
// Idle         wake()                           kIdleLimit        a job; Quitting
// Quitting     the reply to QUIT                the dialog's      Ended; Opening when the
//                                                                 connection was used up and its
//                                                                 job was not
// Ended        its destruction                  none
//
// A job is taken only when the connection is ready. A connection that never gets there counts as an
// attempt of one job, which the scheduler chooses. From Loading on, the site knows that the
// connection carries mail.
//
// A job that a used connection no longer accepts, and with no recipient decided, stays with the
// session: it is first on the next connection, to the same host first. There it gets its verdict,
// since nothing was sent before it. The rest of a job that has progress goes back to the queue
// instead, without an attempt and due at once: delivered recipients leave the queue first.
void DeliverySession::enter(State state) {
  state_ = state;
  switch (state) {
    case State::Opening:
    case State::Loading:
    case State::Ended:
      timer_.stop();
      return;
    case State::Idle:
      timer_.start(kIdleLimit);
      return;
    case State::Transacting:
    case State::Quitting:
      timer_.start(connection_.dialog().timeout());
      return;
  }
}

DeliverySession::DeliverySession(SessionHost& host, const SessionRef& ref, SitePtr site)
    : host_(host),
      ref_(ref),
      site_(std::move(site)),
      began_(host.context().clock.steady_now()),
      connection_(host, site_, ref_, log_id(), *this),
      timer_(host.context().loop, [this] { on_timeout(); }) {}

DeliverySession::~DeliverySession() = default;

void DeliverySession::start() { connection_.open(); }

void DeliverySession::hurry() { connection_.hurry(); }

// The connection --------------------------------------------------------------------------------

void DeliverySession::on_ready() {
  was_ready_ = true;
  turned_away_ = false;
  record_.tls_failure = connection_.tls_failure();
  record_.most_recipients =
      std::min(record_.most_recipients, connection_.hop().recipients_per_transaction);
  if (const auto most = connection_.dialog().extensions().limits.recipients; most != 0) {
    record_.most_recipients = std::min(record_.most_recipients, most);
  }
  record_.replies_to_each = connection_.target().is_lmtp();
  record_.smtputf8 = connection_.dialog().extensions().smtputf8;
  enter(State::Transacting);
  if (next_job()) pump();
}

void DeliverySession::on_no_host(const std::optional<Disposition>& why, const AttemptFacts& facts) {
  put_back(std::move(next_));
  if (current_ && turned_away_ && why) {  // an attempt of this job: others need not pay for it
    settle(std::move(current_), *why);
    paid_ = true;
  } else {
    put_back(std::move(current_));
  }
  end(why, facts);
}

void DeliverySession::on_writable() {
  if (state_ != State::Transacting || !current_ || !current_->content) return;
  send_content();
  timer_.start(connection_.dialog().timeout());
  if (!current_->content) pump();
}

void DeliverySession::on_lost(const Error& error) {
  switch (state_) {
    case State::Transacting:
    case State::Quitting: {
      const State before = state_;
      pump();  // the last words
      if (state_ == before) closed(connection_.dialog().connection_lost(error.detail));
      return;
    }
    case State::Loading:
      closed(connection_.dialog().connection_lost(error.detail));
      return;
    case State::Idle:
      connection_.drop();
      end(std::nullopt, connection_.facts());
      return;
    case State::Opening:
    case State::Ended:
      return;
  }
}

void DeliverySession::pump() {
  if (state_ == State::Loading) return;  // no reply is due: read with the next transaction
  if (state_ == State::Idle) {           // the peer says goodbye
    (void)host_.leave_idle(*site_, ref_);
    enter(State::Transacting);
  }
  const auto talks = [this] { return state_ == State::Transacting || state_ == State::Quitting; };
  bool progress = false;
  while (talks()) {
    net::Stream& stream = connection_.stream();
    const std::size_t waiting = stream.input().size();
    auto step = connection_.dialog().advance(stream.input(), stream.output());
    progress |= stream.input().size() != waiting;
    if (!carry_out(step)) break;
    progress = true;
  }
  if (!connection_.exists()) return;
  connection_.stream().flush();
  connection_.stream().resume_reading();
  // A peer that sends a reply in trickles does not gain time with each octet.
  if (progress && talks()) timer_.start(connection_.dialog().timeout());
}

void DeliverySession::quit() {
  connection_.dialog().quit(connection_.stream().output());
  enter(State::Quitting);
}

void DeliverySession::closed(const ClientDialog::Close& close) {
  const std::string detail = close.detail.empty() ? close.reply.one_line() : close.detail;
  if (close.reason != ClientDialog::Close::Reason::Quit) {
    host_.context().events.emit(relay::events::ConnectionClosed{
        .session = log_id(), .mx = connection_.target().host, .detail = detail});
  }
  if (!close.transaction) heed(close.reply);
  if (current_ && (close.transaction || !used_up_)) transaction_cut(close, detail);
  if (current_ && current_->attempt.untouched() && !draining()) {
    if (turned_away_) {
      try_next_host();
    } else {
      reconnect();
    }
    return;
  }
  connection_.drop();
  end(std::nullopt, connection_.facts());
  put_back(std::move(next_));
  put_back(std::move(current_));
}

// With the jobs that it has, and nothing else of the connection before.
void DeliverySession::begin_again() {
  // Its results are from this host.
  if (next_ && !next_->attempt.untouched()) put_back(std::move(next_));
  if (next_) next_->early = false;
  current_->early = false;
  used_up_ = false;
  record_ = {.most_recipients = record_.most_recipients};
  began_ = host_.context().clock.steady_now();
}

void DeliverySession::reconnect() {
  begin_again();
  connection_.drop();
  enter(State::Opening);
  connection_.reopen();
}

void DeliverySession::try_next_host() {
  const Disposition why = current_->attempt.last_disposition();
  begin_again();
  enter(State::Opening);
  connection_.give_up_host(why);
}

void DeliverySession::end(const std::optional<Disposition>& failure, const AttemptFacts& facts) {
  if (state_ == State::Ended) return;
  enter(State::Ended);
  if (failure && failure->said_by_receiver()) {
    host_.answered(site_, ref_, failure->reply, began_, facts);
  }
  host_.connection_ended(site_, ref_, was_ready_, failure, began_, facts, paid_);
  host_.retire(ref_.session);
}

void DeliverySession::wake() {
  if (state_ != State::Idle) return;
  enter(State::Transacting);
  if (next_job()) pump();
}

bool DeliverySession::make_room_at(const net::IpAddress& address) {
  if (state_ != State::Idle || connection_.place() != address) return false;
  if (!host_.leave_idle(*site_, ref_)) return false;  // wake() is on its way
  quit();
  pump();
  return true;
}

void DeliverySession::drain() {
  switch (state_) {
    case State::Idle:
      (void)host_.leave_idle(*site_, ref_);  // woken or not, it ends
      quit();
      pump();
      return;
    case State::Opening:
      connection_.drop();
      on_no_host(std::nullopt, connection_.facts());
      return;
    case State::Loading:
    case State::Transacting:
    case State::Quitting:
    case State::Ended:
      return;
  }
}

void DeliverySession::cut() {
  if (state_ != State::Transacting || !current_) return;
  const ClientDialog::Close close = connection_.dialog().connection_lost("the relay stopped");
  if (close.transaction && close.transaction->possibly_delivered) {
    transaction_cut(close, close.detail);
  }
}

void DeliverySession::on_timeout() {
  switch (state_) {
    case State::Idle:
      if (!host_.leave_idle(*site_, ref_)) return;  // wake() is on its way
      quit();
      pump();
      return;
    case State::Transacting:
    case State::Quitting:
      closed(connection_.dialog().connection_lost("timed out"));
      return;
    case State::Opening:
    case State::Loading:
    case State::Ended:
      return;
  }
}

std::string DeliverySession::log_id() const {
  return fmt::format("{}.{}", ref_.worker, ref_.session);
}

}  // namespace signpost::delivery
