// MAIL and RCPT as a client sends them: each parameter only to a peer that announced its extension
// (RFC 5321 section 2.2.1).
#pragma once

#include "smtp/client_transaction.h"
#include "smtp/reply.h"

#include <string>

namespace signpost::smtp {

// One command without its CRLF. REQUIRES: no address holds a line end.
std::string mail_command(const ClientTransaction& transaction, const PeerExtensions& peer);
std::string rcpt_command(const ClientTransaction::Recipient& recipient, const PeerExtensions& peer);

// What the lines of a positive reply to EHLO announce.
PeerExtensions parse_extensions(const Reply& ehlo);

}  // namespace signpost::smtp
