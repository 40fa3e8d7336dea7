#include "base/utc.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace signpost {

namespace {

// A time taken apart; each part is printed with leading zeros.
struct Parts {
  explicit Parts(SystemTime time)
      : day(std::chrono::floor<std::chrono::days>(time)),
        date(day),
        clock(std::chrono::floor<std::chrono::microseconds>(time - day)) {}

  int year() const { return static_cast<int>(date.year()); }
  unsigned month() const { return static_cast<unsigned>(date.month()); }
  unsigned day_of_month() const { return static_cast<unsigned>(date.day()); }

  std::chrono::sys_days day;
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::microseconds> clock;
};

}  // namespace

void append_utc(std::string& out, SystemTime time) {
  const Parts parts(time);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.year(),
                 parts.month(), parts.day_of_month(), parts.clock.hours().count(),
                 parts.clock.minutes().count(), parts.clock.seconds().count());
}

std::string utc_text(SystemTime time) {
  std::string text;
  append_utc(text, time);
  return text;
}

std::string utc_text_microseconds(SystemTime time) {
  std::string text = utc_text(time);
  text.pop_back();
  fmt::format_to(std::back_inserter(text), ".{:06}Z", Parts(time).clock.subseconds().count());
  return text;
}

std::string utc_file_name(SystemTime time) {
  std::string text = utc_text(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::optional<SystemTime> parse_utc(std::string_view text) {
  constexpr std::string_view kPattern = "0000-00-00T00:00:00Z";
  if (text.size() != kPattern.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kPattern[i] == '0' ? !ascii::is_digit(text[i]) : text[i] != kPattern[i]) {
      return std::nullopt;
    }
  }
  const auto number = [text](std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  const int hours = number(11, 2);
  const int minutes = number(14, 2);
  const int seconds = number(17, 2);
  if (!date.ok() || hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds);
}

}  // namespace signpost
