#include "http/fetcher.h"

#include "base/mutex.h"
#include "http/curl.h"
#include "http/transfer.h"

#include <list>
#include <thread>
#include <utility>
#include <vector>

namespace signpost::http {

namespace {

constexpr int kLongestWait = 60'000;  // ms; a call ends it

struct Fetch {
  Request request;
  Fetcher::Done done;
  std::unique_ptr<Transfer> transfer{};  // once it is under way
};

using Multi = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;

FetchFailure failure_of(CURLcode code, Error error) {
  return {.certificate = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR,
          .error = std::move(error)};
}

}  // namespace

struct Fetcher::Impl {
  void fetch(Fetch one);
  void stop();
  void work();
  void carry(const Curl& curl, CURLM* multi);
  void begin(const Curl& curl, CURLM* multi, Fetch one);
  void end_some(const Curl& curl, CURLM* multi);
  bool take_arrived(std::vector<Fetch>& arrived);
  void refuse_all(const Error& error);

  Mutex mutex;
  ConditionVariable changed;
  std::vector<Fetch> arrived GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;
  std::thread thread GUARDED_BY(mutex);
  // While the thread may be waiting in libcurl.
  const Curl* waking GUARDED_BY(mutex) = nullptr;
  CURLM* waits GUARDED_BY(mutex) = nullptr;

  std::list<Fetch> under_way;  // the thread's
};

void Fetcher::Impl::fetch(Fetch one) {
  const MutexLock lock(mutex);
  arrived.push_back(std::move(one));
  if (!thread.joinable()) thread = std::thread([this] { work(); });
  if (waits != nullptr) waking->multi_wakeup(waits);
  changed.notify_one();
}

void Fetcher::Impl::stop() {
  std::thread ending;
  {
    const MutexLock lock(mutex);
    stopping = true;
    if (waits != nullptr) waking->multi_wakeup(waits);
    changed.notify_one();
    std::swap(ending, thread);
  }
  if (ending.joinable()) ending.join();
}

// False when the thread should end.
bool Fetcher::Impl::take_arrived(std::vector<Fetch>& into) {
  const MutexLock lock(mutex);
  into = std::exchange(arrived, {});
  return !stopping;
}

void Fetcher::Impl::work() {
  const auto curl = load_curl();
  if (!curl) {
    refuse_all(curl.error());
    return;
  }
  const Multi multi((*curl)->multi_init(), (*curl)->multi_cleanup);
  if (multi == nullptr) {
    refuse_all({.code = Errc::Io, .detail = "libcurl cannot be used"});
    return;
  }
  {
    const MutexLock lock(mutex);
    waking = *curl;
    waits = multi.get();
  }
  carry(**curl, multi.get());
  {
    const MutexLock lock(mutex);
    waits = nullptr;
  }
  for (Fetch& one : under_way) (*curl)->multi_remove_handle(multi.get(), one.transfer->handle());
  under_way.clear();
}

void Fetcher::Impl::carry(const Curl& curl, CURLM* multi) {
  std::vector<Fetch> beginning;
  while (take_arrived(beginning)) {
    for (Fetch& one : std::exchange(beginning, {})) begin(curl, multi, std::move(one));
    int running = 0;
    curl.multi_perform(multi, &running);
    end_some(curl, multi);
    curl.multi_poll(multi, nullptr, 0, kLongestWait, nullptr);
  }
}

void Fetcher::Impl::begin(const Curl& curl, CURLM* multi, Fetch one) {
  Fetch& fetch = under_way.emplace_back(std::move(one));
  fetch.transfer = std::make_unique<Transfer>(curl);
  if (!fetch.transfer->usable()) {
    Done done = std::move(fetch.done);
    under_way.pop_back();
    done(std::unexpected(FetchFailure{.error = {Errc::Io, "libcurl cannot be used"}}));
    return;
  }
  Transfer& transfer = *fetch.transfer;
  transfer.prepare(fetch.request);
  transfer.set(CURLOPT_PROTOCOLS_STR, "https");
  transfer.set(CURLOPT_FRESH_CONNECT, 1L);
  transfer.set(CURLOPT_FORBID_REUSE, 1L);
  transfer.set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  transfer.set(CURLOPT_QUICK_EXIT, 1L);  // a proxy's name that is being looked up
  transfer.set(CURLOPT_PRIVATE, &fetch);
  curl.multi_add_handle(multi, transfer.handle());
}

void Fetcher::Impl::end_some(const Curl& curl, CURLM* multi) {
  int left = 0;
  while (const CURLMsg* const message = curl.multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CURL* const handle = message->easy_handle;
    Fetch* fetch = nullptr;
    curl.easy_getinfo(handle, CURLINFO_PRIVATE, &fetch);
    curl.multi_remove_handle(multi, handle);  // `message` ends with it
    Result<Response> response = fetch->transfer->take(code);
    Done done = std::move(fetch->done);
    under_way.remove_if([fetch](const Fetch& each) { return &each == fetch; });
    if (response) {
      done(std::move(*response));
    } else {
      done(std::unexpected(failure_of(code, std::move(response).error())));
    }
  }
}

// What is fetched from now on fails.
void Fetcher::Impl::refuse_all(const Error& error) {
  std::vector<Fetch> refused;
  while (take_arrived(refused)) {
    for (Fetch& one : std::exchange(refused, {})) {
      one.done(std::unexpected(FetchFailure{.error = error}));
    }
    const MutexLock lock(mutex);
    while (arrived.empty() && !stopping) changed.wait(mutex);
  }
}

Fetcher::Fetcher() : impl_(std::make_unique<Impl>()) {}
Fetcher::~Fetcher() { impl_->stop(); }

void Fetcher::fetch(Request request, Done done) {
  impl_->fetch({.request = std::move(request), .done = std::move(done)});
}

}  // namespace signpost::http
