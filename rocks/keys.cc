#include "rocks/keys.h"

#include "base/check.h"

#include <algorithm>
#include <concepts>

namespace signpost::rocks {

namespace {

constexpr std::size_t kIdSize = 10;
constexpr std::size_t kJobKeySize = kIdSize + 2 + 4;
constexpr std::size_t kDueSize = 8;

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

}  // namespace

std::string_view message_key(const queue::MessageId& id) {
  return {reinterpret_cast<const char*>(id.octets.data()), id.octets.size()};
}

std::string job_key(const queue::JobRef& ref) {
  std::string key;
  key.reserve(kJobKeySize);
  append_ref(key, ref);
  return key;
}

std::string due_bound(SystemTime due) {
  std::string key;
  key.reserve(kDueSize + kJobKeySize);
  append(key, static_cast<std::uint64_t>(
                  std::max(due.time_since_epoch(), std::chrono::microseconds(0)).count()));
  return key;
}

std::string due_key(SystemTime due, const queue::JobRef& ref) {
  std::string key = due_bound(due);
  append_ref(key, ref);
  return key;
}

std::string after_prefix(std::string_view prefix) {
  std::string bound(prefix);
  while (!bound.empty() && bound.back() == '\xff') bound.pop_back();
  CHECK(!bound.empty());
  ++bound.back();
  return bound;
}

std::optional<queue::JobRef> parse_job_key(std::string_view key) {
  if (key.size() != kJobKeySize) return std::nullopt;
  queue::JobRef ref;
  std::copy_n(key.begin(), kIdSize, ref.id.octets.begin());
  ref.number = number_at<std::uint16_t>(key, kIdSize);
  ref.revision = number_at<std::uint32_t>(key, kIdSize + 2);
  return ref;
}

std::optional<queue::JobRef> parse_due_key(std::string_view key) {
  if (key.size() != kDueSize + kJobKeySize) return std::nullopt;
  return parse_job_key(key.substr(kDueSize));
}

}  // namespace signpost::rocks
