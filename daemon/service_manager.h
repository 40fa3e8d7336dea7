// Reports the daemon's state to a service manager: systemd's notification protocol (sd_notify(3)).
#pragma once

#include <string_view>

namespace signpost::daemon {

// "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…". Nothing happens when $NOTIFY_SOCKET is not
// set. Any thread.
void notify_service_manager(std::string_view state);

// Whether standard error goes to systemd's journal ($JOURNAL_STREAM).
bool stderr_is_journal();

// Whether it restarts this process when "WATCHDOG=1" is missing (WatchdogSec= in the unit).
bool watched_by_service_manager();

}  // namespace signpost::daemon
