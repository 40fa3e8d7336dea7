// Whatever a row holds: it decodes to a value that encodes to the same bytes, or it is corrupt.
#include "base/check.h"

#include "rocks/codec.h"
#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const queue::JobRef ref;
  if (const auto envelope = rocks::decode_envelope(ref.id, bytes)) {
    CHECK(rocks::encode_envelope(*envelope) == bytes);
  }
  if (const auto job = rocks::decode_job(ref, bytes)) {
    CHECK(rocks::encode_job(*job) == bytes);
  }
  return 0;
}
