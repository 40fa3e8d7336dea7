// One mail transaction: the envelope as a client gave it (RFC 5321 section 3.3).
#pragma once

#include "smtp/address.h"
#include "smtp/command.h"
#include "smtp/dsn_parameters.h"

#include <string>
#include <vector>

namespace signpost::smtp {

struct AcceptedRecipient {
  Mailbox mailbox;
  Notify notify;
  std::string original_recipient;
};

struct Transaction {
  MailCommand mail;
  std::vector<AcceptedRecipient> recipients;
};

}  // namespace signpost::smtp
