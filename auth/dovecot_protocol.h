// The client's side of Dovecot's authentication protocol, version 1.2: lines out, lines in. Words
// are apart by tabs; a client may ask again before it is answered, each question with a number of
// its own.
#pragma once

#include "base/byte_queue.h"
#include "base/result.h"
#include "base/secret_string.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

// Pure. Asks for PLAIN only, which needs no dialogue.
class DovecotProtocol {
 public:
  enum class Outcome : std::uint8_t { Accepted, Rejected, Unavailable };
  struct Answer {
    std::uint32_t number = 0;
    Outcome outcome = Outcome::Unavailable;
    std::string login;  // as Dovecot names it; "" when it does not
  };

  // What is to be said first. `client`: not zero, and of this connection alone.
  static std::string hello(std::uint32_t client);
  // Takes the whole lines of `in`. Fails when the other side is no Dovecot, or one of another
  // protocol, or offers no PLAIN: the connection is of no use then.
  Result<std::vector<Answer>> hear(ByteQueue& in);
  bool ready() const { return ready_; }  // its hello was heard: questions may be asked

  struct Question {
    std::string_view login;
    std::string_view password;
    std::string_view client;  // its address
  };
  // The line for it, or nothing when no protocol can carry the login or the password.
  static std::optional<SecretString> line_of(std::uint32_t number, const Question& question);

 private:
  Result<std::optional<Answer>> hear_line(std::string_view line);

  bool version_known_ = false;
  bool has_plain_ = false;
  bool ready_ = false;
};

}  // namespace signpost::auth
