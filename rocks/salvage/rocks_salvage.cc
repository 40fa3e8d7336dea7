#include "rocks/salvage/rocks_salvage.h"

#include "base/utc.h"
#include "rocks/carry_over.h"
#include "rocks/codec.h"
#include "rocks/events.h"
#include "rocks/keys.h"
#include "rocks/rocks_database.h"
#include "rocks/salvage/log_records.h"
#include "rocks/salvage/log_remains.h"
#include "rocks/salvage/manifest.h"
#include "rocks/salvage/manifest_rebuild.h"
#include "rocks/salvage/missing_report.h"
#include "rocks/salvage/row_survey.h"
#include "rocks/salvage/salvage_sources.h"
#include "rocks/salvage/workplace.h"

#include <rocksdb/ldb_tool.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/utilities/ldb_cmd.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::rocks {

namespace {

constexpr std::size_t kBatchOctets = 4 << 20;
constexpr auto kProgressInterval = std::chrono::seconds(5);

// When the messages that are certain were accepted; a minute more on each side.
std::pair<SystemTime, SystemTime> times_of(const Remains& remains) {
  std::pair times{SystemTime::max(), SystemTime::min()};
  for (const auto& [id, of] : remains.messages) {
    if (!of.envelope) continue;
    times.first = std::min<SystemTime>(times.first, id.time() - std::chrono::minutes(1));
    times.second = std::max<SystemTime>(times.second, id.time() + std::chrono::minutes(1));
  }
  return times;
}

class Salvage {
 public:
  Salvage(const std::string& directory, const Options& options, SystemTime now)
      : directory_(directory),
        workplace_(directory),
        options_(options),
        now_(now),
        report_(workplace_.path()) {}

  Result<Salvaged> run(std::string_view why);

 private:
  // One message, as far as its rows were read.
  struct Found {
    queue::MessageId id;
    std::optional<queue::Envelope> envelope;
    std::optional<std::string> content;
    std::vector<queue::Job> jobs;
    std::string trouble;
  };

  Result<void> copy();
  Result<void> list_files_anew();
  Result<void> drop_unreadable_files();
  Result<void> copy_messages(const Database& from, const Database& to);
  static Found take_message(RowSurvey* contents, RowSurvey& envelopes, RowSurvey& jobs);
  static void take_envelope(Found& found, std::string_view row);
  static void take_job(Found& found, std::string_view key, std::string_view row);
  void look_again(Found& found, const Database& from);
  bool lacks_recipients(const Found& found) const;
  Result<void> keep(Found& found, const Database& to);
  Result<void> write(const Database& to);
  Result<void> search_logs(const Database& from, const Database& to);
  RowSurvey::Gap gap_in(std::string_view what);
  RowSurvey::Gap gap_in_jobs();
  void log_progress();

  const std::string directory_;
  const Workplace workplace_;
  const Options& options_;
  const SystemTime now_;
  MissingReport report_;
  std::set<queue::MessageId> edges_;  // messages at the edge of a place without readable jobs
  std::optional<Blobs> blobs_;        // once a content is missing
  bool jobs_left_out_ = false;        // a whole file of them
  bool blobs_listed_ = true;  // else contents of 2 KiB and more are found by their keys only
  rocksdb::WriteBatch batch_;
  std::uint64_t messages_ = 0;  // in the new queue
  std::chrono::steady_clock::time_point logged_ = std::chrono::steady_clock::now();
};

RowSurvey::Gap Salvage::gap_in(std::string_view what) {
  return [this, what](const std::string& after, const std::string& before,
                      const rocksdb::Status& why) {
    report_.unreadable_rows(what, after, before, why.ToString());
  };
}

RowSurvey::Gap Salvage::gap_in_jobs() {
  return [this, tell = gap_in("jobs")](const std::string& after, const std::string& before,
                                       const rocksdb::Status& why) {
    tell(after, before, why);
    for (const std::string* key : {&after, &before}) {
      if (const auto id = id_in(*key)) edges_.insert(*id);
    }
  };
}

Result<void> Salvage::list_files_anew() {
  const auto unreadable = rebuild_manifest(workplace_.view(), workplace_.families());
  if (!unreadable) return Failure(unreadable.error());
  blobs_listed_ = false;
  report_.unreadable_manifest();
  for (const std::string& file : *unreadable) {
    report_.unreadable_file(std::filesystem::path(file).filename().string(), "some", now_,
                            "not whole");
    jobs_left_out_ = true;
  }
  return {};
}

// A data file whose index cannot be read would make its whole family unreadable.
Result<void> Salvage::drop_unreadable_files() {
  std::vector<rocksdb::LiveFileMetaData> files;
  {
    auto seen = Database::look_past_damage(workplace_.view());
    if (!seen) return Failure(std::move(seen).error());
    (*seen)->db().GetLiveFilesMetaData(&files);
  }
  for (const rocksdb::LiveFileMetaData& file : files) {
    rocksdb::SstFileReader reader{rocksdb::Options()};
    const rocksdb::Status status = reader.Open(workplace_.view() + "/" + file.relative_filename);
    if (status.ok()) continue;
    report_.unreadable_file(file.relative_filename, file.column_family_name,
                            SystemTime(std::chrono::seconds(file.file_creation_time)),
                            status.ToString());
    jobs_left_out_ = jobs_left_out_ || file.column_family_name == kFamilyNames[kJob];
    rocksdb::Options lax;
    lax.paranoid_checks = false;
    const auto families = Database::descriptors_of(workplace_.view());
    const std::unique_ptr<rocksdb::LDBCommand> command(rocksdb::LDBCommand::InitFromCmdLineArgs(
        {"--db=" + workplace_.view(), "unsafe_remove_sst_file", std::to_string(file.file_number)},
        lax, rocksdb::LDBOptions(), &families));
    command->Run();
    if (!command->GetExecuteState().IsSucceed()) {
      return fail(Errc::Corrupt, "leaving out " + file.relative_filename + ": " +
                                     command->GetExecuteState().ToString());
    }
  }
  return {};
}

// The three families are walked side by side, a message at a time.
Result<void> Salvage::copy_messages(const Database& from, const Database& to) {
  std::optional<RowSurvey> contents;
  if (blobs_listed_) contents.emplace(from, kContent, gap_in("contents"));
  RowSurvey envelopes(from, kEnvelope, gap_in("envelopes"));
  RowSurvey jobs(from, kJob, gap_in_jobs());
  while ((contents && contents->valid()) || envelopes.valid() || jobs.valid()) {
    Found found = take_message(contents ? &*contents : nullptr, envelopes, jobs);
    look_again(found, from);
    if (auto kept = keep(found, to); !kept) return kept;
    log_progress();
  }
  return write(to);
}

Salvage::Found Salvage::take_message(RowSurvey* contents, RowSurvey& envelopes, RowSurvey& jobs) {
  std::string first;
  for (const RowSurvey* rows : {contents, &envelopes, &jobs}) {
    if (rows == nullptr || !rows->valid()) continue;
    const std::string_view key = rows->key().substr(0, sizeof(queue::MessageId::octets));
    if (first.empty() || key < first) first.assign(key);
  }
  Found found;
  found.id = id_in(first).value_or(queue::MessageId{});
  if (contents != nullptr && contents->valid() && contents->key() == first) {
    found.content.emplace(contents->value());
    contents->next();
  }
  if (envelopes.valid() && envelopes.key() == first) {
    take_envelope(found, envelopes.value());
    envelopes.next();
  }
  for (; jobs.valid() && jobs.key().starts_with(first); jobs.next()) {
    take_job(found, jobs.key(), jobs.value());
  }
  return found;
}

void Salvage::take_envelope(Found& found, std::string_view row) {
  if (auto envelope = decode_envelope(found.id, row)) {
    found.envelope = std::move(*envelope);
  } else {
    found.trouble = envelope.error().detail;
  }
}

void Salvage::take_job(Found& found, std::string_view key, std::string_view row) {
  const auto ref = parse_job_key(key);
  auto job = ref ? decode_any_job(*ref, row) : fail(Errc::Corrupt, "a job's key is malformed");
  if (!job) {
    found.trouble = job.error().detail;
  } else if (!found.jobs.empty() && found.jobs.back().ref.number == ref->number) {
    found.jobs.back() = std::move(*job);  // a later revision: the removal of the former is lost
  } else {
    found.jobs.push_back(std::move(*job));
  }
}

// A survey that passes many unreadable places may pass a row between two of them.
void Salvage::look_again(Found& found, const Database& from) {
  const rocksdb::Slice key = slice(message_key(found.id));
  std::string row;
  if (!found.content && from.db().Get({}, from[kContent], key, &row).ok()) found.content = row;
  if (!found.content) {
    if (!blobs_) blobs_.emplace(workplace_.view());
    found.content = blobs_->content(found.id);
    // It could not be read before, and was postponed for that reason.
    if (found.content && blobs_listed_) {
      for (queue::Job& job : found.jobs) job.due = std::min(job.due, now_);
    }
  }
  if (!found.envelope && from.db().Get({}, from[kEnvelope], key, &row).ok()) {
    take_envelope(found, row);
  }
  if (!found.jobs.empty()) return;
  const std::string bound = after_prefix(message_key(found.id));
  const rocksdb::Slice upper = slice(bound);
  const auto jobs = from.scan(kJob, bounded(&upper));
  for (jobs->Seek(key); jobs->Valid(); jobs->Next()) {
    take_job(found, view(jobs->key()), view(jobs->value()));
  }
}

// Fewer jobs than at acceptance are normal after deliveries, unless unreadable ones were here.
bool Salvage::lacks_recipients(const Found& found) const {
  if (!found.trouble.empty()) return true;
  return found.jobs.size() < found.envelope->job_count &&
         (jobs_left_out_ || edges_.contains(found.id));
}

Result<void> Salvage::keep(Found& found, const Database& to) {
  if (!found.jobs.empty() && found.envelope && found.content) {
    const rocksdb::Slice key = slice(message_key(found.id));
    batch_.Put(to[kContent], key, slice(*found.content));
    batch_.Put(to[kEnvelope], key, slice(encode_envelope(*found.envelope)));
    for (queue::Job& job : found.jobs) {
      if (job.lane.account.empty()) place_former_job(job, &*found.envelope);
      batch_.Put(to[kJob], slice(job_key(job.ref)), slice(encode_job(job)));
      if (job.state != queue::JobState::Held) {
        batch_.Put(to[kLane], slice(lane_key(job.lane, position_of(job))), slice(lane_row(job)));
      }
    }
    ++messages_;
    if (lacks_recipients(found)) report_.incomplete(*found.envelope, found.jobs);
    return batch_.GetDataSize() < kBatchOctets ? Result<void>() : write(to);
  }
  std::string lacks;
  const auto lack = [&](bool there, std::string_view what) {
    if (there) return;
    lacks.append(lacks.empty() ? "unreadable: its " : " and ").append(what);
  };
  lack(found.content.has_value(), "content");
  lack(found.envelope.has_value(), "envelope");
  lack(!found.jobs.empty(), "recipients");
  report_.missing(found.id, found.envelope, found.jobs, lacks, found.content.value_or(""));
  return {};
}

// Without the log: the new queue is used only when it is whole, and then all of it is in data
// files.
Result<void> Salvage::write(const Database& to) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  const rocksdb::Status status = to.db().Write(options, &batch_);
  batch_.Clear();
  if (!status.ok()) return failure(status, "writing " + workplace_.new_queue());
  return {};
}

// What RocksDB skipped in the logs: copied if the record is whole, else reported.
Result<void> Salvage::search_logs(const Database& from, const Database& to) {
  const LogSources sources(directory_);
  const FamilyNumbers families{from[kContent]->GetID(), from[kEnvelope]->GetID(),
                               from[kJob]->GetID()};
  Remains remains;
  for (std::size_t i = 0; i < sources.count(); ++i) {
    search_log(sources.read(i), i, sources.certain(i), families, remains);
    log_progress();
  }
  std::size_t open = sources.count();
  std::string octets;
  const auto [first, last] = times_of(remains);
  for (auto& [id, of] : remains.messages) {
    if (of.removed) continue;
    // A key alone may just be octets that look like one.
    if (!of.envelope && (id.time() < first || id.time() > last)) continue;
    std::string there;
    if (to.db().Get({}, to[kEnvelope], slice(message_key(id)), &there).ok()) continue;
    if (from.db().Get({}, from[kEnvelope], slice(message_key(id)), &there).ok()) continue;
    if (of.content_size != 0 && std::exchange(open, of.source) != of.source) {
      octets = sources.read(of.source);
    }
    std::string content;
    if (of.content_size != 0) content = octets.substr(of.content_offset, of.content_size);
    if (of.certain && !of.jobs.empty()) {
      Found found{.id = id,
                  .envelope = std::move(of.envelope),
                  .content = std::move(content),
                  .jobs = std::move(of.jobs),
                  .trouble = ""};
      if (auto kept = keep(found, to); !kept) return kept;
    } else {
      report_.missing(id, of.envelope, of.jobs,
                      "in a damaged place of the log, its content may be wrong", content);
    }
  }
  return write(to);
}

void Salvage::log_progress() {
  const auto now = std::chrono::steady_clock::now();
  if (now - logged_ < kProgressInterval) return;
  logged_ = now;
  log::emit(events::QueueSalvaging{.messages = messages_, .missing = report_.count()});
}

Result<void> Salvage::copy() {
  if (auto made = workplace_.make_view(); !made) return made;
  if (!manifest_is_whole(workplace_.view()) || !Database::look_past_damage(workplace_.view())) {
    if (auto listed = list_files_anew(); !listed) return listed;
  }
  if (auto dropped = drop_unreadable_files(); !dropped) return dropped;
  auto from = Database::look_past_damage(workplace_.view());
  if (!from) return Failure(std::move(from).error());
  auto to = Database::open(workplace_.new_queue(), options_);
  if (!to) return Failure(std::move(to).error());
  if (auto format = read_format(**from); !format && format.error().code != Errc::Corrupt) {
    return Failure(std::move(format).error());
  }
  if (auto written = write_format(**to); !written) return written;
  if (auto copied = copy_messages(**from, **to); !copied) return copied;
  if (auto searched = search_logs(**from, **to); !searched) return searched;
  const rocksdb::Status status = (*to)->db().Flush({}, (*to)->mail_families());
  if (!status.ok()) return failure(status, "writing " + workplace_.new_queue());
  return {};
}

Result<Salvaged> Salvage::run(std::string_view why) {
  report_.introduce(directory_, why, now_);
  if (auto copied = copy(); !copied) return Failure(copied.error());
  if (!report_.finish(messages_)) {
    return fail(Errc::Io, "writing the report in " + workplace_.path());
  }
  Salvaged done{.kept = directory_ + ".damaged-" + utc_file_name(now_),
                .report = "",
                .messages = messages_,
                .missing = report_.count()};
  done.report = done.kept + "/missing.txt";
  if (auto swapped = workplace_.swap(done.kept); !swapped) return Failure(swapped.error());
  return done;
}

}  // namespace

Result<Salvaged> salvage(const std::string& directory, const Options& options, std::string_view why,
                         SystemTime now) {
  const Workplace workplace(directory);
  if (auto made = workplace.make(); !made) return Failure(made.error());
  auto done = Salvage(directory, options, now).run(why);
  if (!done) workplace.discard();
  return done;
}

Result<void> finish_salvage(const std::string& directory) {
  return Workplace(directory).finish_swap();
}

bool log_goes_on_past_damage(const std::string& directory) {
  LogReader reader;
  for (const std::string& file : files_of(directory, ".log")) {
    std::string records;
    reader.read(octets_of(file), records);
  }
  return reader.goes_on_past_damage();
}

bool log_goes_on_past_gap(const std::string& directory) {
  std::string block(kLogBlockSize, '\0');
  for (const std::string& file : files_of(directory, ".log")) {
    LogOutline outline;
    std::ifstream in(file, std::ios::binary);
    do {
      in.read(block.data(), static_cast<std::streamsize>(block.size()));
      outline.take(std::string_view(block).substr(0, static_cast<std::size_t>(in.gcount())));
    } while (in && !outline.doubtful());
    if (outline.doubtful()) return log_goes_on_past_damage(directory);
  }
  return false;
}

}  // namespace signpost::rocks
