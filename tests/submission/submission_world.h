// The service with real sessions over socket pairs: what the client hears, what is logged and
// counted, and what delivery is given. The receiving half of the relay without the process.
#pragma once

#include "base/check.h"
#include "base/log.h"
#include "dns/open_resolver.h"
#include "metrics/registry.h"
#include "queue/memory_store.h"
#include "relay/recipient_limits.h"
#include "submission/submission.h"
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

inline constexpr std::string_view kRight = "AUTH PLAIN AHNob3AAc2VjcmV0\r\n";
inline constexpr std::string_view kWrong = "AUTH PLAIN AHNob3AAZ3Vlc3M=\r\n";
inline constexpr std::string_view kMail =
    "MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@receiver.example>\r\nDATA\r\n";
inline constexpr std::string_view kContent = "From: a@shop.example\r\n\r\nThank you.\r\n.\r\n";

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
                                      .random = random_,
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
    const auto certificate = net::Certificate::from_pem(pair.certificate).value();
    auto server = net::TlsServerContext::create(*certificate, pair.key, net::TlsVersion::Tls12);
    CHECK(server.has_value());
    tls_ = std::move(*server);
    auto client = net::TlsClientContext::create({.authorities = certificate.get()});
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
    limit.start(std::chrono::seconds(10));
    net::Timer look(loop_, [&] {
      check();
      look.start(std::chrono::milliseconds(1));
    });
    look.start(std::chrono::milliseconds(1));
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
  Random random_;
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
      loop_, timers_, real_clock(), checks_, {.rejection_time = std::chrono::milliseconds(1)}};
  RecordingIntake intake_;
  std::unique_ptr<Submission> submission_;
  std::unique_ptr<Client> client_;
  int client_fd_ = -1;

 private:
  std::function<bool()> done_;
};

}  // namespace signpost::submission
