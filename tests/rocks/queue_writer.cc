// A process that writes to a queue for a test that kills it or takes its disk away. Commands on
// stdin, one a line; for each message one line on stdout, flushed: "ok ID" after it was stored.
//
//   write N        N messages, one apply() each; "error WORDS" for those that fail
//   remove ID      its one job
//   limit BYTES    no file may grow beyond: the kernel's stand-in for a full disk
//   unlimited
//   descriptors none|all   whether a file can be opened
//   quit           the ordinary end; without it the process just goes
#include "rocks/rocks_store.h"
#include "tests/queue/samples.h"

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

using namespace signpost;
using namespace signpost::rocks;

constexpr std::size_t kContent = 4'500;

void say(const std::string& line) {
  std::string out = line + "\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

void report(const Result<void>& result, const queue::MessageId& id) {
  say(result ? "ok " + id.text() : "error " + result.error().detail);
}

void limit_files(rlim_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

void allow_descriptors(bool any) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = any ? limit.rlim_max : 3;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // the write fails instead
  auto store = open_store(argv[1], {.write_buffer_size = 1 << 20});
  if (!store) {
    say("error " + store.error().detail);
    return 1;
  }
  say("ready");
  queue::MessageIdGenerator ids;
  std::string command;
  while (std::cin >> command) {
    if (command == "write") {
      int count = 0;
      std::cin >> count;
      for (int i = 0; i < count; ++i) {
        const queue::MessageId id = ids.next(system_now());
        report(queue::samples::apply(**store, queue::samples::enqueue(id, 1, kContent)), id);
      }
    } else if (command == "remove") {
      std::string text;
      std::cin >> text;
      const queue::MessageId id = *queue::MessageId::parse(text);
      report(queue::samples::apply(**store, queue::samples::remove(queue::samples::job(id))), id);
    } else if (command == "limit") {
      rlim_t bytes = 0;
      std::cin >> bytes;
      limit_files(bytes);
    } else if (command == "unlimited") {
      limit_files(RLIM_INFINITY);
    } else if (command == "descriptors") {
      std::string which;
      std::cin >> which;
      allow_descriptors(which == "all");
    } else if (command == "quit") {
      return 0;
    }
  }
  std::quick_exit(0);
}
