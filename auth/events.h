// What auth/ reports of those whom it asks.
#pragma once

#include "base/event.h"

#include <cstdint>
#include <string_view>

namespace signpost::auth::events {

struct DovecotUnavailable {
  std::string_view socket{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "dovecot_unavailable", log::Level::Warning,
      "The Dovecot of auth.dovecot_socket cannot be asked. Its logins get 454 until it can. Each "
      "reason has one line a minute, however many logins meet it.",
      log::field("socket", &DovecotUnavailable::socket, "The path of the socket."),
      log::field("detail", &DovecotUnavailable::detail, "The reason in words."));
};

struct DovecotAvailable {
  std::string_view socket{};
  static constexpr auto kEvent = log::describe(
      "dovecot_available", log::Level::Info, "The Dovecot of auth.dovecot_socket answers again.",
      log::field("socket", &DovecotAvailable::socket, "The path of the socket."));
};

struct TokenKeysFetched {
  std::string_view url{};
  std::uint64_t keys = 0;
  static constexpr auto kEvent = log::describe(
      "token_keys_fetched", log::Level::Info,
      "The issuer's keys were fetched, for the first time, again after a failure, or with a "
      "change.",
      log::field("url", &TokenKeysFetched::url, "auth.oauth.jwks."),
      log::field("keys", &TokenKeysFetched::keys, "How many of them verify signatures."));
};

struct TokenKeysFailed {
  std::string_view url{};
  std::string_view detail{};
  std::uint64_t keys = 0;
  static constexpr auto kEvent = log::describe(
      "token_keys_failed", log::Level::Warning,
      "The issuer's keys cannot be fetched. Those that are known stay in force, and tokens that "
      "are "
      "signed with others get 454. It is tried again each minute; logged once for each reason.",
      log::field("url", &TokenKeysFailed::url, "auth.oauth.jwks."),
      log::field("detail", &TokenKeysFailed::detail, "The reason in words."),
      log::field("keys", &TokenKeysFailed::keys,
                 "How many keys are known from before; 0: no token can be accepted."));
};

}  // namespace signpost::auth::events
