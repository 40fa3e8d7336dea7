// What can still be recovered from the octets of a damaged write-ahead log. RocksDB gives up the
// whole block in which an octet is wrong, and every record that has a part in it: many changes. The
// rows can still be recognised, by their keys and because they decode. Those from records that are
// whole are certain; the others tell an operator which messages are affected.
//
// Pure; has a fuzz target.
#pragma once

#include "queue/envelope.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::rocks {

// The numbers by which the log names the families.
struct FamilyNumbers {
  std::uint32_t content = 1;
  std::uint32_t envelope = 2;
  std::uint32_t job = 3;
};

struct Remains {
  struct Of {
    std::optional<queue::Envelope> envelope;  // nothing: only a key of the message was recognised
    std::vector<queue::Job> jobs;             // each in its last revision
    std::size_t source = 0;                   // of the content, as the caller numbers them
    std::size_t content_offset = 0;           // in that source
    std::size_t content_size = 0;             // 0: no content was recognised
    bool certain = false;                     // content and envelope are from a whole record
    bool removed = false;                     // it left the queue
  };
  std::map<queue::MessageId, Of> messages;
};

// Adds what is found in `octets`: the whole records of a log file (LogReader), which is `certain`,
// or all of a file without its block headers. Certain sources first.
void search_log(std::string_view octets, std::size_t source, bool certain,
                const FamilyNumbers& families, Remains& remains);

}  // namespace signpost::rocks
