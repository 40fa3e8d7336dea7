// The DNS record that asks for TLS reports: any texts are read, and what comes of them can be used.
#include "base/check.h"
#include "tlsrpt/record.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// One text a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signpost;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> texts;
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    texts.emplace_back(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  const auto destinations = tlsrpt::parse_record(texts);
  CHECK(destinations.size() <= tlsrpt::kMostDestinations);
  for (const tlsrpt::Destination& each : destinations) {
    CHECK(each.uri.size() <= tlsrpt::kLongestUri);
    CHECK(std::ranges::all_of(each.uri, [](char c) { return c > ' ' && c <= '~'; }));
    if (const auto* const mailbox = std::get_if<smtp::Mailbox>(&each.target)) {
      CHECK(smtp::parse_mailbox(mailbox->text(), false).value() == *mailbox);
    }
  }
  return 0;
}
