// The RocksDB database of a queue: its families, its settings (docs/queue-format.md gives the
// reasons) and the ways to open it. Inside rocks/ only.
#pragma once

#include "base/result.h"
#include "queue/envelope.h"
#include "rocks/options.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::rocks {

enum Family : std::size_t { kDefault, kContent, kEnvelope, kJob, kLane, kFamilies };
constexpr std::array<const char*, kFamilies> kFamilyNames{"default", "content", "envelope", "job",
                                                          "lane"};
constexpr const char* kFormerDueFamily = "due";  // of format 1

constexpr int kFormat = 2;
constexpr std::string_view kFormatKey = "format";

inline rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

// Errc::Corrupt: stored bytes are gone or not what was stored; trying again will not help.
Failure failure(const rocksdb::Status& status, std::string_view what);

// For a scan up to `upper` (nullptr: the end), which leaves the cache alone.
rocksdb::ReadOptions bounded(const rocksdb::Slice* upper);

// An open database. Has one owner; closed on destruction.
class Database {
 public:
  // For writing, created if missing. A family of format 1 is opened if it still exists.
  static Result<std::unique_ptr<Database>> open(const std::string& directory,
                                                const Options& options);
  // For writing, with the families that exist and no others.
  static Result<std::unique_ptr<Database>> open_as_it_is(const std::string& directory,
                                                         const Options& options);

  // How far to read a log with a damaged place in it.
  enum class Log {
    Whole,       // an error, unless the log just ends too early
    UpToDamage,  // as open() does
    PastDamage,
  };
  // Read-only, with the default family alone: the directory may be new, or of another
  // format. Writes nothing.
  static Result<std::unique_ptr<Database>> look_at_default(const std::string& directory, Log log);
  // Read-only, with all families; an error when a data file in use is missing.
  static Result<std::unique_ptr<Database>> look_at_all(const std::string& directory);
  // Read-only, past damage, without the index of waiting jobs, which can be made from the rest:
  // data files that cannot be read are not an error until a row in them is requested.
  static Result<std::unique_ptr<Database>> look_past_damage(const std::string& directory);

  // Lists all data files in `directory`, which has no logs, whatever was listed before. What cannot
  // be read goes to `directory`/lost.
  static Result<void> list_all_files(const std::string& directory);

  // Of the families that are in `directory`, as open() uses them.
  static std::vector<rocksdb::ColumnFamilyDescriptor> descriptors_of(const std::string& directory,
                                                                     const Options& options = {});

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* operator[](Family family) const { return families_[family]; }
  // Content, envelope, job and lane: the families that hold mail.
  std::vector<rocksdb::ColumnFamilyHandle*> mail_families() const;
  std::unique_ptr<rocksdb::Iterator> scan(Family family, const rocksdb::ReadOptions& options) const;

  // The index of format 1; nullptr once it is gone.
  rocksdb::ColumnFamilyHandle* former_due() const { return former_due_; }
  Result<void> drop_former_due();

 private:
  Database(std::unique_ptr<rocksdb::Env> env, std::unique_ptr<rocksdb::DB> db,
           const std::vector<rocksdb::ColumnFamilyHandle*>& families);
  static Result<std::unique_ptr<Database>> open_families(
      const std::string& directory, const Options& options, bool create,
      const std::vector<rocksdb::ColumnFamilyDescriptor>& families);
  static Result<std::unique_ptr<Database>> look(
      const std::string& directory, Log log, bool lax,
      const std::vector<rocksdb::ColumnFamilyDescriptor>& families);

  std::unique_ptr<rocksdb::Env> env_;  // the database uses it until it is gone
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_{};
  rocksdb::ColumnFamilyHandle* former_due_ = nullptr;
};

// The format that the default family names; 0 when it names none. Refuses, as
// InvalidArgument, one that this program does not know.
Result<int> read_format(const Database& database);
Result<void> write_format(const Database& database);

// Nothing when the row cannot be read as a job: that is logged here, and a scan continues.
std::optional<queue::Job> read_job(std::string_view key, std::string_view row);

}  // namespace signpost::rocks
