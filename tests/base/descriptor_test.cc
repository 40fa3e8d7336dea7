#include "base/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace signpost {
namespace {

int open_one() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Descriptor, ClosesWhatItOwns) {
  const int fd = open_one();
  {
    const Descriptor owner(fd);
    EXPECT_TRUE(owner);
    EXPECT_EQ(owner.get(), fd);
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(Descriptor, MovesItsDescriptor) {
  const int fd = open_one();
  Descriptor from(fd);
  Descriptor to(std::move(from));
  EXPECT_TRUE(is_open(fd));
  EXPECT_EQ(to.get(), fd);
  const int other = open_one();
  to = Descriptor(other);
  EXPECT_FALSE(is_open(fd));
  EXPECT_TRUE(is_open(other));
}

TEST(Descriptor, GivesItsDescriptorAway) {
  const int fd = open_one();
  Descriptor owner(fd);
  EXPECT_EQ(owner.release(), fd);
  EXPECT_FALSE(owner);
  owner.reset();
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST(Descriptor, ANegativeNumberIsNotADescriptor) {
  Descriptor none(-1);
  EXPECT_FALSE(none);
  EXPECT_FALSE(Descriptor());
}

}  // namespace
}  // namespace signpost
