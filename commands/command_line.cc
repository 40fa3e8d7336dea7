#include "commands/command_line.h"

#include "base/ascii.h"

#include <cstdio>

namespace signpost::commands {

int refuse(std::string_view message) {
  constexpr std::size_t kLongestLine = 16 * 1024;
  for (const std::string_view line : ascii::split(message, '\n')) {
    std::fprintf(stderr, "signpost: %s\n", ascii::printable(line, kLongestLine).c_str());
  }
  return kRefused;
}

int refuse(const std::vector<std::string>& messages) {
  for (const std::string& message : messages) refuse(message);
  return kRefused;
}

void warn(std::string_view message) { refuse("warning: " + std::string(message)); }

// A write error stays with the stream; main() checks at the end.
void print(std::string_view text) { (void)std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace signpost::commands
