// The end of the process when its orderly end does not come: a disk that does not answer, or a
// reader of the log that does not read, holds up threads that the end waits for.
#pragma once

#include <chrono>

namespace signpost::daemon {

// Unless it has ended by then, the process says so and exits with code 1. Nothing is lost but what
// an orderly end would have spared: mail whose removal was not stored yet is delivered once more.
// The main thread.
void end_at_latest_after(std::chrono::seconds limit);

}  // namespace signpost::daemon
