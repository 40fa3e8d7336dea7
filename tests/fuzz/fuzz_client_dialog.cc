// Any octets as a peer of ClientDialog. The first octet chooses the options, the second the size of
// the pieces. Each transaction that is begun must get exactly one result, with its recipients; only
// one that was begun early, and still waits for the one before it, may end without.
#include "base/check.h"
#include "sasl/client_login.h"
#include "smtp/client_dialog.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <variant>

namespace {

using namespace signpost;
using smtp::ClientDialog;

class Driver {
 public:
  explicit Driver(std::uint8_t choice) : dialog_(options(choice)), choice_(choice) {}

  void hear(std::string_view bytes) {
    in_.append(bytes);
    while (!closed_ && step()) {
    }
    out_.clear();
  }

  void finish() {
    if (!closed_) closed(dialog_.connection_lost("end of input"));
    CHECK(under_way_.size() <= 1);
  }

  bool is_closed() const { return closed_; }

 private:
  static smtp::ClientOptions options(std::uint8_t choice) {
    smtp::ClientOptions options;
    options.hostname = "relay.example";
    options.starttls = static_cast<smtp::TlsUse>(choice % 3);
    options.tls = (choice & 4) != 0;
    options.lmtp = (choice & 128) != 0;
    if ((choice & 8) != 0) {
      options.login = std::make_shared<const sasl::ClientLogin>(
          "login", std::make_shared<const sasl::Password>("password"), false, std::nullopt);
    }
    return options;
  }

  // False when nothing more happens until octets come.
  bool step() {
    ClientDialog::Step step = dialog_.advance(in_, out_);
    (void)dialog_.timeout();
    if (std::holds_alternative<ClientDialog::AwaitReply>(step)) {
      CHECK(dialog_.awaiting() != smtp::Phase::Mail || dialog_.transaction_open());
      return false;
    }
    if (std::holds_alternative<ClientDialog::StartTls>(step)) {
      if (!in_.empty()) check_failed("clear octets before TLS", __FILE__, __LINE__);
      dialog_.tls_started(out_);
    } else if (std::holds_alternative<ClientDialog::Ready>(step)) {
      ready();
    } else if (std::holds_alternative<ClientDialog::SendContent>(step)) {
      dialog_.content_sent();
      if ((choice_ & 64) != 0 && dialog_.can_begin_early()) begin_early();
    } else if (const auto* done = std::get_if<ClientDialog::TransactionDone>(&step)) {
      result(done->result);
      CHECK(!done->result.possibly_delivered);
    } else {
      closed(std::get<ClientDialog::Close>(step));
    }
    return true;
  }

  void ready() {
    CHECK(under_way_.empty());
    CHECK(dialog_.can_begin());
    if (begun_ >= 20 || !dialog_.may_send_mail()) return dialog_.quit(out_);
    dialog_.begin(next(), out_);
  }

  void begin_early() {
    const bool open = dialog_.transaction_open();
    if (!dialog_.begin_early(next(), out_)) under_way_.pop_back();
    CHECK(open && dialog_.transaction_open());
    CHECK(under_way_.size() < 2 || !dialog_.can_begin_early());
  }

  smtp::ClientTransaction next() {
    smtp::ClientTransaction transaction;
    transaction.reverse_path = "a@x.example";
    under_way_.push_back(begun_++ % 4);
    transaction.recipients.assign(under_way_.back(), {"b@y.example", {}, "rfc822;b@y.example"});
    transaction.size = 1000;
    transaction.eight_bit = (choice_ & 16) != 0;
    transaction.smtputf8 = (choice_ & 32) != 0;
    transaction.envelope_id = "id";
    return transaction;
  }

  void result(const smtp::TransactionResult& result) {
    CHECK(!under_way_.empty() && result.recipients.size() == under_way_.front());
    under_way_.pop_front();
    CHECK(dialog_.transaction_open() == (!closed_ && !under_way_.empty()));
    const auto unanswered = std::ranges::count_if(
        result.recipients, [](const auto& recipient) { return recipient.reply.code == 0; });
    CHECK(!result.possibly_delivered || unanswered != 0);
  }

  void closed(const ClientDialog::Close& close) {
    closed_ = true;
    CHECK(!dialog_.can_begin());
    CHECK(close.reply.code != 0 || !close.detail.empty());
    CHECK(close.transaction.has_value() == !under_way_.empty());
    if (close.transaction) result(*close.transaction);
  }

  ClientDialog dialog_;
  const std::uint8_t choice_;
  ByteQueue in_;
  ByteQueue out_;
  std::deque<std::size_t> under_way_;  // recipients of the transactions without a result
  std::size_t begun_ = 0;
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Driver driver(data[0]);
  const std::size_t piece = data[1] == 0 ? size : data[1];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  for (std::size_t i = 0; i < bytes.size() && !driver.is_closed(); i += piece) {
    driver.hear(bytes.substr(i, piece));
  }
  driver.finish();
  return 0;
}
