#include "daemon/privileges.h"

#include "config/config.h"
#include "config/config_file.h"
#include "relay/data_folder.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

namespace signpost::daemon {

namespace {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

Failure failed(std::string_view what) {
  return fail(Errc::Io, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

Result<Account> find_account(const std::string& name) {
  std::vector<char> buffer(16 << 10);
  passwd entry{};
  passwd* found = nullptr;
  const int error = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return fail(error == 0 ? Errc::NotFound : Errc::Io,
                fmt::format("there is no account {}", name));
  }
  return Account{name, entry.pw_uid, entry.pw_gid};
}

// The effective and permitted capabilities: none, or the one that binds low ports.
bool set_capabilities(bool bind_low_ports) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (bind_low_ports) {
    data[0].effective = data[0].permitted = 1U << CAP_NET_BIND_SERVICE;
  }
  return ::syscall(SYS_capset, &header, data) == 0;
}

Result<void> make_data_dir(const std::string& directory, const Account& account) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (directory.empty() || fs::exists(directory, error)) return {};
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return fail(Errc::Io, fmt::format("data_dir {}: {}", directory, error.message()));
  if (::chown(directory.c_str(), account.uid, account.gid) != 0) {
    return failed("data_dir " + directory);
  }
  return {};
}

}  // namespace

Result<std::string> drop_privileges(const std::optional<std::string>& user,
                                    const std::string& data_dir) {
  if (::geteuid() != 0) return "";
  if (user && user->empty()) return "";
  const auto account = find_account(user.value_or(config::kDefaultUser));
  if (!account) {
    if (user || account.error().code != Errc::NotFound) return Failure(account.error());
    return fail(Errc::NotFound, account.error().detail + "; make it (adduser --system --group " +
                                    config::kDefaultUser +
                                    "), name another one, or set user = \"\" to stay root");
  }
  if (account->uid == 0) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("user: {} is a name of root; name an account of the relay's own, or set "
                    "user = \"\" to stay root",
                    account->name));
  }
  if (auto made = make_data_dir(data_dir, *account); !made) return Failure(made.error());
  const std::string what = "becoming " + account->name;
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
      ::initgroups(account->name.c_str(), account->gid) != 0 || ::setgid(account->gid) != 0 ||
      ::setuid(account->uid) != 0 || !set_capabilities(true) ||
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return failed(what);
  }
  if (::setuid(0) == 0) return fail(Errc::Io, what + ": root was not given up");
  return account->name;
}

void let_look_into_us(bool allowed) {
  // Set in either case: giving up root has already hidden us.
  (void)::prctl(PR_SET_DUMPABLE, allowed ? 1 : 0, 0, 0, 0);
}

relay::LoadedSettings load_settings_as_account(const std::string& config_file, DataDir data_dir) {
  // Read only to learn the account: relay::load_settings() reads it again as that account, as a
  // reload will, and reports what is wrong with it.
  const config::LoadedConfig loaded = config::load_config_partly(config_file);
  if (!loaded.config) return relay::load_settings(config_file);
  const config::Config& config = *loaded.config;
  const bool is_complete = loaded.errors.empty();
  // By root, who would make it.
  const std::string obstacle =
      data_dir == DataDir::Try && ::geteuid() == 0 ? relay::folder_obstacle(config.data_dir) : "";
  auto account = drop_privileges(config.user,
                                 is_complete && data_dir == DataDir::Create ? config.data_dir : "");
  relay::LoadedSettings result = relay::load_settings(config_file);
  if (account) {
    result.account = std::move(*account);
    // Without an account to become, this process can try it again.
    if (!obstacle.empty() && !result.account.empty()) {
      result.errors.push_back(config::error_at(config, "data_dir", obstacle));
      result.settings.reset();
    }
  } else if (account.error().code == Errc::NotFound) {
    result.settings.reset();
    result.errors.insert(result.errors.begin(),
                         config::error_at(config, "user", account.error().detail));
  } else {
    result.not_ready = account.error().detail;
  }
  return result;
}

}  // namespace signpost::daemon
