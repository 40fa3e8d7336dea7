// The jobs of a delivery session: taking them, sending them, and their outcome.
#include "delivery/delivery_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace signpost::delivery {

namespace {

using smtp::ClientDialog;

constexpr std::chrono::milliseconds kQuickReply{50};  // to the end of data
// After such a reply a round trip is nothing to save, and what begins early waits for the next one.
constexpr std::chrono::milliseconds kSlowReply{250};
constexpr std::size_t kSendAhead = 256 * 1024;  // octets of content waiting for the socket

}  // namespace

bool DeliverySession::carry_out(ClientDialog::Step& step) {
  if (std::holds_alternative<ClientDialog::AwaitReply>(step)) return false;
  if (std::holds_alternative<ClientDialog::Ready>(step)) return next_job();
  if (std::holds_alternative<ClientDialog::SendContent>(step)) {
    const std::string& fields = current_->form->fields;
    const std::string_view content = current_->form->content;
    // All at once, with some room for doubled dots, so that the queue does not grow step by step.
    connection_.stream().output().prepare(
        std::min(fields.size() + content.size() + content.size() / 64 + 512, kSendAhead));
    connection_.stream().output().append(fields);
    current_->content.emplace(content);
    send_content();
    return !current_->content;
  }
  if (auto* done = std::get_if<ClientDialog::TransactionDone>(&step)) {
    transaction_done(done->result);
    return true;
  }
  closed(std::get<ClientDialog::Close>(step));
  return false;
}

bool DeliverySession::next_job() {
  // Its last reply was a limit, or its EHLO reply has one that is reached now.
  used_up_ |= !connection_.dialog().may_send_mail();
  if (used_up_) {
    if (current_ && !current_->attempt.untouched()) put_back(std::move(current_));
    quit();
    return true;
  }
  if (current_ && may_go_on(*current_)) {
    begin_transaction();
    return true;
  }
  put_back(std::move(current_));
  if (loading_next_) {
    enter(State::Loading);
    return false;
  }
  if (draining() || (!next_ && messages_ >= connection_.hop().messages_per_connection)) {
    put_back(std::move(next_));
    quit();
    return true;
  }
  if (next_) {  // taken, but it could not be begun early
    begin(std::move(next_));
    return true;
  }
  auto job = host_.take(site_, ref_, {messages_, connection_.place()});
  if (!job) {
    const bool wanted =
        host_.short_of_connections() || host_.must_make_room(*site_, ref_, connection_.place());
    if (wanted && host_.leave_idle(*site_, ref_)) {
      quit();
      return true;
    }
    enter(State::Idle);
    return false;
  }
  if (job->message) {
    begin(std::make_unique<Taken>(std::move(*job)));
    return true;
  }
  enter(State::Loading);
  host_.prepare(site_, ref_, std::move(*job),
                [this, &host = host_, site = site_, ref = ref_,
                 alive = alive_.token()](std::optional<PendingJob> prepared) mutable {
                  if (alive && state_ == State::Loading) {
                    loaded(std::move(prepared));
                  } else if (prepared) {
                    host.give_back(site, ref, std::move(*prepared));
                  }
                });
  return false;
}

void DeliverySession::loaded(std::optional<PendingJob> job) {
  enter(State::Transacting);
  if (job) begin(std::make_unique<Taken>(std::move(*job)));
  if (job || next_job()) pump();
}

// Delivered recipients leave the queue before the next transaction begins, which may take
// minutes: after a crash all of them would be delivered to again.
bool DeliverySession::may_go_on(const Taken& taken) const {
  return !draining() && !taken.attempt.has_progress();
}

void DeliverySession::begin(std::unique_ptr<Taken> taken) {
  current_ = std::move(taken);
  ++messages_;
  begin_transaction();
}

void DeliverySession::begin_transaction() {
  current_->began = host_.context().clock.steady_now();
  connection_.dialog().begin(next_transaction(*current_), connection_.stream().output());
  enter(State::Transacting);
}

smtp::ClientTransaction DeliverySession::next_transaction(Taken& taken) {
  if (taken.tokens > 0) --taken.tokens;
  const bool eight_bit = connection_.dialog().extensions().eight_bit_mime;
  taken.form =
      &form(taken, eight_bit ? message::Transport::EightBit : message::Transport::SevenBit);
  smtp::ClientTransaction transaction =
      taken.attempt.next_transaction(taken.form->content.size() + taken.form->fields.size(),
                                     host_.context().clock.system_now(), record_);
  transaction.needs_eight_bit_mime = taken.form->needs_eight_bit;
  return transaction;
}

const OutgoingMessage::Form& DeliverySession::form(Taken& taken, message::Transport transport) {
  relay::Context& context = host_.context();
  return taken.attempt.message().form(transport, connection_.settings(), context.clock.system_now(),
                                      context.events);
}

// The mail data is sent and its reply may take a while: the next job is sent right after it.
void DeliverySession::begin_early() {
  if (!current_->attempt.is_last_transaction() || next_ || loading_next_ || draining() ||
      messages_ >= connection_.hop().messages_per_connection || last_reply_took_ > kSlowReply ||
      !connection_.dialog().can_begin_early() || !connection_.stream().input().empty()) {
    return;
  }
  auto job = host_.take_early(site_, ref_, {messages_, connection_.place()},
                              last_reply_took_ <= kQuickReply);
  if (!job) return;
  if (job->message) {
    loaded_early(std::move(job));
    return;
  }
  loading_next_ = true;
  host_.prepare(site_, ref_, std::move(*job),
                [this, &host = host_, site = site_, ref = ref_,
                 alive = alive_.token()](std::optional<PendingJob> prepared) mutable {
                  if (alive && state_ != State::Ended) {
                    loading_next_ = false;
                    loaded_early(std::move(prepared));
                  } else if (prepared) {
                    host.give_back(site, ref, std::move(*prepared));
                  }
                });
}

void DeliverySession::loaded_early(std::optional<PendingJob> job) {
  if (state_ == State::Loading) {  // the previous message is done
    loaded(std::move(job));
    return;
  }
  if (!job) return;
  next_ = std::make_unique<Taken>(std::move(*job));
  // Otherwise it is begun when the previous message is done.
  if (state_ != State::Transacting || !current_ || current_->content ||
      !connection_.dialog().can_begin_early()) {
    return;
  }
  next_->early =
      connection_.dialog().begin_early(next_transaction(*next_), connection_.stream().output());
  if (!next_->early) return;
  next_->began = host_.context().clock.steady_now();
  ++messages_;
  connection_.stream().flush();
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

// Whether or not it decides about a recipient, it may ask for less mail.
void DeliverySession::heed(const smtp::Reply& reply) {
  if (reply.code < 400) return;
  host_.answered(site_, ref_, reply, current_ ? current_->began : began_, connection_.facts());
}

Attempt::Then DeliverySession::transaction_ended(const smtp::TransactionResult& result,
                                                 const std::string& detail) {
  current_->content.reset();
  const smtp::Reply* last = nullptr;
  for (const auto& recipient : result.recipients) {
    if (last == nullptr || *last != recipient.reply) heed(recipient.reply);
    last = &recipient.reply;
  }
  if (result.possibly_delivered) {
    host_.context().events.emit(
        relay::events::PossiblyDelivered{.id = current_->attempt.job().ref.id.text(),
                                         .session = log_id(),
                                         .mx = connection_.target().host,
                                         .address = connection_.facts().address,
                                         .detail = detail});
  }
  return current_->attempt.ended(result, detail, record_);
}

void DeliverySession::transaction_done(const smtp::TransactionResult& result) {
  // Bad sequence of commands: the server refuses what follows the final dot (Haraka 3.3.4).
  if (current_->early && result.recipients.front().reply.code == 503) host_.forbid_early(*site_);
  const Attempt::Then then = transaction_ended(result, "no reply");
  last_reply_took_ = host_.context().clock.steady_now() - content_sent_;
  if (then == Attempt::Then::NextHost && !draining()) {
    turned_away_ = true;
    try_next_host();
    return;
  }
  used_up_ = then == Attempt::Then::Reconnect;
  if (then == Attempt::Then::Finish || (used_up_ && !current_->attempt.may_go_elsewhere())) {
    settle(std::move(current_), {});
  }
  if (next_ && next_->early) {  // it is under way; what is left of this one follows
    std::swap(current_, next_);
    if (next_) next_->early = false;
    if (next_ && next_->attempt.has_progress()) put_back(std::move(next_));
  }
}

// The connection ended in a transaction, or between two of one job.
void DeliverySession::transaction_cut(const ClientDialog::Close& close, const std::string& detail) {
  const bool early = current_->early;
  bool goes_elsewhere = current_->attempt.may_go_elsewhere();
  if (close.transaction) {
    const Attempt::Then then = transaction_ended(*close.transaction, detail);
    turned_away_ = then == Attempt::Then::NextHost;
    goes_elsewhere = (then == Attempt::Then::Reconnect && current_->attempt.may_go_elsewhere()) ||
                     (turned_away_ && !draining());
    if (goes_elsewhere && early && close.reply.code == 0) host_.forbid_early(*site_);
  }
  if (goes_elsewhere) return;
  // Recipients whose transaction never began get the reason for which the session ended.
  settle(std::move(current_),
         close.reply.code != 0
             ? Disposition{Outcome::Delayed, close.reply}
             : local(Outcome::Delayed, {4, 4, 2},
                     fmt::format("{} while {}", detail, smtp::phase_text(close.phase))));
}

void DeliverySession::settle(std::unique_ptr<Taken> taken, const Disposition& rest,
                             bool unfinished) {
  if (taken->tokens > 0) host_.unused(*site_, ref_, taken->tokens);
  AttemptFacts known = connection_.facts();
  const auto* const made =
      taken->form != nullptr ? taken->form : &form(*taken, message::Transport::EightBit);
  known.dkim = made->summary;
  known.unfinished = unfinished;
  std::vector<Disposition> dispositions = taken->attempt.take_dispositions(rest);
  host_.settle(taken->attempt.take_job(), std::move(dispositions), std::move(known));
}

// Without a verdict on the remaining recipients.
void DeliverySession::put_back(std::unique_ptr<Taken> taken) {
  if (!taken) return;
  if (taken->attempt.untouched()) {
    PendingJob job = taken->attempt.take_job();
    job.tokens = taken->tokens;
    host_.give_back(site_, ref_, std::move(job));
  } else {
    settle(std::move(taken), {}, true);
  }
}

}  // namespace signpost::delivery
