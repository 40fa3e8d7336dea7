#include "base/alive.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>

namespace signpost {
namespace {

struct Owner {
  int calls = 0;
  Alive alive;
};

TEST(Alive, ATokenKnowsWhetherItsOwnerLives) {
  std::optional<Owner> owner(std::in_place);
  const Alive::Token token = owner->alive.token();
  EXPECT_TRUE(token);
  owner.reset();
  EXPECT_FALSE(token);
}

TEST(Alive, AGuardedCallbackRunsWhileItsOwnerLives) {
  Owner owner;
  std::function<void(int)> callback = owner.alive.guard([&owner](int by) { owner.calls += by; });
  callback(2);
  callback(3);
  EXPECT_EQ(owner.calls, 5);
}

TEST(Alive, AGuardedCallbackDoesNothingAfterwards) {
  auto owner = std::make_unique<Owner>();
  int calls = 0;
  std::function<void()> callback = owner->alive.guard([&calls] { ++calls; });
  owner.reset();
  callback();
  EXPECT_EQ(calls, 0);
}

TEST(Alive, ACallbackMayEndItsOwner) {
  auto owner = std::make_unique<Owner>();
  std::function<void()> callback = owner->alive.guard([&owner] { owner.reset(); });
  callback();
  EXPECT_EQ(owner, nullptr);
  callback();
}

}  // namespace
}  // namespace signpost
