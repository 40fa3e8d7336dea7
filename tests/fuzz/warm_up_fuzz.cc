// The file of what new sources have sent: any text is read or refused, and what is read is written
// the same way from then on.
#include "base/check.h"
#include "delivery/warm_up_file.h"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace delivery = signpost::delivery;
  const auto kept =
      delivery::parse_warm_up(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!kept) {
    CHECK(!kept.error().detail.empty());
    return 0;
  }
  const std::string text = delivery::warm_up_text(*kept);
  const auto again = delivery::parse_warm_up(text);
  CHECK(again.has_value());
  CHECK(*again == *kept);
  CHECK(delivery::warm_up_text(*again) == text);
  return 0;
}
