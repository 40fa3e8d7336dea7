// The file of paused sites: any text is read or refused, and what is read is written the same way
// from then on.
#include "base/check.h"
#include "delivery/site_pauses_file.h"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace delivery = signpost::delivery;
  const auto pauses =
      delivery::parse_site_pauses(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!pauses) {
    CHECK(!pauses.error().detail.empty());
    return 0;
  }
  const std::string text = delivery::site_pauses_text(*pauses);
  const auto again = delivery::parse_site_pauses(text);
  CHECK(again.has_value());
  CHECK(again->size() == pauses->size());
  CHECK(delivery::site_pauses_text(*again) == text);
  return 0;
}
