#include "submission/refusal.h"

#include "base/check.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::submission {

namespace {

using enum Refusal;
using Label = relay::RejectReason;

struct Row {
  Refusal reason;
  Label label;
  int code;
  smtp::EnhancedStatus status;
  std::string_view text;
};

constexpr std::array<Row, 22> kRows = {{
    {Sessions, Label::Sessions, 421, {4, 7, 0}, "Too many sessions, try again later"},
    {Disk, Label::Disk, 452, {4, 3, 1}, "Insufficient system storage, try again later"},
    {Memory, Label::Memory, 452, {4, 3, 1}, "Insufficient memory, try again later"},
    {QueueUnwritable,
     Label::Storage,
     451,
     {4, 3, 0},
     "The queue cannot be written, try again later"},
    {NotAuthenticated, Label::Relaying, 530, {5, 7, 0}, "Authentication required"},
    {AccountForbidden, Label::Relaying, 550, {5, 7, 1}, "This account may not send"},
    {LoginRevoked,
     Label::Relaying,
     421,
     {4, 7, 0},
     "This login was changed since it logged in, log in again"},
    {SenderForbidden, Label::Sender, 553, {5, 7, 1}, "This login may not send from that address"},
    {Hold, Label::Policy, 501, {5, 5, 4}, "Mail cannot be held that long"},
    {DeliverBy, Label::Policy, 501, {5, 5, 4}, "Delivery needs more time"},
    {Quota, Label::Limit, 450, {4, 7, 1}, ""},
    {MessageRecipients, Label::Limit, 452, {4, 5, 3}, ""},
    {AddressLiteral, Label::Policy, 550, {5, 1, 2}, "Mail to address literals is not accepted"},
    {NoFrom, Label::Content, 550, {5, 6, 0}, ""},
    {SeveralFrom, Label::Content, 550, {5, 6, 0}, ""},
    {MalformedHeader, Label::Content, 550, {5, 6, 0}, ""},
    {HeaderTooLong, Label::Content, 552, {5, 3, 4}, ""},
    {LineTooLong, Label::Content, 550, {5, 6, 0}, ""},
    {BareOctet, Label::Content, 554, {5, 6, 3}, ""},
    {MailLoop, Label::Content, 554, {5, 4, 6}, ""},
    {FromForbidden, Label::Sender, 550, {5, 7, 1}, "This login may not send with that From:"},
    {NoSigningKey, Label::Content, 550, {5, 7, 20}, "No DKIM key for the From: domain"},
}};

const Row& row_of(Refusal reason) {
  const auto found = std::ranges::find(kRows, reason, &Row::reason);
  CHECK(found != kRows.end());
  return *found;
}

}  // namespace

Refused refused(Refusal reason, std::string_view text, std::string of_client) {
  const Row& row = row_of(reason);
  return {reason,
          {row.code, row.status, std::string(text.empty() ? row.text : text)},
          std::move(of_client)};
}

relay::RejectReason label_of(Refusal reason) { return row_of(reason).label; }

}  // namespace signpost::submission
