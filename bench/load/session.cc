#include "bench/load/session.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/check.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

namespace signpost::bench {

Session::Session(SessionOwner& owner, unsigned index)
    : owner_(owner), options_(owner.options()), index_(index) {}

Session::~Session() = default;

void Session::enter(State state) {
  state_ = state;
  deadline_ = Clock::now() + options_.timeout;
}

void Session::connect() {
  CHECK(state_ == State::Idle);
  if (!setup_failing_) setup_since_ = Clock::now();
  const Endpoint* source =
      options_.sources.empty() ? nullptr : &options_.sources[index_ % options_.sources.size()];
  step_began_ = Clock::now();
  auto fd = begin_connect(options_.to, source);
  if (!fd) return setup_failed(fd.error().detail);
  offers_pipelining_ = false;
  securing_ = false;
  sent_on_connection_ = 0;
  reader_ = ReplyReader();
  channel_ = std::make_unique<Channel>(owner_.poller(), std::move(*fd), *this, EPOLLOUT);
  if (options_.line_writes) channel_->write_by_lines();
  enter(State::Connecting);
}

void Session::connected() {
  if (auto result = connect_result(channel_->fd()); !result) {
    return setup_failed(result.error().detail);
  }
  ++owner_.results().connections;
  owner_.results().connect.record(Clock::now() - step_began_);
  if (options_.tls == TlsUse::Implicit) secure();
  enter(State::Greeting);
  owner_.needs_flush(*this);  // which also turns the watch from writable to readable
}

void Session::secure() {
  channel_->start_tls(owner_.tls(), false);
  securing_ = true;
  step_began_ = Clock::now();
}

void Session::on_ready(std::uint32_t events) {
  if (!channel_) return;
  if (state_ == State::Connecting) return connected();
  if ((events & EPOLLOUT) != 0) owner_.needs_flush(*this);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  const Channel::State read = channel_->fill();
  // A handshake that has just ended releases what waited for it.
  if (channel_->output_pending()) owner_.needs_flush(*this);
  read_replies();
  if (channel_ && read == Channel::State::Closed) lost(channel_->error());
}

void Session::read_replies() {
  if (securing_ && channel_ && channel_->tls()) {
    securing_ = false;
    owner_.results().tls.record(Clock::now() - step_began_);
  }
  while (channel_ && !channel_->handshaking()) {
    std::size_t consumed = 0;
    const auto reply = reader_.next(channel_->input(), consumed);
    channel_->consume(consumed);
    if (reader_.malformed()) return lost("malformed reply");
    if (!reply) return;
    ++owner_.results().reply_codes[reply->code];
    if (reply->code >= 400) owner_.results().refusals.count(command(), *reply);
    on_reply(*reply);
  }
}

void Session::send(std::string_view line) {
  channel_->output().append(line).append("\r\n");
  owner_.needs_flush(*this);
}

void Session::on_reply(const Reply& reply) {
  switch (state_) {
    case State::Greeting:
      if (reply.code != 220) return setup_failed(fmt::format("greeting: {}", reply.code));
      enter(State::Hello);
      return send("EHLO " + options_.hello);
    case State::Hello:
      return on_hello(reply);
    case State::StartTls:
      if (reply.code != 220) return setup_failed(fmt::format("STARTTLS: {}", reply.code));
      if (!channel_->input().empty()) return setup_failed("clear text after the reply to STARTTLS");
      secure();
      enter(State::Hello);
      return send("EHLO " + options_.hello);
    case State::Auth:
      return on_auth(reply);
    case State::Envelope:
      return on_envelope(reply);
    case State::Content:
      return on_content(reply);
    case State::Reset:
      return reply.positive() ? after_transaction() : lost(fmt::format("RSET: {}", reply.code));
    case State::Quit:
      close();
      return owner_.connection_over(*this);
    case State::Idle:
    case State::Connecting:
    case State::Ready:
      // An unexpected reply: 421 before a close, most likely.
      return lost(fmt::format("unexpected reply {}", reply.code));
  }
}

// What the reply that comes next answers.
std::string_view Session::command() const {
  switch (state_) {
    case State::Greeting:
      return "connection";
    case State::Hello:
      return "EHLO";
    case State::StartTls:
      return "STARTTLS";
    case State::Auth:
      return "AUTH";
    case State::Envelope:
      return std::string_view(commands_[answered_]).substr(0, 4);
    case State::Content:
      return "message";
    case State::Reset:
      return "RSET";
    case State::Quit:
      return "QUIT";
    case State::Idle:
    case State::Connecting:
    case State::Ready:
      break;
  }
  return "nothing";
}

void Session::on_hello(const Reply& reply) {
  if (reply.code != 250) return setup_failed(fmt::format("EHLO: {}", reply.code));
  const auto offered = [&](std::string_view keyword) {
    return std::ranges::any_of(reply.lines.begin() + 1, reply.lines.end(),
                               [&](const std::string& line) {
                                 return ascii::equals_ignore_case(
                                     std::string_view(line).substr(0, line.find(' ')), keyword);
                               });
  };
  offers_pipelining_ = offered("PIPELINING");
  offers_eight_bit_ = offered("8BITMIME");
  offers_chunking_ = offered("CHUNKING");
  if (options_.tls == TlsUse::StartTls && !channel_->tls()) {
    if (!offered("STARTTLS")) return setup_failed("STARTTLS is not offered");
    enter(State::StartTls);
    return send("STARTTLS");
  }
  if (options_.chunks && !offers_chunking_) return setup_failed("CHUNKING is not offered");
  if (!options_.user.empty()) return authenticate();
  setup_failing_ = false;
  enter(State::Ready);
  owner_.ready(*this);
}

void Session::authenticate() {
  enter(State::Auth);
  step_began_ = Clock::now();
  auth_step_ = 0;
  if (options_.mechanism == AuthMechanism::Login) return send("AUTH LOGIN");
  std::string credentials(1, '\0');
  credentials += options_.user;
  credentials += '\0';
  credentials += options_.password;
  send("AUTH PLAIN " + base64::encode(credentials));
}

void Session::on_auth(const Reply& reply) {
  if (reply.code == 334 && options_.mechanism == AuthMechanism::Login && auth_step_ < 2) {
    return send(base64::encode(auth_step_++ == 0 ? options_.user : options_.password));
  }
  if (reply.code != 235) return setup_failed(fmt::format("AUTH: {}", reply.code));
  owner_.results().auth.record(Clock::now() - step_began_);
  setup_failing_ = false;
  enter(State::Ready);
  owner_.ready(*this);
}

void Session::begin(const Schedule::Slot& slot) {
  CHECK(ready());
  slot_ = slot;
  id_ = fmt::format("{}-{}", options_.id_prefix, slot.number);
  commands_.clear();
  const bool eight_bit = offers_eight_bit_ && owner_.messages().eight_bit();
  commands_.push_back(
      fmt::format("MAIL FROM:<{}>{}", options_.from, eight_bit ? " BODY=8BITMIME" : ""));
  const std::size_t domains = options_.recipient_domains.size();
  for (unsigned i = 0; i < options_.recipients_per_message; ++i) {
    const std::size_t domain = (slot.number + (options_.spread_recipients ? i : 0)) % domains;
    commands_.push_back(fmt::format("RCPT TO:<{}{}{}@{}>", options_.recipient_prefix, slot.number,
                                    i == 0 ? "" : fmt::format("-{}", i),
                                    options_.recipient_domains[domain]));
  }
  envelope_size_ = commands_.size();
  if (options_.chunks) {
    add_chunks();
  } else {
    commands_.emplace_back("DATA");
  }
  sent_ = 0;
  answered_ = 0;
  accepted_recipients_ = 0;
  first_refusal_ = 0;
  began_ = owner_.open_loop() ? slot.due : Clock::now();
  enter(State::Envelope);
  send_envelope_part();
}

void Session::add_chunks() {
  content_.clear();
  append_message(content_);
  const std::size_t size = options_.chunk_size == 0 ? content_.size() : options_.chunk_size;
  for (std::size_t at = 0; at < content_.size(); at += size) {
    const std::size_t octets = std::min(size, content_.size() - at);
    const bool last = at + octets == content_.size();
    commands_.push_back(fmt::format("BDAT {}{}", octets, last ? " LAST" : ""));
  }
}

void Session::send_envelope_part() {
  const bool all = options_.pipelining && offers_pipelining_;
  do {
    const std::size_t index = sent_++;
    send(commands_[index]);
    if (!options_.chunks || index < envelope_size_) continue;
    const std::size_t at = (index - envelope_size_) * options_.chunk_size;
    const std::size_t size = options_.chunk_size == 0 ? content_.size() : options_.chunk_size;
    channel_->output().append(std::string_view(content_).substr(at, size));
    content_pending_ = sent_ == commands_.size();
  } while (all && sent_ < commands_.size());
}

void Session::on_envelope(const Reply& reply) {
  const std::size_t index = answered_++;
  deadline_ = Clock::now() + options_.timeout;
  const bool content = index >= envelope_size_;  // DATA, or a chunk
  if (!reply.positive()) {
    if (first_refusal_ == 0) first_refusal_ = reply.code;
    if (index > 0 && !content) ++owner_.results().refused_recipients;
  } else if (index > 0 && !content) {
    ++accepted_recipients_;
  }
  if (content && reply.code == 354) return send_content();
  if (options_.chunks && answered_ == commands_.size() && first_refusal_ == 0) {
    return on_content(reply);
  }
  if (answered_ < sent_) return;
  const bool hopeless = (index == 0 && !reply.positive()) ||
                        (index + 1 == envelope_size_ && accepted_recipients_ == 0);
  const bool refused = content && (!options_.chunks || first_refusal_ != 0);
  if (refused || hopeless) {
    transaction_failed(fmt::format("refused: {}", first_refusal_));
    if (!channel_) return;
    enter(State::Reset);
    return send("RSET");
  }
  send_envelope_part();
}

void Session::send_content() {
  enter(State::Content);
  if (accepted_recipients_ > 0) append_message(channel_->output());
  content_pending_ = true;
  send(".");
}

void Session::append_message(std::string& wire) {
  // "RCPT TO:<" is nine octets, the closing bracket one.
  const std::string_view recipient = commands_[1];
  owner_.messages().append(wire, id_, recipient.substr(9, recipient.size() - 10), slot_.number,
                           owner_.date());
}

void Session::on_content(const Reply& reply) {
  const auto now = Clock::now();
  if (reply.code != 250 || accepted_recipients_ == 0) {
    transaction_failed(
        fmt::format("refused: {}", first_refusal_ != 0 ? first_refusal_ : reply.code));
    if (reply.code == 421) return lost("421");
    return after_transaction();
  }
  owner_.results().reply.record(now - data_ended_);
  owner_.results().transaction.record(now - began_);
  if (Timeline* timeline = owner_.results().timeline.get()) {
    timeline->acknowledged(now, now - began_);
  }
  owner_.acknowledged(id_, reply.queue_id());
  after_transaction();
}

void Session::transaction_failed(const std::string& what) {
  ++owner_.results().failed;
  if (Timeline* timeline = owner_.results().timeline.get()) timeline->failed(Clock::now());
  owner_.results().count_error(what);
}

void Session::after_transaction() {
  ++sent_on_connection_;
  if (options_.messages_per_connection != 0 &&
      sent_on_connection_ >= options_.messages_per_connection) {
    return quit();
  }
  enter(State::Ready);
  owner_.ready(*this);
}

void Session::quit() {
  enter(State::Quit);
  send("QUIT");
}

void Session::flush() {
  if (!channel_) return;
  if (channel_->flush() == Channel::State::Closed) {
    // A server may say why (421) before it closes: that reply is more telling than a broken pipe.
    const std::string error = channel_->error();
    (void)channel_->fill();
    read_replies();
    if (channel_) lost(error);
    return;
  }
  if (content_pending_ && !channel_->output_pending()) {
    content_pending_ = false;
    data_ended_ = Clock::now();
    deadline_ = data_ended_ + options_.timeout;
  }
}

void Session::check_deadline(Clock::time_point now) {
  if (state_ == State::Idle || state_ == State::Ready || now < deadline_) return;
  lost("no reply in time");
}

// The connection is gone or useless: what was under way has failed.
void Session::lost(const std::string& what) {
  switch (state_) {
    case State::Envelope:
    case State::Content:
      transaction_failed("connection lost: " + what);
      break;
    case State::Ready:
    case State::Reset:
    case State::Quit:
    case State::Idle:
      break;
    case State::Connecting:
    case State::Greeting:
    case State::Hello:
    case State::StartTls:
    case State::Auth:
      return setup_failed(what);
  }
  close();
  owner_.connection_over(*this);
}

void Session::setup_failed(const std::string& what) {
  owner_.results().count_error("no session: " + what);
  close();
  setup_failing_ = true;
  const bool again = Clock::now() - setup_since_ < options_.connect_retry;
  owner_.setup_failed(*this, again);
}

void Session::close() {
  if (channel_) owner_.bury(std::move(channel_));
  content_pending_ = false;
  state_ = State::Idle;
}

}  // namespace signpost::bench
