// Whatever a row or a key holds: it decodes to a value that encodes to the same bytes, or it is
// refused. Mailboxes in U-labels, which former versions stored, are read in A-labels: then the row
// that is written decodes to the same value.
#include "base/ascii.h"
#include "base/check.h"
#include "rocks/carry_over.h"
#include "rocks/codec.h"
#include "rocks/keys.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const queue::JobRef ref;
  if (const auto envelope = rocks::decode_envelope(ref.id, bytes)) {
    const std::string row = rocks::encode_envelope(*envelope);
    if (row != bytes) {
      CHECK(!ascii::is_ascii(bytes));
      CHECK(*rocks::decode_envelope(ref.id, row) == *envelope);
    }
  }
  if (const auto job = rocks::decode_job(ref, bytes)) {
    const std::string row = rocks::encode_job(*job);
    if (row != bytes) {
      CHECK(!ascii::is_ascii(bytes));
      CHECK(*rocks::decode_job(ref, row) == *job);
    }
  }
  if (const auto job = rocks::decode_former_job(ref, bytes)) {
    // The same job, carried over, is a row of this format.
    queue::Job carried = *job;
    rocks::place_former_job(carried, nullptr);
    const auto again = rocks::decode_job(ref, rocks::encode_job(carried));
    CHECK(again && *again == carried);
  }
  if (const auto key = rocks::parse_lane_key(bytes)) {
    const auto lane = rocks::parse_lane_prefix(key->prefix);
    CHECK(!lane || rocks::lane_key(*lane, key->position) == bytes);
  }
  return 0;
}
