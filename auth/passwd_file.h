// The files of logins that others keep: Dovecot's passwd-file, Apache's htpasswd and shadow(5). One
// line a login, "name:hash" and more fields; the name of the hash's scheme may stand before it.
#pragma once

#include "base/secret_string.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

struct PasswdFile {
  struct Login {
    std::size_t line = 0;
    std::string name;
    std::string hash;    // one that passwords can be checked against, or else
    SecretString clear;  // "{PLAIN}" and the like: still to be hashed
  };
  struct Refused {
    std::size_t line = 0;
    std::string reason;  // shows no hash
  };
  std::vector<Login> logins;
  std::vector<Refused> refused;
};

PasswdFile parse_passwd_file(std::string_view text);

}  // namespace signpost::auth
