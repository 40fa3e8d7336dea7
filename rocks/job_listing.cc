#include "rocks/job_listing.h"

#include "queue/job_match.h"
#include "rocks/codec.h"
#include "rocks/events.h"
#include "rocks/keys.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::rocks {

namespace {

constexpr std::size_t kMaxRowsAPage = 50'000;  // examined
constexpr int kOldestRows = 4096;              // examined by find_oldest()
constexpr auto kOldestSlack = std::chrono::minutes(10);

// Octets that each matching row contains: a row without them is skipped undecoded.
class QuickReject {
 public:
  explicit QuickReject(const queue::JobFilter& filter)
      : domain_(filter.to ? filter.to->fixed_part() : ""),
        login_(filter.login ? filter.login->fixed_part() : "") {}

  bool operator()(std::string_view row) const {
    return !row.contains(domain_) || !row.contains(login_);
  }

 private:
  const std::string_view domain_;
  const std::string_view login_;
};

// The jobs of a message follow each other, so its envelope is read once.
class Envelopes {
 public:
  explicit Envelopes(const RowReader& reader) : reader_(reader) {}

  // Nothing when it was delivered meanwhile, or its row is malformed.
  const queue::Envelope* of(const queue::MessageId& id) {
    if (id_ == id) return envelope_ ? &*envelope_ : nullptr;
    id_ = id;
    envelope_.reset();
    auto read = reader_.envelope(id);
    if (read) {
      envelope_ = std::move(*read);
    } else if (read.error().code != Errc::NotFound) {
      log::emit(events::QueueRowCorrupt{.id = id.text(), .detail = read.error().detail});
    }
    return envelope_ ? &*envelope_ : nullptr;
  }

 private:
  const RowReader& reader_;
  std::optional<queue::MessageId> id_;
  std::optional<queue::Envelope> envelope_;
};

// The smallest key behind the row, whatever becomes of its job meanwhile: a later version has a key
// of its own, and would be listed again.
std::string key_behind(std::string_view row) {
  const auto ref = parse_job_key(row);
  std::string key(ref ? job_key({ref->id, ref->number, UINT32_MAX}) : std::string(row));
  key.push_back('\0');
  return key;
}

}  // namespace

Result<queue::JobPage> list_jobs(const RowReader& reader, const queue::JobFilter& filter,
                                 const queue::Cursor& from, std::size_t limit) {
  const std::string_view start = filter.id ? message_key(*filter.id) : std::string_view();
  const auto& last = filter.id ? filter.id : filter.until;
  const std::string bound = last ? after_prefix(message_key(*last)) : std::string();
  const rocksdb::Slice upper = slice(bound);
  const auto rows = reader.database().scan(kJob, bounded(last ? &upper : nullptr));
  const QuickReject rejected(filter);
  Envelopes envelopes(reader);
  queue::JobPage page;
  page.next = from;
  std::size_t seen = 0;
  rows->Seek(slice(std::max(start, std::string_view(from))));
  for (; rows->Valid() && seen < kMaxRowsAPage && page.jobs.size() < limit; rows->Next()) {
    ++seen;
    page.next = key_behind(view(rows->key()));
    if (rejected(view(rows->value()))) continue;
    auto job = read_job(view(rows->key()), view(rows->value()));
    if (!job || !queue::job_matches(filter, *job)) continue;
    const queue::Envelope* const envelope = envelopes.of(job->ref.id);
    if (envelope == nullptr || !queue::envelope_matches(filter, *envelope)) continue;
    page.jobs.push_back({std::move(*job), *envelope});
  }
  if (!rows->status().ok()) return reader.scan_failed(rows->status(), "reading jobs");
  page.end = !rows->Valid();
  return page;
}

std::optional<SystemTime> find_oldest(const RowReader& reader, const queue::Store& store,
                                      Tally& tally, queue::JobState state) {
  const bool may_be_deferred = state == queue::JobState::Ready && store.claims().size() > 0;
  if (tally.count(state) == 0 && !(may_be_deferred && tally.count(queue::JobState::Deferred) > 0)) {
    return std::nullopt;
  }
  const SystemTime first = tally.first();
  // The slack: ids are made before the commit, and a commit may take some time.
  queue::MessageId from;
  const auto start = std::max(first, SystemTime(kOldestSlack)) - kOldestSlack;
  const auto microseconds = static_cast<std::uint64_t>(start.time_since_epoch().count());
  for (std::size_t i = 0; i < 7; ++i) {
    from.octets[i] = static_cast<std::uint8_t>((microseconds << 4) >> (8 * (6 - i)));
  }
  const auto rows = reader.database().scan(kJob, bounded(nullptr));
  int seen = 0;
  for (rows->Seek(slice(message_key(from))); rows->Valid() && seen < kOldestRows; rows->Next()) {
    const auto ref = parse_job_key(view(rows->key()));
    if (!ref) continue;
    if (seen++ == 0) tally.raise_first(first, ref->id.time());
    const auto job = decode_job(*ref, view(rows->value()));
    if (job && store.state_now(*job) == state) return ref->id.time();
  }
  return std::nullopt;
}

}  // namespace signpost::rocks
