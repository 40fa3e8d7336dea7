// Where a salvage works: a folder beside the queue, which holds everything that the salvage makes
// until it is done.
#pragma once

#include "base/result.h"

#include <string>

namespace signpost::rocks {

class Workplace {
 public:
  // Of the queue in `directory`.
  explicit Workplace(std::string directory);

  const std::string& path() const { return path_; }
  std::string view() const { return path_ + "/view"; }          // of the damaged queue
  std::string families() const { return path_ + "/families"; }  // for a view without a MANIFEST
  std::string new_queue() const { return path_ + "/queue"; }
  std::string report() const { return path_ + "/missing.txt"; }

  Result<void> make() const;  // empty, whatever was left there
  // A copy of the damaged queue that takes no space: data files and logs are never rewritten, so
  // links are enough. The short files, which list those in use, are copied.
  Result<void> make_view() const;
  // Puts the new queue in the place of the damaged one, which goes to `kept` together with the
  // rest of the workplace.
  Result<void> swap(const std::string& kept) const;
  // Ends an interrupted swap; does nothing when none was begun.
  Result<void> finish_swap() const;
  void discard() const;  // unless a swap was begun

 private:
  // Names where the damaged queue goes, once the new one is whole.
  std::string plan() const { return path_ + "/plan"; }

  const std::string directory_;
  const std::string path_;
};

}  // namespace signpost::rocks
