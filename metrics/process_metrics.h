// The process as the system sees it: the process_… metrics that every Prometheus client has.
#pragma once

#include "metrics/registry.h"

namespace signpost::metrics {

namespace process {

inline constexpr Description kCpu = {"process_cpu_seconds_total",
                                     "CPU time that the process has used, all threads together."};
inline constexpr Description kResident = {"process_resident_memory_bytes",
                                          "Memory that the process occupies."};
inline constexpr Description kVirtual = {"process_virtual_memory_bytes",
                                         "Address space that the process has reserved."};
inline constexpr Description kOpenFiles = {
    "process_open_fds",
    "Open file descriptors: each connection is one. Near process_max_fds: raise LimitNOFILE."};
inline constexpr Description kMaxFiles = {"process_max_fds",
                                          "How many descriptors the system allows the process."};
inline constexpr Description kStart = {
    "process_start_time_seconds",
    "When the process was started. Changes again and again: it crashes; the last lines before each "
    "start say why."};

}  // namespace process

// Registers them; read at each scrape. Call it once.
void add_process_metrics(Registry& registry);

}  // namespace signpost::metrics
