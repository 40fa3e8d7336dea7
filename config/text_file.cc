#include "config/text_file.h"

#include "base/ascii.h"
#include "base/descriptor.h"
#include "base/write_all.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace signpost::config {

namespace {

constexpr std::size_t kLongestFile = 16 << 20;
constexpr mode_t kPrivate = 0600;

Failure system_failure(std::string_view what) {
  return fail(errno == ENOENT ? Errc::NotFound : Errc::Io,
              fmt::format("{}: {}", what, std::strerror(errno)));
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  return S_ISSOCK(mode) ? "a socket" : "a device";
}

Failure not_allowed() {
  const uid_t uid = ::geteuid();
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  (void)::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return fail(
      Errc::Io,
      fmt::format("cannot be read by the account {}: Permission denied; run this as root or "
                  "as the relay's account, which must be able to read it",
                  found == nullptr ? std::to_string(uid) : found->pw_name));
}

Result<void> write_to_disk(int fd, std::string_view text) {
  if (!write_all(fd, text)) return system_failure("cannot be written");
  if (::fsync(fd) != 0) return system_failure("cannot be written to disk");
  return {};
}

// Owner, group and mode of the file that is replaced; a new file belongs to its creator.
Result<void> take_over_rights(int fd, const struct stat& old) {
  struct stat now{};
  if (::fstat(fd, &now) != 0) return system_failure("cannot be examined");
  if ((now.st_uid != old.st_uid || now.st_gid != old.st_gid) &&
      ::fchown(fd, old.st_uid, old.st_gid) != 0) {
    return system_failure("cannot be given to its owner");
  }
  constexpr mode_t kGroupRead = 0040;
  if (::fchmod(fd, kPrivate | (old.st_mode & kGroupRead)) != 0) {
    return system_failure("cannot be given its mode");
  }
  return {};
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  // Without O_NONBLOCK the open itself would wait for the writer of a named pipe.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == EACCES) return not_allowed();
  if (!file) return system_failure("cannot be read");
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return system_failure("cannot be examined");
  if (!S_ISREG(facts.st_mode)) {
    return fail(Errc::Io,
                fmt::format("cannot be read: {}, not a regular file", kind_of(facts.st_mode)));
  }
  std::string text;
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_failure("cannot be read");
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > kLongestFile) return fail(Errc::Io, "cannot be read: larger than 16 MiB");
  }
}

Result<std::string> read_secret_file(const std::string& path) {
  auto text = read_text_file(path);
  if (!text) return text;
  const std::string_view secret = ascii::trim(*text);
  if (secret.empty()) return fail(Errc::InvalidArgument, "is empty; write the secret into it");
  if (std::ranges::any_of(secret, ascii::is_control)) {
    return fail(Errc::InvalidArgument, "has more than one line, or control characters");
  }
  return std::string(secret);
}

Result<void> check_private(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return {};
  if ((facts.st_mode & S_IRWXO) == 0) return {};
  return fail(Errc::InvalidArgument,
              fmt::format("everyone on this machine may {} it; run chmod o= {}",
                          (facts.st_mode & S_IWOTH) != 0 ? "write" : "read", path));
}

Result<void> create_private_file(const std::string& path, std::string_view text) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivate));
  if (!file) return system_failure("cannot be created");
  auto written = write_to_disk(file.get(), text);
  if (!written) ::unlink(path.c_str());
  return written;
}

Result<void> edit_private_file(const std::string& path,
                               const std::function<Result<std::string>(const std::string&)>& edit) {
  std::error_code error;
  const auto target = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  if (error) return fail(Errc::Io, "cannot be found: " + error.message());
  const Descriptor folder(::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return system_failure("its folder cannot be opened");
  if (::flock(folder.get(), LOCK_EX) != 0) return system_failure("its folder cannot be locked");

  struct stat old{};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) return system_failure("cannot be examined");
  auto before = exists ? read_text_file(target) : Result<std::string>(std::string());
  if (!before) return Failure(std::move(before).error());
  auto after = edit(*before);
  if (!after) return Failure(std::move(after).error());

  std::string fresh = target.string() + ".XXXXXX";
  const Descriptor file(::mkostemp(fresh.data(), O_CLOEXEC));  // mode 0600
  if (!file) return system_failure("a new file beside it cannot be created");
  Result<void> done = exists ? take_over_rights(file.get(), old) : Result<void>();
  if (done) done = write_to_disk(file.get(), *after);
  if (done && ::rename(fresh.c_str(), target.c_str()) != 0)
    done = system_failure("cannot be replaced");
  if (!done) {
    ::unlink(fresh.c_str());
    return done;
  }
  if (::fsync(folder.get()) != 0) return system_failure("its folder cannot be written to disk");
  return {};
}

}  // namespace signpost::config
