// The end of the process when an orderly one is impossible. Nothing that was acknowledged is
// lost by it: the queue is read again at the next start.
#pragma once

#include <chrono>

namespace signpost::daemon {

// When memory runs out the process says so and exits with code 1. Before it aborts, by a check of
// its own or of a library, it says what that means. REQUIRES: no other threads yet.
void end_with_words();

// Unless it has ended by then, the process says so and exits with code 1: a disk that does not
// answer, or a stalled reader of the log, may block threads that the shutdown waits for.
// The main thread.
void end_at_latest_after(std::chrono::seconds limit);

}  // namespace signpost::daemon
