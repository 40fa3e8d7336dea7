#include "sasl/client_exchange.h"

#include "base/base64.h"
#include "base/concat.h"
#include "base/random.h"
#include "sasl/scram_client.h"
#include "smtp/saslprep.h"

#include <array>
#include <utility>

namespace signpost::sasl {

namespace {

// Before a token (RFC 7628 section 3.1); the octet 1 ends what is before it.
constexpr std::string_view kBearer =
    "\x01"
    "auth=Bearer ";
constexpr std::string_view kAsksForMore = "the peer asked for more than the mechanism provides";

// A message of ours, and what follows an error that the server sends as a challenge.
class OneMessage final : public smtp::LoginExchange {
 public:
  OneMessage(Mechanism mechanism, std::string message, std::optional<std::string> after_error)
      : mechanism_(mechanism), message_(std::move(message)), after_error_(std::move(after_error)) {}
  ~OneMessage() override { wipe(message_); }

  std::string_view mechanism() const override { return name_of(mechanism_); }
  std::optional<std::string> initial_response() override { return message_; }
  std::expected<std::string, std::string> respond(std::string_view challenge) override {
    // Some servers overlook the response in the command, and ask for it with an empty challenge.
    if (challenge.empty() && !std::exchange(repeated_, true)) return message_;
    if (!after_error_) return std::unexpected(std::string(kAsksForMore));
    repeated_ = true;
    return std::exchange(after_error_, std::nullopt).value();
  }

 private:
  const Mechanism mechanism_;
  std::string message_;
  std::optional<std::string> after_error_;
  bool repeated_ = false;
};

class NameAndPassword final : public smtp::LoginExchange {
 public:
  NameAndPassword(std::string name, std::shared_ptr<const Password> password)
      : name_(std::move(name)), password_(std::move(password)) {}

  std::string_view mechanism() const override { return name_of(Mechanism::Login); }
  std::optional<std::string> initial_response() override { return std::nullopt; }
  std::expected<std::string, std::string> respond(std::string_view) override {
    switch (asked_++) {
      case 0:
        return name_;
      case 1:
        return std::string(password_->view());
      default:
        return std::unexpected(std::string(kAsksForMore));
    }
  }

 private:
  const std::string name_;
  const std::shared_ptr<const Password> password_;
  int asked_ = 0;
};

// "," and "=" are written as "=2C" and "=3D" in a name (RFC 5801 section 4).
std::string escaped_name(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == ',') {
      text += "=2C";
    } else if (c == '=') {
      text += "=3D";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::unique_ptr<smtp::LoginExchange> exchange_of(Mechanism mechanism, const std::string& name,
                                                 std::shared_ptr<const Password> secret) {
  constexpr std::size_t kNonceSize = 18;
  constexpr std::string_view kZero("\0", 1);
  switch (mechanism) {
    case Mechanism::ScramSha256:
    case Mechanism::ScramSha1:
      return std::make_unique<ScramClient>(mechanism, escaped_name(smtp::prepared_name(name)),
                                           std::move(secret),
                                           base64::encode(secret_bytes(kNonceSize)));
    case Mechanism::OauthBearer:
      return std::make_unique<OneMessage>(
          mechanism, concat({"n,a=", escaped_name(name), ",", kBearer, secret->view(), "\x01\x01"}),
          "\x01");
    case Mechanism::Xoauth2:
      return std::make_unique<OneMessage>(
          mechanism, concat({"user=", name, kBearer, secret->view(), "\x01\x01"}), "");
    case Mechanism::Plain:
      return std::make_unique<OneMessage>(mechanism, concat({kZero, name, kZero, secret->view()}),
                                          std::nullopt);
    case Mechanism::Login:
      break;
  }
  return std::make_unique<NameAndPassword>(name, std::move(secret));
}

}  // namespace signpost::sasl
