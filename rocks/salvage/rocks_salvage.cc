#include "rocks/salvage/rocks_salvage.h"

#include "base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <rocksdb/file_system.h>
#include <rocksdb/ldb_tool.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/utilities/ldb_cmd.h>
#include <rocksdb/write_batch.h>

#include "rocks/codec.h"
#include "rocks/keys.h"
#include "rocks/rocks_database.h"
#include "rocks/salvage/log_records.h"
#include "rocks/salvage/log_remains.h"
#include "rocks/salvage/row_survey.h"
#include "rocks/salvage/salvage_sources.h"
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

namespace signpost::rocks {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBatchOctets = 4 << 20;
constexpr auto kProgressInterval = std::chrono::seconds(5);

// Everything that a salvage makes is in here until it is done.
std::string workplace_of(const std::string& directory) { return directory + ".salvage"; }

// Names where the damaged queue goes, once the new one is whole.
std::string plan_of(const std::string& directory) { return workplace_of(directory) + "/plan"; }

std::string time_text(SystemTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

Failure failed(std::string_view what, const std::error_code& error) {
  return fail(Errc::Io, fmt::format("{}: {}", what, error.message()));
}

Result<void> sync(const std::string& path) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  const auto& disk = rocksdb::FileSystem::Default();
  rocksdb::IOStatus status = disk->NewDirectory(path, {}, &directory, nullptr);
  if (status.ok()) status = directory->Fsync({}, nullptr);
  if (!status.ok()) return failure(status, "writing " + path);
  return {};
}

// A copy of `directory` that costs no room: data files and logs are never rewritten, so their names
// are enough. The short ones, which say which of them count, are copied.
Result<void> make_view(const std::string& directory, const std::string& into) {
  std::error_code error;
  fs::create_directories(into, error);
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const fs::path& file = entry.path();
    const std::string kind = file.extension();
    const fs::path target = fs::path(into) / file.filename();
    if (kind == ".sst" || kind == ".blob" || kind == ".log") {
      fs::create_hard_link(file, target, error);
    } else if (entry.is_regular_file(error) && file.filename() != "LOCK") {
      fs::copy_file(file, target, error);
    }
    if (error) return failed("copying " + file.string(), error);
  }
  if (error) return failed("reading " + directory, error);
  return {};
}

// What the operator reads. Grows line by line, for a queue can be long.
class Report {
 public:
  explicit Report(const std::string& file) : out_(file, std::ios::binary) {}

  void line(std::string_view text) { out_ << text << '\n'; }
  bool finish() {
    out_.flush();
    return out_.good();
  }

 private:
  std::ofstream out_;
};

// The message that a key belongs to.
std::optional<queue::MessageId> id_in(std::string_view key) {
  queue::MessageId id;
  if (key.size() < id.octets.size()) return std::nullopt;
  std::copy_n(key.begin(), id.octets.size(), id.octets.begin());
  return id;
}

std::string list_of(const std::vector<queue::Job>& jobs) {
  std::string list;
  for (const queue::Job& job : jobs) {
    for (const queue::Recipient& recipient : job.recipients) {
      if (!list.empty()) list.append(", ");
      list.append(recipient.mailbox);
    }
  }
  return list.empty() ? "unknown" : list;
}

// When the messages were accepted that are beyond doubt; a minute more on each side.
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
  Salvage(const std::string& directory, const RocksOptions& options, SystemTime now)
      : directory_(directory),
        workplace_(workplace_of(directory)),
        options_(options),
        now_(now),
        report_(workplace_ + "/missing.txt") {}

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

  std::string view_directory() const { return workplace_ + "/view"; }
  std::string new_directory() const { return workplace_ + "/queue"; }

  void introduce(std::string_view why);
  Result<void> drop_unreadable_files();
  Result<void> copy_messages(const Database& from, const Database& to);
  static Found take_message(RowSurvey& contents, RowSurvey& envelopes, RowSurvey& jobs);
  static void take_envelope(Found& found, std::string_view row);
  static void take_job(Found& found, std::string_view key, std::string_view row);
  void look_again(Found& found, const Database& from);
  bool lacks_recipients(const Found& found) const;
  Result<void> keep(Found& found, const Database& to);
  Result<void> write(const Database& to);
  Result<void> search_logs(const Database& from, const Database& to);
  void name_missing(const queue::MessageId& id, const std::optional<queue::Envelope>& envelope,
                    const std::vector<queue::Job>& jobs, std::string_view trouble,
                    std::string_view content);
  RowSurvey::Gap gap_in(std::string_view what);
  RowSurvey::Gap gap_in_jobs();
  void tell_progress();
  Result<void> swap();

  const std::string directory_;
  const std::string workplace_;
  const RocksOptions& options_;
  const SystemTime now_;
  Report report_;
  std::set<queue::MessageId> edges_;  // messages at the edge of a place without readable jobs
  std::optional<Blobs> blobs_;        // once a content is missing
  bool jobs_left_out_ = false;        // a whole file of them
  rocksdb::WriteBatch batch_;
  Salvaged done_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

void Salvage::introduce(std::string_view why) {
  report_.line(fmt::format("The queue {} was found damaged at {}:", directory_, time_text(now_)));
  report_.line(fmt::format("    {}", why));
  report_.line("");
  report_.line(
      "Signpost made a new queue of every message that could be read, and kept the damaged");
  report_.line(
      "one in the directory of this file, as it was. Each message that is known to be missing");
  report_.line(
      "from the new queue has a line below; where its content could be read it is beside this");
  report_.line(
      "file, as ID.eml. A message whose every trace is unreadable cannot be named: the log's");
  report_.line("\"accepted\" events of the times below have it.");
  report_.line("");
  report_.line(
      "If it was a removal that could not be read, a message that had been delivered is in the");
  report_.line("new queue and is delivered once more.");
  report_.line("");
}

RowSurvey::Gap Salvage::gap_in(std::string_view what) {
  return [this, what](const std::string& behind, const std::string& before,
                      const rocksdb::Status& why) {
    const auto time = [](const std::string& key, std::string_view otherwise) {
      const auto id = id_in(key);
      return id ? fmt::format("{} ({})", id->text(), time_text(id->time()))
                : std::string(otherwise);
    };
    report_.line(fmt::format("unreadable: {} behind {}, before {}: {}", what,
                             time(behind, "the first"), time(before, "the end"), why.ToString()));
  };
}

RowSurvey::Gap Salvage::gap_in_jobs() {
  return [this, tell = gap_in("jobs")](const std::string& behind, const std::string& before,
                                       const rocksdb::Status& why) {
    tell(behind, before, why);
    for (const std::string* key : {&behind, &before}) {
      if (const auto id = id_in(*key)) edges_.insert(*id);
    }
  };
}

// A data file whose index cannot be read would make its whole family unreadable.
Result<void> Salvage::drop_unreadable_files() {
  std::vector<rocksdb::LiveFileMetaData> files;
  {
    auto seen = Database::look_past_damage(view_directory());
    if (!seen) return Failure(std::move(seen).error());
    (*seen)->db().GetLiveFilesMetaData(&files);
  }
  for (const rocksdb::LiveFileMetaData& file : files) {
    rocksdb::SstFileReader reader{rocksdb::Options()};
    const rocksdb::Status status = reader.Open(view_directory() + "/" + file.relative_filename);
    if (status.ok()) continue;
    report_.line(fmt::format("unreadable: the file {} ({} rows of messages accepted up to {}): {}",
                             file.relative_filename, file.column_family_name,
                             time_text(SystemTime(std::chrono::seconds(file.file_creation_time))),
                             status.ToString()));
    jobs_left_out_ = jobs_left_out_ || file.column_family_name == kFamilyNames[kJob];
    rocksdb::Options lax;
    lax.paranoid_checks = false;
    const auto families = Database::descriptors();
    const std::unique_ptr<rocksdb::LDBCommand> command(rocksdb::LDBCommand::InitFromCmdLineArgs(
        {"--db=" + view_directory(), "unsafe_remove_sst_file", std::to_string(file.file_number)},
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
  RowSurvey contents(from, kContent, gap_in("contents"));
  RowSurvey envelopes(from, kEnvelope, gap_in("envelopes"));
  RowSurvey jobs(from, kJob, gap_in_jobs());
  while (contents.valid() || envelopes.valid() || jobs.valid()) {
    Found found = take_message(contents, envelopes, jobs);
    look_again(found, from);
    if (auto kept = keep(found, to); !kept) return kept;
    tell_progress();
  }
  return write(to);
}

Salvage::Found Salvage::take_message(RowSurvey& contents, RowSurvey& envelopes, RowSurvey& jobs) {
  std::string first;
  for (const RowSurvey* rows : {&contents, &envelopes, &jobs}) {
    if (!rows->valid()) continue;
    const std::string_view key = rows->key().substr(0, sizeof(queue::MessageId::octets));
    if (first.empty() || key < first) first.assign(key);
  }
  Found found;
  found.id = id_in(first).value_or(queue::MessageId{});
  if (contents.valid() && contents.key() == first) {
    found.content.emplace(contents.value());
    contents.next();
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
  auto job = ref ? decode_job(*ref, row) : fail(Errc::Corrupt, "a job's key is malformed");
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
    if (!blobs_) blobs_.emplace(view_directory());
    found.content = blobs_->content(found.id);
    // It could not be read before, and was put off for that.
    if (found.content) {
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

// Fewer jobs than at acceptance are what deliveries leave, unless unreadable ones were here.
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
    for (const queue::Job& job : found.jobs) {
      batch_.Put(to[kJob], slice(job_key(job.ref)), slice(encode_job(job)));
      if (job.state == queue::JobState::Deferred) {
        batch_.Put(to[kDue], slice(due_key(job.due, job.ref)), rocksdb::Slice());
      }
    }
    ++done_.messages;
    if (lacks_recipients(found)) {
      report_.line(
          fmt::format("incomplete: {} accepted {} from <{}> to {} and others: the others "
                      "are unreadable, or had been delivered",
                      found.id.text(), time_text(found.id.time()), found.envelope->reverse_path,
                      list_of(found.jobs)));
      ++done_.missing;
    }
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
  name_missing(found.id, found.envelope, found.jobs, lacks, found.content.value_or(""));
  return {};
}

// Without the log: the new queue counts only when it is whole, and then all of it is in data files.
Result<void> Salvage::write(const Database& to) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  const rocksdb::Status status = to.db().Write(options, &batch_);
  batch_.Clear();
  if (!status.ok()) return failure(status, "writing " + new_directory());
  return {};
}

// What RocksDB passed over in the logs: it is taken over if the record is whole, else named.
Result<void> Salvage::search_logs(const Database& from, const Database& to) {
  const LogSources sources(view_directory());
  const FamilyNumbers families{from[kContent]->GetID(), from[kEnvelope]->GetID(),
                               from[kJob]->GetID()};
  Remains remains;
  for (std::size_t i = 0; i < sources.count(); ++i) {
    search_log(sources.read(i), i, sources.certain(i), families, remains);
    tell_progress();
  }
  std::size_t open = sources.count();
  std::string octets;
  const auto [first, last] = times_of(remains);
  for (auto& [id, of] : remains.messages) {
    if (of.removed) continue;
    // A key alone may be any octets that look like one.
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
      name_missing(id, of.envelope, of.jobs,
                   "in a damaged place of the log, its content may be wrong", content);
    }
  }
  return write(to);
}

void Salvage::name_missing(const queue::MessageId& id,
                           const std::optional<queue::Envelope>& envelope,
                           const std::vector<queue::Job>& jobs, std::string_view trouble,
                           std::string_view content) {
  ++done_.missing;
  report_.line(fmt::format("missing: {} accepted {} from <{}> to {}: {}", id.text(),
                           time_text(id.time()), envelope ? envelope->reverse_path : "unknown",
                           list_of(jobs), trouble));
  if (content.empty()) return;
  std::ofstream out(workplace_ + "/" + id.text() + ".eml", std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
}

void Salvage::tell_progress() {
  const auto now = std::chrono::steady_clock::now();
  if (now - told_ < kProgressInterval) return;
  told_ = now;
  log::info("queue_salvaging", {{"messages", done_.messages}, {"missing", done_.missing}});
}

// The damaged queue goes first, then the new one takes its place; finish_salvage() ends what is cut
// short in between.
Result<void> Salvage::swap() {
  std::error_code error;
  fs::remove_all(view_directory(), error);
  {
    std::ofstream plan(plan_of(directory_) + ".new");
    plan << done_.kept;
    if (!plan.flush()) return fail(Errc::Io, "writing " + plan_of(directory_));
  }
  fs::rename(plan_of(directory_) + ".new", plan_of(directory_), error);
  if (error) return failed("writing " + plan_of(directory_), error);
  if (auto synced = sync(new_directory()); !synced) return synced;
  if (auto synced = sync(workplace_); !synced) return synced;
  return finish_salvage(directory_);
}

Result<Salvaged> Salvage::run(std::string_view why) {
  introduce(why);
  if (auto made = make_view(directory_, view_directory()); !made) return Failure(made.error());
  if (auto dropped = drop_unreadable_files(); !dropped) return Failure(dropped.error());
  {
    auto from = Database::look_past_damage(view_directory());
    if (!from) return Failure(std::move(from).error());
    auto to = Database::open(new_directory(), options_);
    if (!to) return Failure(std::move(to).error());
    if (auto format = read_format(**from); !format && format.error().code != Errc::Corrupt) {
      return Failure(std::move(format).error());
    }
    if (auto written = write_format(**to); !written) return Failure(written.error());
    if (auto copied = copy_messages(**from, **to); !copied) return Failure(copied.error());
    if (auto searched = search_logs(**from, **to); !searched) return Failure(searched.error());
    const rocksdb::Status status = (*to)->db().Flush({}, (*to)->mail_families());
    if (!status.ok()) return failure(status, "writing " + new_directory());
  }
  report_.line("");
  report_.line(fmt::format("{} messages are in the new queue, {} are named here as missing.",
                           done_.messages, done_.missing));
  if (!report_.finish()) return fail(Errc::Io, "writing the report in " + workplace_);
  done_.kept =
      directory_ + ".damaged-" +
      fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now_)));
  done_.report = done_.kept + "/missing.txt";
  if (auto swapped = swap(); !swapped) return Failure(swapped.error());
  return std::move(done_);
}

}  // namespace

Result<Salvaged> salvage(const std::string& directory, const RocksOptions& options,
                         std::string_view why, SystemTime now) {
  std::error_code error;
  fs::remove_all(workplace_of(directory), error);
  if (!error) fs::create_directories(workplace_of(directory) + "/queue", error);
  if (!error) {
    fs::permissions(workplace_of(directory), fs::perms::owner_all, error);
  }
  if (error) return failed("making " + workplace_of(directory), error);
  auto done = Salvage(directory, options, now).run(why);
  if (!done && !fs::exists(plan_of(directory))) fs::remove_all(workplace_of(directory), error);
  return done;
}

Result<void> finish_salvage(const std::string& directory) {
  std::ifstream plan(plan_of(directory));
  std::string kept;
  if (!std::getline(plan, kept) || kept.empty()) return {};
  const std::string workplace = workplace_of(directory);
  std::error_code error;
  if (!fs::exists(kept)) fs::rename(directory, kept, error);
  if (!error && fs::exists(workplace + "/queue"))
    fs::rename(workplace + "/queue", directory, error);
  if (error) return failed("putting the salvaged queue in its place", error);
  // The report and what could be read of missing messages stay with the damaged queue.
  for (const auto& entry : fs::directory_iterator(workplace, error)) {
    if (entry.path() == plan_of(directory)) continue;
    fs::rename(entry.path(), fs::path(kept) / entry.path().filename(), error);
  }
  if (error) return failed("moving the report to " + kept, error);
  if (auto synced = sync(kept); !synced) return synced;
  if (auto synced = sync(fs::path(directory).parent_path()); !synced) return synced;
  fs::remove_all(workplace, error);
  return {};
}

bool log_goes_on_past_damage(const std::string& directory) {
  LogReader reader;
  for (const std::string& file : files_of(directory, ".log")) {
    std::string records;
    reader.read(octets_of(file), records);
  }
  return reader.goes_on_past_damage();
}

}  // namespace signpost::rocks
