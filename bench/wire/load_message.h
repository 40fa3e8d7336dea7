// The messages that the load tools exchange: each names itself and carries its body's checksum, so
// that the receiving end can tell lost, doubled and damaged ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::bench {

inline constexpr std::string_view kIdField = "X-Load-Id";
inline constexpr std::string_view kChecksumField = "X-Load-Body-CRC32";

// How a message travels: as mail data, or in chunks, which have no dot-stuffing.
enum class Transfer { Data, Chunks };

// Bodies made once and used again and again: the generator must not be what is measured. Constant
// after construction, shared by all threads.
class LoadMessages {
 public:
  // `size`: octets of the whole message as it is counted by SIZE, at least those of the header.
  LoadMessages(std::size_t size, std::string from, std::uint64_t seed,
               Transfer transfer = Transfer::Data);
  // The messages have these bodies, in turn. Line ends become CRLF, and the last line has one.
  // REQUIRES: at least one body
  LoadMessages(const std::vector<std::string>& bodies, std::string_view content_type,
               std::string from, Transfer transfer = Transfer::Data);

  // Appends the message as it travels, without a terminating dot line.
  void append(std::string& wire, std::string_view id, std::string_view to, std::uint64_t number,
              std::string_view date) const;

  bool eight_bit() const { return eight_bit_; }

 private:
  struct Body {
    std::string wire;
    std::string checksum;
  };
  void add_body(const std::string& body);

  std::string from_;
  Transfer transfer_;
  std::string type_fields_;
  bool eight_bit_ = false;
  std::vector<Body> bodies_;
};

// What a received message says about itself.
struct LoadVerdict {
  std::string_view id;  // of the content; empty: not from signpost-load
  bool intact = true;   // the checksum, if there is one, is that of the body
};
LoadVerdict judge(std::string_view content);

}  // namespace signpost::bench
