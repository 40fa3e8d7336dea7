#include "sendmail/spool.h"

#include "base/ascii.h"
#include "base/random.h"
#include "base/write_all.h"
#include "smtp/address.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <limits>
#include <memory>
#include <system_error>

namespace signpost::sendmail {

namespace {

constexpr std::string_view kMagic = "signpost letter 1\n";
constexpr std::string_view kNamePrefix = "letter-";
constexpr std::string_view kAside = "refused-";
constexpr mode_t kMode = 0640;  // for its owner, and the relay's group
constexpr std::size_t kMostRecipients = 100'000;
constexpr std::size_t kMostEntries = 100'000;  // of the folder, looked at in one go

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

bool is_mailbox(std::string_view text) {
  const auto mailbox = smtp::parse_mailbox(text, true);
  return mailbox && mailbox->text() == text;
}

// One line of the head: "to a@b.example".
bool take_line(std::string_view key, std::string_view value, Decoded& into) {
  Letter& letter = into.letter;
  if (key == "from") {
    letter.sender = value;
    return value.empty() || is_mailbox(value);
  }
  if (key == "to") {
    letter.recipients.emplace_back(value);
    return letter.recipients.size() <= kMostRecipients && is_mailbox(value);
  }
  if (key == "notify") {
    const auto bits = number<std::uint8_t>(value);
    if (bits) letter.notify.bits = *bits;
    return bits && *bits <= 15;
  }
  if (key == "return") {
    if (value != "full" && value != "headers") return false;
    letter.ret = value == "full" ? smtp::Return::Full : smtp::Return::Headers;
    return true;
  }
  if (key == "envid") {
    letter.envelope_id = value;
    return true;
  }
  if (key == "account") {
    into.owner = number<uid_t>(value);
    return into.owner.has_value();
  }
  return false;
}

// Sorts by time; the rest keeps two of one millisecond apart.
std::string new_name() {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::string name = fmt::format("{}{:012x}-", kNamePrefix, now.count());
  for (const char c : secret_bytes(8)) name += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return name;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// Calls `visit` with each name until it returns false.
template <typename Visit>
void each_name(int folder_fd, const Visit& visit) {
  const int fd = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(fd));
  if (!folder) {
    ::close(fd);
    return;
  }
  std::size_t seen = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (++seen > kMostEntries || !visit(std::string_view(entry->d_name))) return;
  }
}

std::optional<uid_t> owner_in(int folder, std::string_view name) {
  struct stat facts{};
  if (::fstatat(folder, std::string(name).c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return {};
  return facts.st_uid;
}

bool reached_most(int folder, uid_t owner) {
  std::size_t count = 0;
  each_name(folder, [&](std::string_view name) {
    const bool counts = name.starts_with(kNamePrefix) || name.starts_with(kAside);
    if (counts && owner_in(folder, name) == owner) ++count;
    return count < kMostOfAccount;
  });
  return count >= kMostOfAccount;
}

}  // namespace

std::string encode(const Letter& letter, std::optional<uid_t> owner) {
  std::string text(kMagic);
  if (owner) text += fmt::format("account {}\n", *owner);
  text += fmt::format("from {}\n", letter.sender);
  for (const std::string& recipient : letter.recipients) text += fmt::format("to {}\n", recipient);
  if (letter.notify.bits != 0) text += fmt::format("notify {}\n", letter.notify.bits);
  if (letter.ret == smtp::Return::Full) text += "return full\n";
  if (letter.ret == smtp::Return::Headers) text += "return headers\n";
  if (!letter.envelope_id.empty()) text += fmt::format("envid {}\n", letter.envelope_id);
  text += fmt::format("content {}\n", letter.content.size());
  return text + letter.content;
}

std::optional<Decoded> decode(std::string_view text) {
  if (!text.starts_with(kMagic)) return {};
  text.remove_prefix(kMagic.size());
  Decoded decoded;
  for (;;) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || std::ranges::any_of(line, ascii::is_control)) return {};
    const std::string_view key = line.substr(0, blank);
    const std::string_view value = line.substr(blank + 1);
    if (key == "content") {
      if (number<std::size_t>(value) != text.size() || decoded.letter.recipients.empty()) return {};
      decoded.letter.content = text;
      return decoded;
    }
    if (!take_line(key, value, decoded)) return {};
  }
}

Failure Spool::failed(const char* call) const {
  return fail(Errc::Io, path_ + ": " + call + ": " + std::generic_category().message(errno));
}

Result<Spool> Spool::open(const std::string& folder) {
  Spool spool(folder, Descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!spool.folder_) return spool.failed("open");
  struct stat facts{};
  if (::fstat(spool.folder_.get(), &facts) != 0) return spool.failed("stat");
  if ((facts.st_mode & S_IWOTH) != 0 && (facts.st_mode & S_ISVTX) == 0) {
    return fail(Errc::Io,
                folder + ": everyone may remove files of others; run chmod 3777 " + folder);
  }
  return spool;
}

Result<void> Spool::keep(const Letter& letter, std::optional<uid_t> owner) const {
  if (reached_most(folder_.get(), ::geteuid())) {
    return fail(Errc::Unavailable,
                fmt::format("{}: {} letters of this account wait there", path_, kMostOfAccount));
  }
  // Without a name until it is whole: nothing is left of a process that is killed.
  const Descriptor file(::openat(folder_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kMode));
  if (!file) return failed("open");
  // Whatever the umask is.
  if (::fchmod(file.get(), kMode) != 0) return failed("chmod");
  if (!write_all(file.get(), encode(letter, owner))) return failed("write");
  if (::fsync(file.get()) != 0) return failed("fsync");
  const std::string itself = fmt::format("/proc/self/fd/{}", file.get());
  const std::string name = new_name();
  if (::linkat(AT_FDCWD, itself.c_str(), folder_.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return failed("link");
  }
  if (::fsync(folder_.get()) == 0) return {};
  // It is not known to be safe, and the caller will be told so.
  auto failure = failed("fsync");
  (void)::unlinkat(folder_.get(), name.c_str(), 0);
  return failure;
}

std::vector<std::string> Spool::names(std::size_t most, std::optional<uid_t> owner) const {
  std::vector<std::string> found;
  each_name(folder_.get(), [&](std::string_view name) {
    if (name.starts_with(kNamePrefix) && (!owner || owner_in(folder_.get(), name) == owner)) {
      found.emplace_back(name);
    }
    return true;
  });
  std::ranges::sort(found);
  if (found.size() > most) found.resize(most);
  return found;
}

std::optional<uid_t> Spool::owner_of(const std::string& name) const {
  return owner_in(folder_.get(), name);
}

Result<SpooledLetter> Spool::read(const std::string& name, std::size_t most_octets) const {
  const Descriptor file(::openat(folder_.get(), name.c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) return failed(name.c_str());
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return failed(name.c_str());
  // A second link could be to a file of another account, in whose name it would be sent.
  if (!S_ISREG(facts.st_mode) || facts.st_nlink != 1) {
    return fail(Errc::InvalidArgument, name + ": not a file with one link");
  }
  if (static_cast<std::size_t>(facts.st_size) > most_octets) {
    return fail(Errc::InvalidArgument, name + ": larger than limits.message_size");
  }
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(name.c_str());
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  auto decoded = decode(text);
  if (!decoded) return fail(Errc::InvalidArgument, name + ": not a letter");
  const bool own = facts.st_uid == ::geteuid();
  return SpooledLetter{std::move(decoded->letter),
                       own && decoded->owner ? *decoded->owner : facts.st_uid};
}

Result<void> Spool::remove(const std::string& name) const {
  if (::unlinkat(folder_.get(), name.c_str(), 0) != 0) return failed("unlink");
  // After a crash it must not come again.
  if (::fsync(folder_.get()) != 0) return failed("fsync");
  return {};
}

Result<void> Spool::set_aside(const std::string& name) const {
  const std::string aside = std::string(kAside) + name;
  if (::renameat(folder_.get(), name.c_str(), folder_.get(), aside.c_str()) != 0) {
    return failed("rename");
  }
  return {};
}

}  // namespace signpost::sendmail
