// Keeps what the relay remembers across restarts in a file of the data folder.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <functional>
#include <future>
#include <string>
#include <utility>

namespace signpost::daemon {

// For the main thread. A file that cannot be used never stops the relay.
class FileKeeper {
 public:
  // What is remembered. Both block on the file, and save() is called on threads of their own too.
  struct Memory {
    std::string name;  // of the file
    std::function<Result<void>(const std::string& file)> load;
    std::function<Result<void>(const std::string& file)> save;
    std::function<bool()> unsaved;
    std::function<void(const std::string& file, const std::string& detail)> lost;  // report it
  };

  FileKeeper(Memory memory, const Clock& clock) : memory_(std::move(memory)), clock_(clock) {}
  ~FileKeeper() { wait(); }
  FileKeeper(const FileKeeper&) = delete;
  FileKeeper& operator=(const FileKeeper&) = delete;

  void load(const std::string& data_dir);
  void tick();  // saves what has changed once a minute, on a thread of its own
  void end();   // saves the rest

 private:
  void report(const Result<void>& done) const;
  void wait();

  const Memory memory_;
  const Clock& clock_;
  std::string file_;  // "" before load()
  std::future<void> saving_;
  SteadyTime next_save_{};
};

}  // namespace signpost::daemon
