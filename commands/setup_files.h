// The files of a new relay, with owners and modes: what root makes belongs to root, and the relay's
// account may read it but not change it.
#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace signpost::commands {

class SetupFiles {
 public:
  // `account` is the one that root's relay becomes. "", or for anyone but root: files and folders
  // are for whoever runs this program alone.
  static Result<SetupFiles> for_account(const std::string& account);

  // Folders are made if they do not exist; others stay as they are.
  Result<void> make_folder(const std::string& path) const;
  Result<void> make_data_folder(const std::string& path) const;  // the account may write it
  Result<void> create(const std::string& path, std::string_view text) const;
  Result<void> let_account_read(const std::string& path) const;

 private:
  struct Account {
    uid_t user = 0;
    gid_t group = 0;
  };

  std::optional<Account> account_;
};

}  // namespace signpost::commands
