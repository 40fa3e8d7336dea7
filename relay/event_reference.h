// docs/events.md and docs/events.schema.json, printed from the tables of all events.
#pragma once

#include "base/event.h"

#include <string>
#include <vector>

namespace signpost::relay {

// Every event that the program can write, sorted by name.
std::vector<log::EventDescription> all_events();

std::string event_reference();  // Markdown
std::string event_schema();     // JSON Schema (2020-12) of one line of the JSON log

}  // namespace signpost::relay
