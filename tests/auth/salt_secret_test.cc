#include "auth/salt_secret.h"

#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace signpost::auth {
namespace {

TEST(SaltSecret, OutlivesARestart) {
  const test::TemporaryDirectory folder;
  const std::string file = folder.path() + "/salt-secret";
  const std::string secret = keep_salt_secret(file);
  EXPECT_EQ(secret.size(), 32u);
  EXPECT_EQ(keep_salt_secret(file), secret);
}

TEST(SaltSecret, ADamagedFileIsReplacedAndAFolderThatIsAwayIsBorne) {
  const test::TemporaryDirectory folder;
  const std::string file = folder.path() + "/salt-secret";
  std::ofstream(file) << "short\n";
  const std::string secret = keep_salt_secret(file);
  EXPECT_EQ(secret.size(), 32u);
  EXPECT_EQ(keep_salt_secret(file), secret);
  EXPECT_EQ(keep_salt_secret(folder.path() + "/nowhere/salt-secret").size(), 32u);
}

}  // namespace
}  // namespace signpost::auth
