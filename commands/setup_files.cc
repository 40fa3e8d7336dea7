#include "commands/setup_files.h"

#include "config/text_file.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace signpost::commands {

namespace {

constexpr mode_t kOwnFolder = 0700;
constexpr mode_t kSharedFolder = 0750;
constexpr mode_t kSharedFile = 0640;

Failure failed(const std::string& path, std::string_view what) {
  return fail(Errc::Io, fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

struct Owner {
  uid_t user = 0;
  gid_t group = 0;
};

// The umask of whoever runs this is not asked: `mode` is what it gets. One that cannot be given to
// its owner does not stay: the next try would leave it alone, since it exists.
Result<void> make(const std::string& path, mode_t mode, std::optional<Owner> owner) {
  if (::mkdir(path.c_str(), kOwnFolder) != 0) {
    if (errno == EEXIST) return {};
    return failed(path, "cannot be made");
  }
  if (::chmod(path.c_str(), mode) == 0 &&
      (!owner || ::chown(path.c_str(), owner->user, owner->group) == 0)) {
    return {};
  }
  const Failure failure = failed(path, "cannot be given to its owner");
  ::rmdir(path.c_str());
  return failure;
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
                fmt::format("there is no account {0}; make it with: adduser --system --group "
                            "--no-create-home {0} (the Debian package makes signpost). --account "
                            "names another one",
                            account));
  }
  if (entry.pw_uid != 0) files.account_ = Account{entry.pw_uid, entry.pw_gid};
  return files;
}

Result<void> SetupFiles::make_folder(const std::string& path) const {
  if (!account_) return make(path, kOwnFolder, {});
  return make(path, kSharedFolder, Owner{0, account_->group});
}

Result<void> SetupFiles::make_data_folder(const std::string& path) const {
  if (!account_) return make(path, kOwnFolder, {});
  return make(path, kOwnFolder, Owner{account_->user, account_->group});
}

// Nor does a file stay that cannot be given to the account.
Result<void> SetupFiles::create(const std::string& path, std::string_view text) const {
  if (const auto created = config::create_private_file(path, text); !created) {
    return fail(created.error().code, fmt::format("{}: {}", path, created.error().detail));
  }
  auto given = let_account_read(path);
  if (!given) ::unlink(path.c_str());
  return given;
}

Result<void> SetupFiles::let_account_read(const std::string& path) const {
  if (!account_) return {};
  if (::chown(path.c_str(), 0, account_->group) != 0 || ::chmod(path.c_str(), kSharedFile) != 0) {
    return failed(path, "cannot be given to its group");
  }
  return {};
}

}  // namespace signpost::commands
