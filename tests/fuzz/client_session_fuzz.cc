// Whole delivery sessions: the client dialog against a server that the input plays. Unlike in
// client_dialog, the server reads the commands and knows what it answered to which, so that the
// outcome of each recipient can be held against it.
//
// The first octet chooses the options, the second the size of the pieces in which replies arrive;
// then each event takes an octet or two: which reply, and in which form.
#include "base/ascii.h"
#include "base/check.h"
#include "delivery/disposition.h"
#include "sasl/client_login.h"
#include "smtp/client_dialog.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace signpost;
using delivery::Outcome;
using smtp::ClientDialog;

constexpr std::size_t kTransactions = 12;
constexpr std::uint64_t kSizeLimit = 1000;

// What is left of the input; zeros after its end.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> octets) : octets_(octets) {}
  std::uint8_t next() {
    if (octets_.empty()) return 0;
    const std::uint8_t octet = octets_.front();
    octets_ = octets_.subspan(1);
    return octet;
  }
  bool ended() const { return octets_.empty(); }

 private:
  std::span<const std::uint8_t> octets_;
};

// What a server answered to the commands of one transaction; 0: nothing yet.
struct Answered {
  int mail = 0;
  std::map<std::size_t, int> recipients;
  int data = 0;
  int end_of_data = 0;
};

bool positive(int code) { return code / 100 == 2; }

class Server {
 public:
  Server(Choices& choices, smtp::TlsUse use, bool tls, bool has_limits)
      : choices_(choices), use_(use), has_limits_(has_limits), tls_(tls) {
    answer(std::array{220, 220, 220, 421, 554}, "relay.example");
  }

  // Commands as they come over the wire.
  void read(std::string_view octets) {
    std::size_t lines = 0;
    while (!octets.empty()) {
      const std::size_t end = octets.find("\r\n");
      CHECK(end != std::string_view::npos);
      const std::string_view line = octets.substr(0, end);
      octets.remove_prefix(end + 2);
      CHECK(std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; }));
      ++lines;
      CHECK(lines == 1 || extensions_.pipelining || !honest_);
      on_command(line);
    }
  }

  void end_of_data() {
    data_ = false;
    const int code = answer(std::array{250, 250, 250, 451, 552, 554, 421}, "the end of data");
    if (record_ != nullptr) record_->end_of_data = code;
  }

  void secured() {
    CHECK(pending_.empty());
    tls_ = true;
    extensions_ = {};
  }

  std::string take(std::size_t size) {
    std::string piece = pending_.substr(0, size);
    pending_.erase(0, size);
    return piece;
  }

  bool has_more() const { return !pending_.empty(); }
  bool lost() const { return lost_; }
  // One reply for each command, none without: only then is it known which belongs to which.
  bool honest() const { return honest_; }
  const smtp::PeerExtensions& extensions() const { return extensions_; }
  const Answered* answered(std::size_t transaction) const {
    const auto found = transactions_.find(transaction);
    return found == transactions_.end() ? nullptr : &found->second;
  }

 private:
  template <std::size_t kCount>
  int answer(const std::array<int, kCount>& codes, std::string_view text) {
    const std::uint8_t choice = choices_.next();
    const int code = codes[(choice & 15U) % kCount];
    if (choice >= 0xf0) {
      misbehave(choice);
      if (choice == 0xf0 || choice == 0xf1) return code;  // without a reply
    }
    const std::string number = std::to_string(code);
    const std::string status =
        (choice & 16) != 0 ? std::string(1, number[0]) + ".1.5 " : std::string();
    if ((choice & 32) != 0) pending_ += number + "-" + status + "first\r\n";
    pending_ += number + " " + status + std::string(text) + "\r\n";
    if (code == 421) lost_ = (choice & 64) != 0;
    return code;
  }

  void misbehave(std::uint8_t choice) {
    honest_ = false;
    switch (choice & 15U) {
      case 0:
        return;
      case 1:
        lost_ = true;
        return;
      case 2:
        pending_ += "250 one more\r\n";
        return;
      case 3:
        pending_ += "354 one more\r\n";
        return;
      case 4:
        pending_ += "HTTP/1.1 400 Bad Request\r\n";
        return;
      case 5:
        pending_ += "250-2.0.0 and\r\n550 another\r\n";
        return;
      default:
        pending_ += std::string(1, static_cast<char>(choices_.next()));
        return;
    }
  }

  void on_command(std::string_view line) {
    const auto is = [&](std::string_view verb) { return line.starts_with(verb); };
    if (data_) {  // the dialog's own end of a message for nobody
      CHECK(line == "." || !honest_);
      end_of_data();
    } else if (is("EHLO ") || is("HELO ")) {
      on_hello(is("EHLO "));
    } else if (is("STARTTLS")) {
      CHECK(!tls_ && use_ != smtp::TlsUse::Off);
      const int code = answer(std::array{220, 220, 454, 501, 421}, "TLS");
      // Octets in clear after it, as if they were the first ones under TLS.
      if (positive(code) && choices_.next() % 4 == 3) pending_ += "250-PIPELINING\r\n250 Ok\r\n";
    } else if (is("AUTH ")) {
      CHECK(tls_);
      answer(std::array{235, 334, 535, 454, 421}, "AUTH");
    } else if (is("MAIL FROM:<")) {
      on_mail(line);
    } else if (is("RCPT TO:<")) {
      const int code = answer(std::array{250, 250, 251, 450, 550, 552, 421}, "RCPT");
      const auto index = static_cast<std::size_t>(line[10] - '0');
      if (record_ != nullptr) CHECK(record_->recipients.emplace(index, code).second || !honest_);
    } else if (is("DATA")) {
      const int code = answer(std::array{354, 354, 354, 451, 554, 421}, "DATA");
      data_ = code == 354;
      if (record_ != nullptr) record_->data = code;
    } else if (is("RSET")) {
      answer(std::array{250, 250, 500, 421}, "RSET");
    } else if (is("QUIT")) {
      answer(std::array{221, 250, 421, 500}, "QUIT");
    } else if (line == ".") {  // after a 354 that was no answer to DATA
      CHECK(!honest_);
      answer(std::array{500}, "what?");
    } else {
      CHECK(tls_);
      answer(std::array{334, 235, 535}, "credentials");  // of AUTH
    }
  }

  void on_hello(bool extended) {
    const std::uint8_t offers = choices_.next();
    const int code = answer(std::array{250, 250, 250, 250, 500, 451, 421}, "relay.example");
    if (!positive(code) || !extended) return;
    // The last line becomes one before the last.
    if (pending_.size() < 19 || !honest_) return;
    const std::size_t last = pending_.rfind("250 ");
    pending_[last + 3] = '-';
    extensions_ = {};
    const auto offer = [&](unsigned bit, bool smtp::PeerExtensions::* member,
                           std::string_view text) {
      if ((offers >> bit & 1U) == 0) return;
      extensions_.*member = true;
      pending_ += "250-" + std::string(text) + "\r\n";
    };
    offer(0, &smtp::PeerExtensions::pipelining, "PIPELINING");
    offer(1, &smtp::PeerExtensions::eight_bit_mime, "8BITMIME");
    offer(2, &smtp::PeerExtensions::smtputf8, "SMTPUTF8");
    offer(3, &smtp::PeerExtensions::starttls, "STARTTLS");
    offer(4, &smtp::PeerExtensions::dsn, "DSN");
    const auto offer_login = [&](unsigned bit, std::string_view mechanism) {
      if ((offers >> bit & 1U) == 0) return;
      extensions_.auth.emplace_back(mechanism);
      pending_ += "250-AUTH " + std::string(mechanism) + "\r\n";
    };
    offer_login(5, "PLAIN");
    offer_login(6, "LOGIN");
    offer(7, &smtp::PeerExtensions::size, "SIZE " + std::to_string(kSizeLimit));
    if (has_limits_) {
      extensions_.limits.mails = 1 + offers % 4;
      pending_ += "250-LIMITS RCPTMAX=0 mailmax=" + std::to_string(extensions_.limits.mails);
      pending_ += " MAILMAX=0000009 X RCPTDOMAINMAX=1000000\r\n";
    }
    pending_ += "250 HELP\r\n";
  }

  void on_mail(std::string_view line) {
    CHECK(tls_ || use_ != smtp::TlsUse::Required);
    CHECK(extensions_.size || !line.contains(" SIZE=") || !honest_);
    CHECK(extensions_.smtputf8 || !line.contains(" SMTPUTF8") || !honest_);
    CHECK(extensions_.eight_bit_mime || !line.contains(" BODY=") || !honest_);
    CHECK(extensions_.dsn || !line.contains(" ENVID=") || !honest_);
    const auto number = static_cast<std::size_t>(std::stoul(std::string(line.substr(12))));
    const auto [slot, fresh] = transactions_.try_emplace(number);
    CHECK(fresh);
    const std::size_t most = extensions_.limits.mails;
    CHECK(most == 0 || transactions_.size() <= most || !honest_);
    record_ = &slot->second;
    record_->mail = answer(std::array{250, 250, 250, 450, 550, 452, 421}, "MAIL");
  }

  Choices& choices_;
  const smtp::TlsUse use_;
  const bool has_limits_;
  bool tls_;
  bool data_ = false;
  bool honest_ = true;
  bool lost_ = false;
  smtp::PeerExtensions extensions_;  // announced since TLS began
  std::map<std::size_t, Answered> transactions_;
  Answered* record_ = nullptr;  // of the last MAIL
  std::string pending_;
};

smtp::ClientOptions options_of(std::uint8_t choice) {
  smtp::ClientOptions options;
  options.hostname = "client.example";
  options.starttls = static_cast<smtp::TlsUse>(choice % 3);
  options.tls = (choice & 4) != 0;
  if ((choice & 8) != 0) {
    options.login = std::make_shared<const sasl::ClientLogin>(
        "login", std::make_shared<const sasl::Password>("password"), false, std::nullopt);
  }
  return options;
}

class Session {
 public:
  Session(std::uint8_t choice, std::uint8_t piece, Choices choices)
      : choice_(choice),
        piece_(piece == 0 ? 100'000 : piece),
        choices_(choices),
        dialog_(options_of(choice)),
        server_(choices_, options_of(choice).starttls, options_of(choice).tls, choice >= 128) {}

  void play() {
    while (!closed_) {
      ClientDialog::Step step = dialog_.advance(in_, out_);
      pass_commands();
      carry_out(step);
      pass_commands();
    }
    // One that was begun early and never tried has no result.
    CHECK(under_way_.size() <= 1);
  }

 private:
  void pass_commands() {
    server_.read(out_.view());
    out_.clear();
  }

  void carry_out(ClientDialog::Step& step) {
    if (std::holds_alternative<ClientDialog::AwaitReply>(step)) {
      hear();
    } else if (std::holds_alternative<ClientDialog::StartTls>(step)) {
      secure();
    } else if (std::holds_alternative<ClientDialog::Ready>(step)) {
      ready();
    } else if (std::holds_alternative<ClientDialog::SendContent>(step)) {
      server_.end_of_data();
      dialog_.content_sent();
      if ((choice_ & 64) != 0 && begun_ < kTransactions && dialog_.can_begin_early()) {
        if (!dialog_.begin_early(next(), out_)) under_way_.pop_back();
      }
    } else if (const auto* done = std::get_if<ClientDialog::TransactionDone>(&step)) {
      CHECK(!done->result.possibly_delivered);
      result(done->result, true);
    } else {
      closed(std::get<ClientDialog::Close>(step));
    }
  }

  void hear() {
    if (!server_.has_more()) return closed(dialog_.connection_lost("no more replies"));
    if (server_.lost() && choices_.ended()) return closed(dialog_.connection_lost("lost"));
    in_.append(server_.take(piece_));
  }

  void secure() {
    CHECK(in_.empty());
    if (!server_.has_more()) {
      server_.secured();
      dialog_.tls_started(out_);
      CHECK(dialog_.extensions().pipelining == false && dialog_.extensions().auth.empty());
      return;
    }
    in_.append(server_.take(piece_));
    const ClientDialog::Step step = dialog_.advance(in_, out_);
    const auto* close = std::get_if<ClientDialog::Close>(&step);
    CHECK(close != nullptr && close->reason == ClientDialog::Close::Reason::ProtocolFault);
    closed(*close);
  }

  void ready() {
    CHECK(under_way_.empty() && dialog_.can_begin());
    if (server_.honest()) {
      const smtp::PeerExtensions& theirs = server_.extensions();
      const smtp::PeerExtensions& ours = dialog_.extensions();
      CHECK(ours.pipelining == theirs.pipelining && ours.size == theirs.size);
      CHECK(ours.smtputf8 == theirs.smtputf8 && ours.auth == theirs.auth);
      CHECK(ours.limits == theirs.limits);
    }
    if (begun_ == kTransactions || !dialog_.may_send_mail()) return dialog_.quit(out_);
    dialog_.begin(next(), out_);
  }

  // The texts live until the end: the dialog keeps views of them.
  smtp::ClientTransaction next() {
    const std::uint8_t choice = choices_.next();
    const std::size_t number = begun_++;
    smtp::ClientTransaction transaction;
    transaction.reverse_path = texts_.emplace_back("s" + std::to_string(number) + "@x.example");
    for (int i = 0; i <= choice % 4; ++i) {
      const std::string& mailbox = texts_.emplace_back("r" + std::to_string(i) + "@y.example");
      transaction.recipients.push_back({mailbox, {}, ""});
    }
    transaction.size = (choice & 8) != 0 ? kSizeLimit + 1 : kSizeLimit;
    transaction.smtputf8 = (choice & 16) != 0;
    transaction.eight_bit = (choice & 32) != 0;
    transaction.envelope_id = "id";
    under_way_.emplace_back(number, transaction.recipients.size());
    return transaction;
  }

  void result(const smtp::TransactionResult& result, bool whole) {
    CHECK(!under_way_.empty());
    const auto [number, recipients] = under_way_.front();
    under_way_.pop_front();
    CHECK(result.recipients.size() == recipients);
    const Answered* const answered = server_.answered(number);
    for (std::size_t i = 0; i < recipients; ++i) {
      const auto disposition = delivery::of_recipient(result.recipients[i], "lost", true);
      check(disposition.outcome, answered, i, whole && !closed_);
    }
    if (result.possibly_delivered) {
      CHECK(answered != nullptr && (!server_.honest() || answered->data == 354));
    }
  }

  void check(Outcome outcome, const Answered* answered, std::size_t recipient, bool whole) const {
    if (answered == nullptr) {
      CHECK(outcome != Outcome::Delivered);  // nothing of it was ever sent
      return;
    }
    if (!server_.honest()) return;
    const auto found = answered->recipients.find(recipient);
    const int rcpt = found == answered->recipients.end() ? 0 : found->second;
    const bool taken = positive(answered->mail) && positive(rcpt) && answered->data == 354 &&
                       positive(answered->end_of_data);
    if (outcome == Outcome::Delivered) CHECK(taken);
    if (taken && whole) CHECK(outcome == Outcome::Delivered);
    if (outcome == Outcome::Failed) {
      CHECK(answered->mail / 100 == 5 || rcpt / 100 == 5 || answered->data / 100 == 5 ||
            answered->end_of_data / 100 == 5);
    }
  }

  void closed(const ClientDialog::Close& close) {
    closed_ = true;
    CHECK(!dialog_.can_begin());
    CHECK(close.reply.code != 0 || !close.detail.empty());
    CHECK(close.transaction.has_value() == !under_way_.empty());
    if (close.transaction) result(*close.transaction, false);
  }

  const std::uint8_t choice_;
  const std::size_t piece_;
  Choices choices_;
  ClientDialog dialog_;
  Server server_;
  ByteQueue in_;
  ByteQueue out_;
  std::deque<std::string> texts_;
  std::deque<std::pair<std::size_t, std::size_t>> under_way_;  // number and recipients
  std::size_t begun_ = 0;
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Session(data[0], data[1], Choices({data + 2, size - 2})).play();
  return 0;
}
