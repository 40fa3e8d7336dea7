// What the embedded store reports.
#pragma once

#include "base/event.h"
#include "queue/events.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signpost::rocks::events {

namespace field = queue::events::field;

struct QueueChecking {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("queue_checking", log::Level::Info,
                    "The whole queue is read before it is used, because the last run found damage "
                    "or ended abnormally.",
                    log::field("detail", &QueueChecking::detail, "What is checked."));
};

struct QueueReserveUsed {
  std::string_view directory{};
  static constexpr auto kEvent = log::describe(
      "queue_reserve_used", log::Level::Warning,
      "The disk is full: the queue is opened with the space that was kept for this. What is queued "
      "is delivered; new mail is refused until there is room.",
      log::field("directory", &QueueReserveUsed::directory, "The queue's directory."));
};

struct QueueLogEnd {
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "queue_log_end", log::Level::Warning,
      "The last write in the queue's log or MANIFEST is incomplete, as a crash leaves it. Nothing "
      "that was acknowledged is missing.",
      log::field(field::kDetail, &QueueLogEnd::detail));
};

struct QueueDamaged {
  std::string_view directory{};
  std::string_view detail{};
  std::string_view then{};
  static constexpr auto kEvent = log::describe(
      "queue_damaged", log::Level::Error, "Files of the queue cannot be read as they were written.",
      log::field("directory", &QueueDamaged::directory, "The queue's directory."),
      log::field(field::kDetail, &QueueDamaged::detail),
      log::field("then", &QueueDamaged::then, "What the relay does about it."));
};

struct QueueSalvaging {
  std::uint64_t messages = 0;
  std::uint64_t missing = 0;
  static constexpr auto kEvent = log::describe(
      "queue_salvaging", log::Level::Info,
      "Progress of making a new queue from what a damaged one still holds.",
      log::field("messages", &QueueSalvaging::messages, "Messages kept so far."),
      log::field("missing", &QueueSalvaging::missing, "Messages known to be lost so far."));
};

struct QueueSalvaged {
  std::string_view kept{};
  std::string_view report{};
  std::uint64_t messages = 0;
  std::uint64_t missing = 0;
  static constexpr auto kEvent = log::describe(
      "queue_salvaged", log::Level::Error,
      "A damaged queue was replaced by a new one with everything that could still be read.",
      log::field("kept", &QueueSalvaged::kept, "Where the damaged queue is kept."),
      log::field("report", &QueueSalvaged::report, "The file that lists what was lost."),
      log::field("messages", &QueueSalvaged::messages, "Messages kept."),
      log::field("missing", &QueueSalvaged::missing, "Messages known to be lost."));
};

struct QueueRowCorrupt {
  std::string_view id{};
  std::optional<std::uint32_t> job{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "queue_row_corrupt", log::Level::Error, "One row of the queue is malformed and was skipped.",
      log::field(field::kId, &QueueRowCorrupt::id), log::field(field::kJob, &QueueRowCorrupt::job),
      log::field(field::kDetail, &QueueRowCorrupt::detail));
};

struct QueueFlushFailed {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("queue_flush_failed", log::Level::Warning,
                    "Mail in the store's memory could not be written to a data file. It is safe in "
                    "the log.",
                    log::field(field::kDetail, &QueueFlushFailed::detail));
};

struct QueueCloseFailed {
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("queue_close_failed", log::Level::Error,
                    "The queue could not be closed cleanly. The next start recovers it.",
                    log::field(field::kDetail, &QueueCloseFailed::detail));
};

enum class EngineSeverity { Warning, Error };
constexpr std::array<std::string_view, 2> texts_of(EngineSeverity) { return {"warning", "error"}; }

struct QueueEngine {
  EngineSeverity severity = EngineSeverity::Warning;
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("queue_engine", log::Level::Warning, "What RocksDB itself reports.",
                    log::field("severity", &QueueEngine::severity, "How RocksDB rates it."),
                    log::field("detail", &QueueEngine::detail, "Its words."));
};

// A queue of an older format becomes one of the present format.
struct QueueCarryingOver {
  std::uint32_t from_format = 0;
  std::uint32_t to_format = 0;
  std::uint64_t jobs = 0;
  static constexpr auto kEvent = log::describe(
      "queue_carrying_over", log::Level::Info,
      "Progress of rewriting a queue of an older format. Mail is accepted afterwards.",
      log::field("from_format", &QueueCarryingOver::from_format, "The format of the stored queue."),
      log::field("to_format", &QueueCarryingOver::to_format, "The format it gets."),
      log::field("jobs", &QueueCarryingOver::jobs, "Jobs rewritten so far."));
};

struct QueueCarriedOver {
  std::uint32_t from_format = 0;
  std::uint32_t to_format = 0;
  std::uint64_t jobs = 0;
  std::uint64_t unreadable = 0;
  static constexpr auto kEvent = log::describe(
      "queue_carried_over", log::Level::Info,
      "A queue of an older format was rewritten. Older releases can no longer read it.",
      log::field("from_format", &QueueCarriedOver::from_format, "The format it had."),
      log::field("to_format", &QueueCarriedOver::to_format, "The format it has."),
      log::field("jobs", &QueueCarriedOver::jobs, "Jobs rewritten."),
      log::field("unreadable", &QueueCarriedOver::unreadable,
                 "Jobs that cannot be read, which stay as they are."));
};

}  // namespace signpost::rocks::events
