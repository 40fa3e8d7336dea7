#include "rocks/engine_figures.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

namespace signpost::rocks {

namespace {

using Properties = rocksdb::DB::Properties;

// Of all families together.
double sum(const Database& database, const std::string& property) {
  std::uint64_t value = 0;
  database.db().GetAggregatedIntProperty(property, &value);
  return static_cast<double>(value);
}

// RocksDB counts stalls by family.
double stalls(const Database& database, const std::string& kind) {
  double count = 0;
  for (rocksdb::ColumnFamilyHandle* family : database.mail_families()) {
    std::map<std::string, std::string> figures;
    database.db().GetMapProperty(family, Properties::kCFStats, &figures);
    const auto found = figures.find("io_stalls.total_" + kind);
    if (found != figures.end()) count += std::strtod(found->second.c_str(), nullptr);
  }
  return count;
}

}  // namespace

double engine_figure(const Database& database, queue::EngineFigure which) {
  switch (which) {
    case queue::EngineFigure::MemoryBytes:
      return sum(database, Properties::kCurSizeAllMemTables);
    case queue::EngineFigure::FileBytes:
      return sum(database, Properties::kLiveSstFilesSize) +
             sum(database, Properties::kLiveBlobFileSize);
    case queue::EngineFigure::CompactionPendingBytes:
      return sum(database, Properties::kEstimatePendingCompactionBytes);
    case queue::EngineFigure::WriteSlowdowns:
      return stalls(database, "slowdown");
    case queue::EngineFigure::WriteStops:
      return stalls(database, "stop");
    case queue::EngineFigure::WritesStopped: {
      std::uint64_t stopped = 0;
      database.db().GetIntProperty(Properties::kIsWriteStopped, &stopped);
      return static_cast<double>(stopped);
    }
  }
  return 0;
}

}  // namespace signpost::rocks
