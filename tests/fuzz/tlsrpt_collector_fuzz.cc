// The file of what is counted for TLS reports: any text is read or refused, and what is read is
// written the same way from then on.
#include "base/check.h"
#include "tlsrpt/collector_file.h"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace tlsrpt = signpost::tlsrpt;
  const auto kept =
      tlsrpt::parse_collector(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!kept) {
    CHECK(!kept.error().detail.empty());
    return 0;
  }
  const std::string text = tlsrpt::collector_text(*kept);
  const auto again = tlsrpt::parse_collector(text);
  CHECK(again.has_value());
  CHECK(*again == *kept);
  CHECK(tlsrpt::collector_text(*again) == text);
  return 0;
}
