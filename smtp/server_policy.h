// What the receiving side of an SMTP connection leaves to its driver to decide.
#pragma once

#include "base/byte_sink.h"
#include "smtp/command.h"
#include "smtp/reply.h"
#include "smtp/server_options.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace signpost::smtp {

// What a refusal by the dialog itself is about.
enum class RefusalKind : std::uint8_t {
  Protocol,  // syntax, the order of commands, too many recipients
  Policy,    // TLS or a login is missing, wrong credentials, too many errors
  Size,      // more content than size_limit
  Content,   // octets that no content may have
  GivenUp,   // after give_up_content()
};

struct DialogRefusal {
  RefusalKind kind;
  Reply reply;
  bool is_error = true;  // of the client: a 4yz for our own reasons is not
};

// The decisions that the protocol leaves open. Called synchronously from advance(); an empty result
// accepts, a reply refuses that command. The dialog has already checked syntax, order and limits.
class ServerPolicy {
 public:
  virtual ~ServerPolicy() = default;
  virtual std::optional<Reply> on_hello(const HelloCommand& hello) = 0;
  // May change the command that it accepts: its reverse-path, or its priority, of which the client
  // then learns (RFC 6710).
  virtual std::optional<Reply> on_mail(MailCommand& mail) = 0;
  virtual std::optional<Reply> on_recipient(const RcptCommand& recipient) = 0;
  // DATA is about to be answered with 354, or the first chunk to be read. On acceptance the
  // returned sink takes the content; it must live until message_stored() or until discard() is
  // called.
  virtual std::expected<ByteSink*, Reply> on_data() = 0;
  // XCLIENT: the client is this one from now on. On acceptance the session starts over with the
  // returned options. `client` has what all XCLIENT commands of the session have said. Whether
  // others may follow is not for the options to say: it is the front end that is connected.
  // May change the LOGIN to the name that it has here.
  virtual std::expected<ServerOptions, Reply> on_xclient(XclientCommand& client) = 0;
  // The transaction under way is abandoned: RSET, EHLO, a fault in the data, a lost connection.
  virtual void discard() = 0;
  // Called for each 4xx or 5xx that the dialog itself decides on, for logs and metrics.
  virtual void on_refused(RefusalKind kind, std::string_view command_line, const Reply& reply) = 0;
};

}  // namespace signpost::smtp
