// A message on sendmail's standard input: whatever is made of it names its recipients once, hides
// Bcc, and is content with CRLF line ends that a server may take.
#include "base/check.h"
#include "message/header_section.h"
#include "sendmail/letter.h"
#include "sendmail/spool.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

using namespace signpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  sendmail::Invocation call;
  call.recipients_from_header = (data[0] & 1) != 0;
  call.dot_is_text = (data[0] & 2) != 0;
  if (!call.recipients_from_header) call.recipients = {"root"};
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const sendmail::Origin origin{
      .account = "www-data", .full_name = "Web \"x\"", .host = "shop.example"};
  const auto letter = sendmail::compose(call, origin, input);
  if (!letter) {
    CHECK(letter.error().code != sendmail::kOk && !letter.error().text.empty());
    return 0;
  }
  CHECK(!letter->recipients.empty());
  CHECK(std::set(letter->recipients.begin(), letter->recipients.end()).size() ==
        letter->recipients.size());
  CHECK(letter->content.ends_with("\r\n"));
  for (std::size_t at = 0; (at = letter->content.find('\n', at)) != std::string::npos; ++at) {
    CHECK(at > 0 && letter->content[at - 1] == '\r');
  }
  const auto section = message::HeaderSection::parse(letter->content);
  CHECK(section.count("Bcc") == 0 && section.count("Resent-Bcc") == 0);
  CHECK(section.count("From") > 0);
  const auto again = sendmail::decode(sendmail::encode(*letter));
  CHECK(again && again->letter == *letter);
  return 0;
}
