// The content builder: however the content is split into pieces, the result is the same, and it
// can be parsed again: one From, no line that is too long, no blank before a colon. Where only one
// address may be used, no other is left.
#include "base/check.h"
#include "message/content_builder.h"
#include "message/header_section.h"
#include "message/line_limit.h"

#include <cstdint>
#include <string>
#include <string_view>

using namespace signpost;

namespace {

constexpr std::string_view kOwn = "us@other.example";

message::ContentBuilder build(std::string_view content, std::size_t step, bool bound = false) {
  message::FixUps fix_ups;
  if (bound) {
    fix_ups.may_be_from = [](std::string_view address) { return address == kOwn; };
    fix_ups.instead = kOwn;
  }
  fix_ups.received = "Received: by relay.example; Mon, 23 Nov 2026 20:24:10 +0000\r\n";
  fix_ups.message_id = "<id@relay.example>";
  message::ContentBuilder builder(fix_ups, content.size());
  for (std::size_t i = 0; i < content.size(); i += step) builder.append(content.substr(i, step));
  builder.finish();
  return builder;
}

bool says_who_sends(const message::HeaderField& field) {
  return field.is("From") || field.is("Sender") || field.is("Resent-From") ||
         field.is("Resent-Sender");
}

void check_bound(message::ContentBuilder builder) {
  CHECK(!builder.foreign());
  if (builder.fault()) return;
  CHECK(builder.from_address() == kOwn);
  const std::string content = builder.take();
  const message::HeaderSection section = message::HeaderSection::parse(content);
  for (const auto& field : section.fields()) {
    if (!says_who_sends(field) || message::unfold(field.value).empty()) continue;
    const auto listed = message::mailboxes(field.value, message::ContentBuilder::kMaxAuthors);
    CHECK(listed && !listed->empty());
    for (const message::ListedMailbox& mailbox : *listed) CHECK(mailbox.address == kOwn);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 7U;
  const std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
  message::ContentBuilder whole = build(content, content.size() + 1);
  message::ContentBuilder pieces = build(content, step);
  CHECK(whole.fault() == pieces.fault() && whole.fault_text() == pieces.fault_text());
  CHECK(whole.has_eight_bit() == pieces.has_eight_bit());
  CHECK(whole.from_address() == pieces.from_address());
  CHECK(whole.message_id() == pieces.message_id());
  const std::string result = whole.take();
  CHECK(result == pieces.take());
  if (whole.fault()) {
    CHECK(result.empty());
    return 0;
  }
  const message::HeaderSection section = message::HeaderSection::parse(result);
  CHECK(!section.malformed() && result.ends_with("\r\n"));
  CHECK(section.count("From") == 1 && section.count("Bcc") == 0);
  CHECK(section.first("Date") != nullptr && section.first("Message-ID") != nullptr);
  CHECK(result.starts_with("Received: by relay.example"));
  CHECK(!message::find_overlong_line(result));
  for (const auto& field : section.fields()) CHECK(field.raw[field.name.size()] == ':');
  check_bound(build(content, step, true));
  return 0;
}
