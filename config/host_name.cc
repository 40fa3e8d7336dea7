#include "config/host_name.h"

#include "config/config_values.h"

#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace signpost::config {

namespace {

bool is_full_name(std::string_view name) {
  const auto domain = parse_domain(name);
  return domain && domain->find('.') != std::string::npos && !name.starts_with("localhost");
}

std::string canonical_name(const std::string& name) {
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  return found->ai_canonname == nullptr ? "" : found->ai_canonname;
}

Result<std::string> ask_system() {
  std::array<char, 256> buffer{};
  if (gethostname(buffer.data(), buffer.size() - 1) != 0) buffer.front() = '\0';
  const std::string name(buffer.data());
  for (const std::string& candidate : {name, canonical_name(name)}) {
    if (is_full_name(candidate)) return *parse_domain(candidate);
  }
  return fail(Errc::NotFound,
              fmt::format("missing, and the system's name \"{}\" has no domain; write this "
                          "machine's full name, as in \"mail.shop.example\"",
                          name));
}

}  // namespace

Result<std::string> system_host_name() {
  static const Result<std::string> name = ask_system();
  return name;
}

}  // namespace signpost::config
