#include "delivery/shared_transaction.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

std::vector<queue::Recipient> recipients(std::initializer_list<std::string_view> local_parts) {
  std::vector<queue::Recipient> made;
  for (const std::string_view local_part : local_parts) {
    made.push_back({smtp::Mailbox(local_part, "receiver.example"), {}, ""});
  }
  return made;
}

TEST(SharedTransaction, OneThatNeedsSmtputf8DoesNotTakeTheOthersDownWithIt) {
  const queue::Envelope envelope;
  const auto all = recipients({"a", "b", "jürgen", "c"});
  std::span<const queue::Recipient> rest(all);
  std::vector<std::size_t> sizes;
  while (!rest.empty()) {
    sizes.push_back(shared_transaction(envelope, rest, false).size());
    rest = rest.subspan(sizes.back());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 1, 1}));
}

TEST(SharedTransaction, IsSharedByAllWhereThePeerHasSmtputf8) {
  EXPECT_EQ(shared_transaction({}, recipients({"a", "jürgen", "b"}), true).size(), 3U);
}

TEST(SharedTransaction, IsSharedByAllWhenTheMessageItselfNeedsSmtputf8) {
  queue::Envelope envelope;
  envelope.smtputf8 = true;
  EXPECT_EQ(shared_transaction(envelope, recipients({"a", "jürgen", "b"}), false).size(), 3U);
}

}  // namespace
}  // namespace signpost::delivery
