// The folder where sendmail keeps letters while the relay is down, and where the relay finds them.
//
// Like /tmp it is writable for everyone and sticky, so that nobody removes the file of another; and
// it is set-group-ID, so that every file belongs to the relay's group, which reads it while other
// accounts do not (docs/decisions/0019). A letter appears under its name whole and synced, or not
// at all. The owner of its file is who sent it.
#pragma once

#include "base/descriptor.h"
#include "base/result.h"
#include "sendmail/letter.h"

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::sendmail {

// Files of one account, those set aside included; a loop that sends mail ends there.
inline constexpr std::size_t kMostOfAccount = 1000;

struct SpooledLetter {
  Letter letter;
  uid_t owner = 0;
};

// The bytes of a file. Decoding gives nothing for any text that encoding does not make: every
// account can write such a file.
std::string encode(const Letter& letter, std::optional<uid_t> owner = {});
struct Decoded {
  Letter letter;
  std::optional<uid_t> owner;  // named in the file, which counts only in one of the relay's own
};
std::optional<Decoded> decode(std::string_view text);

class Spool {
 public:
  static Result<Spool> open(const std::string& folder);

  // After success the letter survives a crash of the machine. `owner`: in whose name, if not in
  // this process's.
  Result<void> keep(const Letter& letter, std::optional<uid_t> owner = {}) const;

  // Names of the letters that wait, the oldest first, at most `most`. `owner`: of this account
  // only.
  std::vector<std::string> names(std::size_t most, std::optional<uid_t> owner = {}) const;

  std::optional<uid_t> owner_of(const std::string& name) const;

  // A file that is no letter, or not safe to read, is an error.
  Result<SpooledLetter> read(const std::string& name, std::size_t most_octets) const;
  Result<void> remove(const std::string& name) const;
  // names() no longer has it; an operator finds it as "refused-NAME".
  Result<void> set_aside(const std::string& name) const;

 private:
  Spool(std::string path, Descriptor folder) : path_(std::move(path)), folder_(std::move(folder)) {}
  Failure failed(const char* call) const;

  std::string path_;
  Descriptor folder_;
};

}  // namespace signpost::sendmail
