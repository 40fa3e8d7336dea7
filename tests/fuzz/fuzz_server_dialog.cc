// Any octets as a client of ServerDialog. The first octet chooses the options, the second how the
// driver answers. Played twice, whole and octet by octet: both must lead to the same session.
#include "base/check.h"
#include "smtp/server_dialog.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace {

using namespace signpost;
using smtp::ServerDialog;

smtp::ServerOptions options(std::uint8_t choice);

class Policy final : public smtp::ServerPolicy, public ByteSink {
 public:
  std::optional<smtp::Reply> on_hello(const smtp::HelloCommand&) override { return {}; }
  std::optional<smtp::Reply> on_mail(smtp::MailCommand&) override { return {}; }
  std::optional<smtp::Reply> on_recipient(const smtp::RcptCommand& rcpt) override {
    if (rcpt.recipient.local_part() != "no") return {};
    return smtp::Reply{550, {5, 1, 1}, "No"};
  }
  std::expected<ByteSink*, smtp::Reply> on_data() override {
    CHECK(!open);
    open = true;
    content.clear();
    return this;
  }
  void discard() override { open = false; }
  std::expected<smtp::ServerOptions, smtp::Reply> on_xclient(
      smtp::XclientCommand& client) override {
    CHECK((choice & 16) != 0 && !open);
    if (client.port == 1) return std::unexpected(smtp::Reply{421, {4, 7, 0}, "No place"});
    return options(choice);
  }
  void on_refused(smtp::RefusalKind, std::string_view, const smtp::Reply& reply) override {
    CHECK(reply.code >= 400);
  }
  void append(std::string_view piece) override {
    CHECK(open);
    content += piece;
  }

  std::uint8_t choice = 0;
  bool open = false;
  std::string content;
};

smtp::ServerOptions options(std::uint8_t choice) {
  smtp::ServerOptions options;
  options.hostname = "relay.example";
  options.size_limit = 200;
  options.recipients_limit = 3;
  options.error_limit = 12;
  options.offer_starttls = (choice & 1) != 0;
  options.offer_auth = (choice & 2) != 0;
  options.more_mechanisms = {"SCRAM-SHA-256"};
  options.require_tls = (choice & 4) != 0;
  options.require_auth = (choice & 8) != 0;
  options.xclient = options.xclient_login = (choice & 16) != 0;
  return options;
}

class Session {
 public:
  Session(std::uint8_t choice, std::uint8_t answers)
      : answers_(answers), dialog_(options(choice), policy_) {
    policy_.choice = choice;
    dialog_.greet(out_);
  }

  // Everything that can be seen from outside.
  std::string play(std::string_view bytes, std::size_t piece) {
    while (!bytes.empty() && !over_) {
      in_.append(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      while (!over_ && step()) {
      }
    }
    return seen_ + std::string(out_.view());
  }

 private:
  bool step() {
    ServerDialog::Step step = dialog_.advance(in_, out_);
    seen_ += out_.view();
    out_.clear();
    if (std::holds_alternative<ServerDialog::NeedInput>(step)) return false;
    if (std::holds_alternative<ServerDialog::NeedRoom>(step)) return true;  // there is some now
    if (const auto* close = std::get_if<ServerDialog::Close>(&step)) {
      seen_ += "close: " + std::string(close->reason);
      over_ = true;
    } else if (std::holds_alternative<ServerDialog::StartTls>(step)) {
      // How much came in clear after it depends on the pieces: nothing to compare from here on.
      CHECK(in_.empty());
      seen_ += "starttls";
      over_ = true;
    } else if (const auto* asked = std::get_if<ServerDialog::CheckPassword>(&step)) {
      const smtp::Credentials& request = asked->credentials;
      CHECK(!request.login.empty() && !request.password.empty());
      seen_ += request.login + "," + std::string(request.password.view()) + "\n";
      dialog_.password_checked(static_cast<ServerDialog::PasswordResult>(answers_ % 3), out_);
    } else if (const auto* sasl = std::get_if<ServerDialog::SaslMessage>(&step)) {
      seen_ += std::string(sasl->first ? "first " : "") + std::string(sasl->message.view()) + "\n";
      if (sasl->message.view().starts_with('n')) {
        dialog_.challenge("r=", out_);
      } else {
        dialog_.password_checked(static_cast<ServerDialog::PasswordResult>(answers_ % 5), out_,
                                 "login");
      }
    } else {
      store();
    }
    return true;
  }

  void store() {
    CHECK(policy_.open && dialog_.in_transaction());
    CHECK(!dialog_.transaction().recipients.empty());
    const std::string& content = policy_.content;
    CHECK(content.size() == dialog_.content_size() && content.size() <= 200);
    if (dialog_.transaction().mail.body != smtp::Body::BinaryMime) {
      CHECK(!content.contains('\0'));
      CHECK(content.empty() || content.ends_with("\r\n"));
      CHECK(std::ranges::count(content, '\n') == std::ranges::count(content, '\r'));
    }
    seen_ += content;
    policy_.open = false;
    if (answers_ < 128) {
      dialog_.message_stored({250, {2, 0, 0}, "Ok"}, out_);
    } else {
      dialog_.message_stored({451, {4, 3, 0}, "No"}, out_);
    }
  }

  const std::uint8_t answers_;
  Policy policy_;
  ServerDialog dialog_;
  ByteQueue in_;
  ByteQueue out_;
  std::string seen_;
  bool over_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string whole = Session(data[0], data[1]).play(input, std::max<std::size_t>(size, 1));
  CHECK(Session(data[0], data[1]).play(input, 1) == whole);
  return 0;
}
