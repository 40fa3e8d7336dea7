// A message in memory on its way out: what the queue stored, and the signature made for it.
#pragma once

#include "queue/envelope.h"
#include "relay/admission.h"
#include "relay/relay_metrics.h"
#include "relay/settings.h"

#include <memory>
#include <mutex>
#include <string>

namespace signpost::relay {

// Shared by the message's jobs, on any worker. Counts its content as memory in use.
class OutgoingMessage {
 public:
  OutgoingMessage(std::shared_ptr<const queue::Message> message, Admission& admission);
  ~OutgoingMessage();
  OutgoingMessage(const OutgoingMessage&) = delete;
  OutgoingMessage& operator=(const OutgoingMessage&) = delete;

  const queue::Envelope& envelope() const { return message_->envelope; }
  const std::string& content() const { return message_->content; }

  struct Signature {
    std::string fields;   // to be sent before content(); empty when unsigned
    std::string summary;  // for the log: "shop.example/s1/rsa-sha256", "unsigned:no_key"
  };
  // Signs at the first call; whoever comes meanwhile waits. The caller's worker counts it.
  const Signature& signature(const Settings& settings, RelayMetrics& metrics);

 private:
  std::shared_ptr<const queue::Message> message_;
  Admission& admission_;
  std::mutex signing_;  // guards what follows while it is made
  bool made_ = false;
  Signature signature_;
};

// One job on its way: in a destination's list or in a delivery session. Without a message its
// content is still in the store only.
struct PendingJob {
  queue::Job job;
  std::shared_ptr<OutgoingMessage> message;
};

}  // namespace signpost::relay
