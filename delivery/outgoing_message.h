// A message in memory on its way out: what the queue stored, and the signatures made for it.
#pragma once

#include "base/mutex.h"
#include "message/recoding.h"
#include "queue/envelope.h"
#include "relay/admission.h"
#include "relay/event_sink.h"
#include "relay/settings.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

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

  // What one kind of transport gets, signed as it is sent.
  struct Form {
    std::string fields;            // of the signature, before the content; empty when unsigned
    std::string summary;           // for the log: "shop.example/s1/rsa-sha256", "unsigned:no_key"
    std::string_view content{};    // what the queue stored, or made of it
    std::string recoded{};         // that content, if it was made
    bool needs_eight_bit = false;  // nothing can be made of it for SevenBit: content is as stored
  };
  // The first call for each transport encodes and signs, at `now`, and emits to `events`; other
  // callers wait meanwhile. The reference is valid as long as the message.
  const Form& form(message::Transport transport, const relay::Settings& settings, SystemTime now,
                   relay::EventSink& events) EXCLUDES(making_);

 private:
  const Form& stored_form(const relay::Settings& settings, SystemTime now, relay::EventSink& events)
      REQUIRES(making_);
  const Form& seven_bit_form(const relay::Settings& settings, SystemTime now,
                             relay::EventSink& events) REQUIRES(making_);

  std::shared_ptr<const queue::Message> message_;
  relay::Admission& admission_;
  std::size_t accounted_;  // octets of memory
  Mutex making_;
  std::unique_ptr<Form> stored_ GUARDED_BY(making_);
  std::unique_ptr<Form> seven_bit_ GUARDED_BY(making_);
};

}  // namespace signpost::delivery
