#include "rocks/keys.h"

#include "base/check.h"
#include "smtp/transfer_requests.h"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>

namespace signpost::rocks {

namespace {

constexpr std::size_t kIdSize = 10;
constexpr std::size_t kJobKeySize = kIdSize + 2 + 4;
constexpr std::size_t kDueSize = 8;
constexpr std::size_t kPositionSize = kDueSize + kJobKeySize;
constexpr std::size_t kLaneTexts = 3;
// After the route: the mark, and the priority plus the offset, which is never 0.
constexpr char kPriorityMark = '\1';
constexpr int kPriorityOffset = 1 - smtp::kLowestPriority;
constexpr std::size_t kPrioritySize = 2;
// In the value of a lane's row.
constexpr std::uint8_t kDelayNotified = 1;
constexpr std::uint8_t kDeadline = 2;
constexpr std::uint64_t kLatest = INT64_MAX;

template <std::unsigned_integral T>
void append(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

template <std::unsigned_integral T>
T number_at(std::string_view bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << 8) | static_cast<std::uint8_t>(bytes[offset + i]));
  }
  return value;
}

void append_ref(std::string& out, const queue::JobRef& ref) {
  out.append(message_key(ref.id));
  append(out, ref.number);
  append(out, ref.revision);
}

void append_position(std::string& out, const queue::LanePosition& position) {
  const auto due = std::max(position.due.time_since_epoch(), std::chrono::microseconds(0));
  append(out, static_cast<std::uint64_t>(due.count()));
  append_ref(out, position.ref);
}

void append_lane(std::string& out, const queue::Lane& lane) {
  out.reserve(lane.domain.size() + lane.account.size() + lane.route.size() + kPrioritySize +
              kLaneTexts + kPositionSize);
  CHECK(is_lane(lane));
  out.append(lane.domain).push_back('\0');
  out.append(lane.account).push_back('\0');
  out.append(lane.route);
  if (lane.priority != 0) {
    out.push_back(kPriorityMark);
    out.push_back(static_cast<char>(lane.priority + kPriorityOffset));
  }
  out.push_back('\0');
}

// Takes the priority from the end of a lane's last text.
bool take_priority(queue::Lane& lane) {
  const std::size_t mark = lane.route.find(kPriorityMark);
  if (mark == std::string::npos) return true;
  if (lane.route.size() != mark + 2) return false;
  lane.priority = lane.route.back() - kPriorityOffset;
  lane.route.resize(mark);
  return lane.priority != 0 && is_lane(lane);
}

}  // namespace

std::string_view message_key(const queue::MessageId& id) {
  return {reinterpret_cast<const char*>(id.octets.data()), id.octets.size()};
}

std::string job_key(const queue::JobRef& ref) {
  std::string key;
  job_key(ref, key);
  return key;
}

void job_key(const queue::JobRef& ref, std::string& out) {
  out.clear();
  out.reserve(kJobKeySize);
  append_ref(out, ref);
}

std::optional<queue::JobRef> parse_job_key(std::string_view key) {
  if (key.size() != kJobKeySize) return std::nullopt;
  queue::JobRef ref;
  std::copy_n(key.begin(), kIdSize, ref.id.octets.begin());
  ref.number = number_at<std::uint16_t>(key, kIdSize);
  ref.revision = number_at<std::uint32_t>(key, kIdSize + 2);
  return ref;
}

std::string job_prefix(const queue::JobRef& ref) {
  std::string prefix(message_key(ref.id));
  append(prefix, ref.number);
  return prefix;
}

bool is_lane(const queue::Lane& lane) {
  return !lane.domain.contains('\0') && !lane.account.contains('\0') &&
         !lane.route.contains('\0') && !lane.route.contains(kPriorityMark) &&
         lane.priority >= smtp::kLowestPriority && lane.priority <= smtp::kHighestPriority;
}

std::string lane_prefix(const queue::Lane& lane) {
  std::string prefix;
  append_lane(prefix, lane);
  return prefix;
}

std::string lane_key(const queue::Lane& lane, const queue::LanePosition& position) {
  std::string key;
  lane_key(lane, position, key);
  return key;
}

void lane_key(const queue::Lane& lane, const queue::LanePosition& position, std::string& out) {
  out.clear();
  append_lane(out, lane);
  append_position(out, position);
}

std::string lane_key(std::string_view prefix, const queue::LanePosition& position) {
  std::string key;
  key.reserve(prefix.size() + kPositionSize);
  key.append(prefix);
  append_position(key, position);
  return key;
}

std::optional<LaneKey> parse_lane_key(std::string_view key) {
  if (key.size() < kLaneTexts + kPositionSize) return std::nullopt;
  const std::size_t size = key.size() - kPositionSize;
  const std::string_view position = key.substr(size);
  const auto due = number_at<std::uint64_t>(position, 0);
  if (key[size - 1] != '\0' || due > kLatest) return std::nullopt;
  const auto ref = parse_job_key(position.substr(kDueSize));
  if (!ref) return std::nullopt;
  return LaneKey{key.substr(0, size),
                 {SystemTime(std::chrono::microseconds(static_cast<std::int64_t>(due))), *ref}};
}

std::optional<queue::Lane> parse_lane_prefix(std::string_view prefix) {
  queue::Lane lane;
  for (std::string* text : {&lane.domain, &lane.account, &lane.route}) {
    const std::size_t end = prefix.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    text->assign(prefix.substr(0, end));
    prefix.remove_prefix(end + 1);
  }
  if (!prefix.empty() || !take_priority(lane)) return std::nullopt;
  return lane;
}

std::string_view lane_row(const queue::Job& job) {
  static constexpr std::string_view kRows{"\0\1\2\3", 4};
  return kRows.substr((job.delay_notified ? kDelayNotified : 0U) + (job.deadline ? kDeadline : 0U),
                      1);
}

bool is_delay_notified(std::string_view lane_row) {
  return !lane_row.empty() && (static_cast<std::uint8_t>(lane_row.front()) & kDelayNotified) != 0;
}

bool has_deadline(std::string_view lane_row) {
  return !lane_row.empty() && (static_cast<std::uint8_t>(lane_row.front()) & kDeadline) != 0;
}

std::string former_due_key(SystemTime due, const queue::JobRef& ref) {
  std::string key;
  append_position(key, {due, ref});
  return key;
}

std::string after_prefix(std::string_view prefix) {
  std::string bound(prefix);
  while (!bound.empty() && bound.back() == '\xff') bound.pop_back();
  CHECK(!bound.empty());
  ++bound.back();
  return bound;
}

}  // namespace signpost::rocks
