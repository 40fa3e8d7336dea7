// What is known of one domain's sessions on one day: what its report says (RFC 8460 section 4).
#pragma once

#include "base/clock.h"
#include "tlsrpt/result.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::tlsrpt {

// Receivers decide what is in a session and how many kinds there are.
inline constexpr std::size_t kMostDomains = 10'000;  // a day
inline constexpr std::size_t kMostPolicies = 20;     // a domain and day
inline constexpr std::size_t kMostFailures = 50;     // kinds of failure, of one policy
inline constexpr std::size_t kMostStrings = 50;      // of one policy, and as many MX patterns
inline constexpr std::size_t kMostText = 255;        // octets of each text
inline constexpr std::size_t kMostOctets = 8 << 20;  // of all days, with what holds the texts

struct FailureCount {
  Failure failure;
  std::uint64_t sessions = 0;
  friend bool operator==(const FailureCount&, const FailureCount&) = default;
};

struct PolicyCount {
  AppliedPolicy policy;
  std::uint64_t successful = 0;
  std::uint64_t failed = 0;            // also those whose kind is beyond kMostFailures
  std::vector<FailureCount> failures;  // by kind
  friend bool operator==(const PolicyCount&, const PolicyCount&) = default;
};

enum class ReportState : std::uint8_t {
  Waiting,   // for the day's end and its time, or to be tried again
  Sent,      // to all who want it
  NoRecord,  // nobody wants it
  Failed,    // too late for what is still to be sent
};

constexpr std::array<std::string_view, 4> texts_of(ReportState) {
  return {"waiting", "sent", "no-record", "failed"};
}

struct Aggregate {
  std::string domain;  // the recipient domain
  std::chrono::sys_days day{};
  std::vector<PolicyCount> policies;
  std::uint64_t left_out = 0;  // sessions under policies beyond kMostPolicies: in no report

  ReportState state = ReportState::Waiting;
  SystemTime due{};  // when it is tried next
  // While Waiting: the URIs that have it, or whose mail is queued, and those that refused it.
  std::vector<std::string> delivered;
  std::vector<std::string> refused;
  std::string detail;  // why it was not sent when it was tried last

  std::uint64_t sessions() const;  // of all policies
  std::uint64_t failed() const;
  friend bool operator==(const Aggregate&, const Aggregate&) = default;
};

std::string day_text(std::chrono::sys_days day);  // "2026-11-30"

}  // namespace signpost::tlsrpt
