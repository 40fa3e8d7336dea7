// The files of a damaged queue, read without RocksDB as far as possible: what a salvage searches
// where the database cannot.
#pragma once

#include "queue/message_id.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::rocks {

// The paths of the files in `directory` whose names end like this (".log"), the oldest first.
std::vector<std::string> files_of(const std::string& directory, std::string_view kind);

// What can be read of a file: an unreadable sector becomes zeros.
std::string octets_of(const std::string& file);

// The logs of a queue twice: the whole records of each, then all octets of each.
class LogSources {
 public:
  explicit LogSources(const std::string& directory) : files_(files_of(directory, ".log")) {}

  std::size_t count() const { return 2 * files_.size(); }
  bool certain(std::size_t source) const { return source < files_.size(); }
  std::string read(std::size_t source) const;

 private:
  const std::vector<std::string> files_;
};

// The contents in a queue's blob files, found without the index that points there.
class Blobs {
 public:
  explicit Blobs(const std::string& directory);  // reads all of them

  // Nothing when it is missing or not whole.
  std::optional<std::string> content(const queue::MessageId& id);

 private:
  struct Place {
    std::size_t file = 0;
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  const std::vector<std::string> files_;
  std::map<queue::MessageId, Place> places_;
  std::size_t open_ = SIZE_MAX;
  std::string octets_;  // of the open file
};

}  // namespace signpost::rocks
