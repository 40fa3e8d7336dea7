#include "auth/fetched_keys.h"

#include "auth/events.h"

#include <utility>

namespace signpost::auth {

FetchedKeys::FetchedKeys(const Clock& clock, Fetch fetch, std::function<void(bool)> counted,
                         const Times& times)
    : clock_(clock), fetch_(std::move(fetch)), counted_(std::move(counted)), times_(times) {}

void FetchedKeys::configure(const std::string& url, Thread thread) {
  std::vector<Done> dropped;
  {
    const MutexLock lock(mutex_);
    due_ = clock_.steady_now();
    changed_.notify_one();
    if (url == url_) return;
    url_ = url;
    keys_ = nullptr;
    document_.clear();
    reason_.clear();
    last_ = Outcome::None;
    began_.reset();
    dropped = std::exchange(waiting_, {});
  }
  for (Done& done : dropped) done();
  if (thread == Thread::Yes && !url.empty() && !thread_.joinable()) {
    thread_ = std::thread([this] { work(); });
  }
}

void FetchedKeys::stop() {
  std::vector<Done> dropped;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    cancelled_.store(true);
    dropped = std::exchange(waiting_, {});
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const jwt::KeySet> FetchedKeys::keys() const {
  const MutexLock lock(mutex_);
  return keys_;
}

bool FetchedKeys::current() const {
  const MutexLock lock(mutex_);
  return last_ == Outcome::Succeeded;
}

bool FetchedKeys::fetch_again(Done done) {
  const MutexLock lock(mutex_);
  if (url_.empty() || stopping_ || waiting_.size() >= times_.waiting) return false;
  const SteadyTime now = clock_.steady_now();
  const bool soon = fetching_ || is_due(now);
  if (!soon && began_ && now < *began_ + times_.pause) return false;
  waiting_.push_back(std::move(done));
  if (soon) return true;
  due_ = now;
  changed_.notify_one();
  return true;
}

bool FetchedKeys::is_due(SteadyTime now) const { return !url_.empty() && now >= due_; }

bool FetchedKeys::fetch_if_due() {
  {
    const MutexLock lock(mutex_);
    if (!is_due(clock_.steady_now())) return false;
  }
  fetch();
  return true;
}

void FetchedKeys::work() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && !is_due(clock_.steady_now())) {
        if (url_.empty()) {
          changed_.wait(mutex_);
        } else {
          (void)changed_.wait_until(mutex_, due_);  // the loop looks at the time
        }
      }
      if (stopping_) return;
    }
    fetch();
  }
}

bool FetchedKeys::take(std::shared_ptr<const jwt::KeySet> keys, std::string document) {
  const bool news = last_ != Outcome::Succeeded || document != document_;
  last_ = Outcome::Succeeded;
  keys_ = std::move(keys);
  document_ = std::move(document);
  reason_.clear();
  return news;
}

bool FetchedKeys::take_failure(const std::string& reason) {
  const bool news = last_ != Outcome::Failed || reason != reason_;
  last_ = Outcome::Failed;
  reason_ = reason;
  return news;
}

void FetchedKeys::fetch() {
  std::string url;
  {
    const MutexLock lock(mutex_);
    url = url_;
    began_ = clock_.steady_now();
    fetching_ = true;
  }
  auto document = fetch_(url, cancelled_);
  Result<std::shared_ptr<const jwt::KeySet>> parsed =
      document ? jwt::KeySet::parse(*document)
               : Result<std::shared_ptr<const jwt::KeySet>>(Failure(document.error()));
  bool news = false;
  std::shared_ptr<const jwt::KeySet> known;
  std::vector<Done> waiting;
  {
    const MutexLock lock(mutex_);
    fetching_ = false;
    if (url != url_ || stopping_) return;  // of no interest any more
    news = parsed ? take(*parsed, std::move(*document)) : take_failure(parsed.error().detail);
    due_ = clock_.steady_now() + (parsed ? times_.refresh : times_.retry);
    known = keys_;
    waiting = std::exchange(waiting_, {});
  }
  counted_(parsed.has_value());
  const std::uint64_t keys = known ? known->keys().size() : 0;
  if (news && parsed) log::emit(events::TokenKeysFetched{.url = url, .keys = keys});
  if (news && !parsed) {
    log::emit(events::TokenKeysFailed{.url = url, .detail = parsed.error().detail, .keys = keys});
  }
  for (Done& done : waiting) done();
}

}  // namespace signpost::auth
