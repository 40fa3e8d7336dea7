// sendmail's command line: words separated by NUL.
#include "base/ascii.h"
#include "base/check.h"
#include "sendmail/invocation.h"

#include <cstdint>
#include <string_view>
#include <vector>

using namespace signpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string_view> words = ascii::split(text, '\0');
  const auto call = sendmail::parse_invocation(words);
  if (!call) {
    CHECK(!call.error().empty());
    return 0;
  }
  CHECK(call->recipients.size() <= words.size());
  // After "--" nothing is an option.
  std::vector<std::string_view> quoted{"--"};
  quoted.insert(quoted.end(), words.begin(), words.end());
  const auto plain = sendmail::parse_invocation(quoted);
  CHECK(plain && plain->recipients.size() == words.size() && !plain->config_file);
  return 0;
}
