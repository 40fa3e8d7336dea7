// The server's replies, one for each thing that can go wrong. Private to smtp/.
#pragma once

#include "smtp/command.h"
#include "smtp/reply.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::smtp::server_replies {

// The reply to a line that parse_command() refused, with what of it is at fault, escaped and cut.
// `line` distinguishes the sender's path from a recipient's.
Reply to_error(CommandError error, std::string_view line, ParseContext context);

// What a log may show of a line. Credentials are left out, even those of a client that is out of
// step and sends them as a command: of an unknown command the verb is shown only if it looks like
// one and not like base64, and how long the line is.
std::string loggable(std::string_view line);

// True for what browsers, proxies and TLS clients send first. A web page can make its reader's
// browser post SMTP commands to this port; only the first line shows that it is a browser.
bool is_foreign_octet(char first);
bool is_foreign_line(std::string_view line);

Reply ok();
Reply out_of_order(std::string_view text);  // 503 5.5.1
Reply line_too_long();
Reply credentials_too_long();
Reply credentials_malformed();
Reply too_big(std::size_t limit);      // in octets
Reply priority_changed(int priority);  // 250 2.3.6: a MAIL is accepted with this one

}  // namespace signpost::smtp::server_replies
