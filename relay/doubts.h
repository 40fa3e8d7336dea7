// What is in force but probably not intended: warnings of check, and events of starts and reloads.
#pragma once

#include "base/clock.h"
#include "relay/settings.h"

#include <string>
#include <vector>

namespace signpost::relay {

// Each says where the configuration has it and what to do; empty if all is well. `settings` may be
// LoadedSettings::partly. Any thread; asks the system for its addresses and its trusted
// authorities.
std::vector<config::ConfigError> doubts(const Settings& settings, SystemTime now);

// What a reload probably takes away unintentionally: a users file that was read while it was being
// written has lost its last logins.
std::vector<std::string> doubts_about_change(const Settings& before, const Settings& after);

// What clients that connect as `hostname` would object to.
std::vector<std::string> certificate_doubts(const net::Certificate& certificate,
                                            const std::string& hostname, SystemTime now);

}  // namespace signpost::relay
