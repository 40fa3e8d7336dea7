// The store's promises, kept by a process that is killed or whose disk is full (queue_writer.cc).
#include "rocks/rocks_store.h"
#include "tests/queue/samples.h"
#include "tests/rocks/raw_queue.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

extern char** environ;

namespace signpost::rocks {
namespace {

class Writer {
 public:
  explicit Writer(const std::string& directory) {
    int to[2];
    int from[2];
    EXPECT_EQ(pipe(to), 0);
    EXPECT_EQ(pipe(from), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    for (const int fd : {to[0], to[1], from[0], from[1]}) {
      posix_spawn_file_actions_addclose(&actions, fd);
    }
    std::string program = QUEUE_WRITER;
    std::string argument = directory;
    char* const arguments[] = {program.data(), argument.data(), nullptr};
    EXPECT_EQ(posix_spawn(&pid_, QUEUE_WRITER, &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    in_ = fdopen(to[1], "w");
    out_ = fdopen(from[0], "r");
  }
  ~Writer() {
    if (pid_ > 0) kill();
    std::fclose(in_);
    std::fclose(out_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void tell(const std::string& command) {
    std::fprintf(in_, "%s\n", command.c_str());
    std::fflush(in_);
  }

  std::string line() {  // "" at the end
    std::string text;
    for (int c = std::fgetc(out_); c != EOF && c != '\n'; c = std::fgetc(out_)) {
      text.push_back(static_cast<char>(c));
    }
    return text;
  }

  void kill() {
    ::kill(pid_, SIGKILL);
    wait();
  }

  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_ = 0;
  std::FILE* in_ = nullptr;
  std::FILE* out_ = nullptr;
};

bool is_ok(const std::string& line) { return line.starts_with("ok "); }
queue::MessageId id_in(const std::string& line) {
  return queue::MessageId::parse(line.substr(3)).value();
}

class RocksStoreCrashTest : public testing::Test {
 protected:
  std::unique_ptr<queue::Store> open() {
    auto opened = open_store(directory.path(), {});
    EXPECT_TRUE(opened) << opened.error().detail;
    return opened ? std::move(*opened) : nullptr;
  }

  void expect_whole(const queue::Store& store, const queue::MessageId& id) {
    EXPECT_TRUE(store.envelope(id)) << id.text();
    const auto content = store.content(id);
    ASSERT_TRUE(content) << content.error().detail;
    EXPECT_EQ(*content, queue::samples::content_of(id, 4'500));
    EXPECT_EQ(store.jobs_of(id).value(), std::vector<queue::Job>{queue::samples::job(id)});
  }

  void pass_through(const std::string& trouble, int writes, const std::string& end);

  test::TemporaryDirectory directory;
};

TEST_F(RocksStoreCrashTest, WhatWasAcknowledgedSurvivesAKill) {
  std::vector<queue::MessageId> acknowledged;
  std::vector<queue::MessageId> removed;
  for (int run = 0; run < 3; ++run) {
    Writer writer(directory.path());
    ASSERT_EQ(writer.line(), "ready");
    writer.tell("write 100");
    for (int i = 0; i < 100; ++i) {
      const std::string line = writer.line();
      ASSERT_TRUE(is_ok(line)) << line;
      acknowledged.push_back(id_in(line));
    }
    for (int i = 0; i < 30; ++i) {
      writer.tell("remove " + acknowledged.back().text());
      ASSERT_TRUE(is_ok(writer.line()));
      removed.push_back(acknowledged.back());
      acknowledged.pop_back();
    }
    writer.tell("write 1000000");
    // Enough for several memtables, so that the kill meets data files and log alike.
    for (int i = 0; i < 400 + 77 * run; ++i) {
      const std::string line = writer.line();
      ASSERT_TRUE(is_ok(line)) << line;
      acknowledged.push_back(id_in(line));
    }
    writer.kill();
  }
  const auto store = open();
  ASSERT_NE(store, nullptr);
  for (const queue::MessageId& id : acknowledged) expect_whole(*store, id);
  for (const queue::MessageId& id : removed) EXPECT_FALSE(store->content(id));
  // What was being written at the kill is stored whole, or not at all.
  EXPECT_GE(store->totals().ready, acknowledged.size());
  for (queue::Cursor position;;) {
    const auto page = store->jobs({}, position, 1000);
    ASSERT_TRUE(page);
    for (const queue::QueuedJob& each : page->jobs) expect_whole(*store, each.job.ref.id);
    if (page->end) break;
    position = page->next;
  }
}

// What was stored before, during and after a fault of the machine is kept; failed writes left
// nothing behind.
void RocksStoreCrashTest::pass_through(const std::string& trouble, int writes,
                                       const std::string& end) {
  std::vector<queue::MessageId> acknowledged;
  {
    Writer writer(directory.path());
    ASSERT_EQ(writer.line(), "ready");
    writer.tell("write 20");
    for (int i = 0; i < 20; ++i) acknowledged.push_back(id_in(writer.line()));
    writer.tell(trouble);
    writer.tell("write " + std::to_string(writes));
    int failed = 0;
    for (int i = 0; i < writes; ++i) {
      const std::string line = writer.line();
      if (is_ok(line)) {
        EXPECT_EQ(failed, 0) << "stored in the middle of it";
        acknowledged.push_back(id_in(line));
      } else {
        ASSERT_TRUE(line.starts_with("error ")) << line;
        ++failed;
      }
    }
    EXPECT_GT(failed, 0);
    writer.tell(end);
    // The store tries once a second at most, and says so in the meantime.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    std::string line;
    do {
      writer.tell("write 1");
      line = writer.line();
    } while (!is_ok(line) && std::chrono::steady_clock::now() < deadline);
    ASSERT_TRUE(is_ok(line)) << line;
    acknowledged.push_back(id_in(line));
    writer.tell("write 50");
    for (int i = 0; i < 50; ++i) acknowledged.push_back(id_in(writer.line()));
    writer.kill();
  }
  const auto store = open();
  ASSERT_NE(store, nullptr);
  for (const queue::MessageId& id : acknowledged) expect_whole(*store, id);
  EXPECT_EQ(store->totals().ready, acknowledged.size()) << "a failed write left something behind";
}

TEST_F(RocksStoreCrashTest, FullDiskFailsWritesAndRecoversByItselfWhenThereIsSpace) {
  pass_through("limit 150000", 100, "unlimited");
}

TEST_F(RocksStoreCrashTest, ALackOfDescriptorsFailsWritesAndPasses) {
  pass_through("descriptors none", 1000, "descriptors all");
}

TEST_F(RocksStoreCrashTest, QueueInUseIsRefusedToAnotherProcess) {
  const auto store = open();
  Writer writer(directory.path());
  EXPECT_NE(writer.line().find("in use by another process"), std::string::npos);
  EXPECT_NE(writer.wait(), 0);
}

TEST_F(RocksStoreCrashTest, OrdinaryEndLosesNothing) {
  std::vector<queue::MessageId> acknowledged;
  Writer writer(directory.path());
  ASSERT_EQ(writer.line(), "ready");
  writer.tell("write 10");
  for (int i = 0; i < 10; ++i) acknowledged.push_back(id_in(writer.line()));
  writer.tell("quit");
  EXPECT_EQ(writer.wait(), 0);
  const auto store = open();
  for (const queue::MessageId& id : acknowledged) expect_whole(*store, id);
}

}  // namespace
}  // namespace signpost::rocks
