// Tag lists: what is read is found again, and stays the same when it is written and read once more.
#include "base/check.h"
#include "dkim/tag_list.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace signpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto list = dkim::TagList::parse(text);
  if (!list) {
    CHECK(!list.error().detail.empty());
    return 0;
  }
  CHECK(!list->tags().empty());
  std::string written;
  for (const auto& [name, value] : list->tags()) {
    CHECK(list->find(name) == value);
    CHECK(!value.contains(';'));
    CHECK(dkim::without_white_space(value).find_first_of(" \t\r\n") == std::string::npos);
    written += name + "=" + value + ";";
  }
  const auto again = dkim::TagList::parse(written);
  CHECK(again.has_value() && again->tags() == list->tags());
  return 0;
}
