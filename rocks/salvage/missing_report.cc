#include "rocks/salvage/missing_report.h"

#include "base/utc.h"

#include <fmt/format.h>

#include <algorithm>

namespace signpost::rocks {

namespace {

std::string list_of(const std::vector<queue::Job>& jobs) {
  std::string list;
  for (const queue::Job& job : jobs) {
    for (const queue::Recipient& recipient : job.recipients) {
      if (!list.empty()) list.append(", ");
      list.append(recipient.mailbox.text());
    }
  }
  return list.empty() ? "unknown" : list;
}

// The place of a key in the order of acceptance.
std::string place_of(std::string_view key, std::string_view otherwise) {
  const auto id = id_in(key);
  return id ? fmt::format("{} ({})", id->text(), utc_text(id->time())) : std::string(otherwise);
}

}  // namespace

std::optional<queue::MessageId> id_in(std::string_view key) {
  queue::MessageId id;
  if (key.size() < id.octets.size()) return std::nullopt;
  std::copy_n(key.begin(), id.octets.size(), id.octets.begin());
  return id;
}

MissingReport::MissingReport(const std::string& workplace)
    : workplace_(workplace), out_(workplace + "/missing.txt", std::ios::binary) {}

void MissingReport::introduce(const std::string& directory, std::string_view why, SystemTime now) {
  line(fmt::format("The queue {} was found damaged at {}:", directory, utc_text(now)));
  line(fmt::format("    {}", why));
  line("");
  line("Signpost made a new queue from every message that could be read, and kept the damaged");
  line("one in the directory of this file, as it was. Each message that is known to be missing");
  line("from the new queue has a line below; where its content could be read it is beside this");
  line("file, as ID.eml. A message of which no trace is readable cannot be named: look for it in");
  line("the log's \"accepted\" events at the times below.");
  line("");
  line("If a removal could not be read, a message that had already been delivered is in the");
  line("new queue and is delivered once more.");
  line("");
}

void MissingReport::unreadable_rows(std::string_view what, std::string_view after,
                                    std::string_view before, std::string_view why) {
  line(fmt::format("unreadable: {} after {}, before {}: {}", what, place_of(after, "the first"),
                   place_of(before, "the end"), why));
}

void MissingReport::unreadable_file(std::string_view file, std::string_view family,
                                    SystemTime written, std::string_view why) {
  line(fmt::format("unreadable: the file {} ({} rows of messages accepted up to {}): {}", file,
                   family, utc_text(written), why));
}

void MissingReport::unreadable_manifest() {
  line("unreadable: the list of files in use (MANIFEST or CURRENT): all data files were read");
}

void MissingReport::incomplete(const queue::Envelope& envelope,
                               const std::vector<queue::Job>& jobs) {
  ++count_;
  line(
      fmt::format("incomplete: {} accepted {} from <{}> to {} and others: the others "
                  "are unreadable, or had been delivered",
                  envelope.id.text(), utc_text(envelope.id.time()),
                  smtp::text_of(envelope.reverse_path), list_of(jobs)));
}

void MissingReport::missing(const queue::MessageId& id,
                            const std::optional<queue::Envelope>& envelope,
                            const std::vector<queue::Job>& jobs, std::string_view trouble,
                            std::string_view content) {
  ++count_;
  line(fmt::format("missing: {} accepted {} from <{}> to {}: {}", id.text(), utc_text(id.time()),
                   envelope ? smtp::text_of(envelope->reverse_path) : "unknown", list_of(jobs),
                   trouble));
  if (content.empty()) return;
  std::ofstream out(workplace_ + "/" + id.text() + ".eml", std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
}

bool MissingReport::finish(std::uint64_t messages) {
  line("");
  line(fmt::format("{} messages are in the new queue, {} are named here as missing.", messages,
                   count_));
  out_.flush();
  return out_.good();
}

}  // namespace signpost::rocks
