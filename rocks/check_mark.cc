#include "rocks/check_mark.h"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace signpost::rocks {

namespace {

std::string check_mark(const std::string& directory) { return directory + ".check"; }

}  // namespace

void ask_for_check(const std::string& directory) { std::ofstream(check_mark(directory)) << '\n'; }

bool check_is_asked_for(const std::string& directory) {
  std::error_code error;
  return std::filesystem::exists(check_mark(directory), error);
}

void forget_check(const std::string& directory) {
  std::error_code error;
  std::filesystem::remove(check_mark(directory), error);
}

}  // namespace signpost::rocks
