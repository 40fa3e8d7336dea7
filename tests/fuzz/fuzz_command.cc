// Any octets as one command line, with and without SMTPUTF8.
#include "base/ascii.h"
#include "base/check.h"
#include "smtp/command.h"
#include "smtp/xtext.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <variant>

namespace {

using namespace signpost;

// What was parsed reads the same again, and cannot break a line that it is written into.
void check(const smtp::Mailbox& mailbox, bool utf8) {
  CHECK(std::ranges::none_of(mailbox.text(), ascii::is_control));
  CHECK(utf8 || !mailbox.needs_smtputf8());
  CHECK(ascii::is_ascii(mailbox.domain()));
  if (mailbox.domain().empty()) return;
  const auto again = smtp::parse_forward_path(mailbox.text(), utf8);
  CHECK(again && *again == mailbox);
}

void check_printable(std::string_view text) {
  CHECK(std::ranges::none_of(text, ascii::is_control) && ascii::is_ascii(text));
  CHECK(smtp::decode_xtext(smtp::encode_xtext(text)) == text);
}

void check_command(std::string_view line, smtp::ParseContext context) {
  const auto command = smtp::parse_command(line, context);
  if (!command) return;
  if (const auto* mail = std::get_if<smtp::MailCommand>(&*command)) {
    if (mail->reverse_path) check(*mail->reverse_path, mail->smtputf8);
    check_printable(mail->envelope_id);
    CHECK(!mail->hold_for || !mail->hold_until);
    CHECK(mail->priority >= smtp::kLowestPriority && mail->priority <= smtp::kHighestPriority);
    const bool must_return =
        mail->deliver_by && mail->deliver_by->mode == smtp::DeliverBy::Mode::Return;
    CHECK(!must_return || mail->deliver_by->time.count() > 0);
  } else if (const auto* rcpt = std::get_if<smtp::RcptCommand>(&*command)) {
    check(rcpt->recipient, context.smtputf8);
    check_printable(rcpt->original_recipient);
    CHECK(rcpt->notify.bits <= 15);
  } else if (const auto* hello = std::get_if<smtp::HelloCommand>(&*command)) {
    CHECK(!hello->name.empty() && hello->name.size() <= 255);
    CHECK(std::ranges::none_of(hello->name, ascii::is_control));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  check_command(line, {.smtputf8 = false});
  check_command(line, {.smtputf8 = true});
  if (const auto decoded = smtp::decode_xtext(line)) {
    CHECK(smtp::decode_xtext(smtp::encode_xtext(*decoded)) == decoded);
  }
  return 0;
}
