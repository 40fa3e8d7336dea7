// What a server said when it refused: each kind of reply once, with its words.
#pragma once

#include "bench/wire/reply_reader.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::bench {

// One writer; merge after the writers have stopped. Replies that differ only in an address, a
// number or an ID are of one kind; the first one's words stand for it. However many kinds there
// are, the table stays small: those without a place are counted together.
class Refusals {
 public:
  struct Kind {
    std::string command;  // that was refused
    std::string words;    // printable, with the code
    std::uint64_t count = 0;
  };

  void count(std::string_view command, const Reply& reply);
  void merge(const Refusals& other);

  // The most frequent first.
  std::vector<Kind> kinds() const;
  std::uint64_t others() const { return others_; }

 private:
  void add(std::string_view key, const Kind& kind);

  std::map<std::string, Kind, std::less<>> kinds_;
  std::uint64_t others_ = 0;
};

}  // namespace signpost::bench
