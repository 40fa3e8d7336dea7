#include "sendmail/hand_in.h"

#include "base/byte_queue.h"
#include "smtp/client_dialog.h"
#include "smtp/mail_data.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace signpost::sendmail {

namespace {

using smtp::ClientDialog;

constexpr std::size_t kPiece = 64 << 10;
// In one transaction: every server takes as many (RFC 5321 section 4.5.3.1.8), and their commands
// and replies fit into the socket's buffers, so that neither side waits for the other to read.
constexpr std::size_t kMostRecipients = 100;
constexpr smtp::ClientTimeouts kTimeouts{.greeting = std::chrono::seconds(20),
                                         .hello = std::chrono::seconds(20),
                                         .mail = std::chrono::seconds(30),
                                         .rcpt = std::chrono::seconds(30),
                                         .data_command = std::chrono::seconds(30),
                                         .data_block = std::chrono::seconds(30),
                                         .end_of_data = std::chrono::seconds(60),
                                         .quit = std::chrono::seconds(1)};

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; });
}

std::string system_error() { return std::generic_category().message(errno); }

class HandIn {
 public:
  HandIn(int fd, const Letter& letter)
      : fd_(fd),
        letter_(letter),
        dialog_({.hostname = "localhost",
                 .starttls = smtp::TlsUse::Off,
                 .login = {},
                 .timeouts = kTimeouts}) {}

  Outcome run();

 private:
  smtp::ClientTransaction next_transaction();
  bool wait(short events, std::chrono::seconds limit);
  bool send_all(std::chrono::seconds limit);
  bool receive();
  bool send_content();
  void settle(const smtp::TransactionResult& result);
  void settle(const ClientDialog::Close& close);

  const int fd_;
  const Letter& letter_;
  ClientDialog dialog_;
  ByteQueue in_;
  ByteQueue out_;
  std::string failure_;    // of the connection
  std::size_t first_ = 0;  // recipient of the transaction under way
  std::size_t next_ = 0;   // recipient of the one after it
  Outcome outcome_;
};

smtp::ClientTransaction HandIn::next_transaction() {
  first_ = next_;
  next_ = std::min(first_ + kMostRecipients, letter_.recipients.size());
  smtp::ClientTransaction made;
  made.reverse_path = letter_.sender;
  made.size = letter_.content.size();
  made.eight_bit = !is_ascii(letter_.content);
  made.smtputf8 = !is_ascii(letter_.sender);
  made.ret = letter_.ret;
  made.envelope_id = letter_.envelope_id;
  for (std::size_t i = first_; i < next_; ++i) {
    const std::string& recipient = letter_.recipients[i];
    made.smtputf8 = made.smtputf8 || !is_ascii(recipient);
    made.recipients.push_back({recipient, letter_.notify, {}});
  }
  return made;
}

bool HandIn::wait(short events, std::chrono::seconds limit) {
  pollfd watched{fd_, events, 0};
  const auto milliseconds = std::chrono::milliseconds(limit).count();
  int ready = 0;
  do {
    ready = ::poll(&watched, 1, static_cast<int>(milliseconds));
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) return true;
  failure_ = ready == 0 ? "the relay does not answer" : system_error();
  return false;
}

bool HandIn::send_all(std::chrono::seconds limit) {
  while (!out_.empty()) {
    const std::string_view waiting = out_.view();
    const ssize_t sent = ::send(fd_, waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      out_.consume(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      failure_ = system_error();
      return false;
    }
    if (!wait(POLLOUT, limit)) return false;
  }
  return true;
}

bool HandIn::receive() {
  if (!wait(POLLIN, dialog_.timeout())) return false;
  const auto room = in_.prepare(kPiece);
  const ssize_t size = ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
  if (size > 0) {
    in_.commit(static_cast<std::size_t>(size));
    return true;
  }
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  failure_ = size == 0 ? "the relay closed the connection" : system_error();
  return false;
}

bool HandIn::send_content() {
  smtp::DotStuffer data(letter_.content);
  while (!data.done()) {
    out_.append(data.next(kPiece));
    // A reply that comes now is a refusal, and is read afterwards.
    if (out_.size() >= kPiece && !send_all(kTimeouts.data_block)) return false;
  }
  dialog_.content_sent();
  return true;
}

void HandIn::settle(const smtp::TransactionResult& result) {
  const std::size_t begin = first_;
  for (; first_ < next_; ++first_) {
    const std::string& recipient = letter_.recipients[first_];
    const smtp::Reply& reply = result.recipients[first_ - begin].reply;
    if (reply.positive()) {
      outcome_.taken.push_back(recipient);
    } else if (reply.permanent() || (reply.code == 0 && reply.status.class_digit == 5)) {
      outcome_.refused.push_back({recipient, reply.one_line()});
    } else {
      if (outcome_.later.empty()) outcome_.reason = reply.one_line();
      outcome_.later.push_back(recipient);
    }
  }
}

// Whoever was not tried is for later.
void HandIn::settle(const ClientDialog::Close& close) {
  if (close.transaction) settle(*close.transaction);
  const auto untried = letter_.recipients.begin() + static_cast<std::ptrdiff_t>(first_);
  outcome_.later.insert(outcome_.later.end(), untried, letter_.recipients.end());
  if (outcome_.later.empty()) return;
  if (close.reply.code != 0) {
    if (outcome_.reason.empty()) outcome_.reason = close.reply.one_line();
  } else {
    outcome_.reason = close.detail;
  }
}

Outcome HandIn::run() {
  smtp::ClientTransaction under_way;
  for (;;) {
    auto step = dialog_.advance(in_, out_);
    if (std::holds_alternative<ClientDialog::Ready>(step)) {
      if (next_ == letter_.recipients.size()) {
        dialog_.quit(out_);
        (void)send_all(kTimeouts.quit);
        return std::move(outcome_);
      }
      under_way = next_transaction();
      dialog_.begin(under_way, out_);
    } else if (std::holds_alternative<ClientDialog::SendContent>(step)) {
      if (!send_content()) {
        settle(dialog_.connection_lost(failure_));
        return std::move(outcome_);
      }
    } else if (auto* done = std::get_if<ClientDialog::TransactionDone>(&step)) {
      settle(done->result);
    } else if (auto* close = std::get_if<ClientDialog::Close>(&step)) {
      settle(*close);
      return std::move(outcome_);
    } else if (!send_all(kTimeouts.data_block) || !receive()) {
      settle(dialog_.connection_lost(failure_));
      return std::move(outcome_);
    }
  }
}

}  // namespace

Outcome hand_in(int fd, const Letter& letter) { return HandIn(fd, letter).run(); }

}  // namespace signpost::sendmail
