#include "daemon/last_resort.h"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <string_view>

namespace signpost::daemon {

namespace {

constexpr std::string_view kTooLong =
    "signpost: the end takes too long: a disk that does not answer, or a log that nobody reads; "
    "giving up on an orderly one\n";
constexpr std::string_view kNoMemory =
    "signpost: out of memory: the process ends, and its queue is whole; allow it more (MemoryMax=, "
    "ulimit -v), or set limits.memory and limits.sessions lower\n";
constexpr std::string_view kAborted =
    "signpost: an assertion failed, or an exception was not expected, as the line above says: the "
    "process ends, and its queue is whole\n";

// The functions below run where little may be called (signal-safety(7)), and must not block.
void say(std::string_view words) noexcept {
  pollfd log{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&log, 1, 0) > 0) (void)!::write(log.fd, words.data(), words.size());
}

void give_up(int /*signal*/) noexcept {
  say(kTooLong);
  ::_exit(EXIT_FAILURE);
}

void out_of_memory() noexcept {
  say(kNoMemory);
  ::_exit(EXIT_FAILURE);
}

// The signal's default action follows.
void aborted(int /*signal*/) noexcept { say(kAborted); }

}  // namespace

void end_with_words() {
  std::set_new_handler(out_of_memory);
  (void)std::signal(SIGABRT, aborted);
}

void end_at_latest_after(std::chrono::seconds limit) {
  (void)std::signal(SIGALRM, give_up);
  ::alarm(static_cast<unsigned>(limit.count()));
}

}  // namespace signpost::daemon
