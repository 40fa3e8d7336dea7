// The report of a salvage for the operator: what could not be read, and a line for each message
// that is missing.
#pragma once

#include "base/clock.h"
#include "queue/envelope.h"

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::rocks {

// The message that a key belongs to.
std::optional<queue::MessageId> id_in(std::string_view key);

// Written line by line, since a queue can be long.
class MissingReport {
 public:
  // Writes `workplace`/missing.txt, and beside it what can be read of missing messages.
  explicit MissingReport(const std::string& workplace);

  void introduce(const std::string& directory, std::string_view why, SystemTime now);
  // Rows of a family after the first key and before the second; "": the start or the end.
  void unreadable_rows(std::string_view what, std::string_view after, std::string_view before,
                       std::string_view why);
  void unreadable_file(std::string_view file, std::string_view family, SystemTime written,
                       std::string_view why);
  // All data files were read, even those that may no longer have been in use.
  void unreadable_manifest();
  // In the new queue with the recipients of `jobs`, which are not all that it had.
  void incomplete(const queue::Envelope& envelope, const std::vector<queue::Job>& jobs);
  // Not in the new queue. Its content, if not empty, goes to a file of its own.
  void missing(const queue::MessageId& id, const std::optional<queue::Envelope>& envelope,
               const std::vector<queue::Job>& jobs, std::string_view trouble,
               std::string_view content);

  std::uint64_t count() const { return count_; }  // incomplete and missing messages
  bool finish(std::uint64_t messages);  // how many are in the new queue; false: it is not written

 private:
  void line(std::string_view text) { out_ << text << '\n'; }

  const std::string workplace_;
  std::ofstream out_;
  std::uint64_t count_ = 0;
};

}  // namespace signpost::rocks
