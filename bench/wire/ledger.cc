#include "bench/wire/ledger.h"

#include "base/check.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace signpost::bench {

Result<Ledger> Ledger::open(const std::string& file) {
  Ledger ledger;
  ledger.fd_ = Descriptor(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!ledger.fd_) return fail(Errc::Io, file + ": " + std::strerror(errno));
  return ledger;
}

void Ledger::append(std::string_view lines) {
  if (!fd_ || lines.empty()) return;
  CHECK(write(fd_.get(), lines.data(), lines.size()) == static_cast<ssize_t>(lines.size()));
}

}  // namespace signpost::bench
