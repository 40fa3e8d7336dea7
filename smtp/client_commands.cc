#include "smtp/client_commands.h"

#include "base/ascii.h"
#include "base/check.h"
#include "smtp/peer_limits.h"
#include "smtp/xtext.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace signpost::smtp {

namespace {

std::string in_brackets(std::string_view address) {
  // Addresses were parsed when they were accepted; one that could end the line would let its
  // sender speak to the peer in our name.
  CHECK(address.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  return "<" + std::string(address) + ">";
}

std::string notify_value(Notify notify) {
  if ((notify.bits & Notify::kNever) != 0) return "NEVER";
  std::string value;
  const auto add = [&](std::uint8_t bit, std::string_view word) {
    if ((notify.bits & bit) == 0) return;
    if (!value.empty()) value += ',';
    value += word;
  };
  add(Notify::kSuccess, "SUCCESS");
  add(Notify::kFailure, "FAILURE");
  add(Notify::kDelay, "DELAY");
  return value;
}

// "rfc822;user@example": the address is xtext, its type is not (RFC 3461 section 4.2).
std::string original_recipient_value(std::string_view original) {
  const std::size_t semicolon = original.find(';');
  if (semicolon == std::string_view::npos) return {};
  return std::string(original.substr(0, semicolon + 1)) +
         encode_xtext(original.substr(semicolon + 1));
}

std::string by_parameter(const DeliverBy& by) {
  constexpr std::chrono::seconds::rep kMost = 999'999'999;
  std::string text = " BY=" + std::to_string(std::clamp(by.time.count(), -kMost, kMost));
  text += by.mode == DeliverBy::Mode::Return ? ";R" : ";N";
  if (by.trace) text += 'T';
  return text;
}

// DELIVERBY's argument: the minimum, perhaps with options of later documents after a comma.
std::chrono::seconds deliver_by_minimum(std::string_view arguments) {
  const std::string_view digits = arguments.substr(0, arguments.find(','));
  std::chrono::seconds::rep minimum = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), minimum);
  const bool good = error == std::errc{} && rest == digits.data() + digits.size();
  return std::chrono::seconds(good && minimum > 0 ? minimum : 0);
}

// SIZE's argument. Without one, or with one too large to matter, there is no limit (RFC 1870
// section 3: "0" says the same).
std::size_t size_limit(std::string_view digits) {
  std::size_t limit = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), limit);
  return error == std::errc{} && rest == digits.data() + digits.size() ? limit : 0;
}

void announce(std::string_view line, PeerExtensions& peer) {
  // "AUTH=LOGIN PLAIN" is how servers older than RFC 2554 wrote it, and some do still.
  const std::size_t end = std::min(line.find_first_of(" ="), line.size());
  const std::string keyword = ascii::lower(line.substr(0, end));
  const std::string_view arguments = ascii::trim(line.substr(std::min(end + 1, line.size())));
  if (keyword == "pipelining") peer.pipelining = true;
  if (keyword == "8bitmime") peer.eight_bit_mime = true;
  if (keyword == "smtputf8") peer.smtputf8 = true;
  if (keyword == "starttls") peer.starttls = true;
  if (keyword == "dsn") peer.dsn = true;
  if (keyword == "chunking") peer.chunking = true;
  if (keyword == "enhancedstatuscodes") peer.enhanced_status_codes = true;
  if (keyword == "mt-priority") peer.priority = true;
  if (keyword == "deliverby") {
    peer.deliver_by = true;
    peer.deliver_by_minimum = deliver_by_minimum(arguments);
  }
  if (keyword == "size") {
    peer.size = true;
    peer.size_limit = size_limit(arguments);
  }
  if (keyword == "limits") peer.limits = parse_limits(arguments);
  if (keyword == "auth") {
    for (const std::string_view mechanism : ascii::split(arguments, ' ')) {
      const bool known = std::ranges::find(peer.auth, mechanism) != peer.auth.end();
      if (!mechanism.empty() && !known) peer.auth.emplace_back(mechanism);
    }
  }
}

}  // namespace

std::string mail_command(const ClientTransaction& transaction, const PeerExtensions& peer) {
  std::string line = "MAIL FROM:" + in_brackets(transaction.reverse_path);
  if (peer.size) line += " SIZE=" + std::to_string(transaction.size);
  if (peer.eight_bit_mime && transaction.eight_bit) line += " BODY=8BITMIME";
  if (peer.smtputf8 && transaction.smtputf8) line += " SMTPUTF8";
  if (peer.deliver_by && transaction.deliver_by) line += by_parameter(*transaction.deliver_by);
  if (peer.priority && transaction.priority != 0) {
    line += " MT-PRIORITY=" + std::to_string(transaction.priority);
  }
  if (!peer.dsn) return line;
  if (transaction.ret == Return::Full) line += " RET=FULL";
  if (transaction.ret == Return::Headers) line += " RET=HDRS";
  if (!transaction.envelope_id.empty()) line += " ENVID=" + encode_xtext(transaction.envelope_id);
  return line;
}

std::string rcpt_command(const ClientTransaction::Recipient& recipient,
                         const PeerExtensions& peer) {
  std::string line = "RCPT TO:" + in_brackets(recipient.mailbox);
  if (!peer.dsn) return line;
  if (const std::string notify = notify_value(recipient.notify); !notify.empty()) {
    line += " NOTIFY=" + notify;
  }
  if (const std::string original = original_recipient_value(recipient.original_recipient);
      !original.empty()) {
    line += " ORCPT=" + original;
  }
  return line;
}

PeerExtensions parse_extensions(const Reply& ehlo) {
  PeerExtensions peer;
  // The first line names the host (RFC 5321 section 4.1.1.1).
  const auto lines = ascii::split(ehlo.text, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) announce(lines[i], peer);
  return peer;
}

}  // namespace signpost::smtp
