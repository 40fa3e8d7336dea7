#include "smtp/hello_reply.h"

#include "base/utc.h"

#include <string>

namespace signpost::smtp {

namespace {

constexpr std::size_t kMaxAnnounced = 999'999;  // RFC 9422 section 4 has six digits

}  // namespace

Reply hello_reply(const ServerOptions& options, const HelloCommand& hello) {
  Reply reply{250, {}, options.hostname};
  if (!hello.extended) return reply;
  reply.text += "\nPIPELINING\nSIZE " + std::to_string(options.size_limit);
  if (options.offer_starttls && !options.tls) reply.text += "\nSTARTTLS";
  // Not CRAM-MD5: clients would prefer it, and hashed passwords cannot answer it.
  if (options.offer_auth) {
    reply.text += options.offer_passwords ? "\nAUTH PLAIN LOGIN" : "\nAUTH";
    for (const std::string& mechanism : options.more_mechanisms) reply.text += " " + mechanism;
  }
  if (options.hold_limit.count() > 0) {
    reply.text += "\nFUTURERELEASE " + std::to_string(options.hold_limit.count()) + ' ';
    append_utc(reply.text, options.hold_until_limit);
  }
  reply.text += "\nDELIVERBY";
  if (const auto least = options.deliver_by_minimum.count(); least > 0) {
    reply.text += ' ' + std::to_string(least);
  }
  reply.text += "\nMT-PRIORITY";
  if (options.xclient) {
    reply.text += "\nXCLIENT NAME ADDR PORT PROTO HELO DESTADDR DESTPORT";
    if (options.xclient_login) reply.text += " LOGIN";
  }
  reply.text += "\nENHANCEDSTATUSCODES\n8BITMIME\nDSN\nSMTPUTF8\nCHUNKING\nBINARYMIME";
  // RFC 9422. MAILMAX is not bounded, and a domain's recipients are not counted.
  if (options.recipients_limit <= kMaxAnnounced) {
    reply.text += "\nLIMITS RCPTMAX=" + std::to_string(options.recipients_limit);
  }
  return reply;
}

}  // namespace signpost::smtp
