// Any octets as replies, in one piece and octet by octet: both must be read alike, and what was
// read must survive being written.
#include "base/check.h"
#include "smtp/reply.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace {

using namespace signpost;

struct Outcome {
  std::vector<smtp::Reply> replies;
  std::optional<smtp::ReplyError> error;
};

// False after an error.
bool drain(ByteQueue& in, Outcome& outcome) {
  for (;;) {
    auto reply = smtp::take_reply(in);
    if (!reply) {
      outcome.error = reply.error();
      return false;
    }
    if (!*reply) return true;
    outcome.replies.push_back(std::move(**reply));
  }
}

Outcome read(std::string_view bytes, std::size_t piece) {
  Outcome outcome;
  ByteQueue in;
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    in.append(bytes.substr(i, piece));
    if (!drain(in, outcome)) break;
    CHECK(in.size() <= smtp::kMaxReplySize);
  }
  return outcome;
}

bool plain(std::string_view text) {
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if ((octet < 0x20 && c != '\n' && c != '\t') || octet >= 0x7f) return false;
  }
  return true;
}

void check_round_trip(const smtp::Reply& reply) {
  (void)reply.one_line();  // must not fail; its words are tested elsewhere
  ByteQueue wire;
  reply.append_to(wire);
  if (!plain(reply.text) || reply.text.size() > smtp::kMaxReplyLine / 2) return;
  const auto again = smtp::take_reply(wire);
  if (!again) return;
  CHECK(again->has_value());
  CHECK((*again)->code == reply.code);
  if (reply.status.present()) CHECK(**again == reply);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read(bytes, size == 0 ? 1 : size);
  // The octets of a long input are read one by one in quadratic time.
  const Outcome pieces = read(bytes, size <= 4096 ? 1 : 61);
  CHECK(whole.replies == pieces.replies);
  CHECK(whole.error == pieces.error);
  for (const auto& reply : whole.replies) check_round_trip(reply);
  return 0;
}
