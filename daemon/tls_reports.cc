#include "daemon/tls_reports.h"

#include "http/client.h"
#include "queue/envelope.h"
#include "queue/store.h"
#include "relay/route.h"
#include "tlsrpt/reporter_metrics.h"

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <utility>

namespace signpost::daemon {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kInterval{5};
constexpr std::chrono::seconds kLongestWait{60};  // for the worker

metrics::SharedCounter counter(metrics::Registry& registry, tlsrpt::ReportResult result) {
  return {registry, tlsrpt::metric::kReports, {{"result", std::string(text_of(result))}}};
}

// What the worker sets; nothing when that takes too long, or when `cancelled`.
template <typename T>
std::optional<T> wait_for(std::future<T>& future, const std::atomic<bool>& cancelled) {
  for (auto left = std::chrono::milliseconds(kLongestWait); left > 0ms; left -= 100ms) {
    if (future.wait_for(100ms) == std::future_status::ready) return future.get();
    if (cancelled.load()) return {};
  }
  return {};
}

queue::Change::Enqueued enqueued(tlsrpt::ReportMail mail, const relay::Context& context,
                                 const queue::MessageId& id, SystemTime now) {
  auto message = std::make_shared<queue::Message>();
  message->content = std::move(mail.content);
  queue::Envelope& envelope = message->envelope;
  envelope.id = id;
  envelope.peer = "internal";
  envelope.from_domain = std::move(mail.from_domain);
  envelope.message_id = std::move(mail.message_id);
  envelope.received = now;
  envelope.size = message->content.size();
  envelope.notification = true;
  envelope.tls = smtp::TlsRequest::NotRequired;

  queue::Job job;
  job.ref.id = id;
  job.lane =
      relay::lane_of(*context.settings->config, "", std::nullopt, std::string(mail.to.domain()));
  job.due = now;
  job.recipients.push_back({std::move(mail.to), {smtp::Notify::kNever}, ""});
  return {.message = std::move(message), .jobs = {std::move(job)}};
}

// On the worker. `done` gets the queue ID, or "".
void store(Worker& worker, tlsrpt::ReportMail mail, std::function<void(std::string id)> done) {
  relay::Context& context = worker.context();
  if (context.admission.disk_is_full()) {
    done("");
    return;
  }
  const SystemTime now = context.clock.system_now();
  const queue::MessageId id = context.ids.next(now);
  auto change = std::make_shared<queue::Change>();
  change->enqueued.push_back(enqueued(std::move(mail), context, id, now));
  const queue::Change::Enqueued& stored = change->enqueued.front();
  // Before it is stored, so that no reader of its lane claims it first.
  (void)context.store.claims().take(stored.jobs.front().ref);
  context.commits.add(change, relay::TurnCommits::Awaited::Yes,
                      [&worker, &context, &stored, change, done = std::move(done)](bool is_stored) {
                        if (is_stored) {
                          worker.delivery().stored(stored.message, stored.jobs);
                        } else {
                          context.store.claims().release(stored.jobs.front().ref);
                        }
                        done(is_stored ? stored.message->envelope.id.text() : "");
                      });
}

}  // namespace

TlsReports::TlsReports(Worker& worker, tlsrpt::Collector& collector, metrics::Registry& registry,
                       std::shared_ptr<const relay::Settings> settings, const Clock& clock)
    : worker_(worker),
      reporter_(clock, collector,
                {.look_up = [this](const std::string& name) { return look_up(name); },
                 .mail = [this](tlsrpt::ReportMail mail) { return this->mail(std::move(mail)); },
                 .post = [this](const std::string& url,
                                const std::string& archive) { return post(url, archive); },
                 .count =
                     [this](tlsrpt::ReportResult result) {
                       counters_[static_cast<std::size_t>(result)].add();
                     }}),
      counters_{counter(registry, tlsrpt::ReportResult::Mailed),
                counter(registry, tlsrpt::ReportResult::Posted),
                counter(registry, tlsrpt::ReportResult::Failed),
                counter(registry, tlsrpt::ReportResult::NoRecord)},
      settings_(std::move(settings)),
      thread_([this] { run(); }) {}

TlsReports::~TlsReports() {
  stop();
  thread_.join();
}

void TlsReports::configure(std::shared_ptr<const relay::Settings> settings) {
  const MutexLock lock(mutex_);
  settings_ = std::move(settings);
}

void TlsReports::stop() {
  const MutexLock lock(mutex_);
  stopped_.store(true);
  changed_.notify_all();
}

// Null: stopped.
std::shared_ptr<const relay::Settings> TlsReports::wait() {
  const SteadyTime until = real_clock().steady_now() + kInterval;
  const MutexLock lock(mutex_);
  while (!stopped_.load() && changed_.wait_until(mutex_, until)) {
  }
  return stopped_.load() ? nullptr : settings_;
}

void TlsReports::run() {
  while (const auto settings = wait()) {
    const tlsrpt::Submitter submitter = tlsrpt::submitter_of(*settings->config);
    if (!submitter.from.empty()) reporter_.send_due(submitter, stopped_);
  }
}

dns::TextAnswer TlsReports::look_up(const std::string& name) {
  auto answer = std::make_shared<std::promise<dns::TextAnswer>>();
  auto query = std::make_shared<dns::QueryHandle>();
  auto future = answer->get_future();
  worker_.post([&worker = worker_, name, answer, query] {
    *query = worker.context().resolver.texts(
        name, [answer](const dns::TextAnswer& texts) { answer->set_value(texts); });
  });
  auto texts = wait_for(future, stopped_);
  worker_.post([query] { query->reset(); });  // it belongs to the worker
  if (texts) return std::move(*texts);
  return {.status = dns::Status::Temporary, .texts = {}, .detail = "timed out"};
}

Result<std::string> TlsReports::mail(tlsrpt::ReportMail mail) {
  auto stored = std::make_shared<std::promise<std::string>>();
  auto future = stored->get_future();
  worker_.post([&worker = worker_, stored, mail = std::move(mail)]() mutable {
    store(worker, std::move(mail), [stored](std::string id) { stored->set_value(std::move(id)); });
  });
  // A stop does not end this: the report must not be sent again after the restart.
  const std::atomic<bool> never{false};
  auto id = wait_for(future, never);
  if (!id || id->empty()) return fail(Errc::Unavailable, "the queue cannot be written now");
  return std::move(*id);
}

// A redirection is a refusal: the domain named this server.
Result<int> TlsReports::post(const std::string& url, const std::string& archive) const {
  constexpr std::size_t kLargest = 1 << 20;
  auto client = http::Client::create();
  if (!client) return Failure(std::move(client).error());
  const auto response = client->send({.url = url,
                                      .fields = {"Content-Type: application/tlsrpt+gzip"},
                                      .body = archive,
                                      .time = std::chrono::seconds(30),
                                      .largest = kLargest,
                                      .cancelled = &stopped_});
  if (!response) return Failure(response.error());
  return response->status;
}

}  // namespace signpost::daemon
