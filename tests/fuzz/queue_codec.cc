// Whatever a row holds: it decodes to a value that encodes to the same bytes, or it is corrupt.
#include "base/check.h"
#include "queue/codec.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const queue::JobRef ref;
  if (const auto envelope = queue::decode_envelope(ref.id, bytes)) {
    CHECK(queue::encode_envelope(*envelope) == bytes);
  }
  if (const auto job = queue::decode_job(ref, bytes)) {
    CHECK(queue::encode_job(*job) == bytes);
  }
  return 0;
}
