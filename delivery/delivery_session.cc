#include "delivery/delivery_session.h"

#include "base/ascii.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace signpost::delivery {

namespace {

using smtp::ClientDialog;

constexpr std::chrono::seconds kIdleLimit{5};
constexpr std::chrono::milliseconds kQuickReply{50};  // to the end of data
constexpr std::size_t kSendAhead = 256 * 1024;        // octets of content waiting for the socket

}  // namespace

// state        waits for                        timer             then
// -----------  -------------------------------  ---------------- ----------------------------------
// Opening      a connection that is ready       the connection's  a job; Ended when there is none
// Loading      the message of a job, from the   none              Transacting; another job
//              store
// Transacting  replies, room to send content    the dialog's      the next job
// Idle         wake()                           kIdleLimit        a job; Quitting
// Quitting     the reply to QUIT                the dialog's      Ended
// Ended        its destruction                  none
//
// A job is taken only when the connection is ready. A connection that never gets there counts as an
// attempt of one job, which the scheduler chooses. From Loading on, the site knows that the
// connection carries mail.
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

DeliverySession::DeliverySession(SessionHost& host, std::uint64_t id, SitePtr site)
    : host_(host),
      id_(id),
      site_(std::move(site)),
      began_(host.context().clock.steady_now()),
      connection_(host, site_, log_id(), *this),
      timer_(host.context().loop, [this] { on_timeout(); }) {}

DeliverySession::~DeliverySession() {
  for (const auto& one : {&current_, &next_}) {
    if (*one) host_.count_transaction(-1);
  }
}

void DeliverySession::start() { connection_.open(); }

void DeliverySession::hurry() { connection_.hurry(); }

// The connection --------------------------------------------------------------------------------

void DeliverySession::on_ready() {
  enter(State::Transacting);
  if (next_job()) pump();
}

void DeliverySession::on_no_host(const std::optional<Disposition>& why) { end(why); }

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
      end(std::nullopt);
      return;
    case State::Opening:
    case State::Ended:
      return;
  }
}

void DeliverySession::pump() {
  if (state_ == State::Loading) return;  // no reply is due: read with the next transaction
  if (state_ == State::Idle) {           // the peer says goodbye
    (void)host_.leave_idle(*site_, ref());
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

bool DeliverySession::carry_out(ClientDialog::Step& step) {
  if (std::holds_alternative<ClientDialog::AwaitReply>(step)) return false;
  if (std::holds_alternative<ClientDialog::Ready>(step)) return next_job();
  if (std::holds_alternative<ClientDialog::SendContent>(step)) {
    const auto& fields = signature(*current_).fields;
    const std::string& content = current_->pending.message->content();
    // All at once, with some room for doubled dots, so that the queue does not grow step by step.
    connection_.stream().output().prepare(
        std::min(fields.size() + content.size() + content.size() / 64 + 512, kSendAhead));
    connection_.stream().output().append(fields);
    current_->content.emplace(content);
    send_content();
    return !current_->content;
  }
  if (auto* done = std::get_if<ClientDialog::TransactionDone>(&step)) {
    transaction_done(done->result, "no reply");
    last_reply_took_ = host_.context().clock.steady_now() - content_sent_;
    if (current_->dispositions.size() == current_->pending.job.recipients.size()) settle_current();
    if (next_ && next_->early) current_ = std::move(next_);
    return true;
  }
  closed(std::move(std::get<ClientDialog::Close>(step)));
  return false;
}

void DeliverySession::quit() {
  connection_.dialog().quit(connection_.stream().output());
  enter(State::Quitting);
}

void DeliverySession::closed(ClientDialog::Close close) {
  const std::string detail = close.detail.empty() ? close.reply.one_line() : close.detail;
  if (close.reason != ClientDialog::Close::Reason::Quit) {
    host_.context().events.emit(relay::events::ConnectionClosed{
        .session = log_id(), .mx = connection_.target().host, .detail = detail});
  }
  std::vector<std::unique_ptr<Attempt>> untried;
  if (next_) untried.push_back(std::move(next_));
  if (current_) {
    if (peer_hung_up_between_messages(close)) {
      if (current_->early && close.reply.code == 0) host_.forbid_early(*site_);
      untried.push_back(std::move(current_));
    } else {
      if (close.transaction) transaction_done(*close.transaction, detail);
      // Recipients whose transaction never began get the reason for which the session ended.
      const Disposition rest =
          close.reply.code != 0
              ? Disposition{Outcome::Delayed, close.reply}
              : local(Outcome::Delayed, {4, 4, 2},
                      fmt::format("{} while {}", detail, smtp::phase_text(close.phase)));
      current_->dispositions.resize(current_->pending.job.recipients.size(), rest);
      settle_current();
    }
  }
  connection_.drop();
  end(std::nullopt);
  for (auto& one : untried) give_back(std::move(one));
}

// A server may close an idle connection just as we use it again: that says nothing about the
// message (RFC 5321 section 3.8).
bool DeliverySession::peer_hung_up_between_messages(const ClientDialog::Close& close) const {
  if (messages_ < 2 || !close.transaction || !current_->dispositions.empty()) return false;
  return std::ranges::all_of(close.transaction->recipients, [](const auto& recipient) {
    return recipient.phase == smtp::Phase::Mail &&
           (recipient.reply.code == 0 || recipient.reply.code == 421) &&
           !(recipient.reply.code == 0 && recipient.reply.status.present());
  });
}

void DeliverySession::end(const std::optional<Disposition>& failure) {
  if (state_ == State::Ended) return;
  const bool was_ready = is_ready();
  enter(State::Ended);
  host_.connection_ended(site_, ref(), was_ready, failure, began_, facts());
  host_.retire(id_);
}

void DeliverySession::wake() {
  if (state_ != State::Idle) return;
  enter(State::Transacting);
  if (next_job()) pump();
}

void DeliverySession::drain() {
  switch (state_) {
    case State::Idle:
      (void)host_.leave_idle(*site_, ref());  // woken or not, it is over
      quit();
      pump();
      return;
    case State::Opening:
      connection_.drop();
      end(std::nullopt);
      return;
    case State::Loading:
    case State::Transacting:
    case State::Quitting:
    case State::Ended:
      return;
  }
}

void DeliverySession::on_timeout() {
  switch (state_) {
    case State::Idle:
      if (!host_.leave_idle(*site_, ref())) return;  // wake() is on its way
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

// Jobs ------------------------------------------------------------------------------------------

bool DeliverySession::next_job() {
  if (current_) {  // more recipients than one transaction holds, or begun early
    enter(State::Transacting);
    connection_.dialog().begin(next_transaction(*current_), connection_.stream().output());
    return true;
  }
  if (loading_next_) {
    enter(State::Loading);
    return false;
  }
  if (draining() || (!next_ && messages_ >= connection_.hop().messages_per_connection)) {
    if (next_) give_back(std::move(next_));
    quit();
    return true;
  }
  if (next_) {  // taken, but it could not be begun early
    begin(std::move(next_));
    return true;
  }
  auto job = host_.take(site_, ref());
  if (!job) {
    const bool wanted = host_.short_of_connections() || host_.place_is_wanted(connection_.place());
    if (wanted && host_.leave_idle(*site_, ref())) {
      quit();
      return true;
    }
    enter(State::Idle);
    return false;
  }
  if (job->message) {
    begin(attempt_of(std::move(*job)));
    return true;
  }
  enter(State::Loading);
  host_.prepare(std::move(*job), [this, &host = host_, site = site_, alive = alive_.token()](
                                     std::optional<PendingJob> prepared) mutable {
    if (alive && state_ == State::Loading) {
      loaded(std::move(prepared));
    } else if (prepared) {
      host.give_back(site, std::move(*prepared));
    }
  });
  return false;
}

void DeliverySession::loaded(std::optional<PendingJob> job) {
  enter(State::Transacting);
  if (job) begin(attempt_of(std::move(*job)));
  if (job || next_job()) pump();
}

void DeliverySession::begin(std::unique_ptr<Attempt> attempt) {
  current_ = std::move(attempt);
  ++messages_;
  connection_.dialog().begin(next_transaction(*current_), connection_.stream().output());
  enter(State::Transacting);
}

std::unique_ptr<DeliverySession::Attempt> DeliverySession::attempt_of(PendingJob pending) {
  auto attempt = std::make_unique<Attempt>();
  attempt->pending = std::move(pending);
  attempt->reverse_path =
      smtp::ascii_domain_form(attempt->pending.message->envelope().reverse_path);
  host_.count_transaction(1);
  return attempt;
}

const OutgoingMessage::Signature& DeliverySession::signature(const Attempt& attempt) {
  relay::Context& context = host_.context();
  return attempt.pending.message->signature(connection_.settings(), context.clock.system_now(),
                                            context.events);
}

// The mail data is sent and its reply may take a while: the next job is sent behind it.
void DeliverySession::begin_early() {
  const bool last = current_->dispositions.size() + current_->mailboxes.size() ==
                    current_->pending.job.recipients.size();
  if (!last || next_ || loading_next_ || draining() ||
      messages_ >= connection_.hop().messages_per_connection ||
      !connection_.dialog().can_begin_early() || !connection_.stream().input().empty()) {
    return;
  }
  auto job = host_.take_early(site_, last_reply_took_ <= kQuickReply);
  if (!job) return;
  if (job->message) {
    loaded_early(std::move(job));
    return;
  }
  loading_next_ = true;
  host_.prepare(std::move(*job), [this, &host = host_, site = site_, alive = alive_.token()](
                                     std::optional<PendingJob> prepared) mutable {
    if (alive && state_ != State::Ended) {
      loading_next_ = false;
      loaded_early(std::move(prepared));
    } else if (prepared) {
      host.give_back(site, std::move(*prepared));
    }
  });
}

void DeliverySession::loaded_early(std::optional<PendingJob> job) {
  if (state_ == State::Loading) {  // the message before is done
    loaded(std::move(job));
    return;
  }
  if (!job) return;
  next_ = attempt_of(std::move(*job));
  // Otherwise it is begun when the message before is done.
  if (!current_ || current_->content || !connection_.dialog().can_begin_early()) return;
  next_->early =
      connection_.dialog().begin_early(next_transaction(*next_), connection_.stream().output());
  if (!next_->early) return;
  ++messages_;
  connection_.stream().flush();
}

smtp::ClientTransaction DeliverySession::next_transaction(Attempt& attempt) {
  const queue::Envelope& envelope = attempt.pending.message->envelope();
  const auto& recipients = attempt.pending.job.recipients;
  const std::size_t first = attempt.dispositions.size();
  const std::size_t count = std::min(recipients.size() - first, kRecipientsPerTransaction);

  smtp::ClientTransaction transaction;
  transaction.reverse_path = attempt.reverse_path;
  transaction.smtputf8 = envelope.smtputf8 || !ascii::is_ascii(attempt.reverse_path);
  attempt.mailboxes.clear();
  attempt.mailboxes.reserve(count);
  for (std::size_t i = first; i < first + count; ++i) {
    attempt.mailboxes.push_back(smtp::ascii_domain_form(recipients[i].mailbox));
    transaction.smtputf8 |= !ascii::is_ascii(attempt.mailboxes.back());
    transaction.recipients.push_back(
        {attempt.mailboxes.back(), recipients[i].notify, recipients[i].original_recipient});
  }
  transaction.size = attempt.pending.message->content().size() + signature(attempt).fields.size();
  transaction.eight_bit = envelope.eight_bit;
  transaction.ret = envelope.ret;
  transaction.envelope_id = envelope.envelope_id;
  return transaction;
}

void DeliverySession::send_content() {
  smtp::DotStuffer& content = *current_->content;
  ByteQueue& out = connection_.stream().output();
  while (!content.done() && out.size() < kSendAhead) out.append(content.next(kSendAhead));
  if (content.done()) {
    current_->content.reset();
    connection_.dialog().content_sent();
    content_sent_ = host_.context().clock.steady_now();
    begin_early();
  }
  connection_.stream().flush();
}

void DeliverySession::transaction_done(const smtp::TransactionResult& result,
                                       const std::string& detail) {
  if (result.possibly_delivered) {
    host_.context().events.emit(
        relay::events::PossiblyDelivered{.id = current_->pending.job.ref.id.text(),
                                         .session = log_id(),
                                         .mx = connection_.target().host,
                                         .address = connection_.target().address.text(),
                                         .detail = detail});
  }
  for (const smtp::TransactionResult::Recipient& recipient : result.recipients) {
    current_->dispositions.push_back(of_recipient(recipient, detail));
  }
}

void DeliverySession::settle_current() {
  const std::unique_ptr<Attempt> attempt = std::move(current_);
  host_.count_transaction(-1);
  AttemptFacts known = facts();
  known.dkim = signature(*attempt).summary;
  host_.settle(std::move(attempt->pending), std::move(attempt->dispositions), std::move(known));
}

void DeliverySession::give_back(std::unique_ptr<Attempt> untried) {
  host_.count_transaction(-1);
  host_.give_back(site_, std::move(untried->pending));
}

AttemptFacts DeliverySession::facts() const {
  AttemptFacts facts;
  facts.session = log_id();
  connection_.describe(facts);
  return facts;
}

std::string DeliverySession::log_id() const {
  return fmt::format("{}.{}", host_.context().worker, id_);
}

}  // namespace signpost::delivery
