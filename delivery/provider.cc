#include "delivery/provider.h"

#include "base/ascii.h"

#include <utility>

namespace signpost::delivery {

namespace {

struct Suffix {
  std::string_view suffix;
  std::size_t provider;
};

constexpr Suffix kSuffixes[] = {
    {".google.com", 1},     {".googlemail.com", 1},  {".protection.outlook.com", 2},
    {".mx.microsoft", 2},   {".outlook.com", 2},     {".hotmail.com", 2},
    {".yahoodns.net", 3},   {".mail.icloud.com", 4}, {".orange.fr", 5},
    {".wanadoo.fr", 5},     {".gmx.net", 6},         {".web.de", 6},
    {".t-online.de", 7},    {".comcast.net", 8},     {".ovh.net", 9},
    {".protonmail.ch", 10},
};

bool mentions(std::string_view text, std::initializer_list<std::string_view> words) {
  const std::string lower = ascii::lower(text);
  for (const std::string_view word : words) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

relay::ReplyClass class_of_status(const smtp::EnhancedStatus& status) {
  switch (status.subject) {
    case 1:
      return relay::ReplyClass::Address;
    case 2:
      return relay::ReplyClass::Mailbox;
    case 3:
      return status.detail == 4 ? relay::ReplyClass::Content : relay::ReplyClass::Other;
    case 4:
      return status.detail == 5 ? relay::ReplyClass::Rate : relay::ReplyClass::Network;
    case 6:
      return relay::ReplyClass::Content;
    case 7:
      return status.detail == 5 || status.detail == 10 ? relay::ReplyClass::Tls
                                                       : relay::ReplyClass::Policy;
    default:
      return relay::ReplyClass::Other;
  }
}

}  // namespace

std::size_t provider_of(std::string_view mx_host) {
  for (const Suffix& suffix : kSuffixes) {
    if (mx_host.size() >= suffix.suffix.size() &&
        ascii::equals_ignore_case(mx_host.substr(mx_host.size() - suffix.suffix.size()),
                                  suffix.suffix)) {
      return suffix.provider;
    }
  }
  return 0;
}

relay::ReplyClass class_of(const Disposition& disposition) {
  const smtp::Reply& reply = disposition.reply;
  if (disposition.outcome == Outcome::Delivered) return relay::ReplyClass::Accepted;
  // 4xx concerns the rate far more often than its status says: greylisting comes as 4.7.1 and
  // 4.2.0, the large providers' throttling as 4.7.0, 4.7.28 or 4.7.650.
  if (reply.transient() && (reply.code == 421 || reply.status.subject == 7 ||
                            mentions(reply.text, {"greylist", "rate", "too many", "try again"}))) {
    return relay::ReplyClass::Rate;
  }
  if (mentions(reply.text, {"spam", "virus", "content reject"})) return relay::ReplyClass::Content;
  if (mentions(reply.text, {"blocked", "blacklist", "blocklist", "spf", "dmarc", "dkim"})) {
    return relay::ReplyClass::Policy;
  }
  if (mentions(reply.text, {"user unknown", "no such user", "unknown user", "does not exist"})) {
    return relay::ReplyClass::Address;
  }
  if (reply.status.present()) return class_of_status(reply.status);
  if (reply.code == 0) return relay::ReplyClass::Network;
  return reply.code == 550   ? relay::ReplyClass::Address
         : reply.code == 552 ? relay::ReplyClass::Mailbox
                             : relay::ReplyClass::Other;
}

}  // namespace signpost::delivery
