// What a receiver's reply is about.
#pragma once

#include <array>
#include <string_view>

namespace signpost::providers {

// Only `Address` says that the recipient itself is wrong.
enum class ReplyClass {
  Accepted,  // 2xx
  Address,   // no such mailbox or domain
  Mailbox,   // full, disabled
  Policy,    // authentication (SPF, DKIM, DMARC), blocked, relaying denied
  Rate,      // too many, too fast, reputation, greylisting
  Content,   // size, spam, virus, form
  Tls,
  Network,  // no connection, no answer, lost, DNS
  Other,
};
constexpr std::array<std::string_view, 9> texts_of(ReplyClass) {
  return {"accepted", "address", "mailbox", "policy", "rate", "content", "tls", "network", "other"};
}

// Whom a reply can speak of, by the command that it answers.
enum class ReplyScope {
  Sender,     // until MAIL: no recipient has been named yet
  Recipient,  // RCPT, and the end of the data where it is about one recipient alone
  Message,    // DATA, and the end of the data of several recipients
};

// The class of a reply whose code, status and words have the class `words`: an address is wrong
// only if the reply is about that recipient.
constexpr ReplyClass class_in(ReplyScope scope, ReplyClass words) {
  if (words != ReplyClass::Address || scope == ReplyScope::Recipient) return words;
  return scope == ReplyScope::Sender ? ReplyClass::Policy : ReplyClass::Other;
}

}  // namespace signpost::providers
