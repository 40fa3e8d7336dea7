// What queue/ reports, and the names of fields that all events about queued mail share.
#pragma once

#include "base/event.h"

#include <cstdint>
#include <string_view>

namespace signpost::queue::events {

namespace field {

inline constexpr log::FieldName kId{"id", "Queue ID of the message."};
inline constexpr log::FieldName kJob{"job", "Number of the job within its message."};
inline constexpr log::FieldName kDetail{"detail", "The reason in words."};

}  // namespace field

struct QueueWritable {
  static constexpr auto kEvent = log::describe("queue_writable", log::Level::Info,
                                               "The queue can be written again: mail is accepted.");
};

struct QueueWriteFailed {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("queue_write_failed", log::Level::Error,
                    "The queue cannot be written, or a write takes too long. No mail is accepted "
                    "meanwhile.",
                    log::field(field::kDetail, &QueueWriteFailed::detail));
};

struct QueueChangeTooLate {
  std::string_view id{};
  std::uint32_t job = 0;
  std::uint64_t revision = 0;
  static constexpr auto kEvent = log::describe(
      "queue_change_too_late", log::Level::Error,
      "A change was refused because the job had been changed meanwhile: a fault in the relay.",
      log::field(field::kId, &QueueChangeTooLate::id),
      log::field(field::kJob, &QueueChangeTooLate::job),
      log::field("revision", &QueueChangeTooLate::revision, "The revision it was made for."));
};

}  // namespace signpost::queue::events
