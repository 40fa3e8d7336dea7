// The service with real sessions over socket pairs: what the client hears, what is logged and
// counted, and what delivery is given. The receiving half of the relay without the process.
#include "submission/submission.h"

#include "base/check.h"
#include "base/log.h"
#include "dns/open_resolver.h"
#include "metrics/registry.h"
#include "queue/memory_store.h"
#include "relay/recipient_limits.h"
#include "tests/auth/one_login.h"
#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signpost::submission {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRight = "AUTH PLAIN AHNob3AAc2VjcmV0\r\n";
constexpr std::string_view kWrong = "AUTH PLAIN AHNob3AAZ3Vlc3M=\r\n";
constexpr std::string_view kMail =
    "MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@receiver.example>\r\nDATA\r\n";
constexpr std::string_view kContent = "From: a@shop.example\r\n\r\nThank you.\r\n.\r\n";

// A disk that a test can stop or break.
class Disk final : public queue::MemoryStore {
 public:
  Result<void> apply(std::span<const queue::Change* const> changes) override {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return !held_; });
    if (broken_) return fail(Errc::Io, "broken");
    return MemoryStore::apply(changes);
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    moved_.notify_all();
  }
  void break_writes() {
    const std::lock_guard lock(mutex_);
    broken_ = true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  bool held_ = false;
  bool broken_ = false;
};

class RecordingIntake final : public delivery::Intake {
 public:
  void stored(std::shared_ptr<const queue::Message> message,
              std::vector<queue::Job> jobs) override {
    if (when_stored) when_stored();
    messages.emplace_back(std::move(message), std::move(jobs));
  }
  std::vector<std::pair<std::shared_ptr<const queue::Message>, std::vector<queue::Job>>> messages;
  std::function<void()> when_stored;
};

class Client final : public net::StreamHandler {
 public:
  Client(net::Loop& loop, int fd, std::function<void()> happened)
      : stream(std::make_unique<net::Stream>(loop, fd, *this)), happened_(std::move(happened)) {}
  void on_input() override {
    received += stream->input().view();
    stream->input().consume(stream->input().size());
    happened_();
  }
  void on_secured(const net::TlsFacts&) override {
    secured = true;
    happened_();
  }
  void on_closed(const Error&) override {
    on_input();
    closed = true;
    happened_();
  }
  void say(std::string_view text) {
    stream->output().append(text);
    stream->flush();
  }

  std::unique_ptr<net::Stream> stream;
  std::string received;
  bool secured = false;
  bool closed = false;

 private:
  std::function<void()> happened_;
};

class SubmissionTest : public testing::Test {
 protected:
  SubmissionTest() {
    log::start({.level = log::Level::Debug, .format = log::Format::Text, .fd = log_});
    config_.hostname = "relay.example";
    config_.limits.memory = 1 << 20;
    listener_.name = "127.0.0.1:587";
    listener_.mode = config::ListenerMode::Plain;
    listener_.auth = config::AuthMode::Optional;
    listener_.trusted_networks = {net::Network::parse("127.0.0.0/8").value()};
  }
  ~SubmissionTest() override {
    disk_.hold(false);
    client_.reset();
    submission_.reset();
    timers_.clear();
    log::stop();
    ::close(log_);
  }

  // The service, as configured up to now.
  void serve() {
    auto settings = std::make_shared<relay::Settings>();
    settings->config = std::make_shared<const config::Config>(config_);
    settings->users = users_;
    settings->limits_recipients = relay::limits_recipients(config_, users_.get());
    settings->tls = tls_;
    auto resolver = dns::open_resolver(loop_, {}, registry_);
    CHECK(resolver.has_value());
    resolver_ = std::move(*resolver);
    context_.reset(new relay::Context{.worker = 3,
                                      .clock = real_clock(),
                                      .loop = loop_,
                                      .timers = timers_,
                                      .resolver = *resolver_,
                                      .commits = commits_,
                                      .ids = ids_,
                                      .events = events_,
                                      .metrics = metrics_,
                                      .store = disk_,
                                      .admission = admission_,
                                      .quotas = quotas_,
                                      .draining = draining_,
                                      .settings = std::move(settings)});
    submission_ = std::make_unique<Submission>(*context_, authenticator_, intake_);
  }
  void offer_tls() {
    const test::TestCertificate pair = test::make_certificate({"DNS:mail.example"});
    const std::string certificate = directory_.write("cert.pem", pair.certificate);
    auto server = net::TlsServerContext::create(
        *net::Certificate::from_pem(pair.certificate).value(), pair.key, net::TlsVersion::Tls12);
    CHECK(server.has_value());
    tls_ = std::move(*server);
    auto client = net::TlsClientContext::create(certificate);
    CHECK(client.has_value());
    client_tls_ = std::move(*client);
  }

  void connect(const char* address = "127.0.0.1:50000") {
    if (!submission_) serve();
    int fds[2];
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    client_fd_ = fds[0];
    client_ = std::make_unique<Client>(loop_, client_fd_, [this] { check(); });
    submission_->accept(listener_, fds[1], net::SocketAddress::parse(address).value());
  }
  void hang_up() { client_.reset(); }

  // Everything that the server says up to a line that begins with `words`.
  void expect(std::string_view words) {
    run_until([&] { return take(words); }, std::string(words));
  }
  bool take(std::string_view words) {
    std::string& text = client_->received;
    for (std::size_t begin = 0, end; (end = text.find("\r\n", begin)) != std::string::npos;
         begin = end + 2) {
      if (!std::string_view(text).substr(begin).starts_with(words)) continue;
      text.erase(0, end + 2);
      return true;
    }
    return false;
  }
  void greet() {
    expect("220 relay.example");
    client_->say("EHLO client.example\r\n");
    expect("250 LIMITS RCPTMAX=");
  }

  void run_until(std::function<bool()> done, const std::string& what) {
    if (done()) return;
    done_ = std::move(done);
    net::Timer limit(loop_, [&] {
      ADD_FAILURE() << "waited in vain for " << what << "; heard \""
                    << (client_ ? client_->received : "") << "\"; logged " << logged();
      loop_.stop();
    });
    limit.start(10s);
    net::Timer look(loop_, [&] {
      check();
      look.start(1ms);
    });
    look.start(1ms);
    loop_.run();
    done_ = nullptr;
  }
  void check() {
    if (done_ && done_()) loop_.stop();
  }
  // Lets everything happen that needs no more input.
  void settle() {
    for (int i = 0; i < 5; ++i) {
      loop_.post([this] { loop_.defer([this] { loop_.stop(); }); });
      loop_.run();
    }
  }
  void run_until_drained() {
    run_until([this] { return submission_->drained(); }, "the session to go");
  }

  std::string logged() const {
    std::string text(1 << 16, '\0');
    const ssize_t size = ::pread(log_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }
  // The log has a writer of its own.
  std::string whole_log() {
    log::stop();
    return logged();
  }
  double metric(const std::string& series) const {
    const std::string text = registry_.text();
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 2));
  }

  int log_ = ::memfd_create("log", MFD_CLOEXEC);
  test::TemporaryDirectory directory_;
  config::Config config_;
  config::ListenerConfig listener_;
  std::shared_ptr<const auth::Users> users_ = auth::one_login();
  std::shared_ptr<const net::TlsServerContext> tls_;
  std::shared_ptr<const net::TlsClientContext> client_tls_;
  net::Loop loop_;
  net::Timers timers_{loop_};
  metrics::Registry registry_;
  Disk disk_;
  queue::Committer committer_{disk_, registry_};
  relay::TurnCommits commits_{loop_, committer_};
  queue::MessageIdGenerator ids_;
  relay::RelayMetrics metrics_{registry_};
  relay::EventSink events_{metrics_};
  relay::Admission admission_;
  quota::Counters quotas_;
  std::atomic<bool> draining_{false};
  std::unique_ptr<dns::Resolver> resolver_;
  std::unique_ptr<relay::Context> context_;
  auth::LoginGuard logins_;
  auth::PasswordChecks checks_{real_clock(), logins_};
  auth::Authenticator authenticator_{
      loop_, timers_, real_clock(), checks_, {.rejection_time = 1ms}};
  RecordingIntake intake_;
  std::unique_ptr<Submission> submission_;
  std::unique_ptr<Client> client_;
  int client_fd_ = -1;

 private:
  std::function<bool()> done_;
};

// ---- Accounts of this machine

TEST_F(SubmissionTest, AnAccountAtAUnixSocketSendsWithItsNumberForALogin) {
  const std::string account = "uid:" + std::to_string(::geteuid());
  listener_ = {};
  listener_.name = "unix:/run/submit";
  listener_.socket = "/run/submit";
  listener_.allow_users = {{"me", ::geteuid()}};
  listener_.mode = config::ListenerMode::Plain;
  listener_.auth = config::AuthMode::Off;
  admission_.set_limits({.sessions = 100, .sessions_per_client = 1});
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  EXPECT_EQ(
      admission_.begin_session(net::IpAddress::of_account(::geteuid()), relay::ClientKind::Known),
      relay::Place::ClientFull);
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  ASSERT_EQ(intake_.messages.size(), 1U);
  const queue::Message& message = *intake_.messages[0].first;
  EXPECT_EQ(message.envelope.login, account);
  EXPECT_EQ(message.envelope.peer, account);
  EXPECT_TRUE(message.content.starts_with("Received: from localhost (" + account + ")\r\n"));
  hang_up();
  run_until_drained();
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("user=" + account + " address=" + account)) << log;
  EXPECT_EQ(admission_.sessions(), 0U);
}

TEST_F(SubmissionTest, AnAccountThatIsNotAllowedIsToldSo) {
  if (::geteuid() == 0) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const uid_t uid = ::geteuid();
  listener_ = {};
  listener_.name = "unix:/run/submit";
  listener_.socket = "/run/submit";
  listener_.mode = config::ListenerMode::Plain;
  listener_.auth = config::AuthMode::Off;
  connect();
  if (::getuid() == 0) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  greet();
  client_->say(kMail);
  expect("550 5.7.1 The account with uid " + std::to_string(uid) + " may not send; ");
}

// ---- Mail

TEST_F(SubmissionTest, AMessageIsStoredAcknowledgedAndHandedToDelivery) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  std::string sent_before;
  intake_.when_stored = [&] {
    char bytes[1000];
    const ssize_t size = ::recv(client_fd_, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    sent_before.assign(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
  };
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_TRUE(sent_before.starts_with("250 2.0.0 Ok: queued as ")) << sent_before;
  const auto& [message, jobs] = intake_.messages.at(0);
  EXPECT_TRUE(message->content.ends_with("Thank you.\r\n"));
  EXPECT_EQ(message->envelope.reverse_path->text(), "a@shop.example");
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_TRUE(disk_.claims().contains(jobs[0].ref));
  EXPECT_EQ(disk_.job(jobs[0].ref).value(), jobs[0]);
  EXPECT_TRUE(admission_.has_memory_for((1 << 30) - 1)) << "content is still counted";
}

TEST_F(SubmissionTest, ManyMessagesGoOverOneConnection) {
  connect();
  greet();
  for (int i = 0; i < 3; ++i) {
    client_->say(kMail);
    expect("354 ");
    client_->say(kContent);
    expect("250 2.0.0 Ok: queued as ");
  }
  client_->say("QUIT\r\n");
  expect("221 ");
  run_until([this] { return client_->closed; }, "the server to close");
  client_.reset();
  run_until_drained();
  EXPECT_EQ(intake_.messages.size(), 3U);
  EXPECT_EQ(metric("signpost_smtp_sessions{listener=\"127.0.0.1:587\"}"), 0);
  EXPECT_EQ(metric("signpost_smtp_sessions_total{listener=\"127.0.0.1:587\"}"), 1);
}

TEST_F(SubmissionTest, AFailedWriteIsA451AndLeavesNoClaim) {
  disk_.break_writes();
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("451 4.3.0 ");
  EXPECT_TRUE(intake_.messages.empty());
  run_until([this] { return disk_.claims().size() == 0; }, "the claims to be released");
  EXPECT_TRUE(whole_log().contains("reason=storage"));
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"storage\"}"), 1);
}

TEST_F(SubmissionTest, AMessageWhoseClientHasGoneIsDeliveredAllTheSame) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  disk_.hold(true);
  client_->say(kContent);
  run_until([this] { return disk_.claims().size() == 1; }, "the commit to begin");
  hang_up();
  disk_.hold(false);
  run_until_drained();
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_EQ(metric("signpost_tls_handshake_failures_total{direction=\"in\"}"), 0);
  EXPECT_TRUE(whole_log().contains("session_lost"));
}

TEST_F(SubmissionTest, CommandsAfterTheContentWaitForTheCommit) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say(std::string(kContent) + "QUIT\r\n");
  run_until([this] { return client_->closed; }, "the server to close");
  const std::string& said = client_->received;
  EXPECT_LT(said.find("250 2.0.0 Ok: queued as "), said.find("221 2.0.0 "));
  EXPECT_TRUE(said.contains("221 2.0.0 "));
}

TEST_F(SubmissionTest, ContentIsRefusedWithItsReasonAndTheSessionContinues) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say("Subject: no sender\r\n\r\n.\r\nNOOP\r\n");
  expect("550 5.6.0 ");
  expect("250 2.0.0 Ok");
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("reason=content from=a@shop.example to=b@receiver.example size=22 "))
      << log;
  EXPECT_TRUE(admission_.has_memory_for((1 << 30) - 1));
}

TEST_F(SubmissionTest, WhatTheDialogRefusesHasItsReason) {
  connect();
  greet();
  client_->say("MAIL FROM:<jürgen@shop.example>\r\n");
  expect("553 5.6.7 ");
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"command\"}"), 1);
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"content\"}"), 0);
}

TEST_F(SubmissionTest, ARefusedRecipientIsLoggedWithItsTransaction) {
  connect();
  greet();
  client_->say("MAIL FROM:<a@shop.example> SIZE=1234\r\nRCPT TO:<b@[192.0.2.1]>\r\n");
  expect("550 5.1.2 ");
  EXPECT_TRUE(whole_log().contains(
      "reason=policy from=a@shop.example to=b@[192.0.2.1] size=1234 text=b@[192.0.2.1] reply="));
}

TEST_F(SubmissionTest, WhatIsTooLargeIsLoggedWithItsTransaction) {
  config_.limits.message_size = 1000;
  connect();
  greet();
  client_->say("MAIL FROM:<>\r\nRCPT TO:<b@c.example>\r\nRCPT TO:<d@c.example>\r\nDATA\r\n");
  expect("354 ");
  client_->say("From: a@shop.example\r\n\r\n" + std::string(2000, 'x') + "\r\n.\r\n");
  expect("552 5.3.4 ");
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("reason=size from=<> to=b@c.example,d@c.example size=2026 ")) << log;
}

TEST_F(SubmissionTest, WhatIsAnnouncedTooLargeIsLoggedWithSenderAndSize) {
  config_.limits.message_size = 1000;
  connect();
  greet();
  client_->say("MAIL FROM:<a@shop.example> SIZE=123456\r\n");
  expect("552 5.3.4 ");
  EXPECT_TRUE(whole_log().contains("reason=size from=a@shop.example size=123456 ")) << whole_log();
}

TEST_F(SubmissionTest, ARecipientTooManyIsLogged) {
  config_.limits.recipients_per_message = 1;
  connect();
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\nRCPT TO:<d@e.example>\r\n");
  expect("452 4.5.3 ");
  EXPECT_TRUE(whole_log().contains(" from=a@shop.example to=d@e.example ")) << whole_log();
}

// ---- Limits on recipients

class QuotaTest : public SubmissionTest {
 protected:
  // The client is limited to two recipients an hour.
  QuotaTest() { config_.limits.client_rate = {2, 1h}; }

  quota::Holder client() const {
    return {quota::Scope::Client, "127.0.0.1", {config_.limits.client_rate, std::nullopt}};
  }
  std::uint64_t used() { return quotas_.used(client(), system_now()).at(0).used; }
  void send() {
    client_->say(kMail);
    expect("354 ");
    client_->say(kContent);
  }
};

TEST_F(QuotaTest, RecipientsBeyondTheRateAreRefusedAndTheOthersGetTheMail) {
  connect();
  greet();
  client_->say(
      "MAIL FROM:<a@shop.example>\r\nRCPT TO:<a@c.example>\r\nRCPT TO:<b@c.example>\r\n"
      "RCPT TO:<c@c.example>\r\nDATA\r\n");
  expect(
      "450 4.7.1 The address 127.0.0.1 may send to 2 recipients an hour and has no more left; send "
      "this recipient again in 30 minutes");
  expect("354 ");
  EXPECT_EQ(used(), 0U);  // nothing is sent yet
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  EXPECT_EQ(used(), 2U);
  client_->say("MAIL FROM:<a@shop.example>\r\nRCPT TO:<c@c.example>\r\n");
  expect("450 4.7.1 ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_EQ(intake_.messages[0].second[0].recipients.size(), 2U);
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"limit\"}"), 2);
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("reason=limit from=a@shop.example to=c@c.example ")) << log;
  const std::size_t reached = log.find(
      "quota_reached session=3.1 scope=client name=127.0.0.1 "
      "limit=rate used=0 most=2 seconds=3600 again=");
  EXPECT_NE(reached, std::string::npos) << log;
  EXPECT_EQ(log.find("quota_reached", reached + 1), std::string::npos) << log;
  EXPECT_TRUE(
      log.contains("quota_warning session=3.1 scope=client name=127.0.0.1 limit=rate used=2 "
                   "most=2 seconds=3600"))
      << log;
}

TEST_F(QuotaTest, WhatOthersUsedMeanwhileIsNoticedAtTheEndOfTheContent) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  ASSERT_TRUE(quotas_.take(std::vector{client()}, 2, system_now()));
  client_->say(kContent);
  expect(
      "450 4.7.1 The address 127.0.0.1 may send to 2 recipients an hour and has no more left; send "
      "this message again in 30 minutes");
  settle();
  EXPECT_TRUE(intake_.messages.empty());
  EXPECT_EQ(used(), 2U);
  EXPECT_TRUE(admission_.has_memory_for((1 << 30) - 1)) << "content is still counted";
}

TEST_F(QuotaTest, ARecipientThatIsNamedTwiceCountsOnce) {
  connect();
  greet();
  client_->say(
      "MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\nRCPT TO:<b@c.example>\r\nDATA\r\n");
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  EXPECT_EQ(used(), 1U);
}

TEST_F(QuotaTest, WhatCannotBeStoredIsGivenBack) {
  disk_.break_writes();
  connect();
  greet();
  send();
  expect("451 4.3.0 ");
  run_until([this] { return used() == 0; }, "the recipients to be given back");
}

TEST_F(QuotaTest, WhatIsRefusedForItsContentDoesNotCount) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say("Subject: no sender\r\n\r\n.\r\n");
  expect("550 5.6.0 ");
  EXPECT_EQ(used(), 0U);
}

TEST_F(QuotaTest, AReloadChangesTheLimitsOfSessionsUnderWay) {
  connect();
  greet();
  ASSERT_TRUE(quotas_.take(std::vector{client()}, 2, system_now()));
  client_->say("MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\n");
  expect("450 4.7.1 ");
  auto reloaded = std::make_shared<relay::Settings>(*context_->settings);
  config_.limits.client_rate = {3, 1h};
  reloaded->config = std::make_shared<const config::Config>(config_);
  context_->settings = std::move(reloaded);
  client_->say("RCPT TO:<b@c.example>\r\n");
  expect("250 2.1.5 ");
  client_->say("RCPT TO:<c@c.example>\r\n");
  expect("450 4.7.1 The address 127.0.0.1 may send to 3 recipients an hour ");  // two were used
}

TEST_F(SubmissionTest, ALoginHasLimitsOfItsOwn) {
  users_ =
      auth::Users::parse(std::string(auth::kOneLogin) + "daily = 2\nrecipients_per_message = 1\n",
                         "users.toml")
          .value();
  checks_.start(1);
  connect("127.0.0.1:50000");
  greet();
  client_->say(kRight);
  expect("235 ");
  client_->say("MAIL FROM:<a@shop.example>\r\nRCPT TO:<a@c.example>\r\nRCPT TO:<b@c.example>\r\n");
  expect(
      "452 4.5.3 The login shop may send one message to 1 recipient; send to the others in another "
      "message");
  ASSERT_TRUE(quotas_.take(std::vector{quota::Holder{quota::Scope::Login, "shop", {{}, 2}}}, 2,
                           system_now()));
  client_->say("RSET\r\nMAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\n");
  expect(
      "450 4.7.1 The login shop may send to 2 recipients a day and has no more left; send this "
      "recipient again after 00:00 UTC, in ");
}

TEST_F(SubmissionTest, AForeignReversePathIsReplacedWhereTheLoginSaysSo) {
  users_ = auth::Users::parse(std::string(auth::kOneLogin) +
                                  "senders = [\"orders@shop.example\"]\notherwise = \"rewrite\"\n",
                              "users.toml")
               .value();
  checks_.start(1);
  connect();
  greet();
  client_->say(kRight);
  expect("235 ");
  client_->say("MAIL FROM:<root@web1.internal>\r\nRCPT TO:<b@receiver.example>\r\nDATA\r\n");
  expect("354 ");
  client_->say("From: Cron <root@web1.internal>\r\n\r\nDone.\r\n.\r\n");
  expect("250 2.0.0 Ok: queued as ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  const queue::Message& message = *intake_.messages[0].first;
  EXPECT_EQ(message.envelope.reverse_path->text(), "orders@shop.example");
  EXPECT_TRUE(message.content.contains("From: Cron <orders@shop.example>\r\n")) << message.content;
  const std::string log = whole_log();
  EXPECT_TRUE(
      log.contains("sender_rewritten session=3.1 user=shop from=root@web1.internal "
                   "now=orders@shop.example"))
      << log;
  EXPECT_TRUE(log.contains(" from=orders@shop.example to=b@receiver.example ")) << log;
}

TEST_F(SubmissionTest, ATenantsNetworkMaySendWithItsDomainsOnly) {
  config::TenantConfig& tenant = config_.tenants.emplace_back();
  tenant.name = "acme";
  tenant.domains = {"shop.example"};
  tenant.networks = {net::Network::parse("127.0.0.0/8").value()};
  tenant.daily = 1;
  tenant.metrics = true;
  connect();
  greet();
  client_->say("MAIL FROM:<a@other.example>\r\n");
  expect("553 5.7.1 This network may not send as <a@other.example>; it may use @shop.example");
  client_->say(kMail);
  expect("354 ");
  client_->say("From: a@other.example\r\n\r\n.\r\n");
  expect(
      "550 5.7.1 This network may not send with From: <a@other.example>; it may use @shop.example");
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  client_->say("MAIL FROM:<>\r\nRCPT TO:<b@receiver.example>\r\n");
  expect("450 4.7.1 The tenant acme, with all of its logins, may send to 1 recipient a day ");
  EXPECT_EQ(metric("signpost_tenant_messages_accepted_total{tenant=\"acme\"}"), 1);
  EXPECT_EQ(metric("signpost_tenant_recipients_total{result=\"accepted\",tenant=\"acme\"}") +
                metric("signpost_tenant_recipients_total{tenant=\"acme\",result=\"accepted\"}"),
            1);
  EXPECT_EQ(metric("signpost_tenant_recipients_total{result=\"limited\",tenant=\"acme\"}") +
                metric("signpost_tenant_recipients_total{tenant=\"acme\",result=\"limited\"}"),
            1);
  EXPECT_TRUE(whole_log().contains(" tenant=acme")) << whole_log();
}

TEST_F(SubmissionTest, ContentBeyondTheMemoryIsReadToItsEndAndRefused) {
  admission_.set_limits({.sessions = 10, .sessions_per_client = 10, .memory = 10'000});
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say("From: a@shop.example\r\n\r\n" + std::string(20'000, 'x'));
  settle();
  EXPECT_TRUE(client_->received.empty()) << "the client does not listen before the end";
  client_->say("\r\n.\r\n");
  expect("452 4.3.1 Insufficient memory");
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"memory\"}"), 1);
  EXPECT_TRUE(admission_.has_memory_for(9'999));
}

TEST_F(SubmissionTest, AFullDiskRefusesTheSender) {
  admission_.check_disk("/", 0, UINT64_MAX, 0);
  connect();
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("452 4.3.1 Insufficient system storage");
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"disk\"}"), 1);
}

TEST_F(SubmissionTest, AStrangerIsNotRelayedFor) {
  connect("192.0.2.9:50000");
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("530 5.7.0 ");
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"relaying\"}"), 1);
}

TEST_F(SubmissionTest, BeyondTheLimitASessionIsTurnedAway) {
  admission_.set_limits({.sessions = 0, .sessions_per_client = 10, .memory = 10'000});
  connect();
  expect("421 4.7.0 relay.example Too many sessions");
  run_until([this] { return client_->closed; }, "the server to close");
  client_.reset();
  run_until_drained();
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"sessions\"}"), 1);
  EXPECT_EQ(metric("signpost_smtp_sessions{listener=\"127.0.0.1:587\"}"), 0);
}

// ---- Passwords

TEST_F(SubmissionTest, ALoginMaySend) {
  checks_.start(1);
  connect("127.0.0.1:50000");
  greet();
  client_->say(kRight);
  expect("235 2.7.0 ");
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  EXPECT_EQ(metric("signpost_auth_total{mechanism=\"PLAIN\",result=\"accepted\"}"), 1);
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_EQ(intake_.messages.at(0).second.at(0).lane.account, "shop");
}

TEST_F(SubmissionTest, HangingUpDuringAPasswordCheckIsAFailedLoginAndNotAFailedHandshake) {
  connect();
  greet();
  client_->say(kWrong);
  settle();
  hang_up();
  ASSERT_TRUE(checks_.run_next());
  run_until_drained();
  run_until(
      [this] {
        return metric("signpost_auth_total{mechanism=\"PLAIN\",result=\"rejected\"}") == 1;
      },
      "the failure to be counted");
  EXPECT_EQ(metric("signpost_tls_handshake_failures_total{direction=\"in\"}"), 0);
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("auth_failed session=3.1 user=shop address=127.0.0.1:50000")) << log;
  EXPECT_FALSE(log.contains("tls_failed")) << log;
}

// All of them wait for one hash, so that they cost their client one guess.
TEST_F(SubmissionTest, OneClientsChecksMakeRoomForOthersButForItsFirst) {
  listener_.trusted_networks.clear();
  admission_.set_limits({.sessions = 5, .sessions_per_client = 10, .memory = 1 << 20});
  std::vector<std::unique_ptr<Client>> guessers;
  for (int i = 0; i < 4; ++i) {
    connect("127.0.0.1:50000");
    greet();
    client_->say(kWrong);
    settle();
    guessers.push_back(std::move(client_));
  }
  connect("127.0.0.2:50000");
  greet();
  settle();
  EXPECT_FALSE(guessers[0]->closed);
  EXPECT_TRUE(guessers[1]->received.contains("421 ")) << guessers[1]->received;
  EXPECT_FALSE(guessers[2]->received.contains("421 "));
  hang_up();
  guessers.clear();
  checks_.start(1);  // a client that has closed its direction may still wait for its answer
  run_until_drained();
}

TEST_F(SubmissionTest, ARemovedLoginGets421AtItsNextMail) {
  checks_.start(1);
  connect();
  greet();
  client_->say(kRight);
  expect("235 2.7.0 ");
  client_->say("MAIL FROM:<a@shop.example>\r\nRSET\r\n");
  expect("250 2.0.0 Ok");
  auto settings = std::make_shared<relay::Settings>(*context_->settings);
  settings->users = auth::Users::parse("", "users.toml").value();
  context_->settings = settings;
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("421 4.7.0 ");
  run_until([this] { return client_->closed; }, "the server to close");
}

TEST_F(SubmissionTest, AReloadThatLeavesALoginAsItIsChangesNothing) {
  checks_.start(1);
  connect();
  greet();
  client_->say(kRight);
  expect("235 2.7.0 ");
  auto settings = std::make_shared<relay::Settings>(*context_->settings);
  settings->users =
      auth::Users::parse("[other]\n" +
                             std::string(auth::kOneLogin.substr(auth::kOneLogin.find('\n') + 1)) +
                             std::string(auth::kOneLogin),
                         "users.toml")
          .value();
  context_->settings = settings;
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("250 2.1.0 ");
}

TEST_F(SubmissionTest, ARejectedPasswordGetsItsReplyAndOneLine) {
  checks_.start(1);
  connect();
  greet();
  client_->say(kWrong);
  expect("535 5.7.8 ");
  client_->say("NOOP\r\n");
  expect("250 2.0.0 Ok");
  const std::string log = whole_log();
  EXPECT_EQ(log.find("auth_failed"), log.rfind("auth_failed")) << log;
  EXPECT_NE(log.find("auth_failed"), std::string::npos) << log;
  EXPECT_EQ(log.find(" rejected "), std::string::npos) << log;
}

// ---- TLS

TEST_F(SubmissionTest, AMessageGoesOverStartTls) {
  offer_tls();
  listener_.mode = config::ListenerMode::StartTls;
  connect();
  greet();
  client_->say("STARTTLS\r\n");
  expect("220 2.0.0 ");
  client_->stream->start_tls_client(*client_tls_, {"mail.example", {"mail.example"}});
  run_until([this] { return client_->secured; }, "the handshake");
  client_->say("EHLO client.example\r\n");
  expect("250 LIMITS RCPTMAX=");
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_TRUE(intake_.messages.at(0).first->content.contains("with ESMTPS"));
}

TEST_F(SubmissionTest, ImplicitTlsGreetsAfterTheHandshake) {
  offer_tls();
  listener_.mode = config::ListenerMode::Implicit;
  connect();
  client_->stream->start_tls_client(*client_tls_, {"mail.example", {"mail.example"}});
  greet();
  EXPECT_TRUE(client_->secured);
}

TEST_F(SubmissionTest, HangingUpDuringTheHandshakeIsAFailedHandshake) {
  offer_tls();
  listener_.mode = config::ListenerMode::StartTls;
  connect();
  greet();
  client_->say("STARTTLS\r\n");
  expect("220 2.0.0 ");
  hang_up();
  run_until_drained();
  EXPECT_EQ(metric("signpost_tls_handshake_failures_total{direction=\"in\"}"), 1);
  EXPECT_TRUE(whole_log().contains("tls_failed"));
}

// ---- Clients that send all they have and close their direction

TEST_F(SubmissionTest, AClientThatClosesItsDirectionIsAnsweredToTheEnd) {
  connect();
  disk_.hold(true);
  client_->say("EHLO client.example\r\n");
  for (int i = 0; i < 3; ++i) client_->say(std::string(kMail) + std::string(kContent));
  client_->say("NOOP\r\nQUIT\r\n");
  ::shutdown(client_fd_, SHUT_WR);
  run_until([this] { return disk_.claims().size() == 1; }, "the first commit to begin");
  settle();
  disk_.hold(false);
  for (int i = 0; i < 3; ++i) expect("250 2.0.0 Ok: queued as ");
  expect("250 2.0.0 Ok");
  expect("221 ");
  run_until([this] { return client_->closed; }, "the server to close");
  run_until_drained();
  EXPECT_EQ(intake_.messages.size(), 3U);
  EXPECT_FALSE(whole_log().contains("session_lost"));
}

TEST_F(SubmissionTest, SoItIsUnderTlsAndDuringAPasswordCheck) {
  offer_tls();
  checks_.start(1);
  listener_.mode = config::ListenerMode::Implicit;
  connect();
  client_->stream->start_tls_client(*client_tls_, {"mail.example", {"mail.example"}});
  greet();
  client_->say(std::string(kRight) + std::string(kMail) + std::string(kContent));
  client_->stream->shut_down();  // with close_notify; what is read is discarded
  run_until([this] { return intake_.messages.size() == 1; }, "delivery");
  run_until_drained();
  EXPECT_TRUE(whole_log().contains(" accepted "));
}

TEST_F(SubmissionTest, HalfAMessageIsNotStored) {
  connect();
  greet();
  client_->say(std::string(kMail) + "From: a@shop.example\r\n\r\nThank");
  ::shutdown(client_fd_, SHUT_WR);
  run_until([this] { return client_->closed; }, "the server to close");
  run_until_drained();
  EXPECT_FALSE(take("250 2.0.0 Ok: queued"));
  EXPECT_TRUE(intake_.messages.empty());
  EXPECT_TRUE(whole_log().contains("session_lost"));
}

TEST_F(SubmissionTest, ALoginThatIsRefusedInClearWorksUnderTls) {
  offer_tls();
  checks_.start(1);
  listener_.mode = config::ListenerMode::StartTls;
  listener_.login_in_clear = config::ClearLogin::Never;
  connect();
  expect("220 relay.example");
  client_->say("EHLO client.example\r\n");
  run_until([this] { return client_->received.contains("250 LIMITS RCPTMAX="); }, "extensions");
  EXPECT_TRUE(client_->received.contains("250-STARTTLS\r\n"));
  EXPECT_FALSE(client_->received.contains("AUTH"));
  client_->say(kRight);
  expect("5");
  EXPECT_FALSE(whole_log().contains(" authenticated "));
  client_->say("STARTTLS\r\n");
  expect("220 ");
  client_->stream->start_tls_client(*client_tls_, {"mail.example", {"mail.example"}});
  run_until([this] { return client_->secured; }, "TLS");
  client_->say("EHLO client.example\r\n");
  run_until([this] { return client_->received.contains("250 LIMITS RCPTMAX="); }, "extensions");
  EXPECT_TRUE(client_->received.contains("250-AUTH PLAIN"));
  client_->say(kRight);
  expect("235 ");
}

// ---- Stopping

TEST_F(SubmissionTest, AnIdleSessionGets421WhenTheRelayStops) {
  connect();
  greet();
  draining_ = true;
  submission_->drain();
  expect("421 4.3.2 relay.example Service is closing");
  run_until([this] { return client_->closed; }, "the server to close");
  client_.reset();
  run_until_drained();
}

TEST_F(SubmissionTest, ATransactionMayFinishWhenTheRelayStops) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  draining_ = true;
  submission_->drain();
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  expect("421 4.3.2 relay.example Service is closing");
  run_until([this] { return client_->closed; }, "the server to close");
}

TEST_F(SubmissionTest, SessionsLeftAfterTheDrainGet421) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  draining_ = true;
  submission_->drain();
  client_->say("From: a@shop.example\r\n");
  settle();
  submission_->send_away();
  expect("421 4.3.2 relay.example Service is closing");
  run_until([this] { return client_->closed; }, "the server to close");
  client_.reset();
  run_until_drained();
  EXPECT_TRUE(intake_.messages.empty());
}

TEST_F(SubmissionTest, SoDoesASessionThatWaitsForTheDisk) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  disk_.hold(true);
  client_->say(kContent);
  run_until([this] { return disk_.claims().size() == 1; }, "the commit to begin");
  draining_ = true;
  submission_->drain();
  submission_->send_away();
  expect("421 4.3.2 relay.example Service is closing");
  disk_.hold(false);
  run_until([this] { return intake_.messages.size() == 1; }, "what was stored to be delivered");
  EXPECT_FALSE(take("250 ")) << "one command has one reply";
}

// ---- Behind a load balancer

class ProxiedTest : public SubmissionTest {
 protected:
  ProxiedTest() { listener_.proxy_protocol_from = {net::Network::parse("10.0.0.5").value()}; }
  void connect_through(const std::string& header) {
    config_.listeners = {listener_};
    connect("10.0.0.5:40000");
    client_->say(header);
  }
  static std::string line_for(const std::string& client) {
    return "PROXY TCP4 " + client + " 198.51.100.2 50000 587\r\n";
  }
};

TEST_F(ProxiedTest, TheClientThatTheHeaderNamesCounts) {
  admission_.set_limits({.sessions = 100, .sessions_per_client = 1, .memory = 1 << 20});
  connect_through(line_for("192.0.2.1"));
  expect("220 ");
  auto first = std::move(client_);
  connect_through(line_for("192.0.2.1"));
  expect("421 4.7.0 ");
  connect_through(line_for("192.0.2.2"));
  expect("220 ");
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("address=192.0.2.1:50000 proxy=10.0.0.5:40000 reason=sessions")) << log;
}

TEST_F(ProxiedTest, TheClientIsWhoMustBeTrusted) {
  connect_through(line_for("127.0.0.9"));
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_TRUE(intake_.messages.at(0).first->content.contains("[127.0.0.9]"));
  EXPECT_TRUE(whole_log().contains("address=127.0.0.9:50000 proxy=10.0.0.5:40000 "));
}

TEST_F(ProxiedTest, ABalancerInATrustedNetworkLendsItsTrustToNobody) {
  listener_.trusted_networks = {net::Network::parse("10.0.0.0/8").value()};
  connect_through(line_for("192.0.2.1"));
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("530 ");
}

TEST_F(ProxiedTest, ABalancersOwnCheckIsServedButNotTrusted) {
  listener_.trusted_networks = {net::Network::parse("10.0.0.0/8").value()};
  admission_.set_limits({.sessions = 100, .sessions_per_client = 0, .memory = 1 << 20});
  connect_through("PROXY UNKNOWN\r\n");
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("530 ");
}

TEST_F(ProxiedTest, WithoutAHeaderABalancersConnectionIsClosed) {
  connect_through("EHLO client.example\r\n");
  run_until([this] { return client_->closed; }, "the server to close");
  EXPECT_EQ(client_->received, "");
  run_until_drained();
  EXPECT_TRUE(
      whole_log().contains("proxy_header_refused session=3.1 proxy=10.0.0.5:40000 "
                           "detail=\"no PROXY header\""))
      << logged();
  EXPECT_EQ(admission_.sessions(), 0U);
}

TEST_F(ProxiedTest, AConnectionThatOnlyProbesLeavesNoLine) {
  connect("10.0.0.5:40000");
  EXPECT_EQ(admission_.sessions(), 1U) << "waiting counts";
  hang_up();
  run_until_drained();
  EXPECT_FALSE(whole_log().contains("proxy"));
  EXPECT_EQ(admission_.sessions(), 0U);
}

TEST_F(ProxiedTest, NobodyElseIsBelieved) {
  connect("10.0.0.6:40000");
  expect("220 ");
  client_->say(line_for("127.0.0.1"));
  expect("500 ");
}

TEST_F(ProxiedTest, TheHeaderComesBeforeTheHandshake) {
  listener_.mode = config::ListenerMode::Implicit;
  offer_tls();
  connect_through(line_for("192.0.2.1"));
  settle();
  client_->stream->start_tls_client(*client_tls_, {.server_name = "mail.example", .names = {}});
  greet();
  EXPECT_TRUE(client_->secured);
}

// ---- Behind a front end

class XclientTest : public SubmissionTest {
 protected:
  XclientTest() {
    listener_.xclient_from = {net::Network::parse("10.0.0.5").value()};
    listener_.xclient_logins = true;
  }
  void connect_front(const char* address = "10.0.0.5:40000") {
    config_.listeners = {listener_};
    connect(address);
    greet();
  }
  void name(const std::string& attributes) {
    client_->say("XCLIENT " + attributes + "\r\n");
    expect("220 relay.example");
  }
  void say_hello() {
    client_->say("EHLO client.example\r\n");
    expect("250 LIMITS RCPTMAX=");
  }
  // Its Received field.
  std::string send() {
    client_->say(kMail);
    expect("354 ");
    client_->say(kContent);
    expect("250 2.0.0 Ok: queued as ");
    run_until([this] { return !intake_.messages.empty(); }, "delivery");
    const std::string& content = intake_.messages.back().first->content;
    return content.substr(0, content.find(';'));
  }
};

TEST_F(XclientTest, TheClientThatTheFrontEndNamesCounts) {
  listener_.trusted_networks = {net::Network::parse("192.0.2.0/24").value()};
  connect_front();
  name("NAME=host.client.example ADDR=192.0.2.1 PORT=50000");
  say_hello();
  EXPECT_TRUE(send().starts_with(
      "Received: from client.example (host.client.example [192.0.2.1])\r\n by relay.example with "
      "ESMTP id "));
  EXPECT_EQ(intake_.messages.at(0).first->envelope.peer, "192.0.2.1");
  const std::string log = whole_log();
  EXPECT_TRUE(
      log.contains("client_proxied session=3.1 address=192.0.2.1:50000 "
                   "name=host.client.example proxy=10.0.0.5:40000"))
      << log;
  EXPECT_TRUE(log.contains("address=192.0.2.1:50000 proxy=10.0.0.5:40000 from=a@shop.example"))
      << log;
}

TEST_F(XclientTest, ALoginOfTheFrontEndIsOne) {
  connect_front();
  name("ADDR=IPV6:2001:db8::1 LOGIN=shop");
  say_hello();
  EXPECT_TRUE(send().contains("([IPv6:2001:db8::1])\r\n by relay.example with ESMTPA id "));
  EXPECT_EQ(intake_.messages.at(0).first->envelope.login, "shop");
  const std::string log = whole_log();
  EXPECT_TRUE(
      log.contains("authenticated session=3.1 user=shop address=[2001:db8::1]:0 "
                   "proxy=10.0.0.5:40000 mechanism=XCLIENT"))
      << log;
}

TEST_F(XclientTest, AListedLoginIsItselfInWhateverCase) {
  connect_front();
  name("ADDR=192.0.2.1 LOGIN=SHOP");
  say_hello();
  send();
  EXPECT_EQ(intake_.messages.at(0).first->envelope.login, "shop");
}

TEST_F(XclientTest, ALoginThatIsNotKnownHereSendsAsItsOwnAddress) {
  connect_front();
  name("ADDR=192.0.2.1 LOGIN=office+40shop.example");
  say_hello();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("553 5.7.1 This login may not send as <a@shop.example>");
  client_->say("MAIL FROM:<office@shop.example>\r\n");
  expect("250 ");
}

TEST_F(XclientTest, AFrontEndInATrustedNetworkLendsItsTrustToNobody) {
  listener_.trusted_networks = {net::Network::parse("10.0.0.0/8").value()};
  for (const char* client : {"ADDR=192.0.2.1", "ADDR=[UNAVAILABLE]"}) {
    connect_front();
    name(client);
    say_hello();
    client_->say("MAIL FROM:<a@shop.example>\r\n");
    expect("530 ");
    hang_up();
    run_until_drained();
  }
}

TEST_F(XclientTest, NobodyElseIsBelieved) {
  connect_front("10.0.0.6:40000");
  client_->say("XCLIENT ADDR=127.0.0.1\r\n");
  expect("550 5.7.0 ");
  EXPECT_TRUE(whole_log().contains("reason=policy command=\"XCLIENT ADDR=127.0.0.1\"")) << logged();
}

TEST_F(XclientTest, AClientTakesAPlaceOfItsOwn) {
  admission_.set_limits({.sessions = 100, .sessions_per_client = 1, .memory = 1 << 20});
  connect_front();
  name("ADDR=192.0.2.1");
  auto first = std::move(client_);
  connect_front();
  name("ADDR=192.0.2.2");
  auto second = std::move(client_);
  EXPECT_EQ(admission_.sessions(), 2U);
  connect_front();
  client_->say("XCLIENT ADDR=192.0.2.1\r\n");
  expect("421 4.7.0 ");
  run_until([this] { return client_->closed; }, "the server to close");
  hang_up();
  first.reset();
  second.reset();
  run_until_drained();
  EXPECT_EQ(admission_.sessions(), 0U);
  EXPECT_TRUE(whole_log().contains("address=192.0.2.1:0 proxy=10.0.0.5:40000 reason=sessions"))
      << logged();
}

TEST_F(XclientTest, TheOnlyPlaceGoesFromTheFrontEndToItsClient) {
  admission_.set_limits({.sessions = 1, .sessions_per_client = 1, .memory = 1 << 20});
  connect_front();
  name("ADDR=192.0.2.1");
  name("LOGIN=shop");
  EXPECT_EQ(admission_.sessions(), 1U);
  say_hello();
  send();
  hang_up();
  run_until_drained();
  EXPECT_EQ(admission_.sessions(), 0U);
}

TEST_F(XclientTest, ABalancerMayStandBeforeTheFrontEnd) {
  listener_.proxy_protocol_from = {net::Network::parse("10.0.0.7").value()};
  listener_.trusted_networks = {net::Network::parse("127.0.0.0/8").value()};
  config_.listeners = {listener_};
  connect("10.0.0.7:40000");
  client_->say("PROXY TCP4 10.0.0.5 198.51.100.2 50000 587\r\n");
  greet();
  name("ADDR=192.0.2.1 LOGIN=shop");
  say_hello();
  send();
  EXPECT_TRUE(whole_log().contains("address=192.0.2.1:0 proxy=10.0.0.7:40000 from=")) << logged();
}

}  // namespace
}  // namespace signpost::submission
