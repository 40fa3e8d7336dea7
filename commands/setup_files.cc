#include "commands/setup_files.h"

#include "config/text_file.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace signpost::commands {

namespace {

constexpr mode_t kOwnFolder = 0700;
constexpr mode_t kSharedFolder = 0750;
constexpr mode_t kSharedFile = 0640;

Failure failed(const std::string& path, std::string_view what) {
  return fail(Errc::Io, fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

// Whether it was made. The umask of whoever runs this is not asked: `mode` is what it gets.
Result<bool> made(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), kOwnFolder) != 0) {
    if (errno == EEXIST) return false;
    return failed(path, "cannot be made");
  }
  if (::chmod(path.c_str(), mode) != 0) return failed(path, "cannot be given its mode");
  return true;
}

}  // namespace

Result<SetupFiles> SetupFiles::for_account(const std::string& account) {
  SetupFiles files;
  if (account.empty() || ::geteuid() != 0) return files;
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(account.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return fail(Errc::NotFound,
                fmt::format("there is no account {0}; the Debian package makes it, or: adduser "
                            "--system --group --no-create-home {0}. --account names another one",
                            account));
  }
  if (entry.pw_uid != 0) files.account_ = Account{entry.pw_uid, entry.pw_gid};
  return files;
}

Result<void> SetupFiles::make_folder(const std::string& path) const {
  const auto is_new = made(path, account_ ? kSharedFolder : kOwnFolder);
  if (!is_new) return Failure(is_new.error());
  if (*is_new && account_ && ::chown(path.c_str(), 0, account_->group) != 0) {
    return failed(path, "cannot be given to its group");
  }
  return {};
}

Result<void> SetupFiles::make_data_folder(const std::string& path) const {
  const auto is_new = made(path, kOwnFolder);
  if (!is_new) return Failure(is_new.error());
  if (*is_new && account_ && ::chown(path.c_str(), account_->user, account_->group) != 0) {
    return failed(path, "cannot be given to its owner");
  }
  return {};
}

Result<void> SetupFiles::create(const std::string& path, std::string_view text) const {
  if (const auto created = config::create_private_file(path, text); !created) {
    return fail(created.error().code, fmt::format("{}: {}", path, created.error().detail));
  }
  return let_account_read(path);
}

Result<void> SetupFiles::let_account_read(const std::string& path) const {
  if (!account_) return {};
  if (::chown(path.c_str(), 0, account_->group) != 0 || ::chmod(path.c_str(), kSharedFile) != 0) {
    return failed(path, "cannot be given to its group");
  }
  return {};
}

}  // namespace signpost::commands
