// The event log: one line per event, on stderr, as text or JSON with the same keys. Events are
// types (event.h) and become lines (log_line.h); this is their way out.
//
// log() may be called from any thread and never blocks it on a slow reader: a line goes to a
// bounded queue that one thread writes out, and what does not fit is counted and reported as an
// event `log_dropped` when there is room again.
#pragma once

#include "base/log_line.h"

#include <cstddef>
#include <cstdint>

namespace signpost::log {

struct Options {
  Level level = Level::Info;
  Format format = Format::Text;
  int fd = 2;
  std::size_t queue_bytes = 4 << 20;
  // The reader is systemd's journal (sd-daemon(3)): each line begins with its priority, "<4>",
  // which the journal removes, and text lines have no time, since the journal adds it.
  bool to_journal = false;
};

// Starts the writer thread. Before start() and after stop() lines are written directly. start()
// may be called again (a reload): the new options hold from then on.
void start(const Options& options);
void stop();  // writes what is queued; what nobody reads within 2 seconds is lost

std::uint64_t dropped();  // lines lost because the reader was too slow

}  // namespace signpost::log
