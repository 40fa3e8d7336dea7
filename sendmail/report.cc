#include "sendmail/report.h"

#include "base/random.h"
#include "message/status_notification.h"
#include "smtp/address.h"
#include "smtp/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace signpost::sendmail {

namespace {

constexpr std::size_t kMostReturned = 100 << 10;  // octets of content, as bounces.content has it

// "5.7.1" of "550 5.7.1 No", or of "5.6.7 No" where nobody replied; "" if there is none.
std::string status_in(std::string_view reply) {
  for (int words = 0; words < 2; ++words) {
    const std::string_view word = reply.substr(0, reply.find(' '));
    if (const auto status = smtp::EnhancedStatus::parse(word)) return status->text();
    reply.remove_prefix(std::min(word.size() + 1, reply.size()));
  }
  return "";
}

bool needs_smtputf8(std::string_view address) {
  const auto mailbox = smtp::parse_mailbox(address, true);
  return mailbox && mailbox->needs_smtputf8();
}

}  // namespace

std::optional<Letter> report_on(const Letter& letter, const std::vector<Outcome::Refusal>& refused,
                                const ReportingServer& server, SystemTime now) {
  if (letter.sender.empty() || !letter.notify.on_failure()) return {};
  const std::string token = fmt::format("{:016x}", Random::local()());
  message::StatusNotification notification;
  notification.reporting_mta = server.host;
  notification.from = server.postmaster;
  notification.to = letter.sender;
  notification.message_id = fmt::format("<report-{}@{}>", token, server.host);
  notification.boundary = fmt::format("=_{}_{:016x}", token, Random::local()());
  notification.envelope_id = letter.envelope_id;
  notification.arrival = now;
  notification.now = now;
  notification.smtputf8 = needs_smtputf8(letter.sender);
  for (const Outcome::Refusal& refusal : refused) {
    message::NotifiedRecipient recipient;
    recipient.final_recipient = refusal.recipient;
    recipient.status = status_in(refusal.reply);
    recipient.explanation = refusal.reply;
    recipient.refused_here = true;
    notification.recipients.push_back(std::move(recipient));
  }
  notification.original = letter.content;
  notification.return_full =
      letter.ret != smtp::Return::Headers && letter.content.size() <= kMostReturned;
  return Letter{.sender = "",
                .recipients = {letter.sender},
                .notify = {smtp::Notify::kNever},
                .ret = smtp::Return::Unspecified,
                .envelope_id = {},
                .content = message::build(notification)};
}

}  // namespace signpost::sendmail
