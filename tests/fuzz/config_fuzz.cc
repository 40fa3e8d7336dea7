// The configuration file: any text is either a whole configuration or a list of mistakes.
#include "base/check.h"
#include "config/config.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = signpost::config::parse_config(text, "/etc/signpost/signpost.toml");
  CHECK((loaded.config == nullptr) == !loaded.errors.empty());
  for (const auto& error : loaded.errors) {
    for (const char c : error.text()) CHECK(c != '\n' && c != '\x1b');
  }
  return 0;
}
