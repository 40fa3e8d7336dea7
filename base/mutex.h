// A mutex that clang checks: a member marked GUARDED_BY(mutex_) may only be touched with mutex_
// held, and a function marked REQUIRES(mutex_) only be called so. Violations are warnings of
// clang's -Wthread-safety, which ./check treats as errors; with g++ the macros mean nothing.
#pragma once

#include "base/clock.h"

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define SIGNPOST_THREAD_ANNOTATION(attribute) __attribute__((attribute))
#else
#define SIGNPOST_THREAD_ANNOTATION(attribute)
#endif

// Of data: the mutex that guards it; PT_ for what a pointer points to.
#define GUARDED_BY(mutex) SIGNPOST_THREAD_ANNOTATION(guarded_by(mutex))
#define PT_GUARDED_BY(mutex) SIGNPOST_THREAD_ANNOTATION(pt_guarded_by(mutex))
// Of functions: the caller holds the mutex; the caller does not hold it.
#define REQUIRES(...) SIGNPOST_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) SIGNPOST_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
// Of functions that lock and unlock, and of the classes below.
#define ACQUIRE(...) SIGNPOST_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) SIGNPOST_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define RELEASE(...) SIGNPOST_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define CAPABILITY(name) SIGNPOST_THREAD_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY SIGNPOST_THREAD_ANNOTATION(scoped_lockable)

namespace signpost {

// std::mutex with the annotations. Hold it through MutexLock.
class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() ACQUIRE() { mutex_.lock(); }
  bool try_lock() TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class ConditionVariable;
  std::mutex mutex_;
};

// Holds a mutex to the end of the scope.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// std::condition_variable over Mutex. A wait may end without a notification, so callers loop over
// their condition. There is no wait that takes it as a lambda: the analysis examines a lambda on
// its own and does not know that the mutex is held in it.
class ConditionVariable {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    wait_.wait(lock);
    lock.release();  // the caller holds it as before
  }
  // False when `time` has come.
  bool wait_until(Mutex& mutex, SteadyTime time) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool notified = wait_.wait_until(lock, time) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void notify_one() noexcept { wait_.notify_one(); }
  void notify_all() noexcept { wait_.notify_all(); }

 private:
  std::condition_variable wait_;
};

}  // namespace signpost
