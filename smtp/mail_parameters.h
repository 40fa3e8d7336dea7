// The parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), AUTH
// (RFC 4954 section 5), RET, ENVID, NOTIFY and ORCPT (RFC 3461 section 4), HOLDFOR and HOLDUNTIL
// (RFC 4865), BY (RFC 2852) and MT-PRIORITY (RFC 6710). Private to smtp/.
#pragma once

#include "smtp/transaction_commands.h"

#include <optional>
#include <string_view>

namespace signpost::smtp {

struct ParameterFault {
  CommandError error;
  std::string_view parameter;  // a part of the text
};

// Each fills in what it understood and returns the first fault. `text` is what follows the path.
std::optional<ParameterFault> parse_mail_parameters(std::string_view text, MailCommand& mail);
std::optional<ParameterFault> parse_rcpt_parameters(std::string_view text, ParseContext context,
                                                    RcptCommand& rcpt);

}  // namespace signpost::smtp
