// Which delivery status notifications one attempt gives rise to (RFC 3461 section 5, RFC 5321
// section 6.1).
#pragma once

#include "base/clock.h"
#include "message/status_notification.h"
#include "queue/envelope.h"
#include "queue/store.h"
#include "relay/disposition.h"
#include "relay/settings.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::relay {

// Collects what has to be reported about one message, then makes at most one notification for each
// kind of report. Nothing is ever sent in answer to the null reverse-path: such a loss is logged.
class Notifications {
 public:
  // Both must outlive it.
  Notifications(const queue::Envelope& envelope, const Settings& settings, SystemTime now);

  void failed(const queue::Recipient& recipient, const Disposition& disposition,
              std::string_view mx, bool expired);
  void delayed(const queue::Recipient& recipient, const Disposition& disposition,
               std::string_view mx);
  // The message went to a server that does not report success itself.
  void relayed(const queue::Recipient& recipient, const Disposition& disposition,
               std::string_view mx);

  // What to enqueue: messages from the null reverse-path to the reverse-path, one job each.
  // `content` is the reported message's.
  std::vector<queue::Change::Enqueued> build(
      std::string_view content, const std::function<queue::MessageId()>& next_id) const;

 private:
  message::NotifiedRecipient notified(const queue::Recipient& recipient,
                                      const Disposition& disposition, std::string_view mx,
                                      message::Action action) const;
  queue::Change::Enqueued enqueue(const std::vector<message::NotifiedRecipient>& recipients,
                                  std::string_view content, queue::MessageId id) const;

  const queue::Envelope& envelope_;
  const Settings& settings_;
  const SystemTime now_;
  std::vector<message::NotifiedRecipient> failed_;
  std::vector<message::NotifiedRecipient> delayed_;
  std::vector<message::NotifiedRecipient> relayed_;
};

}  // namespace signpost::relay
