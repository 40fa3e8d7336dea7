#include "rocks/salvage/log_remains.h"

#include "rocks/codec.h"
#include "rocks/keys.h"
#include "rocks/salvage/variable_number.h"

#include <algorithm>
#include <utility>

namespace signpost::rocks {

namespace {

// A row in a write batch: what is done, the family's number, the key's length, the key; for a put
// the value's length and the value.
constexpr char kPut = 0x05;

constexpr std::size_t kIdSize = 10;
constexpr std::size_t kJobKeySize = 16;

std::optional<std::string_view> take(std::string_view& octets, std::size_t size) {
  if (octets.size() < size) return std::nullopt;
  const std::string_view taken = octets.substr(0, size);
  octets.remove_prefix(size);
  return taken;
}

std::optional<std::string_view> take_value(std::string_view& octets) {
  const auto size = take_number(octets);
  return size ? take(octets, *size) : std::nullopt;
}

queue::MessageId id_of(std::string_view key) {
  queue::MessageId id;
  std::copy_n(key.begin(), kIdSize, id.octets.begin());
  return id;
}

class Search {
 public:
  Search(std::string_view octets, std::size_t source, bool certain, const FamilyNumbers& families,
         Remains& remains)
      : octets_(octets),
        source_(source),
        certain_(certain),
        families_(families),
        remains_(remains) {}

  void run() {
    std::size_t at = 0;
    while ((at = octets_.find_first_of(kActions, at)) != std::string_view::npos) {
      const std::string_view rest = octets_.substr(at + 1);
      const std::size_t taken = octets_[at] == kPut ? recognise_put(rest) : recognise_removal(rest);
      at += 1 + taken;
    }
  }

 private:
  static constexpr std::string_view kActions{"\x05\x08", 2};

  // How many octets it took; 0 when it is not a put.
  std::size_t recognise_put(std::string_view rest) {
    const std::size_t before = rest.size();
    const auto family = take_number(rest);
    if (!family) return 0;
    const bool job = *family == families_.job;
    if (!job && *family != families_.envelope && *family != families_.content) return 0;
    const auto key_size = take_number(rest);
    if (key_size != (job ? kJobKeySize : kIdSize)) return 0;
    const auto key = take(rest, *key_size);
    if (!key) return 0;
    const auto value = take_value(rest);
    const bool found = value && (job                            ? found_job(*key, *value)
                                 : *family == families_.content ? found_content(*key, *value)
                                                                : found_envelope(*key, *value));
    if (found) return before - rest.size();
    remains_.messages.try_emplace(id_of(*key));
    return 0;
  }

  bool found_envelope(std::string_view key, std::string_view value) {
    auto envelope = decode_envelope(id_of(key), value);
    if (!envelope) return false;
    Remains::Of& of = remains_.messages[envelope->id];
    if (!of.certain) of.envelope = std::move(*envelope);
    return true;
  }

  bool found_job(std::string_view key, std::string_view value) {
    const auto ref = parse_job_key(key);
    if (!ref) return false;
    auto job = decode_any_job(*ref, value);
    if (!job) return false;
    std::vector<queue::Job>& jobs = remains_.messages[ref->id].jobs;
    const auto same = std::ranges::find(jobs, ref->number,
                                        [](const queue::Job& each) { return each.ref.number; });
    if (same == jobs.end()) {
      jobs.push_back(std::move(*job));
    } else if (same->ref.revision < ref->revision) {
      *same = std::move(*job);
    }
    return true;
  }

  // Content can be anything: it is accepted where an envelope with its key follows, as they are
  // written. If not, the search continues inside of it.
  bool found_content(std::string_view key, std::string_view value) {
    const std::size_t offset = static_cast<std::size_t>(value.data() - octets_.data());
    std::string_view behind = octets_.substr(offset + value.size());
    if (!behind.starts_with(kPut)) return false;
    behind.remove_prefix(1);
    if (take_number(behind) != families_.envelope || take_number(behind) != kIdSize ||
        take(behind, kIdSize) != key) {
      return false;
    }
    // The envelope that follows is in the same record.
    Remains::Of& of = remains_.messages[id_of(key)];
    if (of.certain) return true;
    const auto row = take_value(behind);
    auto envelope = row ? decode_envelope(id_of(key), *row) : fail(Errc::Corrupt, "");
    if (envelope) of.envelope = std::move(*envelope);
    of.certain = certain_ && envelope.has_value();
    of.source = source_;
    of.content_offset = offset;
    of.content_size = value.size();
    return true;
  }

  std::size_t recognise_removal(std::string_view rest) {
    const std::size_t before = rest.size();
    const auto family = take_number(rest);
    const auto key_size = take_number(rest);
    if (!family || !key_size) return 0;
    const auto key = take(rest, *key_size);
    if (!key) return 0;
    const bool removal = *family == families_.content && key->size() == kIdSize
                             ? removed_content(*key)
                             : *family == families_.job && removed_job(*key);
    return removal ? before - rest.size() : 0;
  }

  // A message leaves the queue as its content does.
  bool removed_content(std::string_view key) {
    const auto message = remains_.messages.find(id_of(key));
    if (message == remains_.messages.end()) return false;
    message->second.removed = true;
    return true;
  }

  bool removed_job(std::string_view key) {
    const auto ref = parse_job_key(key);
    if (!ref) return false;
    const auto message = remains_.messages.find(ref->id);
    if (message == remains_.messages.end()) return false;
    return std::erase_if(message->second.jobs,
                         [&](const queue::Job& job) { return job.ref == *ref; }) > 0;
  }

  const std::string_view octets_;
  const std::size_t source_;
  const bool certain_;
  const FamilyNumbers& families_;
  Remains& remains_;
};

}  // namespace

void search_log(std::string_view octets, std::size_t source, bool certain,
                const FamilyNumbers& families, Remains& remains) {
  Search(octets, source, certain, families, remains).run();
}

}  // namespace signpost::rocks
