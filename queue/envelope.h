// What the queue holds of a message: its envelope, its content, and its jobs.
#pragma once

#include "base/clock.h"
#include "queue/lane.h"
#include "queue/message_id.h"
#include "smtp/address.h"
#include "smtp/dsn_parameters.h"
#include "smtp/reply.h"
#include "smtp/transfer_requests.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::queue {

// By when the sender wants the message delivered (RFC 2852).
struct Deadline {
  SystemTime time;
  smtp::DeliverBy::Mode mode = smtp::DeliverBy::Mode::Notify;
  bool trace = false;

  bool returns() const { return mode == smtp::DeliverBy::Mode::Return; }
  friend bool operator==(const Deadline&, const Deadline&) = default;
};

// Written once with the message, never changed. Holds the inputs of routing, signing and
// notifications, not their decisions, so that a new configuration applies to old mail too.
struct Envelope {
  MessageId id;
  smtp::ReversePath reverse_path;
  std::string login;        // "" when not authenticated
  std::string peer;         // address of the client
  std::string from_domain;  // of the From: field, for the choice of DKIM keys
  std::string message_id;   // the Message-ID field's value, for logs
  SystemTime received;
  std::uint64_t size = 0;       // octets of content
  std::uint16_t job_count = 1;  // jobs at acceptance
  bool eight_bit = false;       // content has octets above 127
  bool smtputf8 = false;        // header or reverse-path need it (RFC 6531)
  bool notification = false;    // a DSN of our own
  smtp::Return ret = smtp::Return::Unspecified;
  std::string envelope_id;           // ENVID=
  SystemTime release{};              // the sender wants it sent no sooner; epoch: at once
  bool held_for = false;             // `release` was asked for as an interval (HOLDFOR=)
  std::optional<Deadline> deadline;  // BY=
  int priority = 0;                  // MT-PRIORITY=
  smtp::TlsRequest tls = smtp::TlsRequest::None;

  // The time from which the message's age counts: nobody tries to deliver it before.
  SystemTime sent() const { return std::max(received, release); }

  friend bool operator==(const Envelope&, const Envelope&) = default;
};

struct Recipient {
  smtp::Mailbox mailbox;
  smtp::Notify notify;
  std::string original_recipient;  // ORCPT=
  friend bool operator==(const Recipient&, const Recipient&) = default;
};

// Whether the message can be given to `recipient` only by a server that has SMTPUTF8.
inline bool needs_smtputf8(const Envelope& envelope, const Recipient& recipient) {
  return envelope.smtputf8 || recipient.mailbox.needs_smtputf8();
}

enum class JobState : std::uint8_t {
  Ready,     // never tried: due since it was accepted
  Deferred,  // due at `due`: tried before, or held for its sender until then
  Held,      // by an operator, until released; in no index of waiting jobs
};

// One stored version of a job. Each rewrite has a revision of its own, so that every key in the
// store is put once and deleted once.
struct JobRef {
  MessageId id;
  std::uint16_t number = 0;  // of the job within its message
  std::uint32_t revision = 0;
  friend auto operator<=>(const JobRef&, const JobRef&) = default;
};

// The recipients of one message in one domain that are still to be delivered.
struct Job {
  JobRef ref;
  JobState state = JobState::Ready;
  Lane lane;
  std::vector<Recipient> recipients;
  std::uint32_t attempts = 0;  // attempts made: a connection was tried, or a look-up failed
  SystemTime due{};            // when it may be tried; meaningless while Held
  SystemTime last_attempt{};   // epoch: never
  smtp::Reply last_reply;      // of the last attempt, or our own words with code 0
  std::string last_remote;     // host that said it, "" if none was reached
  bool delay_notified = false;
  bool deadline = false;  // its envelope has one

  friend bool operator==(const Job&, const Job&) = default;
};

// A message on its way through memory: shared by its jobs, never changed.
struct Message {
  Envelope envelope;
  std::string content;  // CRLF line ends, no dot-stuffing, no signature yet
};

}  // namespace signpost::queue
