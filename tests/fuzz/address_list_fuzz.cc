// The mailboxes of an address list: whatever comes in, an answer is clean addresses, each of which
// can be replaced where it stands.
#include "base/ascii.h"
#include "base/check.h"
#include "message/header_section.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace signpost;

namespace {

constexpr std::string_view kOther = "us@other.example";

void replace_all(std::string_view value, const std::vector<message::ListedMailbox>& listed) {
  std::string replaced;
  const char* copied = value.data();
  for (const message::ListedMailbox& mailbox : listed) {
    CHECK(mailbox.text.data() >= copied);
    replaced.append(copied, mailbox.text.data());
    replaced += mailbox.whole ? "<" + std::string(kOther) + ">" : std::string(kOther);
    copied = mailbox.text.data() + mailbox.text.size();
  }
  CHECK(copied <= value.data() + value.size());
  replaced.append(copied, value.data() + value.size());
  const auto again = message::mailboxes(replaced, listed.size());
  CHECK(again && again->size() == listed.size());
  for (const message::ListedMailbox& mailbox : *again) CHECK(mailbox.address == kOther);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto address = message::first_address(value);
  const auto domain = message::first_domain(value);
  if (address) {
    CHECK(address->size() <= 256 + 1 + 253 && ascii::is_utf8(*address));
    CHECK(std::ranges::none_of(*address, [](char c) { return c == '\r' || c == '\n'; }));
    // What was found must stand alone: the same answer again.
    CHECK(message::first_address(*address) == address);
    CHECK(message::first_address("<" + *address + ">") == address);
  }
  if (const auto listed = message::mailboxes(value, 100); listed && !listed->empty()) {
    CHECK(address == listed->front().address);
    replace_all(value, *listed);
  }
  if (domain) {
    CHECK(address && address->ends_with("@" + *domain));
    CHECK(!domain->empty() && ascii::lower(*domain) == *domain);
    CHECK(!domain->contains('@') && !domain->contains(' '));
  }
  return 0;
}
