// Key records, and the keys within them.
#include "base/check.h"
#include "dkim/key_record.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace signpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = dkim::parse_key_record(text);
  if (!record) {
    CHECK(!record.error().detail.empty());
    return 0;
  }
  CHECK(record->public_key.find_first_of(" \t\r\n;") == std::string::npos);
  const auto key = dkim::PublicKey::from_base64(record->algorithm, record->public_key);
  if (key) CHECK(!key->verify(std::string(32, 'd'), "no signature"));
  return 0;
}
