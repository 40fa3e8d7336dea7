// Which delivery status notifications one attempt causes (RFC 3461 section 5, RFC 5321
// section 6.1).
#pragma once

#include "base/clock.h"
#include "delivery/attempt_facts.h"
#include "delivery/disposition.h"
#include "message/status_notification.h"
#include "queue/envelope.h"
#include "queue/store.h"
#include "relay/labels.h"
#include "relay/settings.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {

// Collects what must be reported about one message, then makes at most one notification for each
// kind of report. Pure.
class Notifications {
 public:
  // Both must outlive it.
  Notifications(const queue::Envelope& envelope, const relay::Settings& settings, SystemTime now);

  void failed(const queue::Recipient& recipient, const Disposition& disposition,
              std::string_view mx, bool expired);
  void delayed(const queue::Recipient& recipient, const Disposition& disposition,
               std::string_view mx);
  // The next server took the message; `facts` says what it took over.
  void relayed(const queue::Recipient& recipient, const Disposition& disposition,
               const AttemptFacts& facts);

  struct Report {
    message::Action action = message::Action::Failed;
    queue::Change::Enqueued enqueued;  // from the null reverse-path to the reverse-path, one job
  };
  bool any() const { return !failed_.empty() || !delayed_.empty() || !relayed_.empty(); }
  // Whether any of them would report a failure or a delay.
  bool any_trouble() const { return !failed_.empty() || !delayed_.empty(); }
  // Adds the reports of `other` on the same message.
  void add(Notifications&& other);
  // Extracts the reports of success.
  Notifications take_relayed();
  // Drops the reports for which `refused` gives a reason.
  void limit(const std::function<std::optional<relay::DropReason>(message::Action)>& refused);
  // `content` is the reported message's. REQUIRES: a reverse-path, unless limit() left nothing.
  std::vector<Report> build(std::string_view content,
                            const std::function<queue::MessageId()>& next_id) const;

  // What limit() dropped.
  struct Dropped {
    message::Action action = message::Action::Failed;
    std::string recipient;  // the first one
    relay::DropReason reason{};
  };
  const std::vector<Dropped>& dropped() const { return dropped_; }

 private:
  message::NotifiedRecipient notified(const queue::Recipient& recipient,
                                      const Disposition& disposition, std::string_view mx,
                                      message::Action action, bool expired = false) const;
  queue::Change::Enqueued enqueue(const std::vector<message::NotifiedRecipient>& recipients,
                                  std::string_view content, queue::MessageId id) const;

  const queue::Envelope& envelope_;
  const relay::Settings& settings_;
  const SystemTime now_;
  std::vector<message::NotifiedRecipient> failed_;
  std::vector<message::NotifiedRecipient> delayed_;
  std::vector<message::NotifiedRecipient> relayed_;
  std::vector<Dropped> dropped_;
};

}  // namespace signpost::delivery
