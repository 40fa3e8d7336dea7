// The file of what was used of limits: any text is read or refused; what is read is written the
// same way from then on, and can be restored.
#include "base/check.h"
#include "quota/counters_file.h"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace quota = signpost::quota;
  const auto entries =
      quota::parse_counters(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!entries) {
    CHECK(!entries.error().detail.empty());
    return 0;
  }
  const std::string text = quota::counters_text(*entries);
  const auto again = quota::parse_counters(text);
  CHECK(again.has_value());
  CHECK(quota::counters_text(*again) == text);
  quota::Counters counters(4);
  counters.restore(*again);
  const signpost::SystemTime now{std::chrono::seconds(1'700'000'000)};
  for (const quota::Counters::Entry& entry : *again) {
    const quota::Holder holder{
        entry.scope, entry.name, {signpost::config::Rate{10, std::chrono::hours(1)}, 10}};
    CHECK(counters.used(holder, now).size() == 2);
  }
  return 0;
}
