#include "bench/wire/ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace signpost::bench {

Result<Ledger> Ledger::open(const std::string& file) {
  Ledger ledger;
  ledger.fd_ = Descriptor(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!ledger.fd_) return fail(Errc::Io, file + ": " + std::strerror(errno));
  ledger.file_ = file;
  return ledger;
}

Result<void> Ledger::append(std::string_view lines) {
  if (!fd_ || lines.empty()) return {};
  const ssize_t written = write(fd_.get(), lines.data(), lines.size());
  if (written == static_cast<ssize_t>(lines.size())) return {};
  // A part that was written means that there was no room for the rest.
  return fail(Errc::Io, file_ + ": " + std::strerror(written < 0 ? errno : ENOSPC));
}

}  // namespace signpost::bench
