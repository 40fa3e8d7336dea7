// A message in memory on its way out: what the queue stored, and the signature made for it.
#pragma once

#include "base/mutex.h"
#include "queue/envelope.h"
#include "relay/admission.h"
#include "relay/event_sink.h"
#include "relay/settings.h"

#include <memory>
#include <string>

namespace signpost::delivery {

// Shared by the message's jobs, on any worker. Counts its content as memory in use.
class OutgoingMessage {
 public:
  OutgoingMessage(std::shared_ptr<const queue::Message> message, relay::Admission& admission);
  ~OutgoingMessage();
  OutgoingMessage(const OutgoingMessage&) = delete;
  OutgoingMessage& operator=(const OutgoingMessage&) = delete;

  const queue::Envelope& envelope() const { return message_->envelope; }
  const std::string& content() const { return message_->content; }

  struct Signature {
    std::string fields;   // to be sent before content(); empty when unsigned
    std::string summary;  // for the log: "shop.example/s1/rsa-sha256", "unsigned:no_key"
  };
  // The first call signs, at `now`, and emits to `events`; other callers wait meanwhile. The
  // reference is valid as long as the message.
  const Signature& signature(const relay::Settings& settings, SystemTime now,
                             relay::EventSink& events) EXCLUDES(signing_);

 private:
  std::shared_ptr<const queue::Message> message_;
  relay::Admission& admission_;
  Mutex signing_;
  bool made_ GUARDED_BY(signing_) = false;
  Signature signature_ GUARDED_BY(signing_);
};

}  // namespace signpost::delivery
