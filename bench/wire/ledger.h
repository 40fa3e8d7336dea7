// A file of lines that survives its writer: what was acknowledged, for comparison after a crash.
#pragma once

#include "base/descriptor.h"
#include "base/result.h"

#include <string>
#include <string_view>

namespace signpost::bench {

// Any thread: append() writes whole lines with one write(2), which survives the end of this
// process.
class Ledger {
 public:
  static Result<Ledger> open(const std::string& file);
  Ledger() = default;  // keeps nothing

  explicit operator bool() const { return static_cast<bool>(fd_); }
  // After a failure the file may end within a line, and nothing more must count as written.
  Result<void> append(std::string_view lines);

 private:
  Descriptor fd_;
  std::string file_;
};

}  // namespace signpost::bench
