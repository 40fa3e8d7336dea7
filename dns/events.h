// What is reported of the name service.
#pragma once

#include "base/event.h"

#include <cstdint>
#include <string_view>

namespace signpost::dns::events {

struct NameServiceDown {
  std::string_view reply{};
  std::uint64_t jobs = 0;
  static constexpr auto kEvent = log::describe(
      "name_service_down", log::Level::Warning,
      "Several domains in a row could not be looked up, and none could in between: the name "
      "servers, or the network path to them, are down. Until `name_service_up` mail that this "
      "delays is logged (`deferred`) at level debug only.",
      log::field("reply", &NameServiceDown::reply, "How the last question ended."),
      log::field("jobs", &NameServiceDown::jobs,
                 "Jobs that wait in the queue, for whatever reason."));
};

struct NameServiceUp {
  std::int64_t seconds = 0;
  std::uint64_t questions = 0;
  std::uint64_t jobs = 0;
  static constexpr auto kEvent = log::describe(
      "name_service_up", log::Level::Info, "The name servers answer again.",
      log::field("seconds", &NameServiceUp::seconds, "Since the first unanswered question."),
      log::field("questions", &NameServiceUp::questions, "Unanswered questions."),
      log::field("jobs", &NameServiceUp::jobs,
                 "Jobs that wait in the queue, for whatever reason."));
};

}  // namespace signpost::dns::events
