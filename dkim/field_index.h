// The fields of a header section by name, found without reading the whole section for each name,
// which would be slow for a message of ten thousand fields.
#pragma once

#include "message/header_section.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace signpost::dkim {

// Points into the header section, which must outlive it.
class FieldIndex {
 public:
  // `excluded`: the DKIM-Signature field that is verified; it never signs itself (RFC 6376 section
  // 3.5, "h=").
  explicit FieldIndex(const message::HeaderSection& header,
                      const message::HeaderField* excluded = nullptr);

  struct Entry {
    std::uint64_t key;  // of its name, which distinguishes most of them
    const message::HeaderField* field;
  };
  // The instances of `name`, the last one in the section first (section 5.4.2), and where they
  // begin in the index: a number that identifies the name.
  struct Instances {
    std::span<const Entry> entries;
    std::size_t begin;
  };
  Instances find(std::string_view name) const;
  std::size_t count(std::string_view name) const { return find(name).entries.size(); }
  std::size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
  std::uint64_t initials_ = 0;  // which lengths and first letters occur: rules out most misses
};

}  // namespace signpost::dkim
