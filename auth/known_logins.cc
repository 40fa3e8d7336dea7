#include "auth/known_logins.h"

#include "base/ascii.h"
#include "config/kept_lines.h"
#include "config/text_file.h"
#include "net/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace signpost::auth {

namespace {

using config::cut;

constexpr std::string_view kTitle = "signpost known logins 1";

std::int64_t unix_seconds(SystemTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::optional<LoginGuard::Known> parse_line(std::string_view line, std::int64_t now) {
  const auto time = cut(line, ' ');
  const auto client = time ? cut(line, ' ') : std::nullopt;
  if (!client || !net::IpAddress::parse(*client) || line.empty()) return {};
  std::int64_t until = 0;
  const auto [end, error] = std::from_chars(time->data(), time->data() + time->size(), until);
  if (error != std::errc() || end != time->data() + time->size() || until < 0) return {};
  return LoginGuard::Known{std::string(*client), std::string(line),
                           std::chrono::seconds(until - std::min(until, now))};
}

}  // namespace

std::string known_logins_text(const std::vector<LoginGuard::Known>& pairs, SystemTime now) {
  std::string text = fmt::format("{}\n", kTitle);
  for (const LoginGuard::Known& pair : pairs) {
    // No user has such a name (users.h); a line must stay one.
    if (std::ranges::any_of(pair.login, ascii::is_control)) continue;
    text += fmt::format("{} {} {}\n", unix_seconds(now + pair.left), pair.client, pair.login);
  }
  return text;
}

Result<std::vector<LoginGuard::Known>> parse_known_logins(std::string_view text, SystemTime now) {
  std::vector<LoginGuard::Known> pairs;
  const auto read = config::read_lines(text, kTitle, "known logins", [&](std::string_view line) {
    auto pair = parse_line(line, unix_seconds(now));
    if (pair && pair->left.count() > 0) pairs.push_back(std::move(*pair));
    return pair.has_value();
  });
  if (!read) return Failure(read.error());
  return pairs;
}

Result<void> load_known_logins(const std::string& file, LoginGuard& logins, const Clock& clock) {
  const auto text = config::read_kept_file(file);
  if (!text) return Failure(text.error());
  if (!*text) return {};
  const auto pairs = parse_known_logins(**text, clock.system_now());
  if (!pairs) return Failure(pairs.error());
  logins.restore(*pairs, clock.steady_now());
  return {};
}

Result<void> save_known_logins(const std::string& file, LoginGuard& logins, const Clock& clock) {
  const std::string text = known_logins_text(logins.known(clock.steady_now()), clock.system_now());
  auto saved =
      config::edit_private_file(file, [&](const std::string&) { return std::string(text); });
  if (!saved) logins.set_unsaved();
  return saved;
}

}  // namespace signpost::auth
