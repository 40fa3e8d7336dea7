// The queue's database without the queue: for tests that inspect and damage it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace signpost::rocks {

// REQUIRES: nobody else has the queue open.
class RawQueue {
 public:
  explicit RawQueue(const std::string& directory);
  ~RawQueue();

  std::size_t rows(const std::string& family) const;
  std::size_t all_rows() const;  // without the default family
  void put(const std::string& family, std::string_view key, std::string_view value);
  std::string get(const std::string& family, std::string_view key) const;
  bool has(const std::string& family) const;
  void create(const std::string& family);
  void erase(const std::string& family, std::string_view key);
  std::string largest_data_file(const std::string& family) const;  // its name
  // Merges all data files; how many are left. What removals did not cancel out would show.
  std::size_t data_files_after_compaction();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::rocks
