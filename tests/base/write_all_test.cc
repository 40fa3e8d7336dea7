#include "base/write_all.h"

#include "base/descriptor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

namespace signpost {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    out = Descriptor(ends[0]);
    in = Descriptor(ends[1]);
  }
  Descriptor in;
  Descriptor out;
};

TEST(WriteAll, MoreThanThePipeHoldsArrivesWhole) {
  Pipe pipe;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
  std::string received;
  std::thread reader([&] {
    std::array<char, 4096> piece{};
    for (ssize_t size = 0; (size = ::read(pipe.out.get(), piece.data(), piece.size())) > 0;) {
      received.append(piece.data(), static_cast<std::size_t>(size));
    }
  });
  EXPECT_TRUE(write_all(pipe.in.get(), text));
  pipe.in.reset();
  reader.join();
  EXPECT_EQ(received, text);
}

TEST(WriteAll, NothingIsWrittenWithoutACall) { EXPECT_TRUE(write_all(-1, "")); }

TEST(WriteAll, AReaderThatIsGoneIsToldByErrno) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.out.reset();
  EXPECT_FALSE(write_all(pipe.in.get(), "text"));
  EXPECT_EQ(errno, EPIPE);
}

}  // namespace
}  // namespace signpost
