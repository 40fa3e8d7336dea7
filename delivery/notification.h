// Which delivery status notifications one attempt gives rise to (RFC 3461 section 5, RFC 5321
// section 6.1).
#pragma once

#include "base/clock.h"
#include "delivery/disposition.h"
#include "message/status_notification.h"
#include "queue/envelope.h"
#include "queue/store.h"
#include "relay/settings.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {

// Collects what has to be reported about one message, then makes at most one notification for each
// kind of report. Nothing is ever sent in answer to the null reverse-path. Pure.
class Notifications {
 public:
  // Both must outlive it.
  Notifications(const queue::Envelope& envelope, const relay::Settings& settings, SystemTime now);

  void failed(const queue::Recipient& recipient, const Disposition& disposition,
              std::string_view mx, bool expired);
  void delayed(const queue::Recipient& recipient, const Disposition& disposition,
               std::string_view mx);
  // The message went to a server that does not report success itself.
  void relayed(const queue::Recipient& recipient, const Disposition& disposition,
               std::string_view mx);

  struct Report {
    message::Action action = message::Action::Failed;
    queue::Change::Enqueued enqueued;  // from the null reverse-path to the reverse-path, one job
  };
  bool any() const { return !failed_.empty() || !delayed_.empty() || !relayed_.empty(); }
  // Whether build() has work for which it needs the content of the message.
  bool needs_content() const { return any() && !envelope_.reverse_path.empty(); }
  // `content` is the reported message's.
  std::vector<Report> build(std::string_view content,
                            const std::function<queue::MessageId()>& next_id) const;

  // What cannot be reported because there is no notification about a notification (RFC 5321
  // section 6.1).
  struct Dropped {
    message::Action action = message::Action::Failed;
    std::string recipient;  // the first one
  };
  std::vector<Dropped> dropped() const;

 private:
  message::NotifiedRecipient notified(const queue::Recipient& recipient,
                                      const Disposition& disposition, std::string_view mx,
                                      message::Action action) const;
  queue::Change::Enqueued enqueue(const std::vector<message::NotifiedRecipient>& recipients,
                                  std::string_view content, queue::MessageId id) const;

  const queue::Envelope& envelope_;
  const relay::Settings& settings_;
  const SystemTime now_;
  std::vector<message::NotifiedRecipient> failed_;
  std::vector<message::NotifiedRecipient> delayed_;
  std::vector<message::NotifiedRecipient> relayed_;
};

}  // namespace signpost::delivery
