// A file in sendmail's spool, which any account can write.
#include "base/check.h"
#include "sendmail/spool.h"

#include <cstdint>
#include <string_view>

using namespace signpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = sendmail::decode({reinterpret_cast<const char*>(data), size});
  if (!decoded) return 0;
  CHECK(!decoded->letter.recipients.empty());
  const auto again = sendmail::decode(sendmail::encode(decoded->letter, decoded->owner));
  CHECK(again && again->letter == decoded->letter && again->owner == decoded->owner);
  return 0;
}
