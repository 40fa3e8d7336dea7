#include "delivery/lane_share.h"

#include "net/address.h"
#include "smtp/transfer_requests.h"

namespace signpost::delivery {

namespace {

constexpr int kPriorities = smtp::kHighestPriority - smtp::kLowestPriority + 1;

int order_of(auth::MailClass mail_class) {
  switch (mail_class) {
    case auth::MailClass::Bulk:
      return -1;
    case auth::MailClass::Usual:
      return 0;
    case auth::MailClass::Transactional:
      return 1;
  }
  return 0;
}

}  // namespace

LaneShare share_of(const relay::Settings& settings, const queue::Lane& lane) {
  const std::string_view holder = queue::holder_of(lane.account);
  LaneShare share{.owner = std::string(holder), .rank = lane.priority};
  const bool is_login = holder.size() == lane.account.size();
  const auth::User* const user =
      is_login && settings.users ? settings.users->find(holder) : nullptr;
  if (user != nullptr) {
    share.rank += kPriorities * order_of(user->mail_class);
    if (!user->tenant.empty()) share.owner = "tenant " + user->tenant;
    return share;
  }
  if (const auto client = net::IpAddress::parse(holder)) {
    if (const auto* tenant = config::find_tenant(*settings.config, *client)) {
      share.owner = "tenant " + tenant->name;
    }
  }
  return share;
}

}  // namespace signpost::delivery
