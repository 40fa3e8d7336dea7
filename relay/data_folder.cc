#include "relay/data_folder.h"

#include "base/descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace signpost::relay {

namespace {

namespace fs = std::filesystem;

std::string account_text(uid_t uid) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  (void)::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(uid) : found->pw_name;
}

std::string own_account() { return account_text(::geteuid()); }

// 0, or why not as errno has it.
int try_access(const fs::path& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
}

std::optional<struct stat> facts_of(const fs::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return facts;
}

// Root and owner are held off by these as well (chattr(1)).
std::string attribute_remedy(const fs::path& path) {
  struct statx facts{};
  if (::statx(AT_FDCWD, path.c_str(), 0, 0, &facts) != 0) return "";
  const auto remedy = [&](std::uint64_t attribute, std::string_view name, char letter) {
    return (facts.stx_attributes & attribute) == 0
               ? ""
               : fmt::format("it is {0}; as root run chattr -{1} {2}", name, letter, path.string());
  };
  const std::string immutable = remedy(STATX_ATTR_IMMUTABLE, "immutable", 'i');
  return immutable.empty() ? remedy(STATX_ATTR_APPEND, "append-only", 'a') : immutable;
}

// In words. ENOENT is the answer of /proc.
std::string reason(int error) {
  if (error == ENOENT) return "its file system takes no files";
  if (error == EROFS) return "its file system is mounted read-only";
  return std::generic_category().message(error);
}

std::string_view disk_remedy(int error) {
  if (error == EROFS) return "mount it for writing, or write the path of a folder on another disk";
  if (error == ENOSPC || error == EDQUOT) return "make room on it";
  return "write the path of a folder on a disk";
}

// Rights that the owner has taken from itself come back with chmod; what belongs to others, such as
// what a start as root has left behind, has to be given to the account.
std::string rights_remedy(const fs::path& path, const fs::path& data_dir) {
  const auto facts = facts_of(path);
  if (facts && facts->st_uid == ::geteuid()) {
    return fmt::format("run chmod -R u+rwX {}", data_dir.string());
  }
  return fmt::format("if {0} is for this relay alone, run as root: chown -R {1} {0}",
                     data_dir.string(), own_account());
}

std::string problem(const fs::path& path, int error, const fs::path& data_dir) {
  const std::string cannot = path.string() + " cannot be used: ";
  if (const std::string remedy = attribute_remedy(path); error == EPERM && !remedy.empty()) {
    return cannot + remedy;
  }
  if (error == EACCES || error == EPERM) {
    return fmt::format("{}{} for the account {}; {}", cannot, reason(error), own_account(),
                       rights_remedy(path, data_dir));
  }
  return fmt::format("{}{}; {}", cannot, reason(error), disk_remedy(error));
}

// The folder that a missing one would be made in.
fs::path nearest_existing(fs::path path) {
  std::error_code error;
  while (path.has_relative_path() && !fs::exists(path, error)) path = path.parent_path();
  return path;
}

// 0, or why nothing can be made in `folder` as errno has it: rights alone do not tell of a file
// system that has files of its own, as /proc.
int try_making(const fs::path& folder) {
  std::string name = folder / ".signpost-check-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return errno;
  return ::rmdir(name.c_str()) == 0 ? 0 : errno;
}

std::string problem_in(const fs::path& folder, const fs::path& data_dir) {
  constexpr std::size_t kMost = 10'000;
  std::size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && count < kMost;
       entry.increment(error), ++count) {
    if (const int why = try_access(entry->path(), R_OK | W_OK); why != 0 && why != ENOENT) {
      return problem(entry->path(), why, data_dir);
    }
  }
  return "";
}

std::string problem_of(const fs::path& data_dir) {
  if (const std::string remedy = attribute_remedy(data_dir); !remedy.empty()) {
    return data_dir.string() + " cannot be used: " + remedy;
  }
  for (const fs::path& folder : {data_dir, data_dir / "queue"}) {
    const int why = try_access(folder, R_OK | W_OK | X_OK);
    if (why == ENOENT) break;
    if (why != 0) return problem(folder, why, data_dir);
  }
  if (const int why = try_making(data_dir); why != 0) return problem(data_dir, why, data_dir);
  return problem_in(data_dir / "queue", data_dir);
}

// Whether this process is what the configuration has serve become, or be.
bool is_relays_account(const config::Config& config) {
  return own_account() == config.user.value_or(config::kDefaultUser);
}

// Whether what this account finds there is what the relay would find.
bool is_ours(const config::Config& config) {
  if (::geteuid() == 0 || is_relays_account(config)) return true;
  const auto facts = facts_of(config.data_dir);
  return facts ? facts->st_uid == ::geteuid() : errno != EACCES;
}

std::string unknown_text(const std::string& data_dir) {
  const auto facts = facts_of(data_dir);
  const std::string owner = facts ? account_text(facts->st_uid) : "the relay's account";
  return fmt::format(
      "the account {} may not look into {}{}: the queue is not checked; run signpost check as {} "
      "or as root",
      own_account(), data_dir, facts ? ", which belongs to " + owner : "", owner);
}

bool others_may(const std::string& data_dir, mode_t mode) {
  const auto facts = facts_of(data_dir);
  return facts && S_ISDIR(facts->st_mode) && (facts->st_mode & mode) == mode;
}

}  // namespace

std::string folder_obstacle(const std::string& data_dir) {
  std::error_code error;
  if (fs::exists(data_dir, error)) return "";
  const fs::path parent = nearest_existing(data_dir);
  const int why = fs::is_directory(parent, error) ? try_making(parent) : ENOTDIR;
  if (why == 0) return "";
  const std::string cannot = data_dir + " does not exist and cannot be made: ";
  if (const std::string remedy = attribute_remedy(parent); why == EPERM && !remedy.empty()) {
    return fmt::format("{}in {}, {}", cannot, parent.string(), remedy);
  }
  if (why == EACCES || why == EPERM) {
    return fmt::format("{}{}; make it, owned by the account {}", cannot, reason(why),
                       own_account());
  }
  return fmt::format("{}{} (in {}); {}", cannot, reason(why), parent.string(), disk_remedy(why));
}

FolderFindings examine_data_folder(const config::Config& config, bool makes_folder) {
  const std::string& data_dir = config.data_dir;
  FolderFindings findings{.obstacle = folder_intrusion(data_dir), .unknown = ""};
  if (!findings.obstacle.empty()) return findings;
  std::string problem;
  std::error_code error;
  if (const bool exists = fs::exists(data_dir, error); error || !exists) {
    if (!makes_folder) problem = folder_obstacle(data_dir);
  } else if (fs::is_directory(data_dir, error)) {  // else the loader says so
    problem = problem_of(data_dir);
  }
  if (!problem.empty() && !is_ours(config)) {
    findings.unknown = unknown_text(data_dir);
  } else {
    findings.obstacle = std::move(problem);
  }
  return findings;
}

bool queue_is_open(const std::string& data_dir) {
  const Descriptor file(
      ::open((data_dir + "/queue/LOCK").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!file) return false;
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(file.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

std::string folder_intrusion(const std::string& data_dir) {
  if (!others_may(data_dir, S_IWOTH | S_IXOTH)) return "";
  return fmt::format(
      "every account of this machine may remove and replace the mail in {0}; run chmod o-rwx {0}",
      data_dir);
}

std::string folder_exposure(const std::string& data_dir) {
  if (others_may(data_dir, S_IWOTH | S_IXOTH) || !others_may(data_dir, S_IROTH | S_IXOTH)) {
    return "";
  }
  return fmt::format(
      "every account of this machine may look into {0}, which holds mail; run chmod o-rwx {0}",
      data_dir);
}

}  // namespace signpost::relay
