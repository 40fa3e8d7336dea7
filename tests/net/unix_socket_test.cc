#include "net/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace signpost::net {
namespace {

namespace fs = std::filesystem;

class UnixSocket : public ::testing::Test {
 protected:
  UnixSocket() {
    std::string name = (fs::temp_directory_path() / "signpost-unix-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~UnixSocket() override { fs::remove_all(folder_); }

  // Deeper than an address has room for.
  std::string deep() const {
    const fs::path path = fs::path(folder_) / std::string(100, 'x') / std::string(100, 'y');
    fs::create_directories(path);
    return path / "admin.sock";
  }
  std::string path() const { return folder_ + "/admin.sock"; }

  static std::string error_of(const std::string& path) {
    auto listener = UnixListener::open(path, 0660);
    return listener ? "" : listener.error().detail;
  }

  std::string folder_;
};

TEST_F(UnixSocket, ListensWithItsModeAndRemovesItsFile) {
  for (const std::string& where : {path(), deep()}) {
    {
      auto listener = UnixListener::open(where, 0640);
      ASSERT_TRUE(listener) << listener.error().detail;
      const UnixListener moved = std::move(*listener);
      struct stat found{};
      ASSERT_EQ(::stat(where.c_str(), &found), 0);
      EXPECT_TRUE(S_ISSOCK(found.st_mode));
      EXPECT_EQ(found.st_mode & 0777U, 0640U);
      EXPECT_EQ(try_unix_socket(where), 0);
    }
    EXPECT_FALSE(fs::exists(where));
    EXPECT_EQ(try_unix_socket(where), ENOENT);
  }
}

TEST_F(UnixSocket, KnowsWhoConnects) {
  auto listener = UnixListener::open(path(), 0660);
  ASSERT_TRUE(listener);
  ASSERT_EQ(try_unix_socket(path()), 0);
  const Descriptor accepted(::accept(listener->fd(), nullptr, nullptr));
  const auto peer = peer_credentials(accepted.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, ::getuid());
  EXPECT_EQ(peer->gid, ::getgid());
  EXPECT_EQ(peer->pid, ::getpid());
}

TEST_F(UnixSocket, ATcpSocketHasNoAccountAtItsEnd) {
  const Descriptor tcp(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_FALSE(peer_credentials(tcp.get()));
}

TEST_F(UnixSocket, ASocketWithoutAListenerIsReplaced) {
  {
    auto listener = UnixListener::open(path(), 0660);
    ASSERT_TRUE(listener);
    fs::rename(path(), path() + ".left");  // as a crash leaves it
  }
  fs::rename(path() + ".left", path());
  EXPECT_EQ(try_unix_socket(path()), ECONNREFUSED);
  EXPECT_EQ(error_of(path()), "");
}

TEST_F(UnixSocket, ASocketInUseIsNotStolen) {
  for (const std::string& where : {path(), deep()}) {
    auto listener = UnixListener::open(where, 0660);
    ASSERT_TRUE(listener);
    EXPECT_EQ(error_of(where), where + ": another process, perhaps a Signpost, listens there");
    EXPECT_EQ(try_unix_socket(where), 0);
  }
}

TEST_F(UnixSocket, AFileThatIsNotASocketIsLeftAlone) {
  std::ofstream(path()) << "precious";
  EXPECT_EQ(error_of(path()),
            path() + " exists and is not a socket; remove it, or name another path");
  EXPECT_EQ(fs::file_size(path()), 8U);
}

TEST_F(UnixSocket, AnotherSocketAtItsPathIsNotRemoved) {
  auto first = UnixListener::open(path(), 0660);
  ASSERT_TRUE(first);
  fs::remove(path());
  auto second = UnixListener::open(path(), 0660);
  ASSERT_TRUE(second);
  {
    const UnixListener gone = std::move(*first);
  }
  EXPECT_EQ(try_unix_socket(path()), 0);
}

TEST_F(UnixSocket, AMissingFolderIsNamed) {
  EXPECT_EQ(error_of(folder_ + "/none/admin.sock"),
            folder_ + "/none/admin.sock: bind: No such file or directory");
}

}  // namespace
}  // namespace signpost::net
