// The file of known MTA-STS policies: any text is read or refused, and what is read is written the
// same way from then on.
#include "base/check.h"
#include "mta_sts/policies_file.h"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace mta_sts = signpost::mta_sts;
  const auto entries =
      mta_sts::parse_policies(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!entries) {
    CHECK(!entries.error().detail.empty());
    return 0;
  }
  const std::string text = mta_sts::policies_text(*entries);
  const auto again = mta_sts::parse_policies(text);
  CHECK(again.has_value());
  CHECK(*again == *entries);
  CHECK(mta_sts::policies_text(*again) == text);
  return 0;
}
