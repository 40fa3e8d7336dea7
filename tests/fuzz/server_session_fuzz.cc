// Whole submission sessions: the dialog with the acceptance core behind it, over settings made in
// memory. The first eight octets choose the settings and what the world answers (passwords, the
// store, how the octets arrive); the rest is what the client sends, in flights that end with 0xFE.
// After STARTTLS what is left of a flight came in clear.
//
// Each input is played three times: a flight at once, in pieces, and line by line. All must lead to
// the same session, and the last one counts one reply for each command.
#include "auth/users.h"
#include "base/ascii.h"
#include "base/check.h"
#include "dkim/key.h"
#include "message/header_section.h"
#include "smtp/server_dialog.h"
#include "submission/acceptance.h"
#include "submission/front_end.h"
#include "submission/session_options.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace {

using namespace signpost;
using smtp::ServerDialog;

constexpr std::size_t kChoices = 8;
constexpr char kFlightEnd = '\xfe';
constexpr std::size_t kSizeLimit = 3000;
constexpr std::size_t kRecipients = 4;
constexpr SystemTime kNoon{std::chrono::seconds(1'700'000'000)};
using Choices = std::array<std::uint8_t, kChoices>;

// Built once: with keys for shop.example or without any, and unsigned mail refused or sent.
relay::Settings make_settings(bool keys, bool refuse_unsigned) {
  static constexpr char kUsers[] =
      "[shop]\nsenders = [\"@shop.example\", \"boss@other.example\"]\n"
      "password = \"{ARGON2ID}$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2g\"\n"
      "[any]\n"
      "password = \"{ARGON2ID}$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2g\"\n";
  relay::Settings settings;
  config::Config config;
  config.hostname = "relay.example";
  config.limits.message_size = kSizeLimit;
  config.limits.recipients_per_message = kRecipients;
  if (refuse_unsigned) config.unsigned_policy = config::UnsignedPolicy::Reject;
  settings.config = std::make_shared<const config::Config>(config);
  auto users = auth::Users::parse(kUsers, "users.toml");
  CHECK(users.has_value());
  settings.users = *users;
  if (keys) {
    auto key = dkim::PrivateKey::generate(dkim::Algorithm::Ed25519Sha256, 0);
    CHECK(key.has_value());
    dkim::SigningIdentity identity;
    identity.domain = "shop.example";
    identity.selector = "s";
    identity.key = *key;
    settings.keys.add(std::move(identity), false);
  }
  return settings;
}

const relay::Settings& settings_of(std::uint8_t choice) {
  static const std::array<relay::Settings, 4> kAll{
      make_settings(false, false), make_settings(true, false), make_settings(false, true),
      make_settings(true, true)};
  return kAll[choice & 3];
}

config::ListenerConfig listener_of(std::uint8_t choice) {
  config::ListenerConfig listener;
  if ((choice & 4) != 0) listener.mode = config::ListenerMode::Implicit;
  if ((choice & 8) != 0) listener.auth = config::AuthMode::Off;
  if ((choice & 16) != 0) listener.trusted_networks = {*net::Network::parse("192.0.2.0/24")};
  if ((choice & 128) != 0) {
    listener.xclient_from = {*net::Network::parse("127.0.0.1"), *net::Network::parse("192.0.2.7")};
    listener.xclient_logins = true;
  }
  return listener;
}

net::IpAddress client_of(std::uint8_t choice) {
  return *net::IpAddress::parse((choice & 32) != 0 ? "127.0.0.1" : "192.0.2.7");
}

submission::Peer peer_of(std::uint8_t choice) { return {.client = {client_of(choice), 0}}; }

smtp::ServerOptions options_of(std::uint8_t choice) {
  const config::ListenerConfig listener = listener_of(choice);
  smtp::ServerOptions options =
      submission::dialog_options(settings_of(choice), listener, peer_of(choice), SystemTime{});
  // As if there were a certificate, which would need files.
  options.offer_starttls = listener.mode == config::ListenerMode::StartTls && (choice & 64) != 0;
  options.require_tls =
      options.offer_starttls && options.require_auth && !client_of(choice).is_loopback();
  return options;
}

// How many replies `out` holds. Each line has its code and ends properly (RFC 5321 section 4.2),
// and is no longer than a client need take (section 4.5.3.1.5).
std::size_t count_replies(std::string_view out) {
  std::size_t replies = 0;
  while (!out.empty()) {
    const std::size_t end = out.find("\r\n");
    CHECK(end != std::string_view::npos && end + 2 <= 512 && end >= 4);
    const std::string_view line = out.substr(0, end);
    out.remove_prefix(end + 2);
    CHECK(line[0] >= '2' && line[0] <= '5' && ascii::is_digit(line[1]) && ascii::is_digit(line[2]));
    CHECK(line[3] == ' ' || line[3] == '-');
    CHECK(std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; }));
    if (line[3] == ' ') {
      ++replies;
    } else {
      CHECK(!out.empty());  // another line follows
    }
  }
  return replies;
}

class Session final : public smtp::ServerPolicy {
 public:
  explicit Session(const Choices& choices)
      : choices_(choices),
        settings_(settings_of(choices[0])),
        peer_(peer_of(choices[0])),
        trusted_(submission::is_trusted(listener_of(choices[0]), peer_)),
        options_(options_of(choices[0])),
        secure_(options_.tls),
        dialog_(options_, *this) {
    dialog_.greet(out_);
    take_output();
  }

  bool is_over() const { return over_; }
  bool in_data() const { return after_354_ && dialog_.receiving_data(); }
  std::size_t replies() const { return replies_; }
  const std::string& seen() const { return seen_; }

  // False: the rest of the flight does not count.
  bool hear(std::string_view octets) {
    received_ += octets.size();
    in_.append(octets);
    bool counts = true;
    while (!over_) {
      ServerDialog::Step step = dialog_.advance(in_, out_);
      take_output();
      if (std::holds_alternative<ServerDialog::NeedInput>(step)) break;
      if (std::holds_alternative<ServerDialog::StartTls>(step)) counts = false;
      carry_out(step);
      take_output();
    }
    if (builder_) CHECK(builder_->size() <= received_ + 4096);  // and our own fields
    return counts;
  }

  std::optional<smtp::Reply> on_hello(const smtp::HelloCommand&) override { return {}; }
  std::optional<smtp::Reply> on_mail(smtp::MailCommand& mail) override {
    if (auto refusal = refuse_sender(settings_, principal(), mail.reverse_path)) {
      return refusal->reply;
    }
    mail.priority = permitted_priority(config::RaisePriority::Logins, principal(), mail.priority);
    return {};
  }
  std::optional<smtp::Reply> on_recipient(const smtp::RcptCommand&) override { return {}; }
  std::expected<ByteSink*, smtp::Reply> on_data() override {
    CHECK(!builder_);
    id_.octets.back() = static_cast<std::uint8_t>(++datas_);
    tls_.version = "TLSv1.3";
    tls_.cipher = "TLS_AES_256_GCM_SHA384";
    const submission::Arrival arrival{.hello_name = dialog_.hello().name,
                                      .client_name = peer_.name,
                                      .extended = dialog_.hello().extended,
                                      .tls = secure_ ? &tls_ : nullptr};
    builder_.emplace(fix_ups(settings_, principal(), dialog_.transaction(), arrival, id_, kNoon));
    return &*builder_;
  }
  void discard() override { builder_.reset(); }
  std::expected<smtp::ServerOptions, smtp::Reply> on_xclient(
      smtp::XclientCommand& client) override {
    CHECK((choices_[0] & 128) != 0 && !builder_);
    const config::ListenerConfig listener = listener_of(choices_[0]);
    peer_ = submission::peer_of(client, peer_of(choices_[0]));
    trusted_ = submission::is_trusted(listener, peer_);
    options_ = submission::dialog_options(settings_, listener, peer_, SystemTime{}, secure_);
    return options_;
  }
  void on_refused(smtp::RefusalKind, std::string_view, const smtp::Reply& reply) override {
    CHECK(reply.code >= 400);
  }

 private:
  void take_output() {
    const std::size_t replies = count_replies(out_.view());
    if (replies > 0) after_354_ = out_.view().starts_with("354");
    replies_ += replies;
    seen_ += out_.view();
    out_.clear();
  }

  submission::Principal principal() const {
    return {.login = dialog_.login(),
            .user = dialog_.login().empty() ? nullptr : settings_.users->find(dialog_.login()),
            .trusted = trusted_,
            .client = peer_.client.ip};
  }

  // In the order of the session, so that it does not depend on how the octets arrive.
  std::uint8_t choose() { return choices_[2 + chosen_++ % (kChoices - 2)]; }

  void carry_out(ServerDialog::Step& step) {
    if (const auto* close = std::get_if<ServerDialog::Close>(&step)) {
      seen_ += "close: " + std::string(close->reason);
      over_ = true;
    } else if (std::holds_alternative<ServerDialog::StartTls>(step)) {
      CHECK(options_.offer_starttls && !secure_ && in_.empty());
      secure_ = true;
      dialog_.tls_started(submission::may_authenticate(settings_, listener_of(choices_[0])));
      CHECK(dialog_.login().empty() && dialog_.hello().name.empty() && !builder_);
      CHECK(!dialog_.in_transaction());
    } else if (const auto* request = std::get_if<ServerDialog::CheckPassword>(&step)) {
      CHECK(secure_ || peer_.is_local());
      CHECK(!request->credentials.login.empty() && !request->credentials.password.empty());
      dialog_.password_checked(static_cast<ServerDialog::PasswordResult>(choose() % 4), out_);
    } else if (const auto* sasl = std::get_if<ServerDialog::SaslMessage>(&step)) {
      CHECK(secure_ || peer_.is_local());
      if (sasl->first && choose() % 2 == 0) {
        dialog_.challenge("challenge", out_);
      } else {
        dialog_.password_checked(static_cast<ServerDialog::PasswordResult>(choose() % 5), out_,
                                 "login");
      }
    } else {
      CHECK(std::holds_alternative<ServerDialog::StoreMessage>(step));
      store();
    }
  }

  void store() {
    CHECK(builder_ && dialog_.in_transaction());  // there was a DATA, and it was not used before
    CHECK(!options_.require_tls || secure_);
    CHECK(trusted_ || !dialog_.login().empty());
    builder_->finish();
    auto accepted = accept(settings_, principal(), dialog_.transaction(), id_, *builder_, kNoon);
    builder_.reset();
    if (!accepted) {
      dialog_.message_stored(accepted.error().reply, out_);
    } else if (choose() % 8 == 7) {
      dialog_.message_stored(refused(submission::Refusal::QueueUnwritable).reply, out_);
    } else {
      check(*accepted);
      seen_ += accepted->message->content;
      dialog_.message_stored({250, {2, 0, 0}, "Ok: queued as " + id_.text()}, out_);
    }
    CHECK(!dialog_.in_transaction() && !builder_);
  }

  // The recipients of the transaction under way.
  std::set<std::string> named() const {
    const auto& accepted = dialog_.transaction().recipients;
    CHECK(accepted.size() <= kRecipients);
    std::set<std::string> all;
    for (const smtp::AcceptedRecipient& each : accepted) {
      const smtp::Mailbox& mailbox = each.mailbox;
      all.insert(mailbox.domain().empty()
                     ? smtp::Mailbox(mailbox.local_part(), settings_.config->hostname).text()
                     : mailbox.text());
    }
    return all;
  }

  void check(const submission::Accepted& accepted) const {
    const queue::Envelope& envelope = accepted.message->envelope;
    const std::string& content = accepted.message->content;
    CHECK(envelope.size == content.size() && content.ends_with("\r\n"));
    CHECK(!content.contains('\0'));
    for (std::size_t i = 0; i < content.size(); ++i) {
      if (content[i] == '\r') CHECK(i + 1 < content.size() && content[i + 1] == '\n');
      if (content[i] == '\n') CHECK(i > 0 && content[i - 1] == '\r');
    }
    CHECK(content.starts_with("Received: "));
    const auto section = message::HeaderSection::parse(content);
    CHECK(!section.malformed() && section.count("From") == 1 && section.count("Bcc") == 0);
    std::set<std::string> domains;
    std::set<std::string> recipients;
    for (const queue::Job& job : accepted.jobs) {
      CHECK(!job.recipients.empty() && domains.insert(job.lane.domain).second);
      for (const queue::Recipient& each : job.recipients) {
        CHECK(recipients.insert(each.mailbox.text()).second);  // once however often it was named
      }
    }
    CHECK(recipients == named());
    CHECK(envelope.login == dialog_.login());
    if (envelope.login == "shop") {  // who may send as these alone
      const auto its_own = [](std::string_view address) {
        return address.ends_with("@shop.example") || address == "boss@other.example";
      };
      CHECK(!envelope.reverse_path || its_own(envelope.reverse_path->text()));
      CHECK(envelope.from_domain == "shop.example" || envelope.from_domain == "other.example");
    }
    if (settings_.config->unsigned_policy == config::UnsignedPolicy::Reject) {
      CHECK(envelope.from_domain == "shop.example" && !settings_.keys.empty());
    }
  }

  const Choices& choices_;
  const relay::Settings& settings_;
  submission::Peer peer_;
  bool trusted_;
  smtp::ServerOptions options_;
  bool secure_;
  net::TlsFacts tls_;
  ServerDialog dialog_;
  std::optional<message::ContentBuilder> builder_;
  queue::MessageId id_;
  std::size_t datas_ = 0;
  std::size_t chosen_ = 0;
  std::size_t received_ = 0;
  std::size_t replies_ = 0;
  ByteQueue in_;
  ByteQueue out_;
  std::string seen_;
  bool after_354_ = false;
  bool over_ = false;
};

std::string play_at_once(const Choices& choices, std::string_view input) {
  Session session(choices);
  for (const std::string_view flight : ascii::split(input, kFlightEnd)) session.hear(flight);
  return session.seen();
}

std::string play_in_pieces(const Choices& choices, std::string_view input) {
  Session session(choices);
  for (std::string_view flight : ascii::split(input, kFlightEnd)) {
    for (std::size_t i = 0; !flight.empty(); ++i) {
      const std::size_t size = std::min<std::size_t>(flight.size(), 1 + choices[i % kChoices] % 9U);
      if (!session.hear(flight.substr(0, size))) break;
      flight.remove_prefix(size);
    }
  }
  return session.seen();
}

// The size of the chunk that follows the BDAT command `line`.
std::uint64_t chunk_size(std::string_view line) {
  const auto command = smtp::parse_command(line.substr(0, line.find_first_of("\r\n")), {});
  CHECK(command && std::holds_alternative<smtp::BdatCommand>(*command));
  return std::get<smtp::BdatCommand>(*command).size;
}

std::string play_by_lines(const Choices& choices, std::string_view input) {
  Session session(choices);
  CHECK(session.replies() == 1);  // the greeting
  for (std::string_view flight : ascii::split(input, kFlightEnd)) {
    while (!flight.empty() && !session.is_over()) {
      const std::size_t lf = flight.find('\n');
      if (lf == std::string_view::npos) {  // continues in the next flight: not counted
        session.hear(flight);
        return "";
      }
      const std::size_t before = session.replies();
      const bool content_before = session.in_data();
      const std::string_view line = flight.substr(0, lf + 1);
      const bool counts = session.hear(line);
      flight.remove_prefix(line.size());
      if (session.replies() == before && !session.in_data() && !session.is_over()) {
        CHECK(!content_before);  // one reply to a BDAT and its chunk
        const std::uint64_t size = chunk_size(line);
        const bool whole = size <= flight.size();
        const std::string_view chunk = flight.substr(0, size);
        session.hear(chunk);
        if (!whole) return "";  // continues in the next flight: not counted
        flight.remove_prefix(chunk.size());
      }
      const std::size_t replies = session.replies() - before;
      const std::size_t expected = content_before && session.in_data() ? 0 : 1;
      // A last one may say why the session is over.
      CHECK(replies == expected || (session.is_over() && replies <= expected + 1));
      if (!counts) break;
    }
  }
  return session.seen();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kChoices) return 0;
  Choices choices;
  std::copy_n(data, kChoices, choices.begin());
  const std::string_view input(reinterpret_cast<const char*>(data) + kChoices, size - kChoices);
  const std::string seen = play_at_once(choices, input);
  CHECK(play_in_pieces(choices, input) == seen);
  const std::string by_lines = play_by_lines(choices, input);
  CHECK(by_lines.empty() || by_lines == seen);
  return 0;
}
