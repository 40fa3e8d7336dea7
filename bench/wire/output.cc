#include "bench/wire/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace signpost::bench {

namespace {

struct Close {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

Failure failed(const std::string& path) {
  return fail(Errc::Io, path + ": " + std::strerror(errno));
}

bool put(std::FILE* file, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
}

// A regular file is replaced by a new one beside it.
bool is_replaced(const std::string& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  return kind == std::filesystem::file_type::regular ||
         kind == std::filesystem::file_type::not_found;
}

std::string fresh_file(const std::string& path) { return path + ".new"; }

}  // namespace

Result<void> write_stdout(std::string_view text) {
  if (!put(stdout, text)) return failed("stdout");
  return {};
}

Result<void> check_writable(const std::string& path) {
  if (!is_replaced(path)) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      return fail(Errc::Io, path + ": is a folder; name a file");
    }
    if (::access(path.c_str(), W_OK) != 0) return failed(path);
    return {};
  }
  const std::string fresh = fresh_file(path);
  const File file(std::fopen(fresh.c_str(), "wbe"));
  if (!file) return failed(path);
  if (std::remove(fresh.c_str()) != 0) return failed(fresh);
  return {};
}

Result<void> write_file(const std::string& path, std::string_view text) {
  const bool regular = is_replaced(path);
  const std::string fresh = regular ? fresh_file(path) : path;
  {
    const File file(std::fopen(fresh.c_str(), "wbe"));
    if (!file) return failed(fresh);
    if (!put(file.get(), text)) return failed(fresh);
  }
  if (regular && std::rename(fresh.c_str(), path.c_str()) != 0) return failed(path);
  return {};
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const File file(std::fopen(path.c_str(), "rbe"));
  if (!file) return failed(path);
  std::string text;
  char piece[65536];
  while (std::feof(file.get()) == 0) {
    const std::size_t got = std::fread(piece, 1, sizeof piece, file.get());
    if (std::ferror(file.get()) != 0) return failed(path);
    text.append(piece, got);
    if (text.size() > most) {
      return fail(Errc::InvalidArgument, fmt::format("{} has more than {} octets", path, most));
    }
  }
  return text;
}

}  // namespace signpost::bench
