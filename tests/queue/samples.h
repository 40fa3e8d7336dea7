// Messages, jobs and changes for the tests of the queue.
#pragma once

#include "queue/store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::queue::samples {

inline constexpr SystemTime kNoon{std::chrono::seconds(1'700'000'000)};

// Ids in the order of `microsecond`, distinguished by `random`.
inline MessageId id_at(SystemTime time, std::uint8_t random = 1) {
  MessageId id;
  const auto bits = static_cast<std::uint64_t>(time.time_since_epoch().count()) << 4;
  for (std::size_t i = 0; i < 7; ++i)
    id.octets[i] = static_cast<std::uint8_t>(bits >> (48 - 8 * i));
  id.octets[9] = random;
  return id;
}

// Content that differs from that of any other message.
inline std::string content_of(const MessageId& id, std::size_t size) {
  std::string content = "Message-ID: <" + id.text() + "@example.com>\r\n\r\n";
  while (content.size() < size) content += id.text() + " and so on\r\n";
  return content;
}

inline std::shared_ptr<const Message> message(const MessageId& id, std::size_t size = 300,
                                              std::uint16_t jobs = 1) {
  auto made = std::make_shared<Message>();
  made->envelope.id = id;
  made->envelope.reverse_path = smtp::Mailbox::from_text("sender@example.com");
  made->envelope.login = "shop";
  made->envelope.peer = "192.0.2.7";
  made->envelope.from_domain = "example.com";
  made->envelope.message_id = "<" + id.text() + "@example.com>";
  made->envelope.received = id.time();
  made->envelope.job_count = jobs;
  made->content = content_of(id, size);
  made->envelope.size = made->content.size();
  return made;
}

inline Job job(const MessageId& id, std::uint16_t number = 0) {
  Job made;
  made.ref = {id, number, 0};
  made.lane = {"domain" + std::to_string(number) + ".example", "shop", ""};
  made.due = id.time();
  made.recipients.push_back({smtp::Mailbox("rcpt", made.lane.domain), {}, ""});
  return made;
}

inline Job deferred(Job job, SystemTime due) {
  job.state = JobState::Deferred;
  job.due = due;
  return job;
}

inline Change enqueue(std::shared_ptr<const Message> message, std::vector<Job> jobs) {
  Change change;
  change.enqueued.push_back({std::move(message), std::move(jobs)});
  return change;
}

inline Change enqueue(const MessageId& id, std::uint16_t jobs = 1, std::size_t size = 300) {
  std::vector<Job> list;
  for (std::uint16_t i = 0; i < jobs; ++i) list.push_back(job(id, i));
  return enqueue(message(id, size, jobs), std::move(list));
}

inline Change remove(Job job) {
  Change change;
  change.removed.push_back(std::move(job));
  return change;
}

inline Job held(Job job) {
  job.state = JobState::Held;
  return job;
}

// The same job in its next revision.
inline Job next_revision(Job job) {
  ++job.ref.revision;
  return job;
}

inline Change replace(Job before, Job after) {
  Change change;
  change.replaced.push_back({std::move(before), std::move(after)});
  return change;
}

inline Result<void> apply(Store& store, const Change& change) {
  const Change* const one = &change;
  return store.apply({&one, 1});
}

}  // namespace signpost::queue::samples
