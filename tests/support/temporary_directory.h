// A directory of its own for a test, removed with it.
#pragma once

#include "base/check.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace signpost::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_((std::filesystem::temp_directory_path() / "signpost-test-XXXXXX").string()) {
    CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;  // what cannot be removed is in the system's directory for such things
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace signpost::test
