#include "auth/password_checks.h"

#include "auth/password_scheme.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace signpost::auth {

namespace {

constexpr int kNiceness = 10;

const User* user_of(const std::shared_ptr<const Users>& users, std::string_view login) {
  return users ? users->find(login) : nullptr;
}

void tell(std::vector<Asker> askers, Verdict verdict) {
  for (Asker& asker : askers) asker.answer({verdict, {}});
}

bool is_right(const PasswordCheck& check) {
  if (!check.users) return verify_password(nullptr, check.password.view());
  return verify_password(check.users->find(check.login), check.password.view(),
                         check.users->costliest_password());
}

}  // namespace

PasswordChecks::PasswordChecks(const Clock& clock, LoginGuard& logins,
                               const CheckLine::Limits& limits)
    : clock_(clock), logins_(logins), line_(limits) {}

std::optional<PasswordChecks::Answer> PasswordChecks::ask(Question question, Done done) {
  const SteadyTime now = clock_.steady_now();
  if (!logins_.may_try(question.client, question.login, now)) return Answer{Verdict::Locked, {}};
  const User* const user = user_of(question.users, question.login);
  const PasswordCache::Key key =
      passwords_.key_of(question.login, user ? user->password : "", question.password.view());
  if (passwords_.contains(key, now)) {
    logins_.succeeded(question.client, question.login, now);
    return Answer{Verdict::Accepted, {}};
  }
  Asker asker{question.client, logins_.knows(question.client, question.login, now),
              logins_.failures(question.client, now), std::move(done)};
  std::vector<Asker> without_place;
  {
    const MutexLock lock(mutex_);
    if (line_.join(key, asker)) return {};
    PasswordCheck check{key,
                        std::move(question.users),
                        std::move(question.login),
                        std::move(question.password),
                        {}};
    check.askers.push_back(std::move(asker));
    without_place = line_.add(std::move(check), now);
    changed_.notify_one();
  }
  tell(std::move(without_place), Verdict::Unavailable);
  return {};
}

std::optional<LoginGuard::Try> PasswordChecks::begin_elsewhere(const net::IpAddress& client,
                                                               const std::string& login) {
  const SteadyTime now = clock_.steady_now();
  if (!logins_.may_try(client, login, now)) return {};
  return logins_.begin(client, login, now);
}

PasswordChecks::Answer PasswordChecks::end_elsewhere(const LoginGuard::Try& begun,
                                                     const net::IpAddress& client,
                                                     const std::string& login,
                                                     std::optional<bool> right) {
  const SteadyTime now = clock_.steady_now();
  if (!right || *right) logins_.take_back(begun, client, login, now);
  if (!right) return {Verdict::Unavailable, {}};
  if (*right) {
    logins_.succeeded(client, login, now);
    return {Verdict::Accepted, {}};
  }
  const LoginGuard::Locked locked = logins_.failed(begun, client, login);
  return {Verdict::Rejected, locked, begun.known && logins_.locks_strangers(client, login, now)};
}

void PasswordChecks::succeeded(const net::IpAddress& client, const std::string& login) {
  logins_.succeeded(client, login, clock_.steady_now());
}

bool PasswordChecks::knows(const net::IpAddress& client) const {
  return logins_.knows(client, clock_.steady_now());
}

bool PasswordChecks::knows(const net::IpAddress& client, const std::string& login) const {
  return logins_.knows(client, login, clock_.steady_now());
}

std::size_t PasswordChecks::waiting() const {
  const MutexLock lock(mutex_);
  return line_.waiting();
}

SteadyTime::duration PasswordChecks::longest_check() const {
  const MutexLock lock(mutex_);
  return longest_;
}

void PasswordChecks::start(unsigned threads) {
  for (unsigned i = 0; i < std::max(1u, threads); ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

void PasswordChecks::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void PasswordChecks::work() {
  // Of this thread alone: on Linux the niceness is a thread's.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  while (check_next(Wait::Yes)) {
  }
}

bool PasswordChecks::run_next() { return check_next(Wait::No); }

// False: there is none, or the threads are to end.
bool PasswordChecks::check_next(Wait wait) {
  PasswordCheck* const check = next(wait);
  if (check == nullptr) return false;
  const auto begun = begin(*check);
  if (!begun) return true;
  const bool cached = passwords_.contains(check->key, clock_.steady_now());
  const bool right = cached || is_right(*check);
  if (right && !cached) passwords_.insert(check->key, clock_.steady_now());
  if (!right) measure(*check);
  settle(*check, right, *begun);
  return true;
}

// Once for each users file, before a client hears of a wrong password.
void PasswordChecks::measure(const PasswordCheck& check) {
  {
    const MutexLock lock(mutex_);
    if (measured_ == check.users) return;
    measured_ = check.users;
  }
  const SteadyTime began = clock_.steady_now();
  (void)verify_password(nullptr, check.password.view(),
                        check.users ? std::string_view(check.users->costliest_password()) : "");
  const auto taken = clock_.steady_now() - began;
  const MutexLock lock(mutex_);
  longest_ = taken;
}

PasswordCheck* PasswordChecks::next(Wait wait) {
  for (;;) {
    std::vector<Asker> given_up;
    PasswordCheck* check = nullptr;
    {
      const MutexLock lock(mutex_);
      while (!stopping_) {
        check = line_.next(clock_.steady_now(), given_up);
        if (check != nullptr || !given_up.empty() || wait == Wait::No) break;
        changed_.wait(mutex_);
      }
    }
    const bool answered = !given_up.empty();
    tell(std::move(given_up), Verdict::Unavailable);
    if (check != nullptr || !answered) return check;
  }
}

// The guess counts for the first asker whom the guard still allows; one guess counts once,
// however many make it together. Nothing when none may: all are answered.
std::optional<LoginGuard::Try> PasswordChecks::begin(PasswordCheck& check) {
  std::vector<Asker> locked;
  std::optional<LoginGuard::Try> begun;
  {
    const MutexLock lock(mutex_);
    std::vector<Asker>& askers = check.askers;
    std::size_t first = 0;
    for (; first < askers.size() && !begun; ++first) {
      begun = logins_.begin(askers[first].client, check.login, clock_.steady_now());
    }
    const auto refused = askers.begin() + static_cast<std::ptrdiff_t>(begun ? first - 1 : first);
    locked.assign(std::move_iterator(askers.begin()), std::move_iterator(refused));
    askers.erase(askers.begin(), refused);
    if (!begun) {
      (void)line_.end(check);
      changed_.notify_one();
    }
  }
  tell(std::move(locked), Verdict::Locked);
  return begun;
}

void PasswordChecks::settle(const PasswordCheck& check, bool right, const LoginGuard::Try& begun) {
  const std::string login = check.login;
  std::vector<Asker> askers;
  {
    const MutexLock lock(mutex_);
    askers = line_.end(check);
    changed_.notify_one();  // the client may have another one waiting
  }
  const SteadyTime now = clock_.steady_now();
  if (right) {
    logins_.take_back(begun, askers.front().client, login, now);
    for (const Asker& asker : askers) logins_.succeeded(asker.client, login, now);
    return tell(std::move(askers), Verdict::Accepted);
  }
  const LoginGuard::Locked locked = logins_.failed(begun, askers.front().client, login);
  for (Asker& asker : askers) {
    const bool first = &asker == &askers.front();
    const bool sounds_locked = asker.known && logins_.locks_strangers(asker.client, login, now);
    asker.answer({Verdict::Rejected, first ? locked : LoginGuard::Locked(), sounds_locked});
  }
}

}  // namespace signpost::auth
