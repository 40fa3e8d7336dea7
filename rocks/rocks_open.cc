#include "rocks/rocks_open.h"

#include "rocks/carry_over.h"
#include "rocks/check_mark.h"
#include "rocks/disk_room.h"
#include "rocks/events.h"
#include "rocks/salvage/manifest.h"
#include "rocks/salvage/rocks_salvage.h"
#include "rocks/salvage/salvage_sources.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace signpost::rocks {

namespace fs = std::filesystem;

namespace {

// Where `directory` is, if it is a link: what takes its place is made beside it.
std::string followed(std::string directory) {
  constexpr int kMostLinks = 8;
  std::error_code error;
  for (int i = 0; i < kMostLinks && fs::is_symlink(directory, error); ++i) {
    const fs::path target = fs::read_symlink(directory, error);
    if (error) break;
    directory = fs::path(directory).parent_path() / target;
  }
  return directory;
}

Result<void> make_directory(const std::string& directory) {
  std::error_code error;
  const bool created = fs::create_directories(directory, error);
  // It holds other people's mail.
  if (!error && created) fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return fail(Errc::Io, "the queue directory " + directory + ": " + error.message());
  return {};
}

// Held while nobody else may open the queue and RocksDB does not hold it itself.
class Lock {
 public:
  static Result<Lock> take(const std::string& directory) {
    rocksdb::FileLock* lock = nullptr;
    const rocksdb::Status status = rocksdb::Env::Default()->LockFile(directory + "/LOCK", &lock);
    if (!status.ok()) {
      return fail(Errc::Unavailable,
                  "the queue in " + directory +
                      " is in use by another process or cannot be locked: " + status.ToString());
    }
    return Lock(lock);
  }
  Lock(Lock&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
  Lock& operator=(Lock&&) = delete;
  ~Lock() {
    if (lock_ != nullptr) (void)rocksdb::Env::Default()->UnlockFile(lock_);
  }

 private:
  explicit Lock(rocksdb::FileLock* lock) : lock_(lock) {}
  rocksdb::FileLock* lock_;
};

// Inspects an existing queue without writing to it: opening it for writing would replay
// and rewrite its log, which neither a newer format nor damage may survive. RocksDB itself silently
// ends a damaged log at the damage: what was acknowledged after it would be gone.
Result<std::unique_ptr<Database>> look_at_whole(const std::string& directory) {
  if (!manifest_is_whole(directory)) {
    const auto dropped = drop_unfinished_end_of_manifest(directory);
    if (!dropped) return Failure(dropped.error());
    if (!*dropped) {
      return fail(Errc::Corrupt, "the MANIFEST of the queue in " + directory + " is damaged");
    }
    log::emit(events::QueueLogEnd{.detail =
                                      "the last write in the MANIFEST is incomplete, as a crash "
                                      "leaves it; what it listed is still in the log"});
  }
  auto seen = Database::look_at_default(directory, Database::Log::Whole);
  if (seen && log_goes_on_past_gap(directory)) {
    return fail(Errc::Corrupt, "the log of the queue in " + directory + " has a gap");
  }
  if (seen || seen.error().code != Errc::Corrupt) return seen;
  if (log_goes_on_past_damage(directory)) return seen;
  seen = Database::look_at_default(directory, Database::Log::UpToDamage);
  if (seen) {
    log::emit(events::QueueLogEnd{.detail =
                                      "the log's last write is incomplete, as a crash leaves it; "
                                      "it was never acknowledged"});
  }
  return seen;
}

// The format that the queue names; 0 if none.
Result<int> look(const std::string& directory) {
  if (!fs::exists(directory + "/CURRENT")) {
    // RocksDB writes no log and no data file before CURRENT; without CURRENT it would take the
    // queue for a new one.
    if (files_of(directory, ".log").empty() && files_of(directory, ".sst").empty()) return 0;
    return fail(Errc::Corrupt, "the file CURRENT of the queue in " + directory + " is gone");
  }
  // RocksDB makes a log before it makes a family, and the next one before it removes the last one.
  if (files_of(directory, ".log").empty() && Database::descriptors_of(directory).size() > 1) {
    return fail(Errc::Corrupt, "the log of the queue in " + directory + " is gone");
  }
  const auto seen = look_at_whole(directory);
  if (!seen) return Failure(seen.error());
  return read_format(**seen);
}

std::uint64_t log_size(const std::string& directory) {
  std::uint64_t size = 0;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(directory, error)) {
    if (file.path().extension() == ".log") size += file.file_size(error);
  }
  return size;
}

Result<void> settle_format(const Database& database) {
  const auto format = read_format(database);
  if (!format) return Failure(format.error());
  if (*format != 0) return {};
  // New, or the first start was interrupted before this point: then nothing is stored yet.
  const std::string& directory = database.db().GetName();
  for (const Family family : {kContent, kEnvelope, kJob, kLane}) {
    const auto rows = database.scan(family, bounded(nullptr));
    rows->SeekToFirst();
    if (!rows->status().ok()) return failure(rows->status(), "looking for mail in " + directory);
    if (rows->Valid()) {
      return fail(Errc::InvalidArgument, "the queue in " + directory + " names no format");
    }
  }
  return write_format(database);
}

// Reads both indexes once at start, so that damage shows before mail depends on them.
Result<void> count_jobs(Opened& opened) {
  const auto rows = opened.database->scan(kJob, bounded(nullptr));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const auto job = read_job(view(rows->key()), view(rows->value()));
    if (!job) continue;
    switch (job->state) {
      case queue::JobState::Ready:
        ++opened.totals.ready;
        break;
      case queue::JobState::Deferred:
        ++opened.totals.deferred;
        break;
      case queue::JobState::Held:
        ++opened.totals.held;
        break;
    }
    opened.totals.recipients += job->recipients.size();
    opened.first = std::min(opened.first, job->ref.id.time());
  }
  if (!rows->status().ok()) return failure(rows->status(), "counting the jobs in the queue");
  const auto lanes = opened.database->scan(kLane, bounded(nullptr));
  for (lanes->SeekToFirst(); lanes->Valid(); lanes->Next()) {
  }
  if (!lanes->status().ok()) return failure(lanes->status(), "reading the lanes in the queue");
  return {};
}

Result<void> check(const Database& database) {
  const std::string what = "checking the queue in " + database.db().GetName();
  log::emit(events::QueueChecking{.detail = what});
  for (rocksdb::ColumnFamilyHandle* family : database.mail_families()) {
    rocksdb::ReadOptions options = bounded(nullptr);
    const std::unique_ptr<rocksdb::Iterator> rows(database.db().NewIterator(options, family));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    }
    if (!rows->status().ok()) return failure(rows->status(), what);
  }
  const rocksdb::Status status = database.db().VerifyChecksum();
  if (!status.ok()) return failure(status, what);
  return {};
}

Result<Opened> open_whole(const std::string& directory, const Options& options) {
  bool former = false;
  {
    const auto lock = Lock::take(directory);
    if (!lock) return Failure(lock.error());
    const auto format = look(directory);
    if (!format) return Failure(format.error());
    former = *format == 1;
  }
  if (former) {
    if (auto begun = begin_carry_over(directory, options); !begun) return Failure(begun.error());
  }
  auto database = Database::open(directory, options);
  if (!database) return Failure(std::move(database).error());
  Opened opened;
  opened.database = std::move(*database);
  if (auto settled = settle_format(*opened.database); !settled) return Failure(settled.error());
  if (auto carried = finish_carry_over(*opened.database, options); !carried) {
    return Failure(carried.error());
  }
  if (auto counted = count_jobs(opened); !counted) return Failure(counted.error());
  if (check_is_asked_for(directory)) {
    if (auto checked = check(*opened.database); !checked) return Failure(checked.error());
    forget_check(directory);
  }
  return opened;
}

Result<void> salvage_locked(const std::string& directory, const Options& options,
                            const Error& why) {
  const auto lock = Lock::take(directory);
  if (!lock) return Failure(lock.error());
  log::emit(events::QueueDamaged{.directory = directory,
                                 .detail = why.detail,
                                 .then = "everything that can be read goes to a new queue"});
  const auto salvaged = salvage(directory, options, why.detail, system_now());
  if (!salvaged) {
    return fail(Errc::Corrupt, why.detail + "; salvaging what can be read failed: " +
                                   salvaged.error().detail + "; nothing was changed");
  }
  forget_check(directory);
  log::emit(events::QueueSalvaged{.kept = salvaged->kept,
                                  .report = salvaged->report,
                                  .messages = salvaged->messages,
                                  .missing = salvaged->missing});
  return {};
}

// On a full disk the queue is opened as it is, so that its mail can be delivered.
Options fit(const std::string& directory, Options options) {
  if (use_reserve(directory)) log::emit(events::QueueReserveUsed{.directory = directory});
  const auto room = disk_room(directory);
  if (!room) return options;
  return fit_to_room(fit_to_disk(options, room->size), *room, log_size(directory));
}

}  // namespace

Result<Opened> open_queue(const std::string& name, const Options& wanted) {
  const std::string directory = followed(name);
  if (auto finished = finish_salvage(directory); !finished) return Failure(finished.error());
  if (auto made = make_directory(directory); !made) return Failure(made.error());
  const Options options = fit(directory, wanted);
  auto opened = open_whole(directory, options);
  if (opened || opened.error().code != Errc::Corrupt) return opened;
  if (auto salvaged = salvage_locked(directory, options, opened.error()); !salvaged) {
    return Failure(salvaged.error());
  }
  return open_whole(directory, options);
}

}  // namespace signpost::rocks
