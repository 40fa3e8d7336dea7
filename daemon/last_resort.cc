#include "daemon/last_resort.h"

#include "daemon/service_manager.h"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>

namespace signpost::daemon {

namespace {

constexpr std::string_view kTooLong =
    "signpost: shutdown takes too long: a disk does not answer, or nobody reads the log; "
    "ending at once\n";
constexpr std::string_view kNoMemory =
    "signpost: out of memory: the process ends, its queue is intact; allow it more (MemoryMax=, "
    "ulimit -v), or lower limits.memory and limits.sessions\n";
constexpr std::string_view kNoThread =
    "signpost: a thread cannot be started: the process ends, its queue is intact; allow it more "
    "threads (TasksMax=, ulimit -u) or memory (MemoryMax=, ulimit -v)\n";
constexpr std::string_view kAborted =
    "signpost: an assertion failed, or an exception was unexpected, as the line above says: the "
    "process ends, its queue is intact\n";

constexpr std::string_view kCritical = "<2>";  // sd-daemon(3)
bool to_journal = false;

// The functions below run where few functions may be called (signal-safety(7)), and must not block.
void say(std::string_view words) noexcept {
  pollfd log{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&log, 1, 0) <= 0) return;
  if (to_journal) (void)!::write(log.fd, kCritical.data(), kCritical.size());
  (void)!::write(log.fd, words.data(), words.size());
}

void give_up(int /*signal*/) noexcept {
  say(kTooLong);
  ::_exit(EXIT_FAILURE);
}

void out_of_memory() noexcept {
  say(kNoMemory);
  ::_exit(EXIT_FAILURE);
}

std::terminate_handler default_terminate = nullptr;

bool no_thread(const std::exception_ptr& thrown) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::system_error& error) {
    return error.code() == std::errc::resource_unavailable_try_again;
  } catch (...) {
    return false;
  }
}

// Threads are started by us and by libraries, and neither can continue without them. Anything else
// thrown to here is a defect.
void terminated() noexcept {
  if (const auto thrown = std::current_exception(); thrown && no_thread(thrown)) {
    say(kNoThread);
    ::_exit(EXIT_FAILURE);
  }
  default_terminate();
}

// The signal's default action follows.
void aborted(int /*signal*/) noexcept { say(kAborted); }

}  // namespace

void end_with_words() {
  to_journal = stderr_is_journal();
  std::set_new_handler(out_of_memory);
  default_terminate = std::set_terminate(terminated);
  (void)std::signal(SIGABRT, aborted);
}

void end_at_latest_after(std::chrono::seconds limit) {
  (void)std::signal(SIGALRM, give_up);
  ::alarm(static_cast<unsigned>(limit.count()));
}

}  // namespace signpost::daemon
