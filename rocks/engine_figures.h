// What RocksDB measures about itself. Inside rocks/ only.
#pragma once

#include "queue/store.h"
#include "rocks/rocks_database.h"

namespace signpost::rocks {

// Any thread; a few microseconds.
double engine_figure(const Database& database, queue::EngineFigure which);

}  // namespace signpost::rocks
