#include "bench/sink/session.h"

#include "base/ascii.h"
#include "bench/wire/load_message.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

namespace signpost::bench {

namespace {

constexpr auto kIdleTimeout = std::chrono::minutes(5);
constexpr std::size_t kMaxCommand = 4096;
constexpr std::size_t kMaxRecipients = 10'000;
constexpr unsigned kMaxErrors = 50;

struct Path {
  std::string address;
  std::string parameters;
};

// "FROM:<a@b> SIZE=1": the path without its brackets, and what follows.
std::optional<Path> path_after(std::string_view argument, std::string_view word) {
  if (!ascii::starts_with_ignore_case(argument, word)) return {};
  const std::string_view text = ascii::trim(argument.substr(word.size()));
  if (text.empty() || text.front() != '<') return {};
  // A quoted local part may hold a bracket.
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '>' && !quoted) {
      return Path{std::string(text.substr(1, i - 1)), std::string(ascii::trim(text.substr(i + 1)))};
    }
  }
  return {};
}

std::size_t declared_size(std::string_view parameters) {
  for (const std::string_view parameter : ascii::split(parameters, ' ')) {
    if (!ascii::starts_with_ignore_case(parameter, "SIZE=")) continue;
    std::size_t size = 0;
    for (const char c : parameter.substr(5)) {
      if (!ascii::is_digit(c) || size > (std::size_t{1} << 50)) return 0;
      size = size * 10 + static_cast<std::size_t>(c - '0');
    }
    return size;
  }
  return 0;
}

}  // namespace

SinkSession::SinkSession(SinkSessionOwner& owner, std::uint64_t id, Descriptor fd,
                         const Endpoint& peer)
    : owner_(owner),
      id_(id),
      channel_(owner.poller(), std::move(fd), *this, EPOLLIN),
      deadline_(Clock::now() + kIdleTimeout) {
  const SinkOptions& options = owner_.options();
  envelope_.peer = peer.text();
  envelope_.local = local_endpoint(channel_.fd()).text();
  envelope_.connection = id;
  owner_.tally().add(Count::Connections);
  if (options.implicit_tls) {
    channel_.start_tls(*owner_.tls(), true);
    was_handshaking_ = true;
  }
  owner_.presence().enter(envelope_.local);
  if (options.reply_delay.count() == 0) {
    greet();
    return;
  }
  after(options.reply_delay, [](SinkSession& session) { session.greet(); });
}

SinkSession::~SinkSession() { owner_.presence().leave(envelope_.local); }

void SinkSession::greet() {
  const SinkOptions& options = owner_.options();
  if (owner_.is_busy()) return turn_away();
  if (options.greeting.empty()) {
    line(fmt::format("220 {} ESMTP", options.hostname));
  } else {
    line(options.greeting);
    if (!options.greeting.starts_with("220")) close_after_flush();
  }
}

// Whatever the client sends meanwhile waits.
void SinkSession::after(std::chrono::milliseconds delay, std::function<void(SinkSession&)> act) {
  state_ = State::Waiting;
  deadline_ = Clock::now() + delay + kIdleTimeout;
  owner_.poller().after(delay, [&owner = owner_, id = id_, act = std::move(act)] {
    SinkSession* session = owner.find(id);
    if (session == nullptr) return;
    session->state_ = State::Command;
    act(*session);
    session->process();
  });
}

void SinkSession::line(std::string_view text) {
  channel_.output().append(text).append("\r\n");
  owner_.needs_flush(*this);
}

void SinkSession::reply(int code, std::string_view status, std::string_view text) {
  line(fmt::format("{} {} {}", code, status, text));
}

void SinkSession::protocol_error(int code, std::string_view status, std::string_view text) {
  owner_.tally().add(Count::ProtocolErrors);
  if (++errors_ > kMaxErrors) {
    reply(421, "4.7.0", "Too many errors");
    return close_after_flush();
  }
  reply(code, status, text);
}

void SinkSession::on_ready(std::uint32_t events) {
  if (dead_) return;
  if ((events & EPOLLOUT) != 0) owner_.needs_flush(*this);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  const Channel::State read = channel_.fill();
  if (was_handshaking_ && !channel_.handshaking()) {
    was_handshaking_ = false;
    owner_.tally().add(Count::TlsHandshakes);
    owner_.needs_flush(*this);
  }
  if (read == Channel::State::Closed && was_handshaking_) owner_.tally().add(Count::TlsFailures);
  process();
  if (read == Channel::State::Closed) die();
}

void SinkSession::process() {
  if (!channel_.handshaking()) deadline_ = Clock::now() + kIdleTimeout;
  while (!dead_ && !channel_.handshaking()) {
    switch (state_) {
      case State::Command:
        if (!take_command()) return;
        break;
      case State::Data:
        if (!take_data()) return;
        break;
      case State::Chunk:
        if (!take_chunk()) return;
        break;
      case State::Waiting:
        return;
      case State::BrokenHandshake:
        // The client's first record gets no answer: its handshake must fail.
        if (channel_.input().empty()) return;
        line("This is not what you expected");
        owner_.tally().add(Count::TlsFailures);
        close_after_flush();
        break;
      case State::Closing:
        channel_.drop_input();
        return;
    }
  }
}

bool SinkSession::take_command() {
  const std::string_view input = channel_.input();
  const auto end = input.find("\r\n");
  if (end == std::string_view::npos) {
    if (input.size() > kMaxCommand) {
      reply(500, "5.5.2", "Line too long");
      close_after_flush();
    }
    return false;
  }
  const std::string text(input.substr(0, end));
  channel_.consume(end + 2);
  if (!owner_.options().pipelining && !channel_.input().empty()) {
    owner_.tally().add(Count::PipeliningErrors);
  }
  const auto delay = owner_.options().reply_delay;
  if (delay.count() == 0) {
    command(text);
  } else {
    after(delay, [text](SinkSession& session) { session.command(text); });
  }
  return true;
}

void SinkSession::command(std::string_view text) {
  const auto space = text.find(' ');
  const std::string_view verb = text.substr(0, space);
  const std::string_view argument =
      space == std::string_view::npos ? std::string_view{} : ascii::trim(text.substr(space + 1));
  const auto is = [&](std::string_view name) { return ascii::equals_ignore_case(verb, name); };
  if (is("EHLO") && owner_.options().esmtp) return hello(true, argument);
  if (is("HELO")) return hello(false, argument);
  if (is("STARTTLS")) return start_tls();
  if (is("MAIL")) return mail(argument);
  if (is("RCPT")) return recipient(argument);
  if (is("DATA")) return data();
  if (is("BDAT")) return bdat(argument);
  if (is("RSET")) {
    reset_transaction();
    return reply(250, "2.0.0", "Ok");
  }
  if (is("NOOP")) return reply(250, "2.0.0", "Ok");
  if (is("VRFY")) return reply(252, "2.5.2", "Send some mail and see");
  if (is("QUIT")) {
    reply(221, "2.0.0", "Bye");
    return close_after_flush();
  }
  protocol_error(500, "5.5.2", "Command not recognized");
}

void SinkSession::hello(bool extended, std::string_view name) {
  const SinkOptions& options = owner_.options();
  envelope_.hello = name;
  envelope_.esmtp = extended;
  reset_transaction();
  if (!extended) return line("250 " + options.hostname);
  std::vector<std::string> lines = {options.hostname};
  if (options.pipelining) lines.emplace_back("PIPELINING");
  lines.push_back(fmt::format("SIZE {}", options.size_limit));
  if (options.eight_bit) lines.emplace_back("8BITMIME");
  if (options.smtputf8) lines.emplace_back("SMTPUTF8");
  if ((owner_.tls() != nullptr || options.broken_tls) && !channel_.tls())
    lines.emplace_back("STARTTLS");
  if (!options.announced_limits.empty()) lines.push_back("LIMITS " + options.announced_limits);
  lines.insert(lines.end(), options.keywords.begin(), options.keywords.end());
  lines.emplace_back("ENHANCEDSTATUSCODES");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    line(fmt::format("250{}{}", i + 1 == lines.size() ? ' ' : '-', lines[i]));
  }
}

void SinkSession::start_tls() {
  if (channel_.tls()) return protocol_error(503, "5.5.1", "TLS is already active");
  if (owner_.options().broken_tls) {
    state_ = State::BrokenHandshake;
    return line("220 2.0.0 Go ahead");
  }
  if (owner_.tls() == nullptr) return protocol_error(502, "5.5.1", "TLS is not offered");
  reset_transaction();
  line("220 2.0.0 Go ahead");
  // The reply must leave in clear, before the handshake.
  if (channel_.flush() == Channel::State::Closed) return die();
  if (!channel_.input().empty()) owner_.tally().add(Count::ProtocolErrors);
  channel_.drop_input();
  channel_.start_tls(*owner_.tls(), true);
  was_handshaking_ = true;
}

void SinkSession::turn_away() {
  owner_.tally().add(Count::TurnedAway);
  reply(421, "4.3.2", "Not now");
  close_after_flush();
}

bool SinkSession::is_greylisted(const std::string& recipient) {
  const auto& wait = owner_.options().greylist;
  if (!wait) return false;
  const std::string_view client = envelope_.peer;
  return !owner_.greylist().lets_pass(client.substr(0, client.rfind(':')), envelope_.reverse_path,
                                      recipient, *wait, Clock::now());
}

bool SinkSession::exceeds(std::size_t count, std::size_t limit, std::string_view what) {
  if (limit == 0 || count <= limit) return false;
  owner_.tally().add(Count::LimitErrors);
  reply(452, "4.5.3", fmt::format("Too many {}, see LIMITS", what));
  return true;
}

bool SinkSession::is_beyond_limits(std::string_view recipient) {
  const SessionLimits& limits = owner_.options().limits;
  if (exceeds(++recipients_, limits.recipients, "recipients")) return true;
  if (limits.recipient_domains == 0) return false;
  const std::size_t at = std::min(recipient.rfind('@'), recipient.size());
  domains_.insert(ascii::lower(recipient.substr(at)));
  return exceeds(domains_.size(), limits.recipient_domains, "domains");
}

void SinkSession::mail(std::string_view argument) {
  if (envelope_.hello.empty()) return protocol_error(503, "5.5.1", "EHLO first");
  if (have_mail_) return protocol_error(503, "5.5.1", "There is a transaction already");
  auto path = path_after(argument, "FROM:");
  if (!path) return protocol_error(501, "5.5.4", "MAIL FROM:<address>");
  if (exceeds(++mails_, owner_.options().limits.mails, "messages")) return;
  const std::size_t most = owner_.options().messages_per_connection;
  if (owner_.is_busy() || (most != 0 && mails_ > most)) return turn_away();
  if (declared_size(path->parameters) > owner_.options().size_limit) {
    return reply(552, "5.3.4", "Message too large");
  }
  owner_.tally().add(Count::Transactions);
  have_mail_ = true;
  envelope_.reverse_path = std::move(path->address);
  envelope_.mail_parameters = std::move(path->parameters);
  reply(250, "2.1.0", "Ok");
}

void SinkSession::recipient(std::string_view argument) {
  if (!have_mail_) return protocol_error(503, "5.5.1", "MAIL first");
  auto path = path_after(argument, "TO:");
  if (!path || path->address.empty()) return protocol_error(501, "5.5.4", "RCPT TO:<address>");
  if (is_beyond_limits(path->address)) return;
  if (envelope_.recipients.size() >= kMaxRecipients)
    return reply(452, "4.5.3", "Too many recipients");
  const auto fate = owner_.script().recipient(path->address);
  if (fate.code != 250) {
    owner_.tally().add(fate.code >= 500 ? Count::RefusedRecipients : Count::DeferredRecipients);
    return reply(fate.code, fate.status, fate.code >= 500 ? "Not here" : "Not now");
  }
  if (is_greylisted(path->address)) {
    owner_.tally().add(Count::DeferredRecipients);
    return reply(451, "4.7.1", "Greylisted, try again later");
  }
  envelope_.recipients.push_back({std::move(path->address), std::move(path->parameters)});
  reply(250, "2.1.5", "Ok");
}

void SinkSession::begin_content() {
  decoder_.reset();
  content_.clear();
  too_large_ = false;
  drop_in_data_ = owner_.script().drop_in_data();
}

void SinkSession::data() {
  if (!have_mail_ || in_chunks_) return protocol_error(503, "5.5.1", "MAIL first");
  if (envelope_.recipients.empty()) return reply(554, "5.5.1", "No valid recipients");
  begin_content();
  state_ = State::Data;
  line("354 End data with <CR><LF>.<CR><LF>");
}

bool SinkSession::take_data() {
  if (channel_.input().empty()) return false;
  if (drop_in_data_) {
    owner_.tally().add(Count::Dropped);
    die();
    return false;
  }
  channel_.consume(decoder_.feed(channel_.input(), content_));
  bound_content();
  if (!decoder_.done()) return false;
  message_complete();
  return true;
}

void SinkSession::bound_content() {
  if (content_.size() <= owner_.options().size_limit) return;
  too_large_ = true;
  content_.clear();
}

void SinkSession::bdat(std::string_view argument) {
  const auto size = parse_chunk_size(argument);
  if (!size) {  // where the next command begins is anyone's guess
    protocol_error(501, "5.5.4", "BDAT size [LAST]");
    return close_after_flush();
  }
  chunk_ = *size;
  chunk_taken_ = have_mail_ && !envelope_.recipients.empty();
  if (chunk_taken_ && !in_chunks_) begin_content();
  in_chunks_ = chunk_taken_;
  state_ = State::Chunk;
}

bool SinkSession::take_chunk() {
  if (chunk_taken_ && drop_in_data_) {
    owner_.tally().add(Count::Dropped);
    die();
    return false;
  }
  const std::string_view octets = channel_.input().substr(0, chunk_.octets);
  if (chunk_taken_) content_ += octets;
  chunk_.octets -= octets.size();
  channel_.consume(octets.size());
  bound_content();
  if (chunk_.octets > 0) return false;
  state_ = State::Command;
  if (!chunk_taken_) {  // no fault of a client that pipelines
    reset_transaction();
    reply(503, "5.5.1", "MAIL and RCPT first");
  } else if (chunk_.last) {
    message_complete();
  } else {
    reply(250, "2.0.0", "Chunk taken");
  }
  return true;
}

void SinkSession::message_complete() {
  DataFate fate;
  owner_.script().data(fate);
  for (const auto& recipient : envelope_.recipients) owner_.script().data(recipient.address, fate);
  if (too_large_) {
    fate.code = 552;
    fate.status = "5.3.4";
  }
  if (fate.delay.count() == 0) return finish_message(fate);
  after(fate.delay, [fate](SinkSession& session) { session.finish_message(fate); });
}

void SinkSession::finish_message(const DataFate& fate) {
  state_ = State::Command;
  if (fate.drop) {
    owner_.tally().add(Count::Dropped);
    return die();
  }
  if (fate.code != 250) {
    owner_.tally().add(fate.code >= 500 ? Count::RefusedMessages : Count::DeferredMessages);
    reply(fate.code, fate.status, fate.code >= 500 ? "Not this message" : "Not now");
  } else {
    accept_message();
  }
  reset_transaction();
}

void SinkSession::accept_message() {
  const LoadVerdict verdict = judge(content_);
  const std::uint64_t number = owner_.accepted(verdict, envelope_);
  Tally& tally = owner_.tally();
  tally.add(Count::Bytes, content_.size());
  tally.add(Count::Recipients, envelope_.recipients.size());
  if (MailFolder* folder = owner_.folder()) {
    envelope_.tls_version = channel_.tls_version();
    envelope_.tls_cipher = channel_.tls_cipher();
    const auto saved = folder->save(envelope_, content_);
    if (!saved) {
      owner_.failed(saved.error());
    } else if (*saved) {
      tally.add(Count::Saved);
    }
  }
  reply(250, "2.0.0", fmt::format("Ok: queued as {}", number));
}

void SinkSession::reset_transaction() {
  have_mail_ = false;
  in_chunks_ = false;
  envelope_.reverse_path.clear();
  envelope_.mail_parameters.clear();
  envelope_.recipients.clear();
  recipients_ = 0;
  domains_.clear();
}

void SinkSession::close_after_flush() { state_ = State::Closing; }

void SinkSession::flush() {
  if (dead_) return;
  if (channel_.flush() == Channel::State::Closed) {
    if (was_handshaking_) owner_.tally().add(Count::TlsFailures);
    return die();
  }
  if (was_handshaking_ && !channel_.handshaking()) {
    was_handshaking_ = false;
    owner_.tally().add(Count::TlsHandshakes);
  }
  if (state_ == State::Closing && !channel_.output_pending() && !channel_.handshaking()) die();
}

void SinkSession::check_deadline(Clock::time_point now) {
  if (now >= deadline_) die();
}

void SinkSession::die() {
  if (dead_) return;
  dead_ = true;
  owner_.over(*this);
}

}  // namespace signpost::bench
